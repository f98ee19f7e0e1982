"""Proposals for a suite: generated, kept, and taken or turned down by a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import InputError
from engine.ingestion import load_documents
from engine.store import Store
from engine.store.audit_trail import AuditTrail
from engine.store.proposals import ProposalStore
from engine.suite_building.coverage import count_touched
from engine.suite_building.files import new_ids, save_text
from engine.suite_building.generating import as_case, generate_candidates
from engine.suite_building.texts import Problem, SuiteText, check_case, read_text
from engine.types import Document

MOST = 1_000
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A generated case that waits. ``origin`` says what made it."""

    proposal_id: str
    case: Mapping[str, Any]
    origin: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalReport:
    """What a generation gave: proposals that were kept, of how many considered, and why others were dropped."""

    kept: int
    considered: int
    dropped: Mapping[str, int]
    cases: tuple[Mapping[str, Any], ...]


def propose_cases(
    documents: Sequence[Document],
    count: int,
    *,
    text: SuiteText | None = None,
    earlier: Sequence[Mapping[str, Any]] = (),
    model: str = "",
    seed: int = 0,
    progress: Progress | None = None,
) -> ProposalReport:
    """Cases that a corpus suggests, the most useful first; nothing is written.

    Args:
        text: the suite; what it asks is not proposed again, and documents without a case come first.
        earlier: proposals of before, whatever became of them.
        model: a chat model as litellm names it; without one questions come from the documents' form and wording.

    Raises:
        InputError: no documents, or a count out of range. ProviderError: the model failed.
    """
    if not 1 <= count <= MOST:
        raise InputError(f"{count} proposals: expected 1 to {MOST:,}.")
    if not documents:
        raise InputError("The corpus has no documents.", "Choose a corpus with text in it.")
    cases = list(text.cases().values()) if text else []
    questions = [turn["question"] for case in [*cases, *earlier] for turn in turns_of(case)]
    if model:
        from engine.suite_building.model_proposals import ask_model

        found = ask_model(documents, count, model, progress=progress)
    else:
        touched = count_touched([*cases, *earlier])
        found = generate_candidates(documents, count, questions=questions, touched=touched, seed=seed)
    made = tuple(as_case(candidate, f"{candidate.origin}-{i:03}" if not model else f"m-{i:03}") for i, candidate in enumerate(found.candidates, 1))  # fmt: skip
    return ProposalReport(kept=len(made), considered=found.considered, dropped=found.dropped, cases=made)


def keep_proposals(store: Store, folder: Path, cases: Sequence[Mapping[str, Any]]) -> list[str]:
    """Put cases up for a person to decide on; their ids."""
    origins = [(case, next((tag for tag in case.get("tags", []) if tag != "generated"), "")) for case in cases]
    return ProposalStore(store).add_proposals(str(folder), origins)


def list_proposals(store: Store, folder: Path, status: str = "open") -> list[Proposal]:
    """The proposals for a suite."""
    return [
        Proposal(proposal_id=row["proposal_id"], case=row["content"], origin=row["origin"], status=row["status"])
        for row in ProposalStore(store).list_proposals(str(folder), status)
    ]


def edit_proposal(
    store: Store, proposal_id: str, case: Mapping[str, Any], documents: Mapping[str, str]
) -> list[Problem]:
    """Change a proposal; what is wrong with the change, when it was not kept."""
    problems = [p for p in check_case(case, documents) if not p.warning]
    if not problems:
        ProposalStore(store).update_content(proposal_id, case)
    return problems


def accept_proposals(store: Store, folder: Path, proposals: Sequence[Proposal], *, expected: str, who: str) -> str:
    """Append proposals to the suite as a new version; its hash.

    Raises:
        SuiteChangedError: the suite was saved since it was looked at; the proposals stay open.
    """
    if not proposals:
        raise InputError("No proposal was chosen.", "Choose some to accept.")
    text = read_text(folder)
    added = text.with_cases(new_ids(text, [proposal.case for proposal in proposals]))
    note = f"{len(proposals)} of the proposals accepted"
    hash_ = save_text(store, folder, added, expected=expected, who=who, note=note, action="proposals accepted")
    ProposalStore(store).decide_proposals([proposal.proposal_id for proposal in proposals], "accepted", who)
    return hash_


def reject_proposals(store: Store, folder: Path, proposals: Sequence[Proposal], *, who: str) -> None:
    """Turn proposals down; they are not proposed again."""
    ProposalStore(store).decide_proposals([proposal.proposal_id for proposal in proposals], "rejected", who)
    if proposals:
        AuditTrail(store).record_entry(who, "proposals rejected", str(folder), after={"count": len(proposals)})


def turns_of(case: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What a case asks: a conversation's turns, else the case itself when it has a question."""
    if case.get("kind") == "conversation":
        return [turn for turn in case.get("turns", []) if isinstance(turn, dict) and turn.get("question")]
    return [case] if case.get("question") else []


def load_corpus_documents(path: Path) -> list[Document]:
    """The documents of a suite's corpus, in order."""
    return load_documents([path]).documents
