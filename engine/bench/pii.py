"""How much personal data is found, type by type, on labelled sentences; beside presidio's patterns where they are installed.

A labelled span is found when at least half of its characters lie in spans of a type that stands for it; a span of ours is
right when at least half of it lies in such labelled spans. Templates, not sentences, are split: the recognisers were
developed on those with an even hash, and the others are what counts.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from engine.bench.figures import latency_figures
from engine.bench.options import refuse_unknown
from engine.errors import InputError
from engine.evaluation.statistics import wilson_interval
from engine.guard.pii import find_personal_data
from engine.json_lines import read_rows

SALT = "phasegate"
# What of ours stands for a label, the first being its own type.
STANDS_FOR: dict[str, tuple[str, ...]] = {
    "EMAIL_ADDRESS": ("email",),
    "PHONE_NUMBER": ("phone",),
    "CREDIT_CARD": ("credit_card",),
    "IBAN_CODE": ("iban",),
    "US_SSN": ("us_ssn",),
    "US_DRIVER_LICENSE": ("driver_license",),
    "IP_ADDRESS": ("ip_address",),
    "PERSON": ("person",),
    "STREET_ADDRESS": ("address", "zip_code"),
    "ZIP_CODE": ("zip_code", "address"),
    "AGE": ("age",),
    "DOMAIN_NAME": ("url",),
    "GPE": ("place", "address"),
    "ORGANIZATION": ("organisation",),
    "NRP": ("nationality",),
    "DATE_TIME": ("date_of_birth",),
    "TITLE": (),
}
PRESIDIO: dict[str, tuple[str, ...]] = {
    "EMAIL_ADDRESS": ("EMAIL_ADDRESS",),
    "PHONE_NUMBER": ("PHONE_NUMBER",),
    "CREDIT_CARD": ("CREDIT_CARD",),
    "IBAN_CODE": ("IBAN_CODE",),
    "US_SSN": ("US_SSN",),
    "US_DRIVER_LICENSE": ("US_DRIVER_LICENSE",),
    "IP_ADDRESS": ("IP_ADDRESS",),
    "DATE_TIME": ("DATE_TIME",),
    "DOMAIN_NAME": ("URL",),
}
Found = Sequence[tuple[str, int, int]]


def measure(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Recall by label and precision by type, with Wilson intervals, on the templates that were held out and on the others.

    Raises:
        InputError: no data set was given, or its rows are not of its form.
    """
    refuse_unknown(overrides, ())
    if data is None:
        raise InputError("bench pii needs --data.", "Give a folder with items.jsonl: text, spans, template_id.")
    rows = load_rows(data)
    sides = {
        "held_out": [r for r in rows if is_held_out(r["template_id"])],
        "developed_on": [r for r in rows if not is_held_out(r["template_id"])],
    }
    figures: dict[str, Any] = {"rows": len(rows), "split": "by template, crc32 of salt and id, odd is held out"}
    for name, part in sides.items():
        if part:
            figures[name] = measure_finder(part, _find_ours, STANDS_FOR)
    figures["speed"] = _measure_speed(rows)
    figures["rival"] = _measure_rival(sides["held_out"])
    return figures


def load_rows(data: Path) -> list[dict[str, Any]]:
    """The labelled sentences.

    Raises:
        InputError: a row without text, spans or template.
    """
    path = data / "items.jsonl"
    rows = list(read_rows(path))
    for number, row in enumerate(rows, 1):
        if not isinstance(row.get("text"), str) or not isinstance(row.get("spans"), list) or "template_id" not in row:
            raise InputError(
                f"{path}, line {number}: expected text, spans and template_id.", "Give labelled sentences."
            )
    return rows


def is_held_out(template: object) -> bool:
    """Whether the recognisers were not developed on a template."""
    return zlib.crc32(f"{SALT}{template}".encode()) % 2 == 1


def measure_finder(
    rows: Sequence[Mapping[str, Any]], find: Callable[[str], Found], stands_for: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """``recall`` by label and ``precision`` by type, each with count and interval; labels nobody looks for are named."""
    recall: dict[str, list[bool]] = {}
    precision: dict[str, list[bool]] = {}
    for row in rows:
        found = find(row["text"])
        for gold in row["spans"]:
            kinds = stands_for.get(gold["type"], ())
            cover = [(s, e) for kind, s, e in found if kind in kinds]
            recall.setdefault(gold["type"], []).append(_is_half_covered(gold["start"], gold["end"], cover))
        for kind, start, end in found:
            cover = [(g["start"], g["end"]) for g in row["spans"] if kind in stands_for.get(g["type"], ())]
            precision.setdefault(kind, []).append(_is_half_covered(start, end, cover))
    known = {label for label, kinds in stands_for.items() if kinds}
    return {
        "sentences": len(rows),
        "recall": {name: rate_figure(hits) for name, hits in sorted(recall.items()) if name in known},
        "precision": {name: rate_figure(hits) for name, hits in sorted(precision.items())},
        "not_looked_for": {name: len(hits) for name, hits in sorted(recall.items()) if name not in known},
    }


def rate_figure(hits: Sequence[bool]) -> dict[str, Any]:
    """A share with its Wilson interval and count."""
    interval = wilson_interval(sum(hits), len(hits))
    low, high = (None if end is None else round(end, 4) for end in (interval.low, interval.high))
    return {"value": round(sum(hits) / len(hits), 4) if hits else None, "low": low, "high": high, "n": len(hits)}


def _is_half_covered(start: int, end: int, spans: Iterable[tuple[int, int]]) -> bool:
    covered = {i for s, e in spans for i in range(max(s, start), min(e, end))}
    return 2 * len(covered) >= end - start > 0


def _find_ours(text: str) -> Found:
    return [(span.type, span.start, span.end) for span in find_personal_data(text)]


def _measure_speed(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    find_personal_data("Warm up: call 030 1234567.")
    taken = []
    for row in rows:
        started = time.perf_counter()
        find_personal_data(row["text"])
        taken.append(1000 * (time.perf_counter() - started))
    long = ("\n".join(row["text"] for row in rows) * 5)[:100_000]
    started = time.perf_counter()
    find_personal_data(long)
    return {**latency_figures(taken), "characters_100000_ms": round(1000 * (time.perf_counter() - started), 1)}


def _measure_rival(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """presidio-analyzer with its pattern recognisers and a blank language model, on the same rows."""
    if find_spec("presidio_analyzer") is None or not rows:
        return {"status": "not installed", "reason": "presidio-analyzer is no part of Phasegate; see decision 0027."}
    presidio, engines = import_module("presidio_analyzer"), import_module("presidio_analyzer.nlp_engine")
    blank = engines.SpacyNlpEngine()
    blank.nlp = {"en": import_module("spacy").blank("en")}
    registry = presidio.RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"])
    registry.remove_recognizer("SpacyRecognizer")
    analyzer = presidio.AnalyzerEngine(registry=registry, nlp_engine=blank, supported_languages=["en"])
    taken: list[float] = []

    def find(text: str) -> Found:
        started = time.perf_counter()
        found = analyzer.analyze(text, language="en", score_threshold=0.3)
        taken.append(1000 * (time.perf_counter() - started))
        return [(f.entity_type, f.start, f.end) for f in found]

    return {"name": "presidio-analyzer, patterns", **measure_finder(rows, find, PRESIDIO), **latency_figures(taken)}
