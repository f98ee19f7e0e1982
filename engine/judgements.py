"""What judges made of a run: counts, cost, each judge's own noise, agreement between judges and with people."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from engine.errors import InputError, UnknownNameError
from engine.evaluation.judging.agreement import Agreement, measure_agreement, rank_disagreements
from engine.evaluation.judging.noise import Noise, measure_noise
from engine.evaluation.statistics import MeanEstimate, estimate_mean
from engine.store import RunStore, Store
from engine.store.judges import JudgeStore
from engine.store.labels import LabelStore

PEOPLE = "people"  # as a rater: what people labelled right or wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedMeasure:
    """One measure of a run by one judge. ``cost_usd`` is None where no price is known."""

    judge: str
    measure: str
    scored: int
    failed: int
    not_applicable: int
    unjudged: int
    mean: MeanEstimate
    noise: Noise
    cost_usd: float | None
    prompt_hashes: tuple[str, ...]
    failures: Mapping[str, int]

    def as_json(self) -> dict[str, Any]:
        """All fields by name."""
        return {**asdict(self), "failures": dict(self.failures), "prompt_hashes": list(self.prompt_hashes)}


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedMeasure:
    """Agreement of two raters on one measure, and the cases that they disagree on most."""

    measure: str
    agreement: Agreement
    disagreements: tuple[Mapping[str, Any], ...]
    points: tuple[tuple[str, float, float], ...]

    def as_json(self) -> dict[str, Any]:
        """All but ``points``, which are for a chart."""
        return {
            "measure": self.measure,
            **self.agreement.as_json(),
            "disagreements": [dict(row) for row in self.disagreements],
        }


def summarise_judges(store: Store, run_id: str) -> list[JudgedMeasure]:
    """Every judged measure of a run; one that no judge has scored yet has the judge "".

    Raises:
        UnknownNameError: no such run.
    """
    RunStore(store).load_run(run_id)
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    rows = JudgeStore(store).judged_scores(run_id)
    judges = {row["measure"]: row["judge"] for row in rows if row["judge"]}
    for row in rows:
        groups[row["judge"] or judges.get(row["measure"], ""), row["measure"]].append(row)
    return [_summarise(judge, measure, found) for (judge, measure), found in sorted(groups.items())]


def list_raters(summaries: Sequence[JudgedMeasure], labelled: bool) -> list[str]:
    """Who can be compared: the judges of a run, and people where they labelled its cases."""
    judges = dict.fromkeys(s.judge for s in summaries if s.judge and s.scored)
    return [*judges, *([PEOPLE] if labelled else [])]


def compare_raters(store: Store, run_id: str, a: str, b: str, seed: int = 0) -> list[RatedMeasure]:
    """Agreement of two raters on each measure that both rated; people rate every measure alike: right 1, wrong 0.

    Raises:
        UnknownNameError: no such run, or no such rater of it.
        InputError: twice the same rater.
    """
    RunStore(store).load_run(run_id)
    if a == b:
        raise InputError(f"{a} cannot be compared with itself.", "Repeated judgements show a judge's own noise.")
    values = _load_values(store, run_id)
    people = read_labels(LabelStore(store).labels_of(run_id))
    known = [*values, *([PEOPLE] if people else [])]
    for rater in (a, b):
        if rater not in known:
            raise UnknownNameError(
                f"rater of {run_id}", rater, known, "Score the run with it: python -m engine rescore."
            )
    measures = {name for rater in (a, b) if rater != PEOPLE for name in values[rater]}
    found = []
    for measure in sorted(measures):
        x, y = (people if rater == PEOPLE else values[rater].get(measure, {}) for rater in (a, b))
        if x.keys() & y.keys():
            points = tuple((case, x[case], y[case]) for case in sorted(x.keys() & y.keys()))
            worst = tuple(rank_disagreements(x, y))
            agreement = measure_agreement(x, y, seed)
            found.append(RatedMeasure(measure=measure, agreement=agreement, disagreements=worst, points=points))
    return found


def read_labels(labels: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """What people say of each case: 1 right, 0 wrong, by majority; ties and unsure say nothing."""
    votes: dict[str, int] = defaultdict(int)
    for row in labels:
        votes[row["case_id"]] += {"right": 1, "wrong": -1}.get(row["label"], 0)
    return {case: float(vote > 0) for case, vote in votes.items() if vote}


def _load_values(store: Store, run_id: str) -> dict[str, dict[str, dict[str, float]]]:
    """By judge, by measure without the judge's name, by case."""
    found: dict[str, dict[str, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    for row in JudgeStore(store).judged_scores(run_id):
        if row["judge"] and row["value"] is not None:
            found[row["judge"]][row["measure"].split("[", 1)[0]][row["case_id"]] = row["value"]
    return found


def _summarise(judge: str, measure: str, rows: Sequence[Mapping[str, Any]]) -> JudgedMeasure:
    counts = {status: sum(row["status"] == status for row in rows) for status in _STATUSES}
    costs = [row["cost_usd"] for row in rows if row["cost_usd"] is not None]
    failures: dict[str, int] = defaultdict(int)
    for row in rows:
        if row["status"] == "failed":
            failures[_REPETITION.sub("", row["reason"] or "no reason given")] += 1
    return JudgedMeasure(
        judge=judge,
        measure=measure,
        mean=estimate_mean([row["value"] for row in rows if row["value"] is not None]),
        noise=measure_noise({row["case_id"]: row["repeats"] or () for row in rows}),
        cost_usd=sum(costs) if costs else None,
        prompt_hashes=tuple(sorted({row["prompt_hash"] for row in rows if row["prompt_hash"]})),
        failures=dict(sorted(failures.items(), key=lambda entry: -entry[1])[:5]),
        **counts,
    )


_REPETITION = re.compile(r"^repetition \d+: ")
_STATUSES = ("scored", "failed", "not_applicable", "unjudged")
