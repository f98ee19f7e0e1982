"""Judges on their screen: who is set up, what a trial said, and how far a run's judges can be trusted."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.errors import PhasegateError, SettingError
from engine.evaluation.judging.agreement import PASS_AT, Estimate
from engine.evaluation.judging.specs import build_judge
from engine.judge_trials import JudgeTrial
from engine.judgements import JudgedMeasure, RatedMeasure, compare_raters, list_raters, summarise_judges
from engine.judges import DEFAULT_JUDGE
from engine.store import PreferenceStore, Store
from engine.store.judges import JudgeStore
from engine.store.labels import LabelStore
from engine.views.words import count, decimal, duration, interval, percent, plural

RUNS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeCard:
    """A judge that was set up. ``missing`` is the variable of its key that this app does not have."""

    name: str
    model: str
    where: str
    manner: str
    rubrics: Mapping[str, str]
    kept: str
    missing: str
    default: bool
    changed_by: str
    changed_at: datetime
    config: Mapping[str, Any]
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedRow:
    """One measure by one judge, in words."""

    judge: str
    measure: str
    scored: str
    failed: int
    unjudged: int
    mean: str
    deviation: str
    flips: str
    shift: str
    cost: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisagreementRow:
    """A case that two raters see differently."""

    case_id: str
    a: float
    b: float
    difference: float
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedView:
    """Two raters on one measure: the sentence, the figures, the points of a chart, the cases to look at."""

    measure: str
    a: str
    b: str
    title: str
    figures: tuple[tuple[str, str, str], ...]
    points: tuple[tuple[str, float, float], ...]
    threshold: float
    disagreements: tuple[DisagreementRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunJudging:
    """What judges made of one run."""

    run_id: str
    rows: tuple[JudgedRow, ...]
    failures: tuple[tuple[str, int], ...]
    repeated: bool
    raters: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRow:
    """One measure of a trial."""

    measure: str
    status: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialWords:
    """A trial as it is shown."""

    rows: tuple[TrialRow, ...]
    summary: str
    failed: bool


def load_judge_cards(store: Store) -> tuple[JudgeCard, ...]:
    """Every judge that was set up, by name."""
    chosen = PreferenceStore(store).load_preference(DEFAULT_JUDGE)
    return tuple(_build_card(row, row["name"] == chosen) for row in JudgeStore(store).list_judges())


def list_judged_runs(store: Store) -> dict[str, str]:
    """Runs with a judge's scores, newest first: how each is called, by id."""
    rows = JudgeStore(store).judged_runs(RUNS)
    return {r["run_id"]: f"{r['suite']}, {r['started_at']:%Y-%m-%d %H:%M} UTC, {', '.join(r['judges'])}" for r in rows}


def load_run_judging(store: Store, run_id: str) -> RunJudging:
    """Counts, noise and cost by judge and measure, and who can be compared.

    Raises:
        UnknownNameError: no such run.
    """
    found = summarise_judges(store, run_id)
    labelled = any(row["label"] in ("right", "wrong") for row in LabelStore(store).labels_of(run_id))
    failures: dict[str, int] = {}
    for entry in found:
        for reason, number in entry.failures.items():
            failures[reason] = failures.get(reason, 0) + number
    return RunJudging(
        run_id=run_id,
        rows=tuple(_describe(entry) for entry in found),
        failures=tuple(sorted(failures.items(), key=lambda pair: -pair[1])[:5]),
        repeated=any(entry.noise.cases for entry in found),
        raters=tuple(list_raters(found, labelled)),
    )


def load_rated(store: Store, run_id: str, a: str, b: str) -> tuple[RatedView, ...]:
    """Agreement of two raters, a view for each measure that both rated.

    Raises:
        InputError: no such run or rater, or twice the same.
    """
    return tuple(_describe_rated(run_id, a, b, rated) for rated in compare_raters(store, run_id, a, b))


def describe_trial(trial: JudgeTrial) -> TrialWords:
    """A trial in words."""
    report = trial.report
    cost = "its price is not known" if report.cost_usd is None else f"{report.cost_usd:.5f} USD"
    return TrialWords(
        rows=tuple(
            TrialRow(measure=name, status=score.status, value=decimal(score.value), reason=score.reason)
            for name, score in trial.scores.items()
        ),
        summary=f"{plural(report.calls, 'call')} of {trial.judge.model} in {duration(report.seconds)}; {cost}.",
        failed=trial.failed,
    )


def read_rubrics(text: str) -> dict[str, str]:
    """Rubrics as a person writes them, ``name: rule``, one a line.

    Raises:
        SettingError: a line without a colon.
    """
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            name, colon, rule = line.partition(":")
            if not colon or not rule.strip():
                raise SettingError(f"Line {number} of the rubrics: expected name: rule.", "polite: It is polite.")
            found[name.strip()] = rule.strip()
    return found


def write_rubrics(rubrics: Mapping[str, str]) -> str:
    """Rubrics as :func:`read_rubrics` reads them."""
    return "\n".join(f"{name}: {' '.join(rule.split())}" for name, rule in rubrics.items())


def _build_card(row: Mapping[str, Any], default: bool) -> JudgeCard:
    config, error = row["config"], ""
    try:
        spec = build_judge(row["name"], config)
        asks = f"{plural(spec.repeats, 'judgement')} a case, {spec.concurrency} calls at once"
        manner = f"Temperature {spec.temperature:g}, {asks}, {spec.timeout_s:g} s a call."
    except PhasegateError as broken:
        manner, error = "", broken.message
    variable = config.get("api_key_env") or ""
    cost = "" if row["cost_usd"] is None else f", {row['cost_usd']:.4f} USD in all"
    return JudgeCard(
        name=row["name"],
        model=config.get("model") or "",
        where=config.get("api_base") or "the provider's own address",
        manner=manner,
        rubrics=config.get("rubrics") or {},
        kept=f"{count(row['answers'])} answers of this model kept{cost}",
        missing=variable if variable and not os.environ.get(variable) else "",
        default=default,
        changed_by=row["updated_by"],
        changed_at=row["updated_at"],
        config=config,
        error=error,
    )


def _describe(entry: JudgedMeasure) -> JudgedRow:
    noise, total = entry.noise, entry.scored + entry.failed + entry.unjudged
    return JudgedRow(
        judge=entry.judge or "none yet",
        measure=entry.measure,
        scored=f"{entry.scored} of {total}",
        failed=entry.failed,
        unjudged=entry.unjudged,
        mean=_join(decimal(entry.mean.mean), _ends(interval(entry.mean.low, entry.mean.high, decimal))),
        deviation=decimal(noise.deviation) if noise.cases else "-",
        flips=f"{noise.flipped} of {noise.cases}" if noise.cases else "-",
        shift=f"± {decimal(noise.mean_shift_repeated)}" if noise.cases else "-",
        cost="-" if entry.cost_usd is None else f"{entry.cost_usd:.4f}",
    )


def _describe_rated(run_id: str, a: str, b: str, rated: RatedMeasure) -> RatedView:
    found = rated.agreement
    kappa = found.kappa
    return RatedView(
        measure=rated.measure,
        a=a,
        b=b,
        title=f"{a} and {b} give the same verdict in {kappa.agreed} of {plural(found.n, 'case')} on {rated.measure}",
        figures=(
            ("Same verdict at 0.5", percent(kappa.rate), _ends(interval(kappa.rate_low, kappa.rate_high))),
            ("Cohen's kappa", *_words(Estimate(value=kappa.kappa, low=kappa.low, high=kappa.high))),
            ("Weighted kappa", *_words(found.weighted_kappa)),
            ("Krippendorff's alpha", *_words(found.alpha)),
            ("Rank correlation", *_words(found.spearman)),
            ("Mean distance", *_words(found.distance)),
        ),
        points=rated.points,
        threshold=PASS_AT,
        disagreements=_link(run_id, rated.disagreements),
    )


def _link(run_id: str, rows: Sequence[Mapping[str, Any]]) -> tuple[DisagreementRow, ...]:
    from urllib.parse import urlencode

    return tuple(
        DisagreementRow(**row, link=f"/runs?{urlencode({'run': run_id, 'case': row['case_id']})}") for row in rows
    )


def _words(estimate: Estimate) -> tuple[str, str]:
    return decimal(estimate.value, 2), _ends(interval(estimate.low, estimate.high, lambda v: decimal(v, 2)))


def _ends(words: str) -> str:
    return words.removeprefix("95 % interval ")


def _join(value: str, ends: str) -> str:
    return f"{value} ({ends})" if ends and ends != "-" else value
