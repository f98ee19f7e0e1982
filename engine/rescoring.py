"""Scoring a stored run anew: measures that it never had, another judge, what failed. The target is not asked."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import InputError, PhasegateError
from engine.evaluation.budget import Budget
from engine.evaluation.journal import Journal
from engine.evaluation.late_scoring import Judging, LateScoring
from engine.evaluation.measures import is_judged, select_measures
from engine.evaluation.recording import ScoreRecorder
from engine.evaluation.suites import Suite, load_suite
from engine.judges import check_same_judge, describe_judge, find_judging
from engine.run_options import WITH_A_JUDGE, RunOptions
from engine.settings import PipelineSettings
from engine.store import RunStore, Store

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RescoreRequest:
    """What to score of which run.

    Attributes:
        measures: names; by default those of the run, and with a judge the usual judged ones.
        judge: a saved judge or a model. When it is not the run's own, its scores stand under ``measure[judge]``.
        retry: make failed scores anew, too.
        again: make every score of these measures anew.
    """

    run_id: str
    measures: tuple[str, ...] | None = None
    judge: str = ""
    retry: bool = False
    again: bool = False
    budget_usd: float | None = None
    budget_minutes: float | None = None


def rescore_run(
    store: Store, request: RescoreRequest, progress: Progress | None = None, cancel: threading.Event | None = None
) -> dict[str, Any]:
    """Score what is missing, each (case, measure) durable as it comes; asking again goes on where it stopped.

    Returns:
        ``run_id``, ``measures``, ``judge``, ``status`` (finished or interrupted), ``reason``, ``cost_usd``, ``warnings``.

    Raises:
        UnknownNameError: no such run or measure.
        InputError: the run is at work.
    """
    with RunStore(store) as runs:
        row = runs.load_run(request.run_id)
        if row["status"] == "running":
            raise InputError(f"run {request.run_id} is still running.", "Wait for it, or stop it first.")
        cases = runs.load_cases(request.run_id)
        own = RunOptions.from_json(row["options"])
        suite, documents, warnings = _load_texts(row)
        of_run = str((row["options"] or {}).get("judge") or "")
        wanted = own.choose_measures(suite.measures if suite else ())
        names, judging = _choose(store, request, of_run, wanted, suite.rubrics if suite else {})
        if judging and not judging.suffix:
            check_same_judge(request.run_id, row["options"], judging)
        chosen = select_measures(names)
        budget = Budget(request.budget_usd, request.budget_minutes)
        done = len(cases)
        with Journal(ScoreRecorder(store), request.run_id, done, done) as journal:
            late = LateScoring(
                run_id=request.run_id,
                chosen=chosen,
                journal=journal,
                documents=documents,
                embed=_load_embed(PipelineSettings().with_values(row["settings"])),
                judging=judging,
                budget=budget,
                cancel=cancel,
                progress=progress,
            )
            statuses = ("scored", "failed", "unjudged") if request.again else ("failed",) if request.retry else ()
            finished = late.score_missing(cases, again=statuses)
        first = describe_judge(judging) if judging and not judging.suffix else {}
        cost = (row["cost_usd"] or 0.0) + budget.spent_usd
        runs.keep_rescoring(request.run_id, (row["options"] or own.as_json()) | first, cost)
    return {
        "run_id": request.run_id,
        "measures": list(names),
        "judge": judging.spec.name if judging else "",
        "status": "finished" if finished else "interrupted",
        "reason": budget.explain_end(),
        "cost_usd": budget.spent_usd,
        "warnings": warnings,
    }


def _choose(
    store: Store, request: RescoreRequest, of_run: str, measures: tuple[str, ...], rubrics: Mapping[str, str]
) -> tuple[tuple[str, ...], Judging | None]:
    """The measures, and the judge with the place of its scores.

    The first judge of a run scores under the plain names, any other beside it.
    """
    names = request.measures or measures
    judged = tuple(name for name in names if is_judged(name))
    if request.judge and not judged and request.measures is None:
        names = judged = WITH_A_JUDGE
    judging = find_judging(store, names, request.judge or of_run, rubrics)
    if judging is None or not of_run or judging.spec.name == of_run:
        return names, judging
    second = dataclasses.replace(judging, suffix=f"[{judging.spec.name}]")
    return (names if request.measures else judged), second


def _load_texts(row: Mapping[str, Any]) -> tuple[Suite | None, Mapping[str, str] | None, list[str]]:
    """The suite and its documents where they are still what the run read; else what is missing, in words."""
    from engine.corpora import find_corpus, load_sources

    try:
        suite = load_suite(row["suite_path"])
        _, path = find_corpus(str(suite.corpus_path), suite.path)
        loaded = load_sources([str(path)])
    except PhasegateError as error:
        return None, None, [f"The suite cannot be read any more, so measures of document texts are left: {error}"]
    if suite.with_corpus([d.content_hash for d in loaded.documents]).hash == row["suite_hash"]:
        return suite, {document.id: document.text for document in loaded.documents}, []
    words = "Its cases or documents have changed since: what was expected is read from the run,"
    return suite, None, [f"{words} measures of document texts are left."]


def _load_embed(settings: PipelineSettings) -> Callable[[Sequence[str]], Any]:
    from engine.embedding import load_embedder

    return load_embedder(settings).embed
