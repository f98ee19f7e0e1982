"""What the harness itself costs: a suite put to a target that answers at once."""

from __future__ import annotations

import platform
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from engine.evaluation.case_results import score_answers
from engine.evaluation.journal import Recorder
from engine.evaluation.measures import MEASURES
from engine.evaluation.runner import RunOutcome, run_suite
from engine.evaluation.suites import Case, Suite, Turn
from engine.settings import PipelineSettings
from engine.types import Answer, AnswerSentence, Context, ContextPart, Ranked, Span

_TEXT = (
    "The depot of town number {0} opened in {1} and stores {2} crates of apples for the winter market of the region. "
)


class InstantTarget:
    """Answers at once: the first lines of the document that the question names, four contexts, ten documents."""

    name = "instant"
    concurrency = 1

    def __init__(self, documents: Mapping[str, str]) -> None:
        names = list(documents)
        self._answers = {name: self._build(i, names, documents) for i, name in enumerate(names)}

    def ask(self, question: str, history: Sequence[tuple[str, str]] = ()) -> Answer:
        """The prepared answer to ``Question about NAME``."""
        return self._answers[question.rsplit(" ", 1)[1]]

    @staticmethod
    def _build(i: int, names: Sequence[str], documents: Mapping[str, str]) -> Answer:
        near = [names[(i + j) % len(names)] for j in range(10)]
        parts = tuple(
            ContextPart(document=d, chunk_index=0, start=0, end=1024, text=documents[d][:1024], score=1.0)
            for d in near[:4]
        )
        text = documents[near[0]][:100]
        return Answer(
            question="",
            text=text,
            sentences=(AnswerSentence(text=text, citations=()),),
            citations=(),
            retrieved=tuple(Ranked(document=d, start=0, end=1024, score=1 / (j + 1)) for j, d in enumerate(near)),
            context=Context(parts=parts, quality=0.9, tokens=900),
            abstained=False,
            provider="instant",
            correlation_id="bench",
            timings_ms={"total": 0.0},
            tokens={},
        )


class _MemoryRecorder:
    """Keeps rows in a list."""

    def __init__(self) -> None:
        self.rows: list[Mapping[str, Any]] = []

    def record_cases(self, case_rows: Sequence[Mapping[str, Any]], score_rows: Sequence[Mapping[str, Any]]) -> None:
        self.rows.extend(case_rows)

    def record_scores(self, score_rows: Sequence[Mapping[str, Any]]) -> None:
        self.rows.extend(score_rows)

    def heartbeat(self, done: int, total: int) -> None:
        pass


def bench_harness(cases: int = 1000, recorder: Recorder | None = None) -> dict[str, Any]:
    """Runs ``cases`` qa cases against an instant target with every measure but ragas'.

    Args:
        recorder: where rows go; by default a list, with the store's recorder the figure includes journaling.

    Returns:
        ``ms_per_case`` and its parts, as ``bench`` prints them; ``scoring_ms_per_case`` is what the measures alone take
        for as many cases of documents that they have not seen. ``cpu_ms_per_case`` and ``scoring_cpu_ms_per_case`` are
        the same in processor time of this process, all threads together.
    """
    work = _Work(0, cases)
    run = _Stopwatch()
    outcome = work.run(recorder or _MemoryRecorder())
    run.stop()
    asking = _Stopwatch()
    for case in work.suite.cases:
        work.target.ask(case.question)
    asking.stop()
    fresh = _Work(cases, cases)
    scoring = _Stopwatch()
    fresh.score()
    scoring.stop()
    return {
        "name": "harness",
        "machine": platform.platform(),
        "cases": outcome.done,
        "passed": sum(r.status == "passed" for r in outcome.results),
        "seconds": round(run.seconds, 3),
        "ms_per_case": round((run.seconds - asking.seconds) / cases * 1000, 3),
        "scoring_ms_per_case": round(scoring.seconds / cases * 1000, 3),
        "cpu_ms_per_case": round((run.cpu_seconds - asking.cpu_seconds) / cases * 1000, 3),
        "scoring_cpu_ms_per_case": round(scoring.cpu_seconds / cases * 1000, 3),
    }


def count_calls(cases: int, first: int) -> tuple[int, int]:
    """Calls of functions, in all threads, that a run makes and that the measures alone make for as many other cases.

    They tell how much work there is without telling how fast the machine is.

    Args:
        first: the number of the first document, one that no call before had: the measures keep what they once took from
            a document.
    """
    work, fresh = _Work(first, cases), _Work(first + cases, cases)
    warm = _Work(first + 2 * cases, 10)  # what is loaded on first use is no case's
    warm.run(_MemoryRecorder())
    warm.score()
    return _count_calls(lambda: work.run(_MemoryRecorder())), _count_calls(fresh.score)


def _count_calls(work: Callable[[], object]) -> int:
    count = 0

    def note(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    threading.setprofile(note)
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
        threading.setprofile(before)
    return count


class _Work:
    """A suite over documents of its own, its target, and both ways through it."""

    def __init__(self, first: int, cases: int) -> None:
        self.documents = _write_documents(first, cases)
        self.suite, self.target = _build_suite(self.documents), InstantTarget(self.documents)

    def run(self, recorder: Recorder) -> RunOutcome:
        """A whole run."""
        return run_suite(
            self.suite,
            self.target,
            PipelineSettings(),
            recorder,
            tuple(MEASURES),
            run_id="bench",
            documents=self.documents,
        )

    def score(self) -> None:
        """The measures alone."""
        for case in self.suite.cases:
            score_answers(case, [self.target.ask(case.question)], list(MEASURES.values()), self.documents)


class _Stopwatch:
    """Runs from its making to ``stop``: seconds on the clock and of this process' processor time."""

    def __init__(self) -> None:
        self.seconds, self.cpu_seconds = time.perf_counter(), time.process_time()

    def stop(self) -> None:
        self.seconds, self.cpu_seconds = time.perf_counter() - self.seconds, time.process_time() - self.cpu_seconds


def _write_documents(first: int, count: int) -> dict[str, str]:
    numbers = range(first, first + count)
    return {f"d{i}.md": "".join(_TEXT.format(i, 1900 + i % 99, j) for j in range(20)) for i in numbers}


def _build_suite(documents: Mapping[str, str]) -> Suite:
    cases = tuple(
        Case(
            id=f"c{i}",
            kind="qa",
            line=i + 1,
            turns=(
                Turn(
                    question=f"Question about {name}",
                    answers=(f"town number {name[1:-3]}",),
                    relevant=(Span(document=name, start=0, end=90),),
                ),
            ),
        )
        for i, name in enumerate(documents)
    )
    return Suite(
        name="harness", title="", description="", licence="", corpus="", corpus_path=Path(), settings={}, pass_rules={},
        measures=(), cases=cases, hash="", path=Path(),
    )  # fmt: skip
