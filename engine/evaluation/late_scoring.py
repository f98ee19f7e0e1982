"""What is scored once cases have ended: every (case, measure) that is missing, nothing twice.

A fresh run needs its bulk and judged scores here, a resumed one whatever its first attempt did not reach, a re-scored
one the measures that it never had. The target is not asked.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.evaluation.budget import Budget
from engine.evaluation.bulk_scoring import BATCH, fail_all, read_text_samples, score_in_bulk
from engine.evaluation.case_results import build_score_rows, score_answers, score_content
from engine.evaluation.journal import Journal
from engine.evaluation.measures import Chosen, Measure
from engine.evaluation.measures.measure import Score
from engine.evaluation.measures.ragas import Embed
from engine.evaluation.stored_answers import read_answers, read_case
from engine.evaluation.suites import Case

if TYPE_CHECKING:
    from engine.evaluation.judging import JudgeCache, JudgeSpec

Row = Mapping[str, Any]
Progress = Callable[[int, int, str], None]
RETRIED = ("unjudged", "failed")
NO_JUDGE = "no judge model was chosen: give --judge, or save one as the default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """A judge with the cache of its answers.

    Attributes:
        suffix: added to the measures' names, ``[name]`` for a second judge of a run, so that no mean mixes two.
    """

    spec: JudgeSpec
    cache: JudgeCache | None = None
    suffix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LateScoring:
    """How late scores are made. ``documents`` are the corpus' texts, ``embed`` makes unit vectors."""

    run_id: str
    chosen: Chosen
    journal: Journal
    documents: Mapping[str, str] | None = None
    embed: Embed | None = None
    judging: Judging | None = None
    budget: Budget | None = None
    cancel: threading.Event | None = None
    progress: Progress | None = None

    def score_missing(self, rows: Sequence[Row], *, again: Collection[str] = ()) -> bool:
        """Scores what ``rows`` lack and records it as it comes; False when it was stopped before the end.

        Args:
            rows: as in the JSON of ``cases``; ``scores`` holds what there is.
            again: statuses of scores that are made anew, of ``RETRIED``.
        """
        rows = [row for row in rows if row["kind"] in ("qa", "conversation", "content")]
        cases = {_id(row): read_case(row) for row in rows}
        for names, batch in _batches(rows, [m.name for m in self.chosen.quick], again):
            quick = [m for m in self.chosen.quick if m.name in names]
            self.journal.record_scores([s for row in batch for s in self._score_quick(row, cases[_id(row)], quick)])
        asked = [row for row in rows if row["kind"] != "content"]
        waiting = list(_batches(asked, self.chosen.bulk, again))
        done, total = 0, sum(len(batch) for _, batch in waiting)
        for names, batch in waiting:
            self._say(done, total, "scoring with ragas")
            made = score_in_bulk(batch, cases, names, self.embed, self.documents, self.run_id)
            self.journal.record_scores(made)
            done += len(batch)
        return self._judge(asked, cases, again)

    def _score_quick(self, row: Row, case: Case, measures: Sequence[Measure]) -> list[dict[str, Any]]:
        if case.kind == "content":
            scores = score_content(case, row["answer"] or "", measures)
        else:
            error = str(_detail(row, "error") or "") if row["status"] == "error" else ""
            scores = score_answers(case, read_answers(row), measures, self.documents, error)
        return build_score_rows(self.run_id, case.id, scores)

    def _judge(self, rows: Sequence[Row], cases: Mapping[str, Case], again: Collection[str]) -> bool:
        suffix = self.judging.suffix if self.judging else ""
        stored = {f"{name}{suffix}": name for name in self.chosen.judged}
        if self.judging is None:  # what a judge has scored, or failed to, stays as it is
            self._record_unjudged((row, name) for row in rows for name in find_missing(row, self.chosen.judged))
            return True
        waiting = [
            (row, stored[name]) for row in rows for name in find_missing(row, tuple(stored), {*again, "unjudged"})
        ]
        broken = [(row, name) for row, name in waiting if row["status"] == "error"]
        for row, name in broken:
            score = fail_all(cases[_id(row)], [name], row)[name]
            self.journal.record_scores(build_score_rows(self.run_id, _id(row), {f"{name}{suffix}": score}))
        return self._ask_judge([(row, name) for row, name in waiting if row["status"] != "error"], cases, self.judging)

    def _ask_judge(self, waiting: Sequence[tuple[Row, str]], cases: Mapping[str, Case], judging: Judging) -> bool:
        from engine.evaluation.judging import JudgeTask, score_by_judge

        tasks = [
            JudgeTask(case_id=_id(row), measure=name, samples=read_text_samples(row, cases[_id(row)], self.documents))
            for row, name in waiting
        ]
        done, lock = 0, threading.Lock()

        def keep(case_id: str, measure: str, score: Score) -> None:
            nonlocal done
            named = {f"{measure}{judging.suffix}": score}
            self.journal.record_scores(build_score_rows(self.run_id, case_id, named))
            with lock:
                done += 1
                self._say(done, len(tasks), f"judged by {judging.spec.name}")

        if not tasks:
            return True
        if self._stopped():
            return False
        report = score_by_judge(
            tasks,
            judging.spec,
            judging.cache,
            keep,
            cancel=self.cancel or threading.Event(),
            may_spend=self.budget.spend if self.budget else None,
            embed=self.embed,
        )
        return report.answered == len(tasks)

    def _record_unjudged(self, waiting: Iterable[tuple[Row, str]]) -> None:
        rows = [
            s
            for row, name in waiting
            for s in build_score_rows(self.run_id, _id(row), {name: Score.unjudged(NO_JUDGE)})
        ]
        self.journal.record_scores(rows)

    def _stopped(self) -> bool:
        return bool((self.cancel and self.cancel.is_set()) or (self.budget and self.budget.explain_end()))

    def _say(self, done: int, total: int, words: str) -> None:
        if self.progress:
            self.progress(done, total, words)


def find_missing(row: Row, names: Sequence[str], again: Collection[str] = ()) -> tuple[str, ...]:
    """The measures of ``names`` that a case has no score for, or one with a status in ``again``."""
    scores = row.get("scores") or {}
    return tuple(n for n in names if n not in scores or scores[n]["status"] in again)


def _batches(
    rows: Sequence[Row], names: Sequence[str], again: Collection[str]
) -> Iterator[tuple[tuple[str, ...], list[Row]]]:
    """Rows that lack the same measures, at most ``BATCH`` at a time."""
    groups: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        if missing := find_missing(row, names, again):
            groups[missing].append(row)
    for missing, found in groups.items():
        for first in range(0, len(found), BATCH):
            yield missing, found[first : first + BATCH]


def _id(row: Row) -> str:
    return str(row.get("case_id") or row["id"])


def _detail(row: Row, name: str) -> Any:
    return (row.get("detail") or row).get(name)
