"""A sweep in a real browser: set up, watched, stopped, resumed, read, saved."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.e2e.test_screens import SLOW, await_drawn, click, open_at


def fill(page: Page, name: str, value: str) -> None:
    field = page.locator("input").and_(page.get_by_label(name, exact=True))
    field.fill(value)
    field.press("Enter")
    await_drawn(page)


def test_a_sweep_leads_from_the_form_to_saved_settings(page: Page) -> None:
    open_at(page, "/sweeps?suite=stories")
    fill(page, "chunk_size", "300, 600, 900")
    fill(page, "top_k", "5, 10")
    expect(page.get_by_text("7 settings, the one that the sweep starts from among them")).to_be_visible()
    click(page, "Start the sweep")
    expect(page.get_by_role("heading", name="A sweep at work")).to_be_visible()
    expect(page.get_by_role("heading", name="Sweep of stories")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("Finished").first).to_be_visible()
    click(page, "Save as defaults")
    expect(page.get_by_text("Saved as the defaults")).to_be_visible()
    page.get_by_test_id("stButtonGroup").get_by_role("radio", name="Charts").click()
    expect(page.get_by_test_id("stPlotlyChart")).to_have_count(4)
    open_at(page, "/settings")
    expect(page.get_by_text(re.compile("The best of 7 settings in a sweep of stories"))).to_be_visible()


def test_a_sweep_can_be_stopped_and_resumed(page: Page) -> None:
    open_at(page, "/sweeps?suite=stories&search=Random")
    fill(page, "Settings to try", "2000")
    click(page, "Start the sweep")
    expect(page.get_by_text("Best so far")).to_be_visible(timeout=SLOW)
    click(page, "^.*Stop")
    expect(page.get_by_text("Interrupted").first).to_be_visible(timeout=SLOW)
    expect(page.get_by_text(re.compile("On the held-out half"))).to_be_visible()
    click(page, "Resume")
    expect(page.get_by_role("heading", name="A sweep at work")).to_be_visible()
    expect(page.get_by_text("Best so far")).to_be_visible(timeout=SLOW)
    click(page, "^.*Stop")
    expect(page.get_by_text("Interrupted").first).to_be_visible(timeout=SLOW)
