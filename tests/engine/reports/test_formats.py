"""The same figures, wherever one reads them: each format is parsed and held against the gate."""

from __future__ import annotations

import csv
import dataclasses
import html.parser
import io
import json
import re
import xml.etree.ElementTree as xml

import pytest
from pypdf import PdfReader

from engine.reports import FORMATS, render_formats, render_report
from engine.reports.report import PhaseReport
from engine.reports.tables import goal_rows
from engine.reports.wording import VERDICT_WORDS
from tests.engine.reports.seeded import HOSTILE


@pytest.fixture(scope="module")
def rendered(report: PhaseReport) -> dict[str, bytes]:
    return render_formats(report, FORMATS)


@pytest.fixture(scope="module")
def page(rendered: dict[str, bytes]) -> str:
    return rendered["html"].decode()


@pytest.fixture(scope="module")
def pdf(rendered: dict[str, bytes]) -> PdfReader:
    return PdfReader(io.BytesIO(rendered["pdf"]))


class _GoalCells(html.parser.HTMLParser):
    """Reads the cells of the rows that carry ``data-kpi``."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, list[str]] = {}
        self._kpi = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self._kpi = dict(attrs).get("data-kpi") or ""
            self.rows.setdefault(self._kpi, [])
        elif tag == "td" and self._kpi:
            self.rows[self._kpi].append("")

    def handle_data(self, data: str) -> None:
        if self._kpi and self.rows[self._kpi]:
            self.rows[self._kpi][-1] += data


def _squeeze(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_json_has_the_gates_goals_at_the_top(report: PhaseReport, rendered: dict[str, bytes]) -> None:
    data = json.loads(rendered["json"])
    gate = json.loads(json.dumps(report.gate.as_json()))
    assert data["goals"] == gate["goals"]
    assert {name: data[name] for name in gate} == gate
    assert [run["run_id"] for run in data["evidence"]] == [run.run_id for run in report.runs]
    assert data["claims"]["measured_here"] is False


def test_csv_has_every_digit_and_an_empty_value_without_data(report: PhaseReport, rendered: dict[str, bytes]) -> None:
    lines = list(csv.DictReader(io.StringIO(rendered["csv"].decode(), newline="")))
    assert list(lines[0])[:3] == ["kpi", "value", "verdict"]
    assert [line["kpi"] for line in lines] == [goal.kpi for goal in report.goals]
    for line, goal in zip(lines, report.goals, strict=True):
        assert line["verdict"] == goal.verdict
        assert line["value"] == "" if goal.value is None else float(line["value"]) == goal.value
        assert line["low"] == "" if goal.low is None else float(line["low"]) == goal.low


def test_html_markdown_and_pdf_print_the_same_words(
    report: PhaseReport, rendered: dict[str, bytes], page: str, pdf: PdfReader
) -> None:
    cells = _GoalCells()
    cells.feed(page)
    paper = _squeeze("".join(p.extract_text() for p in pdf.pages))
    lines = rendered["md"].decode().splitlines()
    for row in goal_rows(report):
        word = VERDICT_WORDS[row.verdict]
        shown = [row.goal, row.value, row.interval, row.cases]
        in_html = [cell.strip(" \n") for cell in cells.rows[row.kpi]]
        assert in_html[2:6] == shown
        assert word in in_html[0]
        in_markdown = next(line for line in lines if f"(`{row.kpi}`)" in line).split(" | ")
        assert [cell.strip("*") for cell in in_markdown[2:6]] == shown
        assert word in in_markdown[0]
        on_paper = _squeeze(f"{word}{row.title}{row.kpi}{row.goal}{row.value}{row.interval}{row.cases}")
        assert on_paper in paper


def test_printed_values_are_the_measured_ones(report: PhaseReport) -> None:
    for row, goal in zip(goal_rows(report), report.goals, strict=True):
        if goal.value is None:
            assert row.value == "no data"
            continue
        number = float(row.value.split("\u00a0")[0].replace(",", ""))
        shown = goal.value * 100 if goal.unit == "share" else goal.value
        assert number == pytest.approx(shown, abs=0.051)


def test_junit_has_one_case_per_goal_failed_or_skipped_as_the_gate_says(
    report: PhaseReport, rendered: dict[str, bytes]
) -> None:
    root = xml.fromstring(rendered["junit"])
    suite = root.find("testsuite")
    assert suite is not None
    assert suite.get("tests") == str(len(report.goals))
    assert suite.get("failures") == str(report.gate.count("fail"))
    assert suite.get("skipped") == str(report.gate.count("no_data"))
    runs = [p.get("value") for p in suite.findall("properties/property") if p.get("name") == "run"]
    assert runs == [run.run_id for run in report.runs]
    for case, goal in zip(suite.findall("testcase"), report.goals, strict=True):
        outcome = (
            "fail" if case.find("failure") is not None else "no_data" if case.find("skipped") is not None else "pass"
        )
        assert (case.get("name"), outcome) == (goal.kpi, goal.verdict)
        facts = {p.get("name"): p.get("value") for p in case.findall("properties/property")}
        assert facts["value"] == ("" if goal.value is None else repr(goal.value))
        if outcome == "no_data":
            assert case.find("skipped").get("message") == goal.reason


def test_html_refers_to_nothing_outside(page: str) -> None:
    assert re.findall(r"""(?:src|href|action|data)\s*=\s*["'](?!#)[^"']*""", page) == []
    assert re.findall(r"https?:|@import|url\((?!#)|<link|<iframe|<script", page) == []


def test_html_ids_are_unique_and_every_reference_is_there(page: str) -> None:
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    used = set(re.findall(r'href="#([^"]+)"', page)) | set(re.findall(r"url\(#([^)]+)\)", page))
    assert used and used <= set(ids)


def test_html_charts_leave_their_colours_to_the_page(page: str) -> None:
    charts = re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL)
    assert len(charts) >= 4
    for chart in charts:
        assert set(re.findall(r"#[0-9a-f]{6}\b", chart)) <= {"#ffffff"}
        assert 'aria-label="' in chart
    assert "prefers-color-scheme: dark" in page and "@media print" in page


def test_text_of_a_case_stays_text(report: PhaseReport, rendered: dict[str, bytes], page: str) -> None:
    shown = [case.question for run in report.runs for case in run.failing]
    assert HOSTILE in shown, "the fixture must show the hostile case"
    assert "<script" not in page and "&lt;script&gt;" in page
    markdown = rendered["md"].decode()
    assert "<script" not in markdown.replace("\\<script", "")
    assert "\\|" in markdown


def test_a_cell_that_a_spreadsheet_could_run_is_inert(report: PhaseReport) -> None:
    risky = ["=1+1", "+1", "-1", "@x", "\tx"]
    goals = tuple(
        dataclasses.replace(goal, reason=text, value=-0.5)
        for goal, text in zip(report.goals, risky, strict=False)
    )  # fmt: skip
    changed = dataclasses.replace(report, gate=dataclasses.replace(report.gate, goals=goals))
    lines = list(csv.DictReader(io.StringIO(render_report(changed, "csv").decode(), newline="")))
    assert [line["reason"] for line in lines] == [f"'{text}" for text in risky]
    assert {line["value"] for line in lines} == {"-0.5"}


def test_junit_survives_characters_that_xml_cannot_hold(report: PhaseReport) -> None:
    goals = (dataclasses.replace(report.goals[0], title="a\x00b\x0b<&>", verdict="fail"),)
    changed = dataclasses.replace(report, gate=dataclasses.replace(report.gate, goals=goals))
    failure = xml.fromstring(render_report(changed, "junit")).find(".//failure")
    assert failure is not None and "<&>" in failure.get("message", "")


def test_pdf_numbers_its_pages_and_carries_other_scripts(pdf: PdfReader, rendered: dict[str, bytes]) -> None:
    assert rendered["pdf"].startswith(b"%PDF-") and len(rendered["pdf"]) > 10_000
    count = len(pdf.pages)
    for number, sheet in enumerate(pdf.pages, start=1):
        assert f"{number} of {count}" in sheet.extract_text()
    text = "".join(sheet.extract_text() for sheet in pdf.pages)
    assert "Žofia" in text
    assert "灯台守" in text
    assert pdf.metadata is not None
    assert pdf.metadata.title == "Narrative agent: production readiness · Phase 2, Performance optimisation"


def test_pdf_has_charts_and_embeds_its_fonts(pdf: PdfReader) -> None:
    assert sum(len(sheet.images) for sheet in pdf.pages) >= 4
    fonts = {
        str(font["/BaseFont"]) for sheet in pdf.pages for font in map(_object, sheet["/Resources"]["/Font"].values())
    }
    assert any("DejaVuSans" in font for font in fonts)


def _object(reference: object) -> dict:
    return reference.get_object()


def test_claims_stand_under_a_heading_of_their_own(rendered: dict[str, bytes], page: str, pdf: PdfReader) -> None:
    heading = "Stated by the document, not measured here"
    assert heading in rendered["md"].decode() and heading in page
    assert heading in "".join(sheet.extract_text() for sheet in pdf.pages)
    before, after = rendered["md"].decode().split(heading)
    assert "89.6" not in before and "89.6" in after


def test_a_very_long_report_still_becomes_a_pdf(report: PhaseReport) -> None:
    goals = tuple(
        dataclasses.replace(goal, kpi=f"{goal.kpi}_{i}", title="W" * 90, reason="long reason " * 60, source="s" * 600)
        for i in range(3)
        for goal in report.goals
    )
    claims = tuple(dataclasses.replace(claim, text="words " * 700) for claim in report.claims)
    run = dataclasses.replace(report.runs[0], provenance={"packages": {f"package-{i}": "1.2.3" for i in range(600)}})
    changed = dataclasses.replace(
        report, gate=dataclasses.replace(report.gate, goals=goals), claims=claims, runs=(run,)
    )
    assert len(PdfReader(io.BytesIO(render_report(changed, "pdf"))).pages) > 6
