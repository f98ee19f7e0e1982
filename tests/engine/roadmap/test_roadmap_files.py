from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.errors import FileFormatError
from engine.roadmap.roadmap_files import read_roadmap_file

GOOD = """\
name: demo
title: Demo
document: "999: Demo"
date: "2026"
summary: A demo.
kpis:
  success_rate:
    title: Success
    unit: share
    higher_is_better: true
    description: Passed.
    evidence: {type: run, suites: [stories], measure: success_rate}
phases:
  - number: 1
    label: Phase 1
    title: First
    goal_text: Be good.
    goals:
      - {kpi: success_rate, goal: "> 0.75", text: ">75%", source: "Criteria"}
    checklist:
      - {id: a, text: Do it, source: "Checklist"}
"""


def read(tmp_path: Path, text: str, name: str = "demo.yaml") -> None:
    path = tmp_path / name
    path.write_text(text)
    read_roadmap_file(path)


def refused(tmp_path: Path, old: str, new: str) -> FileFormatError:
    assert old in GOOD
    with pytest.raises(FileFormatError) as caught:
        read(tmp_path, GOOD.replace(old, new))
    return caught.value


def test_a_good_file_is_read(tmp_path: Path) -> None:
    read(tmp_path, GOOD)


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "words"),
    [
        ('goal: "> 0.75"', 'goal: "about 0.75"', 19, "phases.0.goals.0", "found 'about 0.75'"),
        ("{kpi: success_rate, goal", "{kpi: sucess_rate, goal", 19, "phases.0.goals.0.kpi", "'sucess_rate'"),
        ("number: 1", "number: one", 14, "phases.0.number", "expected a whole number, found 'one'"),
        ("number: 1", "number: 2", 14, "phases.0.number", "expected 1.*found 2"),
        ("measure: success_rate", "measure: sucess_rate", 12, "kpis.success_rate.evidence.measure", "'sucess_rate'"),
        ("type: run,", "type: guess,", 12, "kpis.success_rate.evidence.type", "run.*'guess'"),
        ("suites: [stories], ", "", 12, "kpis.success_rate.evidence", "expected suites"),
        ("title: Demo", "titel: Demo", 1, "title", "missing"),
        ("summary: A demo.", "summary: A demo.\nmood: good", 6, "mood", "unknown field"),
        ("name: demo", "name: other", 1, "name", "expected 'demo'.*'other'"),
        ("title: First", "title: First\n    title: Second", 17, "phases.0.title", "twice"),
    ],
)
def test_a_broken_field_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, field: str, words: str
) -> None:
    error = refused(tmp_path, old, new)
    assert (error.line, error.field) == (line, field)
    assert error.path.endswith("demo.yaml")
    assert re.search(words, error.message), error.message


def test_broken_yaml_names_its_line(tmp_path: Path) -> None:
    assert refused(tmp_path, "title: Demo", "title: [Demo").line == 3


def test_a_date_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    assert "month" in refused(tmp_path, "label: Phase 1", "label: Phase 1\n    start: 2025-02-31").message


def test_an_end_before_its_start_is_refused(tmp_path: Path) -> None:
    error = refused(tmp_path, "label: Phase 1", "label: Phase 1\n    start: 2025-02-03\n    end: 2025-02-01")
    assert "before" in error.message


def test_two_goals_for_one_kpi_in_a_phase_are_refused(tmp_path: Path) -> None:
    goal = '      - {kpi: success_rate, goal: "> 0.75", text: ">75%", source: "Criteria"}\n'
    error = refused(tmp_path, goal, goal + goal)
    assert (error.line, error.field) == (20, "phases.0.goals.1.kpi")


def test_a_checklist_id_used_twice_is_refused(tmp_path: Path) -> None:
    item = '      - {id: a, text: Do it, source: "Checklist"}\n'
    assert "duplicate id 'a'" in refused(tmp_path, item, item + item).message


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words"])
def test_a_file_without_fields_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(FileFormatError, match="expected fields"):
        read(tmp_path, text)


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "demo.yaml"
    path.write_bytes(b"name: demo\ntitle: caf\xe9\n")
    with pytest.raises(FileFormatError, match="line 2.*UTF-8"):
        read_roadmap_file(path)


def test_a_checklist_item_with_the_id_of_a_kpi_that_a_person_confirms_is_refused(tmp_path: Path) -> None:
    confirmed = GOOD.replace("{type: run, suites: [stories], measure: success_rate}", "{type: checklist, reason: ask}")
    read(tmp_path, confirmed)
    with pytest.raises(FileFormatError, match="one tick would count for both"):
        read(tmp_path, confirmed.replace("{id: a,", "{id: success_rate,"))


def test_a_risk_may_name_its_owner_and_a_roadmap_its_target(tmp_path: Path) -> None:
    more = "target: my-service\nrisks:\n  - {title: Late, owner: Ann, likelihood: high}\n"
    (tmp_path / "demo.yaml").write_text(GOOD + more)
    entry = read_roadmap_file(tmp_path / "demo.yaml")
    assert (entry.target, entry.risks[0].owner, entry.risks[0].likelihood) == ("my-service", "Ann", "high")
