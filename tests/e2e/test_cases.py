"""A person reads the failing cases of a run, labels them by keyboard and saves them as a suite."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import ROOT, _await_health, click_grid

DOCUMENT = "# Depot\n\n" + "\n\n".join(
    f"The gate {name} of the depot opens at {hour} in the morning and is closed on Sundays."
    for name, hour in (
        ("Ash", "five"),
        ("Birch", "six"),
        ("Cedar", "seven"),
        ("Elm", "eight"),
        ("Fir", "nine"),
        ("Oak", "ten"),
    )
)
RIGHT = {"Ash": "five"}
CASES = [
    {"id": name.lower(), "kind": "qa", "question": f"When does the gate {name} of the depot open?",
     "answers": [RIGHT.get(name, "at midnight sharp")], "tags": ["gates"]}
    for name in ("Ash", "Birch", "Cedar", "Elm", "Fir", "Oak")
]  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one run of six cases, five of which fail."""
    base = tmp_path_factory.mktemp("cases")
    (base / "corpus").mkdir()
    (base / "corpus" / "depot.md").write_text(DOCUMENT)
    suite = base / "gates"
    suite.mkdir()
    header = f"name: gates\ntitle: Gates\nlicence: CC0-1.0\ncorpus: {base / 'corpus'}\nmeasures: [correct, context_quality]\n"
    (suite / "suite.yaml").write_text(header)
    (suite / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in CASES))
    run_engine(base / "home", "run", str(suite), "--run-id", "gates-1", "--json")
    return base / "home"


def run_engine(home: Path, *arguments: str) -> str:
    environment = {**os.environ, "PHASEGATE_HOME": str(home), "PHASEGATE_USER": "ann"}
    command = [sys.executable, "-m", "engine", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def app(home: Path) -> Iterator[str]:
    """The address of an app over that home."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "PHASEGATE_HOME": str(home), "PHASEGATE_USER": "ann", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "engine", "serve", "--port", str(port)]
    with (home / "serve.log").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        _await_health(f"http://127.0.0.1:{port}", process, home / "serve.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


def test_five_failing_cases_are_labelled_by_keyboard_and_saved_as_a_suite(page: Page, home: Path) -> None:
    page.goto("/runs?run=gates-1")
    page.get_by_text("Failing 5", exact=True).click()
    expect(page.get_by_text("1 to 5 of 5 cases failing.")).to_be_visible()
    expect(page).to_have_url(re.compile("flags=failing"))
    page.get_by_role("button", name="Read them one by one").click()

    for number, (case_id, key, word) in enumerate(
        [("birch", "w", "Wrong"), ("cedar", "w", "Wrong"), ("elm", "y", "Right"), ("fir", "u", "Unsure"), ("oak", "w", "Wrong")], 1
    ):  # fmt: skip
        expect(page.get_by_role("heading", name=f"Case {case_id}")).to_be_visible()
        expect(page.get_by_text(f"{number} of 5 failing")).to_be_visible()
        page.keyboard.press(key)
        expect(page.get_by_test_id("stMarkdown").get_by_text(re.compile(f"{word}.*ann"))).to_be_visible()
        if number < 5:
            page.keyboard.press("n")
    page.keyboard.press("p")
    expect(page.get_by_role("heading", name="Case fir")).to_be_visible()

    page.get_by_role("button", name="Run of gates").click()
    expect(page.get_by_text("Labelled 5", exact=True)).to_be_visible()
    expect(page.get_by_text("Disagreeing 1", exact=True)).to_be_visible()
    page.get_by_role("button", name="Save as suite").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("stories")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(dialog.get_by_text("belongs to the shipped suite")).to_be_visible()
    dialog.get_by_label("Name").fill("gate-regressions")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(dialog.get_by_text("5 cases saved as the suite")).to_be_visible()

    labels = json.loads(run_engine(home, "labels", "gates-1", "--json"))
    assert {row["case_id"]: (row["author"], row["label"]) for row in labels["labels"]} == {
        "birch": ("ann", "wrong"), "cedar": ("ann", "wrong"), "elm": ("ann", "right"), "fir": ("ann", "unsure"), "oak": ("ann", "wrong"),
    }  # fmt: skip
    lines = (home / "suites" / "gate-regressions" / "cases.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == CASES[1:]


def test_selected_rows_alone_are_labelled_and_the_download_is_what_is_shown(page: Page, home: Path) -> None:
    page.goto("/runs?run=gates-1&states=passed")
    expect(page.get_by_text("1 to 1 of 1 case passed.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download 1 case as CSV").click()
    rows = Path(download.value.path()).read_text().splitlines()
    assert len(rows) == 2 and rows[1].split(",")[:2] == ["✔ passed", "ash"]
    page.goto("/runs?run=gates-1&sort=position")
    expect(page.get_by_text("1 to 6 of 6 cases.")).to_be_visible()
    click_grid(page, 16, 50)
    expect(page.get_by_text("For 1 selected case.")).to_be_visible()
    page.get_by_role("button", name="Label all").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Right", exact=True).click()
    dialog.get_by_role("button", name="Label 1 case").click()
    expect(page.get_by_text("1 case labelled right.")).to_be_visible()
    labels = json.loads(run_engine(home, "labels", "gates-1", "--json"))["labels"]
    assert ("ash", "right") in {(row["case_id"], row["label"]) for row in labels}
