"""What of a corpus the cases touch."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.ingestion import load_documents
from engine.suite_building.coverage import measure_coverage
from tests.engine.suite_building.conftest import CASE


def test_documents_headings_and_characters_are_counted_once(corpus: Path) -> None:
    documents = load_documents([corpus]).documents
    row = {"id": "r", "kind": "qa", "question": "?", "relevant": [{"document": "rooms.csv#2"}]}
    again = {
        "id": "s",
        "kind": "conversation",
        "turns": [{"question": "?", "relevant": [{"document": "refunds.md", "start": 20, "end": 70}]}],
    }
    coverage = measure_coverage(
        [CASE, row, again, {"id": "u", "kind": "qa", "question": "?", "unanswerable": True}], documents
    )
    by_name = {d.document: d for d in coverage.documents}
    assert set(by_name) == {"refunds.md", "depot.txt", "rooms.csv"}
    assert by_name["refunds.md"].covered == 70 - 11
    assert (by_name["refunds.md"].cases, by_name["refunds.md"].untouched) == (2, ("Exceptions",))
    assert (by_name["rooms.csv"].rows, by_name["rooms.csv"].rows_touched) == (2, 1)
    assert [d.document for d in coverage.untouched] == ["depot.txt"]
    assert (coverage.touched, coverage.cases, coverage.without_span) == (2, 4, 1)
    characters = sum(len(d.text) for d in documents)
    assert coverage.share == pytest.approx((59 + len(documents[-1].text)) / characters)


def test_a_suite_without_cases_touches_nothing(corpus: Path) -> None:
    coverage = measure_coverage([], load_documents([corpus]).documents)
    assert (coverage.touched, coverage.share, len(coverage.untouched)) == (0, 0.0, 3)
    assert measure_coverage([], []).share == 0.0
