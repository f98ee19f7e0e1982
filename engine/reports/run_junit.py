"""A run as JUnit XML: one test case per case of the suite, made in parts, so that a long run is never whole in memory."""

from __future__ import annotations

import xml.etree.ElementTree as xml
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engine.reports.junit import add_properties, legal_text
from engine.reports.run_model import RunReport

PART = 500  # cases


def render_run_junit(run: RunReport, cases: Iterable[Mapping[str, Any]], shown: int | None = None) -> Iterator[bytes]:
    """Failed cases are failures with what they failed, broken ones errors, unscored ones skipped.

    Args:
        cases: rows of ``stream_cases``.
        shown: how many of the run's cases ``cases`` gives, the failing ones first; None is all of them.
    """
    counts = _count(run, shown)
    yield _open(run, counts)
    part: list[bytes] = []
    for case in cases:
        part.append(_write_case(run, case))
        if len(part) == PART:
            yield b"".join(part)
            part = []
    yield b"".join([*part, b"  </testsuite>\n</testsuites>\n"])


def _count(run: RunReport, shown: int | None) -> dict[str, int]:
    """How the given cases ended; they come errors first, then failed, unscored, passed."""
    left = run.ended if shown is None else min(shown, run.ended)
    counts = {"tests": left}
    for name, of_run in (("errors", run.errors), ("failures", run.failed), ("skipped", run.unscored)):
        counts[name] = min(of_run, left)
        left -= counts[name]
    return counts


def _open(run: RunReport, counts: Mapping[str, int]) -> bytes:
    shown = {name: str(count) for name, count in counts.items()} | {"time": f"{run.seconds or 0.0:.3f}"}
    root = xml.Element("testsuites", {"name": "phasegate", **shown})
    began = {"timestamp": run.started_at.isoformat(timespec="seconds")} if run.started_at else {}
    suite = xml.SubElement(root, "testsuite", {"name": legal_text(run.suite), **shown, **began})
    rate = run.success_rate
    facts = [
        ("run", run.run_id),
        ("target", run.target),
        ("status", run.status),
        ("verdict", run.verdict or ""),
        ("success_rate", "" if rate.value is None else repr(rate.value)),
        ("success_rate_low", "" if rate.low is None else repr(rate.low)),
        ("success_rate_high", "" if rate.high is None else repr(rate.high)),
        ("cases", str(run.cases)),
        ("cases_ended", str(run.ended)),
        ("cases_listed", str(counts["tests"])),
    ]
    add_properties(suite, facts)
    xml.indent(root)
    text = xml.tostring(root, encoding="unicode")
    return f"<?xml version='1.0' encoding='utf-8'?>\n{text[: text.rindex('</testsuite>')].rstrip()}\n".encode()


def _write_case(run: RunReport, case: Mapping[str, Any]) -> bytes:
    names = {
        "classname": legal_text(f"{run.suite}.{case['kind']}"),
        "name": legal_text(case["case"]),
        "time": f"{(case['latency_ms'] or 0.0) / 1000:.6f}",
    }
    element = xml.Element("testcase", names)
    about = f"Question: {case['question']}\nAnswer: {case['answer'] or '-'}\nExpected: {case['expected'] or '-'}"
    if case["status"] == "failed":
        failure = xml.SubElement(element, "failure", {"message": legal_text(case["why"]), "type": "checks"})
        failure.text = legal_text(about)
    elif case["status"] == "error":
        error = xml.SubElement(element, "error", {"message": legal_text(case["why"]), "type": "error"})
        error.text = legal_text(about)
    elif case["status"] == "unscored":
        xml.SubElement(element, "skipped", {"message": "the case could not be scored"})
    xml.indent(element, level=2)
    return b"    " + xml.tostring(element, encoding="unicode").rstrip().encode() + b"\n"
