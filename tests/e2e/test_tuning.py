"""The Tuning lab in a real browser: it opens by itself, redraws in place, and its address restores it."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

SLOW = 180_000


def await_drawn(page: Page) -> None:
    """Waits until the script has run to its end."""
    expect(page.locator("[data-testid=stApp][data-test-script-state=notRunning]")).to_be_visible()


def open_lab(page: Page, query: str = "") -> None:
    """The lab of the stories; the first time builds its token index."""
    page.goto(f"/tuning?suite=stories{query}")
    expect(page.get_by_text("The suite against").first).to_be_visible(timeout=SLOW)
    await_drawn(page)


def slider(page: Page, name: str) -> Locator:
    return page.get_by_role("slider", name=re.compile(name))


def place_of(page: Page, key: str) -> dict[str, float]:
    box = page.locator(f".st-key-{key}").bounding_box()
    assert box is not None
    return {name: box[name] for name in ("x", "y", "width", "height")}


def test_the_first_opening_says_what_it_does(page: Page) -> None:
    page.goto("/tuning?suite=stories")
    expect(page.get_by_text("Opening the lab of stories")).to_be_visible()
    expect(page.get_by_text("The suite against the saved defaults")).to_be_visible(timeout=SLOW)


def test_a_slider_redraws_figures_in_place(page: Page) -> None:
    open_lab(page)
    slider(page, "Chunk size").focus()
    before = {key: place_of(page, key) for key in ("tuning-suite", "tuning-question")}
    for size in (992, 960, 928):
        page.keyboard.press("ArrowLeft")
        expect(page.get_by_text(f"chunk_size 1024 → {size}")).to_be_visible()
    await_drawn(page)
    assert {key: place_of(page, key) for key in before} == before
    assert "chunk_size=928" in page.url


def test_a_copied_address_opens_the_same_view_for_someone_else(page: Page) -> None:
    open_lab(page, "&chunk_size=512&chunk_overlap=100&baseline=top_k%3D5&case=item-04")
    expect(page.get_by_text("The suite against the pinned baseline")).to_be_visible()
    expect(slider(page, "Overlap")).to_have_value("100")
    expect(page.get_by_text("top_k 5 → 20")).to_be_visible()
    expect(
        page.get_by_text("What did the accordion case smell of when the lost-property clerk opened it?").first
    ).to_be_visible()


def test_more_settings_stay_open_while_one_is_changed(page: Page) -> None:
    open_lab(page)
    page.get_by_text("More settings").click()
    slider(page, "Share of meaning").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("weight 0.5 → 0.55")).to_be_visible()
    expect(page.get_by_text("More settings (1 is changed)")).to_be_visible()
    expect(slider(page, "Diversity")).to_be_visible()


def test_an_overlap_that_does_not_fit_is_lowered_and_said(page: Page) -> None:
    open_lab(page, "&chunk_size=128&chunk_overlap=20")
    slider(page, "Overlap").focus()
    page.keyboard.press("End")
    expect(page.get_by_test_id("stToast")).to_contain_text("The overlap has to be smaller than the chunk size of 128")
    expect(slider(page, "Chunk size")).to_have_value("128")


def test_a_case_that_changed_is_opened_and_stepped_from_by_key(page: Page) -> None:
    open_lab(page, "&chunk_size=320&chunk_overlap=0")
    page.get_by_role("radio", name=re.compile("worse")).click()
    change = page.locator("[class*=st-key-tuning-open-] button").first
    name = change.inner_text().split()[0]
    change.click()
    page.wait_for_url(lambda url: f"case={name.replace('#', '%23')}" in url)
    page.keyboard.press("Alt+ArrowRight")
    page.wait_for_url(lambda url: "case=" in url and f"case={name.replace('#', '%23')}" not in url)


def test_a_typed_question_is_shown_in_its_document(page: Page) -> None:
    open_lab(page)
    page.get_by_role("textbox", name="Your own question").fill("Who bought the salt works?")
    page.keyboard.press("Enter")
    expect(page.get_by_text("A question of your own has no gold span")).to_be_visible()
    await_drawn(page)  # until then the chart of the question before stands there too
    expect(page.locator(".st-key-tuning-question").get_by_test_id("stPlotlyChart")).to_be_visible()


def test_settings_start_a_run(page: Page) -> None:
    open_lab(page, "&chunk_size=512&chunk_overlap=100")
    page.get_by_role("button", name=re.compile("Use these")).click()
    page.get_by_role("button", name=re.compile("Run the suite with these settings")).click()
    expect(page.get_by_role("heading", name="A run at work")).to_be_visible()
    expect(page.get_by_text(re.compile(r"\d+ of 156 cases")).first).to_be_visible(timeout=SLOW)
    run = re.search(r"run=([\w-]+)", page.url)
    assert run is not None
    if page.get_by_role("button", name=re.compile("Stop")).count():
        page.get_by_role("button", name=re.compile("Stop")).click()
    expect(page.get_by_text(re.compile("Interrupted|Finished")).first).to_be_visible(timeout=SLOW)
    page.goto(f"/runs?run={run[1]}&show=Settings")
    expect(page.get_by_text("What made this run")).to_be_visible()


def test_calibration_shows_its_diagram(page: Page) -> None:
    page.goto("/calibration")
    expect(page.get_by_text(re.compile("Context quality is off by"))).to_be_visible()
    expect(page.get_by_test_id("stPlotlyChart")).to_be_visible()
