"""The report of one run: the same figures in every format, failing cases bounded, all of them where asked for."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as xml
from collections.abc import Iterator
from pathlib import Path

import pytest
from pypdf import PdfReader

from engine.errors import InputError, UnknownNameError
from engine.reports import FORMATS, build_run_report, render_run, run_cases, write_run_report
from engine.reports.build_run import describe_expected, explain_failure
from engine.reports.run_model import RunReport
from engine.runs import load_summary
from engine.store import RunStore, Store, open_store
from tests.engine.reports.seeded import HOSTILE, record_run

RUN = "run-stories-3"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("run-home")) as opened:
        record_run(opened, RUN, "stories", 17, 64, 0.6, 13.0)
        opened.execute("UPDATE cases SET answer = '=1+1' WHERE case_id = 'q01'")
        detail = {"expected": {"answers": ["1904", HOSTILE], "facts": [], "unanswerable": False}}
        opened.execute("UPDATE cases SET detail = ? WHERE status = 'failed'", (detail,))
        rows = [
            {"run_id": RUN, "case_id": f"q{i:02d}", "measure": "ragas.faithfulness", "status": status,
             "value": 0.5 if status == "scored" else None, "judge": "strict" if status == "scored" else None,
             "prompt_hash": "3fa85f6411" if status == "scored" else None,
             "repeats": [0.4, 0.5, 0.6] if status == "scored" else None}
            for i, status in ((1, "scored"), (2, "scored"), (3, "failed"), (4, "unjudged"), (5, "not_applicable"))
        ]  # fmt: skip
        opened.insert("scores", rows)
        yield opened


@pytest.fixture(scope="module")
def run(home: Store) -> RunReport:
    return build_run_report(home, RUN)


@pytest.fixture(scope="module")
def shown(home: Store, run: RunReport) -> dict[str, bytes]:
    return {name: b"".join(render_run(home, run, name)) for name in FORMATS}


def test_its_figures_are_those_of_show(home: Store, run: RunReport) -> None:
    summary = load_summary(home, RUN)
    assert run.success_rate.value == summary["success_rate"]["value"]
    assert {name: m.value for name, m in run.measures.items()} == {
        name: m["mean"] for name, m in summary["measures"].items()
    }


def test_a_measure_says_attempted_scored_failed_unjudged_and_who_judged(run: RunReport) -> None:
    m = run.measures["ragas.faithfulness"]
    assert (m.attempted, m.n, m.failed, m.unjudged, m.not_applicable) == (4, 2, 1, 1, 1)
    (use,) = m.judges
    assert (use.judge, use.prompt_hash, use.repeats, use.cases) == ("strict", "3fa85f6411", 3, 2)


def test_the_reasons_are_counted_over_all_failing_cases(run: RunReport) -> None:
    assert run.failing_reasons["not correct"] == run.failed
    assert run.failing_reasons.get("error", 0) == run.errors
    assert len(run.failing) < run.failing_total


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        ({"answers": ["a", "b"], "facts": []}, "a or b"),
        ({"answers": [], "facts": ["x", "y"]}, "facts: x, y"),
        ({"answers": ["a"], "unanswerable": True}, "to abstain"),
        ({"content_type": "dialogue"}, "dialogue"),
        ([{"answers": ["a"]}, {"unanswerable": True}], "1. a; 2. to abstain"),
        (None, ""),
    ],
)
def test_what_was_expected_is_said_in_words(expected: object, words: str) -> None:
    assert describe_expected(expected) == words


def test_why_a_case_fails() -> None:
    assert explain_failure("error", {}, "TimeoutError: 30 s") == "error: TimeoutError: 30 s"
    assert explain_failure("failed", {"turn 4 correct": False, "correct": True}, None) == "turn 4 not correct"
    assert explain_failure("passed", {"correct": True}, None) == ""


def test_every_format_holds_the_success_rate(run: RunReport, shown: dict[str, bytes]) -> None:
    words = f"{100 * run.success_rate.value:.1f}\u00a0%"
    paper = "".join(page.extract_text() for page in PdfReader(io.BytesIO(shown["pdf"])).pages)
    assert words.replace("\u00a0", "") in paper.replace("\u00a0", "").replace(" ", "")
    assert words in shown["html"].decode()
    assert words.replace("\u00a0", " ") in shown["md"].decode()
    assert json.loads(shown["json"])["success_rate"]["value"] == run.success_rate.value
    rows = {row["kpi"]: row for row in csv.DictReader(io.StringIO(shown["csv"].decode(), newline=""))}
    assert float(rows["success_rate"]["value"]) == run.success_rate.value
    assert shown["csv"].startswith(b"kpi,value,verdict")
    assert (rows["ragas.faithfulness"]["attempted"], rows["ragas.faithfulness"]["judges"]) == ("4", "strict")
    assert rows["latency_p95_ms"]["value"] == repr(run.latency_ms["p95"])


def test_junit_has_a_test_for_each_case(run: RunReport, shown: dict[str, bytes]) -> None:
    suite = xml.fromstring(shown["junit"]).find("testsuite")
    assert suite is not None
    cases = suite.findall("testcase")
    assert len(cases) == run.cases == int(suite.get("tests") or 0)
    assert sum(case.find("failure") is not None for case in cases) == run.failed == int(suite.get("failures") or 0)
    assert sum(case.find("error") is not None for case in cases) == run.errors == int(suite.get("errors") or 0)
    failure = suite.find(".//failure")
    assert failure is not None
    assert failure.get("message") == "not correct" and "Expected: 1904 or " in (failure.text or "")


def test_junit_of_a_long_run_is_bounded_and_keeps_the_failures(
    home: Store, run: RunReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_cases, "MOST_LISTED", 40)
    monkeypatch.setattr(run_cases, "PAGE", 40)
    suite = xml.fromstring(b"".join(render_run(home, run, "junit"))).find("testsuite")
    assert suite is not None
    assert suite.get("tests") == "40" == str(len(suite.findall("testcase")))
    assert suite.get("failures") == str(run.failed) and suite.get("errors") == str(run.errors)
    facts = {p.get("name"): p.get("value") for p in suite.findall("properties/property")}
    assert (facts["cases_ended"], facts["cases_listed"]) == ("64", "40")
    whole = xml.fromstring(b"".join(render_run(home, run, "junit", all_cases=True)))
    assert [case.get("name") for case in whole.iter("testcase")] == [f"q{i:02d}" for i in range(1, 65)]


def test_all_cases_writes_a_line_for_each_and_runs_no_formula(home: Store, tmp_path: Path) -> None:
    files = write_run_report(home, RUN, "csv", tmp_path, all_cases=True)
    assert [path.name for path in files] == [f"run-{RUN}.csv", f"run-{RUN}-cases.csv"]
    rows = list(csv.DictReader(files[1].open(encoding="utf-8", newline="")))
    assert [row["case"] for row in rows] == [f"q{i:02d}" for i in range(1, 65)]
    assert rows[0]["answer"] == "'=1+1"


def test_text_of_answers_is_inert(shown: dict[str, bytes], run: RunReport) -> None:
    assert any(HOSTILE in case.question or HOSTILE in case.expected for case in run.failing)
    assert "<script" not in shown["html"].decode()
    assert "<script" not in shown["md"].decode().replace("\\<script", "")


def test_an_interrupted_run_and_a_limited_one_say_so_first(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        record_run(store, "run-a", "stories", 3, 40, 0.9, 10.0)
        store.execute("UPDATE runs SET status = 'interrupted', cases = 50, suite_cases = 90")
        text = b"".join(render_run(store, build_run_report(store, "run-a"), "md")).decode()
    before = text[: text.index("<details>")]
    assert "interrupted after 40 of 50 cases" in before and "Limited to 50 of the suite's 90 cases" in before


def test_a_run_without_cases_still_has_a_report(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        record_run(store, "run-a", "stories", 3, 0, 0.9, 10.0)
        run = build_run_report(store, "run-a")
        shown = {name: b"".join(render_run(store, run, name)) for name in FORMATS}
    assert run.success_rate.value is None
    assert b"no success rate" in shown["html"]
    assert xml.fromstring(shown["junit"]).find("testsuite").get("tests") == "0"


def test_an_unknown_run_and_an_unknown_format_write_nothing(home: Store, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="nowhere"):
        write_run_report(home, "nowhere", "csv", tmp_path / "a")
    with pytest.raises(InputError, match="docx"):
        write_run_report(home, RUN, "docx", tmp_path / "b")
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_is_deleted_while_its_cases_are_written_leaves_no_file(tmp_path: Path) -> None:
    with open_store(tmp_path / "home") as store, RunStore(store) as runs:
        record_run(store, "run-a", "stories", 3, 10, 0.9, 10.0)
        run = build_run_report(store, "run-a")
        runs.delete_run("run-a")
        content = b"".join(render_run(store, run, "junit"))
        with pytest.raises(UnknownNameError):
            write_run_report(store, "run-a", "junit", tmp_path / "out")
    assert xml.fromstring(content).findall(".//testcase") == []
    assert not (tmp_path / "out").exists()


def test_cases_of_one_position_stay_together_and_none_is_left_out(home: Store, tmp_path: Path) -> None:
    from engine.store.case_pages import split_positions

    with open_store(tmp_path) as store:
        record_run(store, "run-a", "stories", 3, 10, 0.9, 10.0)
        store.execute("UPDATE cases SET position = 4 WHERE position BETWEEN 3 AND 6")
        pages = split_positions(store, "run-a", 3)
        assert split_positions(store, "nowhere", 3) == []
    assert pages[0][0] == 0 and pages[-1][1] == 9
    assert all(first <= last for first, last in pages)
    assert [after[0] for after in pages[1:]] == [before[1] + 1 for before in pages[:-1]]
