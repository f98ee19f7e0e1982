"""A PM's hour in a real browser: waive a goal, edit another, see the gate change, sign, take the report along."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from engine.store import open_store
from tests.e2e.conftest import serve_app
from tests.e2e.test_screens import SLOW, await_drawn, click, open_at
from tests.engine.roadmap.seeded import insert_run
from tests.engine.roadmap.test_gates import MEMORY, stories

PHASE = "roadmap=narrative-agent&phase=2"


@pytest.fixture(scope="module")
def gated_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An app over a home in which phase 2 misses two goals: success rate and context quality."""
    home: Path = tmp_path_factory.mktemp("gated")
    with open_store(home) as store:
        hours = itertools.count()
        insert_run(store, hours, "r1", "stories", stories(passed=55, quality=0.78), memory=MEMORY)
        insert_run(store, hours, "r2", "stories", stories(passed=60, quality=0.8), memory=MEMORY)
    with serve_app(home) as address:
        yield address


@pytest.fixture
def visit(gated_app: str, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(base_url=gated_app, viewport={"width": 1280, "height": 1000}, accept_downloads=True)
    page = context.new_page()
    yield page
    assert page.get_by_test_id("stException").count() == 0
    context.close()


def be(page: Page, name: str) -> None:
    """Say who is at this browser."""
    field = page.get_by_role("textbox", name="You are")
    field.fill(name)
    field.press("Enter")
    await_drawn(page)


def show(page: Page, section: str) -> None:
    page.get_by_test_id("stButtonGroup").get_by_role("radio", name=section, exact=True).first.click()
    await_drawn(page)


def test_a_pm_waives_edits_signs_and_takes_the_report_along(visit: Page) -> None:
    page = visit
    open_at(page, f"/roadmap?{PHASE}")
    be(page, "Petra PM")
    expect(page.get_by_text("5 of 7 goals met, 2 missed")).to_be_visible()
    goals = page.get_by_test_id("stMarkdown").filter(has_text=re.compile(r"(Pass|Fail).*against the goal", re.S))
    expect(goals).to_have_count(7)
    expect(page.get_by_text("cannot be signed: of its 7 goals 2 missed")).to_be_visible()

    page.get_by_role("button", name="Waive").nth(1).click()
    click(page, "Give the waiver")
    expect(page.get_by_text("A waiver needs a reason of at least 3 words, found 0")).to_be_visible()
    page.get_by_label("Why may it be missed?").fill("Long stories come with the next release")
    click(page, "Give the waiver")
    expect(page.get_by_text(re.compile("Waived until")).first).to_be_visible()
    expect(page.get_by_text("5 of 7 goals met, 1 missed, 1 waived")).to_be_visible()

    show(page, "Edit")
    goal = page.get_by_label("Goal of Success rate on real content")
    goal.fill("70")
    goal.press("Enter")
    await_drawn(page)
    expect(
        page.get_by_text(re.compile("This change would turn the gate of Phase 2.* from fail to pass"))
    ).to_be_visible()
    click(page, "Save the changes")
    expect(page.get_by_text("A change of a roadmap needs a reason")).to_be_visible()
    reason = page.get_by_label(re.compile("^Why\\? It stands"))
    reason.fill("agreed in the steering meeting")
    reason.press("Enter")
    await_drawn(page)
    click(page, "Save the changes")
    expect(page.get_by_text("Edited, differs from the shipped one")).to_be_visible()
    expect(page.get_by_text("6 of 7 goals met, 1 waived")).to_be_visible()

    show(page, "Gate")
    page.get_by_label(re.compile("^Your role")).fill("product")
    click(page, "^.*Sign$")
    expect(page.get_by_text("Signed, current")).to_be_visible()
    expect(page.get_by_text("With waivers for Context quality")).to_be_visible()

    show(page, "History")
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()

    open_at(page, f"/reports?{PHASE}")
    click(page, "Make the files")
    download = page.get_by_test_id("stDownloadButton").first
    expect(download).to_be_visible(timeout=SLOW)
    with page.expect_download() as started:
        download.get_by_role("button").click()
    assert Path(started.value.path()).stat().st_size > 1000


def test_a_second_person_signs_the_same_evidence_and_a_later_change_is_seen(visit: Page) -> None:
    page = visit
    open_at(page, f"/roadmap?{PHASE}")
    be(page, "Quentin QA")
    click(page, "^.*Sign$")
    expect(page.get_by_text("Signed, current")).to_have_count(2)
    page.get_by_role("button", name="End the waiver").click()
    click(page, "End it now")
    expect(page.get_by_text("Signed, evidence has changed")).to_have_count(2)
    expect(page.get_by_text(re.compile("its waiver no longer holds")).first).to_be_visible()
