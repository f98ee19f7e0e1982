"""The gate as JUnit XML: one test case per goal, for the test report of a CI server.

The file says what the gate's exit code says: a goal with a waiver that holds is a passed test case whose output names the
waiver and what was measured, so that a gate that passes never has a failed test.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as xml

from engine.reports.report import PhaseReport
from engine.reports.tables import GoalRow, goal_rows
from engine.roadmap.types import GoalVerdict

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_junit(report: PhaseReport) -> bytes:
    """A missed goal is a failure, a goal without data is skipped with its reason, a waived one passes and says so."""
    counts = {
        "tests": str(len(report.goals)),
        "failures": str(report.gate.count_open("fail")),
        "errors": "0",
        "skipped": str(report.gate.count_open("no_data")),
        "time": "0",
    }
    root = xml.Element("testsuites", {"name": "phasegate", **counts})
    stamp = report.gate.checked_at.isoformat(timespec="seconds")
    suite = xml.SubElement(root, "testsuite", {"name": legal_text(report.title), **counts, "timestamp": stamp})
    add_properties(
        suite,
        [
            ("roadmap", report.roadmap.name),
            ("phase", str(report.phase.number)),
            ("policy", report.gate.policy),
            ("target", report.gate.target),
            ("verdict", report.gate.verdict),
            ("waived", str(report.gate.waived)),
            ("evidence_hash", report.evidence_hash),
            *(("run", run.run_id) for run in report.runs),
        ],
    )
    for row, goal in zip(goal_rows(report), report.goals, strict=True):
        _add_case(suite, report, row, goal)
    xml.indent(root)
    return xml.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def _add_case(suite: xml.Element, report: PhaseReport, row: GoalRow, goal: GoalVerdict) -> None:
    name = {
        "classname": legal_text(f"{report.roadmap.name}.phase-{report.phase.number}"),
        "name": legal_text(row.kpi),
        "time": "0",
    }
    case = xml.SubElement(suite, "testcase", name)
    value = "" if goal.value is None else repr(goal.value)
    facts = [("goal", row.goal), ("value", value), ("verdict", row.verdict), ("counted", goal.counted)]
    add_properties(case, [*facts, *(("run", run) for run in goal.runs)])
    if goal.waiver:
        said = f"Waived until {goal.waiver['expires_on']} by {goal.waiver['who']}: {goal.waiver['reason']}"
        output = xml.SubElement(case, "system-out")
        output.text = legal_text(f"{said}\nMeasured: {row.value}, goal {row.goal}, verdict {row.verdict}. {row.reason}")
    elif row.verdict == "fail":
        message = legal_text(f"{row.title}: {row.value}, goal {row.goal}")
        failure = xml.SubElement(case, "failure", {"message": message, "type": "goal-missed"})
        failure.text = legal_text(f"{row.reason}\n95 % interval: {row.interval}\nRepeat: {row.command or '-'}")
    elif row.verdict == "no_data":
        xml.SubElement(case, "skipped", {"message": legal_text(row.reason)})
    else:
        output = xml.SubElement(case, "system-out")
        output.text = legal_text(
            f"{row.value}, goal {row.goal}, 95 % interval {row.interval}, {row.cases} cases scored"
        )


def add_properties(element: xml.Element, pairs: list[tuple[str, str]]) -> None:
    """``<properties>`` with one entry for each pair."""
    properties = xml.SubElement(element, "properties")
    for name, value in pairs:
        xml.SubElement(properties, "property", {"name": name, "value": legal_text(value)})


def legal_text(text: str) -> str:
    """Text without the characters that XML 1.0 cannot hold."""
    return _FORBIDDEN.sub("\ufffd", text)
