"""The first half of a QA's hour: queue two runs from the screen, watch them end one after the other, compare them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import serve_app
from tests.e2e.test_cases import CASES, DOCUMENT

ASKED = 120


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A suite that takes some seconds, so that a second run has to wait."""
    folder = tmp_path_factory.mktemp("queue") / "gates"
    (folder / "docs").mkdir(parents=True)
    (folder / "docs" / "depot.md").write_text(DOCUMENT)
    (folder / "suite.yaml").write_text(
        "name: gates\ntitle: Gates\nlicence: CC0-1.0\ncorpus: docs\nmeasures: [correct, span_recall]\n"
    )
    lines = [{**CASES[i % len(CASES)], "id": f"c{i:03}"} for i in range(ASKED)]
    (folder / "cases.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve_app(tmp_path_factory.mktemp("home")) as address:
        yield address


def start(page: Page, suite: Path, preset: str) -> str:
    """Start a run with a preset; its id, from the address."""
    page.goto(f"/suites?suite={suite}")
    page.get_by_test_id("stButtonGroup").get_by_role("radio", name=preset, exact=True).first.click()
    page.get_by_role("button", name=re.compile(f"Run {ASKED} cases")).click()
    page.wait_for_url(re.compile("run=run-"))
    found = re.search(r"run=(run-[\w-]+)", page.url)
    assert found
    return found.group(1)


def test_two_queued_runs_end_one_after_the_other_and_are_compared(page: Page, suite: Path) -> None:
    first = start(page, suite, "balanced")
    second = start(page, suite, "accurate")
    expect(page.get_by_text(re.compile("Waiting for 1 run before it")).first).to_be_visible()
    expect(page.get_by_text("gates: waiting").first).to_be_visible()
    expect(page.get_by_role("link", name="See what came out of it")).to_be_visible(timeout=120_000)

    page.goto(f"/runs?run={first}")
    page.get_by_role("link", name="Compare", exact=True).last.click()
    page.wait_for_url(re.compile("compare"))
    page.goto(f"/compare?runs={first},{second}")
    expect(page.get_by_text(re.compile(f"Paired by case id over {ASKED} cases")).first).to_be_visible()
    expect(page.get_by_text(re.compile(r"\d measures worse, \d better, \d without a finding")).first).to_be_visible()

    page.goto("/runs")
    expect(page.get_by_text("Runs 1 to 2 of 2.")).to_be_visible()
