"""Calibration: how often what the engine calls probable is true, as measured where it was fitted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import FileFormatError
from engine.evaluation.statistics import wilson_interval
from engine.settings import ROOT
from engine.views.run_figures import Tile
from engine.views.words import DASH, count, decimal, percent, plural, setting_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a fitted figure predicts."""

    title: str
    predicts: str
    observed: str


AUC_HELP = "Probability that a right case gets a higher figure than a wrong one; 0.5 is chance, 1 is perfect."
ECE_HELP = "Expected calibration error: mean distance between predicted and observed over ten bins, weighted by cases."
ACCURACY_HELP = "Share of the cases that were called right."
HARDLY, CLEARLY = 0.02, 0.08
NO_BINS = "This fit kept its figures but not its bins, so there is no diagram. A new fit keeps them."
QUALITY = "engine/context/coefficients.json"
MEANINGS = {
    QUALITY: Meaning(
        title="Context quality",
        predicts="the context holds what answers the question",
        observed="share whose context covers a gold span",
    ),
    "engine/grounding/groundedness.json": Meaning(
        title="Groundedness",
        predicts="the context supports a sentence of the answer",
        observed="share of sentences that people called supported",
    ),
    "engine/ingestion/content_types.json": Meaning(
        title="Content types", predicts="a section is of the type it is called", observed="share of the right type"
    ),
    "engine/retrieval/fusion.json": Meaning(title="Search mix", predicts="", observed=""),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Cases whose prediction lies between ``begins`` and ``ends``; ``low`` and ``high`` bound the observed share."""

    begins: float
    ends: float
    predicted: float
    observed: float
    low: float
    high: float
    n: int
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """A reliability diagram. ``finding`` says how far predicted and observed lie apart."""

    finding: str
    axis: str
    observed_axis: str
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRow:
    """Figures of one data set, on its held-out part."""

    name: str
    n: str
    auc: str
    ece: str
    tiles: tuple[Tile, ...]
    reliability: Reliability | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """One fit with where it comes from.

    Attributes:
        lead: what is fitted, in a sentence; Markdown.
        sets: figures by data set; empty where the fit did not keep them. ``table`` has them as rows.
        facts: data, split, date, code version, and other figures of the held-out part.
        note: what is missing, and what brings it.
    """

    title: str
    lead: str
    tiles: tuple[Tile, ...]
    reliability: Reliability | None
    sets: tuple[SetRow, ...]
    table: tuple[Mapping[str, str], ...]
    facts: Mapping[str, str]
    note: str


def load_calibrations(root: Path = ROOT) -> tuple[Calibration, ...]:
    """Every fit of this version that says where it comes from and, where it predicts no probability, what it is fitted to.

    Raises:
        FileFormatError: a file of coefficients is no JSON.
    """
    found = []
    for path in sorted((root / "engine").rglob("*.json")):
        content = _read(path)
        provenance = content.get("provenance", content)
        if isinstance(provenance, dict) and _is_fit(provenance):
            name = path.relative_to(root).as_posix()
            found.append((list(MEANINGS).index(name) if name in MEANINGS else 99, _build(name, provenance)))
    return tuple(calibration for _, calibration in sorted(found, key=lambda pair: pair[0]))


def _is_fit(provenance: Mapping[str, Any]) -> bool:
    """Other measurements of this version, such as of the guards, have screens of their own."""
    held = provenance.get("held_out")
    return isinstance(held, Mapping) and ("measure" in provenance or _first(held, "ece") is not None)


def build_reliability(figures: Mapping[str, Any], meaning: Meaning) -> Reliability | None:
    """The diagram of figures with ``bins`` (from, to, n, predicted, observed); None where they hold none."""
    rows = figures.get("bins")
    if not rows:
        return None
    return Reliability(
        finding=_write_finding(rows, figures.get("ece"), meaning),
        axis=f"predicted probability that {meaning.predicts}",
        observed_axis=meaning.observed,
        bins=tuple(_bin(row) for row in rows),
    )


def _bin(row: Mapping[str, Any]) -> Bin:
    hits = round(row["observed"] * row["n"])
    ends = wilson_interval(hits, row["n"])
    low, high = ends.low or 0.0, 1.0 if ends.high is None else ends.high
    return Bin(
        begins=row["from"],
        ends=row["to"],
        predicted=row["predicted"],
        observed=row["observed"],
        low=min(low, row["observed"]),
        high=max(high, row["observed"]),
        n=row["n"],
        words=f"predicted {percent(row['predicted'])}, observed {percent(row['observed'])}<br>"
        f"95 % interval {percent(low)} to {percent(high)}<br>{hits} of {row['n']}",
    )


def _write_finding(rows: Sequence[Mapping[str, Any]], error: float | None, meaning: Meaning) -> str:
    cases = sum(row["n"] for row in rows)
    gap = sum((row["predicted"] - row["observed"]) * row["n"] for row in rows) / cases
    side = "too sure" if gap > 0 else "too careful"
    size = "" if abs(gap) > CLEARLY else "a little "
    lean = "sure as often as it is right" if abs(gap) <= HARDLY else size + side
    words = f"{meaning.title} is off by {percent(error)} on average" if error is not None else meaning.title
    return f"{words} over {plural(cases, 'case')}: it is {lean}"


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise FileFormatError(path, f"no JSON: {error.msg}", line=error.lineno) from None
    return content if isinstance(content, dict) else {}


def _build(name: str, provenance: Mapping[str, Any]) -> Calibration:
    held = provenance["held_out"]
    meaning = MEANINGS.get(name) or Meaning(
        title=Path(name).stem.replace("_", " ").capitalize(), predicts="the prediction is right", observed="share right"
    )
    if held and all(isinstance(figures, Mapping) for figures in held.values()):
        return _build_comparison(name, meaning, provenance, held)
    sets = held.get("sets") or provenance.get("sets") or {}
    reliability = build_reliability({**held, "ece": _first(held, "ece")}, meaning)
    rows = tuple(_set_row(n, f, meaning) for n, f in sets.items() if isinstance(f, Mapping))
    return Calibration(
        title=meaning.title,
        lead=f"It predicts the probability that **{meaning.predicts}**. All figures are of held-out documents.",
        tiles=_build_tiles(held),
        reliability=reliability,
        sets=rows,
        table=tuple({"set": row.name, "cases": row.n, "AUC": row.auc, "ECE": row.ece} for row in rows),
        facts=_facts(name, provenance, held),
        note="" if reliability else NO_BINS,
    )


def _build_comparison(
    name: str, meaning: Meaning, provenance: Mapping[str, Any], held: Mapping[str, Mapping[str, Any]]
) -> Calibration:
    """A fit that chooses and predicts no probability: what it reaches by data set, beside what it was compared with."""
    measure = provenance.get("measure") or "the measure that was fitted"
    return Calibration(
        title=meaning.title,
        lead=f"It is fitted to **{measure}** and predicts no probability. All figures are of held-out documents.",
        tiles=(),
        reliability=None,
        sets=(),
        table=tuple(
            {"set": data, "cases": count(_first(figures, "n"))}
            | {k: decimal(v) for k, v in figures.items() if isinstance(v, float)}
            for data, figures in held.items()
        ),
        facts=_facts(name, provenance, {}),
        note="",
    )


def build_tiles(auc: float | None, ece: float | None, n: str, label: str) -> tuple[Tile, ...]:
    """The two figures of a calibration and its number of cases."""
    return (
        Tile(label="AUC", value=decimal(auc), note="", help=AUC_HELP),
        Tile(label="Calibration error", value=decimal(ece), note="", help=ECE_HELP),
        Tile(label=label, value=n, note="", help="Cases behind these figures."),
    )


def _build_tiles(held: Mapping[str, Any]) -> tuple[Tile, ...]:
    auc, accuracy = _first(held, "auc", "auroc"), _first(held, "accuracy")
    tiles = build_tiles(auc, _first(held, "ece"), count(_first(held, "n", "sentences", "responses")), "Held-out cases")
    if auc is None and accuracy is not None:
        return (Tile(label="Accuracy", value=decimal(accuracy), note="", help=ACCURACY_HELP), *tiles[1:])
    return tiles


def _set_row(name: str, figures: Mapping[str, Any], meaning: Meaning) -> SetRow:
    return SetRow(
        name=name,
        n=count(_first(figures, "n", "sentences", "responses")),
        auc=decimal(_first(figures, "auc", "auroc")),
        ece=decimal(_first(figures, "ece")),
        tiles=_build_tiles(figures),
        reliability=build_reliability({**figures, "ece": _first(figures, "ece")}, meaning),
    )


def _first(figures: Mapping[str, Any], *names: str) -> Any:
    """The first figure whose name is one of these or begins with it (``auroc_sentence``)."""
    for name in names:
        for key, value in figures.items():
            if (key == name or key.startswith(f"{name}_")) and isinstance(value, (int, float)):
                return value
    return None


def _facts(name: str, provenance: Mapping[str, Any], held: Mapping[str, Any]) -> dict[str, str]:
    facts = {
        "Fitted on": setting_value(provenance.get("data")),
        "Split": setting_value(provenance.get("split")),
        "Questions": count(_first(provenance, "questions", "fitted_on")),
        "Date": setting_value(provenance.get("date")),
        "Code version": setting_value(provenance.get("code") or provenance.get("commit") or provenance.get("version")),
        "Embedding": setting_value(provenance.get("embedder")),
        "File": name,
    }
    figures = {
        k.replace("_", " "): v for k, v in held.items() if isinstance(v, (int, float)) and not isinstance(v, bool)
    }
    facts |= {f"Held out: {k}": count(v) if isinstance(v, int) else decimal(v) for k, v in figures.items()}
    return {k: v for k, v in facts.items() if v not in (DASH, "")}
