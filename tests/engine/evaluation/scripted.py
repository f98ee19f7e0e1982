"""A scripted target and a recorder in memory: second implementations of the evaluation protocols."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.types import Answer, AnswerSentence, Context, ContextPart, Ranked

DOCUMENTS = {
    "refunds.md": "Refunds\n\nUnopened boxes may be returned within 42 days of delivery. Opened boxes stay sold.\n",
    "depot.md": "The depot in Larkham opened in 1951. It stores 104 crates of apples. Mr Hale runs it.\n",
}


def make_answer(
    text: str,
    contexts: Sequence[tuple[str, int, int]] = (),
    retrieved: Sequence[str] = (),
    *,
    abstained: bool = False,
    quality: float = 0.8,
    total_ms: float = 10.0,
    documents: Mapping[str, str] = DOCUMENTS,
) -> Answer:
    """An answer with contexts cut from the documents."""
    parts = [
        ContextPart(document=d, chunk_index=i, start=a, end=b, text=documents[d][a:b], score=1.0)
        for i, (d, a, b) in enumerate(contexts)
    ]
    names = retrieved or [p.document for p in parts]
    return Answer(
        question="",
        text=text,
        sentences=(AnswerSentence(text=text, citations=()),) if text else (),
        citations=(),
        retrieved=tuple(Ranked(document=d, start=0, end=1, score=1 / (i + 1)) for i, d in enumerate(names)),
        context=Context(parts=tuple(parts), quality=quality, tokens=10),
        abstained=abstained,
        provider="scripted",
        correlation_id="c",
        timings_ms={"total": total_ms},
        tokens={"context": 10},
    )


class ScriptedTarget:
    """Answers from a table; a callable in it is called with the history, an exception is raised."""

    name = "scripted"

    def __init__(self, script: Mapping[str, Answer | Exception | Callable[..., Answer]], concurrency: int = 1) -> None:
        self._script, self.concurrency = script, concurrency
        self.asked: list[tuple[str, tuple[tuple[str, str], ...]]] = []

    def ask(self, question: str, history: Sequence[tuple[str, str]] = ()) -> Answer:
        self.asked.append((question, tuple(history)))
        entry = self._script[question]
        if isinstance(entry, Exception):
            raise entry
        return entry(history) if callable(entry) else entry


class MemoryRecorder:
    """Keeps the newest row by primary key, as the store does."""

    def __init__(self) -> None:
        self.cases: dict[str, dict[str, Any]] = {}
        self.scores: dict[tuple[str, str], dict[str, Any]] = {}
        self.beats: list[tuple[int, int]] = []

    def record_cases(self, case_rows: Sequence[Mapping[str, Any]], score_rows: Sequence[Mapping[str, Any]]) -> None:
        self.cases.update({row["case_id"]: dict(row) for row in case_rows})
        self.record_scores(score_rows)

    def record_scores(self, score_rows: Sequence[Mapping[str, Any]]) -> None:
        self.scores.update({(row["case_id"], row["measure"]): dict(row) for row in score_rows})

    def heartbeat(self, done: int, total: int) -> None:
        self.beats.append((done, total))

    def as_cases_json(self) -> list[dict[str, Any]]:
        """What ``cases --json`` lists."""
        return [
            {
                **row,
                **row["detail"],
                "id": row["case_id"],
                "scores": {m: s for (c, m), s in self.scores.items() if c == row["case_id"]},
            }
            for row in self.cases.values()
        ]


def write_suite(folder: Path, cases: Sequence[Mapping[str, Any] | str], header: str = "") -> Path:
    """A suite folder with its documents beside it."""
    (folder / "documents").mkdir(parents=True, exist_ok=True)
    for name, text in DOCUMENTS.items():
        (folder / "documents" / name).write_text(text)
    lines = [c if isinstance(c, str) else json.dumps(c) for c in cases]
    (folder / "cases.jsonl").write_text("".join(line + "\n" for line in lines))
    text = header or "name: small\ntitle: Small\ndescription: d\nlicence: CC0\ncorpus: documents\n"
    (folder / "suite.yaml").write_text(text)
    return folder
