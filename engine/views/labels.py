"""The labels of a run: what people say, and how the automatic verdict agrees with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.evaluation.agreement import KappaEstimate
from engine.evaluation.label_agreement import measure_agreement
from engine.store import Store
from engine.store.labels import LabelStore
from engine.views.case_company import LABEL_WORDS
from engine.views.words import clock, decimal, interval, percent, plural

FEW = 30  # decided cases under which the interval of kappa is wider than what is usually told apart by it


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSummary:
    """What the section on labels shows.

    Attributes:
        headline: the agreement in a sentence.
        notes: what a reader must know before reading it.
        people, pairs, disagreements, labels: lines of tables; ``disagreeing_ids`` are the cases of the third.
    """

    headline: str
    notes: tuple[str, ...]
    people: tuple[Mapping[str, Any], ...]
    pairs: tuple[Mapping[str, Any], ...]
    disagreements: tuple[Mapping[str, Any], ...]
    disagreeing_ids: tuple[str, ...]
    labels: tuple[Mapping[str, Any], ...]


def load_label_summary(store: Store, run_id: str, zone: str | None = None) -> LabelSummary:
    """The labels of a run, summed up."""
    found = measure_agreement(LabelStore(store).verdicts_of(run_id))
    notes = []
    if found.cases and found.verdict.n < FEW:
        notes.append(
            f"{plural(found.verdict.n, 'decided case')}: label {FEW} or more before you rely on the agreement."
        )
    if found.cases > found.decided:
        undecided = plural(found.cases - found.decided, "labelled case")
        notes.append(f"{undecided} are not decided: unsure, or as many say right as wrong.")
    rows = LabelStore(store).labels_of(run_id)
    return LabelSummary(
        headline=_write_headline(found.verdict),
        notes=tuple(notes),
        people=tuple(
            {"who": a.author, "right": a.right, "wrong": a.wrong, "unsure": a.unsure} | _cells(a.agreement)
            for a in found.authors
        ),
        pairs=tuple({"people": " and ".join(p.authors)} | _cells(p.agreement) for p in found.pairs),
        disagreements=tuple(
            {
                "case": d.case_id,
                "verdict": d.status,
                "labels": ", ".join(f"{who}: {label}" for who, label in d.labels.items()),
            }
            for d in found.disagreements
        ),
        disagreeing_ids=tuple(d.case_id for d in found.disagreements),
        labels=tuple(
            {
                "case": row["case_id"],
                "who": row["author"],
                "label": LABEL_WORDS[row["label"]],
                "note": row["note"],
                "when": clock(row["labelled_at"], zone),
            }
            for row in rows
        ),
    )


def _write_headline(verdict: KappaEstimate) -> str:
    if not verdict.n:
        return "No labelled case has both a verdict and a decided label yet."
    rate = f"{percent(verdict.rate)} ({interval(verdict.rate_low, verdict.rate_high)})"
    text = f"The automatic verdict agrees with people on {verdict.agreed} of {plural(verdict.n, 'case')}: {rate}."
    if verdict.kappa is None:
        return f"{text} Cohen's kappa says nothing yet: one side uses one word alone."
    bounds = interval(verdict.low, verdict.high, lambda value: decimal(value, 2))
    return f"{text} Cohen's kappa {decimal(verdict.kappa, 2)} ({bounds})."


def _cells(estimate: KappaEstimate) -> dict[str, Any]:
    bounds = "" if estimate.low is None else f"{estimate.low:.2f} – {estimate.high:.2f}"
    return {
        "agree": f"{estimate.agreed} of {estimate.n}",
        "rate": estimate.rate,
        "kappa": estimate.kappa,
        "interval of kappa": bounds,
    }
