"""Proposals for a corpus or a suite, as the command and the screen start them."""

from __future__ import annotations

from engine.corpora import find_corpus
from engine.store import Store
from engine.suite_building.checking import OpenSuite, open_suite
from engine.suite_building.listing import find_suite
from engine.suite_building.proposing import (
    Progress,
    ProposalReport,
    accept_proposals,
    keep_proposals,
    list_proposals,
    load_corpus_documents,
    propose_cases,
)


def generate_for_corpus(
    corpus: str, count: int, *, model: str = "", seed: int = 0, progress: Progress | None = None
) -> ProposalReport:
    """Cases that a corpus suggests; nothing is written."""
    _, path = find_corpus(corpus)
    return propose_cases(load_corpus_documents(path), count, model=model, seed=seed, progress=progress)


def generate_for_suite(
    store: Store,
    suite: str,
    count: int,
    *,
    who: str,
    model: str = "",
    seed: int = 0,
    progress: Progress | None = None,
    accept: bool = False,
) -> ProposalReport:
    """Cases for a suite, kept as proposals; with ``accept`` added to it at once."""
    opened = open_suite(find_suite(suite))
    return propose_for(store, opened, count, who=who, model=model, seed=seed, progress=progress, accept=accept)


def propose_for(
    store: Store,
    suite: OpenSuite,
    count: int,
    *,
    who: str,
    model: str = "",
    seed: int = 0,
    progress: Progress | None = None,
    accept: bool = False,
) -> ProposalReport:
    """The same for a suite that is open already. What was proposed before is not proposed again."""
    earlier = [proposal.case for proposal in list_proposals(store, suite.folder, "")]
    report = propose_cases(
        suite.documents, count, text=suite.text, earlier=earlier, model=model, seed=seed, progress=progress
    )
    kept = set(keep_proposals(store, suite.folder, report.cases))
    if accept and kept:
        fresh = [proposal for proposal in list_proposals(store, suite.folder) if proposal.proposal_id in kept]
        accept_proposals(store, suite.folder, fresh, expected=suite.text.hash, who=who)
    return report
