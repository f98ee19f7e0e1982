"""Conversations of the shipped suites, turn by turn: is what was said in an earlier turn still known, and answered with.

A fact of a conversation is one that its case names under ``notes.carried``: the turn that needs it, the turn in which the
asker said it, and its words. It is known when the question as it is searched, or what is recalled for it, holds those words.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from engine.bench.figures import latency_figures, mean_figure
from engine.conversation import StandaloneQuestion, resolve_question
from engine.corpora import ingest_corpus
from engine.evaluation.measures.correctness import is_correct
from engine.evaluation.measures.documents import rank_documents, recall_at
from engine.evaluation.suite_files import ConversationLine, read_cases
from engine.evaluation.suites import Case, load_suite
from engine.pipeline import RagPipeline, open_pipeline
from engine.settings import PipelineSettings
from engine.types import Answer

SUITES = ("customer-service", "runbooks")
LAST_TURN = 14


def measure(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Shares of facts known, of asked-for statements recalled and of gold documents found, by turn and over all turns."""
    settings = PipelineSettings().with_values(overrides)
    rows = [row for name in SUITES for row in _measure_suite(name, settings)]
    by_turn: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_turn[row["turn"]].append(row)
    return {
        "conversations": len({(row["suite"], row["case"]) for row in rows}),
        "turns": len(rows),
        **_summarise(rows),
        "through_turn_14": {f"turn {turn}": _summarise(by_turn[turn]) for turn in range(1, LAST_TURN + 1)},
        "resolve_ms": latency_figures([row["resolve_ms"] for row in rows if row["turn"] > 1]),
        "forgotten": [
            f"{row['suite']} {row['case']} turn {row['turn']}: {words}" for row in rows for words in row["forgotten"]
        ],
    }


def _measure_suite(name: str, settings: PipelineSettings) -> Iterator[dict[str, Any]]:
    suite = load_suite(name)
    ingest_corpus(name, [suite.corpus_path], settings)
    pipeline = open_pipeline(name, settings)
    carried = dict(read_carried(suite.path / "cases.jsonl"))
    for case in suite.cases:
        if case.kind == "conversation":
            for row in _hold(case, carried.get(case.id, []), pipeline):
                yield {"suite": name, "case": case.id, **row}


def read_carried(path: Path) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    """Conversations' ids with their facts: ``turn`` that needs one, ``said_in``, ``words``."""
    for _, line in read_cases(path):
        if isinstance(line, ConversationLine) and isinstance(line.notes, dict):
            yield line.id, list(line.notes.get("carried", []))


def _hold(case: Case, carried: Sequence[Mapping[str, Any]], pipeline: RagPipeline) -> Iterator[dict[str, Any]]:
    """One row for each turn, asked as a person would, with the engine's own earlier answers as history."""
    history: list[tuple[str, str]] = []
    for number, turn in enumerate(case.turns, 1):
        clock = time.perf_counter()
        standalone = resolve_question(turn.question, tuple(history))
        spent = 1000 * (time.perf_counter() - clock)
        answer = pipeline.answer(turn.question, tuple(history))
        facts = [fact["words"] for fact in carried if fact["turn"] == number]
        known = [words for words in facts if holds_words(standalone, words)]
        right = is_correct(answer.text, answer.abstained, turn.answers, turn.facts, turn.unanswerable)
        said = bool(turn.answers) and not turn.relevant
        yield {
            "turn": number,
            "known": [float(words in known) for words in facts],
            "recalled": float(right) if said else None,
            "found": _find_gold(answer, [span.document for span in turn.relevant]),
            "correct": float(right) if turn.scorable and not said else None,
            "resolve_ms": spent,
            "forgotten": [words for words in facts if words not in known],
        }
        history.append((turn.question, answer.text))


def holds_words(standalone: StandaloneQuestion, words: str) -> bool:
    """Whether the words are in what is searched for the question, or in what is recalled for it."""
    text = standalone.recalled.text if standalone.recalled else standalone.search_text
    return words.lower() in text.lower()


def _find_gold(answer: Answer, gold: Sequence[str]) -> float | None:
    return recall_at(rank_documents([r.document for r in answer.retrieved]), frozenset(gold), 5) if gold else None


def _summarise(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Means with intervals; None where no turn has such a fact."""
    values = {
        "facts_known": [value for row in rows for value in row["known"]],
        "statements_recalled": [row["recalled"] for row in rows if row["recalled"] is not None],
        "gold_recall@5": [row["found"] for row in rows if row["found"] is not None],
        "correct": [row["correct"] for row in rows if row["correct"] is not None],
    }
    if len(rows) > LAST_TURN:
        return {name: mean_figure(found) if found else None for name, found in values.items()}
    return {name: {"share": fmean(found), "n": len(found)} if found else None for name, found in values.items()}
