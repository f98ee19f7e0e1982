"""The gate as JUnit XML: one test case per goal, for the test report of a CI server."""

from __future__ import annotations

import re
import xml.etree.ElementTree as xml

from engine.reports.report import PhaseReport
from engine.reports.tables import GoalRow, goal_rows

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_junit(report: PhaseReport) -> bytes:
    """A missed goal is a failure, a goal without data is skipped with its reason."""
    counts = {
        "tests": str(len(report.goals)),
        "failures": str(report.gate.count("fail")),
        "errors": "0",
        "skipped": str(report.gate.count("no_data")),
        "time": "0",
    }
    root = xml.Element("testsuites", {"name": "phasegate", **counts})
    stamp = report.gate.checked_at.isoformat(timespec="seconds")
    suite = xml.SubElement(root, "testsuite", {"name": _legal(report.title), **counts, "timestamp": stamp})
    _add_properties(
        suite,
        [
            ("roadmap", report.roadmap.name),
            ("phase", str(report.phase.number)),
            ("policy", report.gate.policy),
            ("verdict", report.gate.verdict),
            *(("run", run.run_id) for run in report.runs),
        ],
    )
    values = {goal.kpi: goal.value for goal in report.goals}
    for row in goal_rows(report):
        _add_case(suite, report, row, values[row.kpi])
    xml.indent(root)
    return xml.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def _add_case(suite: xml.Element, report: PhaseReport, row: GoalRow, value: float | None) -> None:
    name = {"classname": f"{report.roadmap.name}.phase-{report.phase.number}", "name": _legal(row.kpi), "time": "0"}
    case = xml.SubElement(suite, "testcase", name)
    facts = [("goal", row.goal), ("value", "" if value is None else repr(value)), ("verdict", row.verdict)]
    _add_properties(case, [*facts, *(("run", run) for run in row.runs.split(", ") if run)])
    if row.verdict == "fail":
        message = _legal(f"{row.title}: {row.value}, goal {row.goal}")
        failure = xml.SubElement(case, "failure", {"message": message, "type": "goal-missed"})
        failure.text = _legal(f"{row.reason}\n95 % interval: {row.interval}\nRepeat: {row.command or '-'}")
    elif row.verdict == "no_data":
        xml.SubElement(case, "skipped", {"message": _legal(row.reason)})
    else:
        output = xml.SubElement(case, "system-out")
        output.text = _legal(f"{row.value}, goal {row.goal}, 95 % interval {row.interval}, {row.cases} cases scored")


def _add_properties(element: xml.Element, pairs: list[tuple[str, str]]) -> None:
    properties = xml.SubElement(element, "properties")
    for name, value in pairs:
        xml.SubElement(properties, "property", {"name": name, "value": _legal(value)})


def _legal(text: str) -> str:
    """Text without the characters that XML 1.0 cannot hold."""
    return _FORBIDDEN.sub("\ufffd", text)
