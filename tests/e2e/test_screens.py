"""What a person does, in a real browser: from the wizard to a PDF. The tests share one app and run in this order."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.conftest import click_grid

SLOW = 120_000


def open_at(page: Page, path: str) -> None:
    """Goes there and waits until the screen has been drawn."""
    page.goto(path)
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    await_drawn(page)


def await_drawn(page: Page) -> None:
    """Waits until the script has run to its end."""
    expect(page.locator("[data-testid=stApp][data-test-script-state=notRunning]")).to_be_visible()


def click(page: Page, name: str, *, role: str = "button") -> None:
    page.get_by_role(role, name=re.compile(name)).first.click()  # type: ignore[arg-type]


def start_run(page: Page, cases: int) -> None:
    """Run the first cases of customer-service."""
    open_at(page, "/suites?suite=customer-service")
    number = page.get_by_role("spinbutton", name="Cases, from the first")
    number.fill(str(cases))
    number.press("Enter")
    click(page, f"Run {cases} cases")


def test_a_deep_link_opened_first_has_the_frame(page: Page) -> None:
    open_at(page, "/suites")
    expect(page.get_by_role("heading", name="Suites", level=1)).to_be_visible()
    expect(page.get_by_test_id("stSidebarNavLink").filter(has_text="Roadmap")).to_be_visible()


def test_wizard_leads_from_nothing_to_a_verdict(page: Page) -> None:
    open_at(page, "/")
    expect(page.get_by_role("heading", name="Welcome to Phasegate")).to_be_visible()
    click(page, "Begin with documents")
    click(page, "Ingest customer-service")
    expect(page.get_by_text("customer-service is ingested.")).to_be_visible(timeout=SLOW)
    click(page, "Choose a model")
    expect(page.get_by_text("bundled extractive engine")).to_be_visible()
    click(page, "Use this and ask a question")
    expect(page.get_by_role("heading", name="Ask your first question")).to_be_visible()
    page.get_by_role("textbox", name="Question").fill("What is your refund policy for defective products?")
    page.get_by_test_id("stFormSubmitButton").get_by_role("button").click()
    expect(page.get_by_test_id("stMetric").filter(has_text="Context quality")).to_be_visible()
    expect(page.get_by_text(re.compile(r"\[1\] .*\.(md|txt|html)")).first).to_be_visible()
    click(page, "Run the first suite")
    expect(page.get_by_role("heading", name="Run the first suite")).to_be_visible()
    click(page, "Run it")
    expect(page.get_by_text(re.compile(r"\d+ of 128 cases")).first).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("The first run is in the store.")).to_be_visible(timeout=SLOW)
    click(page, "Are we ready", role="link")
    expect(page.get_by_role("heading", name="Are we ready?", level=1)).to_be_visible()
    expect(page.get_by_text(re.compile(r"^(Ready|Not ready|Not decided)")).first).to_be_visible()


def test_every_sentence_of_an_answer_leads_to_its_source(page: Page) -> None:
    open_at(page, "/ask?corpus=customer-service&q=How+long+does+delivery+take+to+Sentosa%3F")
    page.get_by_test_id("stFormSubmitButton").get_by_role("button").click()
    link = page.get_by_role("link", name="[1]").first
    expect(link).to_have_attribute("href", "#ask-source-1")
    expect(page.locator("#ask-source-1")).to_be_visible()
    page.get_by_role("button", name=re.compile("In its document")).first.click()
    expect(page.get_by_role("dialog").get_by_text(re.compile("characters .* before and .* after"))).to_be_visible()


def test_a_blank_question_is_refused_with_the_way_on(page: Page) -> None:
    open_at(page, "/ask?corpus=customer-service")
    page.get_by_test_id("stFormSubmitButton").get_by_role("button").click()
    expect(page.get_by_test_id("stAlert")).to_contain_text("The question is empty or blank")
    expect(page.get_by_role("link", name=re.compile("More about this in the guide"))).to_be_visible()


def test_a_suite_runs_to_its_end_and_leads_to_a_failing_case(page: Page) -> None:
    start_run(page, 12)
    expect(page.get_by_role("heading", name="A run at work")).to_be_visible()
    click(page, "See what came out of it", role="link")
    expect(page.get_by_role("heading", name="Run of customer-service")).to_be_visible()
    expect(page.get_by_text("Limited to 12 of the suite's 128 cases.")).to_be_visible()


def test_a_failing_case_is_shown_whole(page: Page) -> None:
    open_at(page, "/runs?sort=oldest")
    click_grid(page, 40, 50)
    expect(page.get_by_role("heading", name="Run of customer-service")).to_be_visible()
    await_drawn(page)
    click_grid(page, 40, 50)
    expect(page.get_by_role("heading", name=re.compile("^Case "))).to_be_visible()
    expect(page.get_by_text("Failed").first).to_be_visible()
    expect(page.get_by_text("Expected", exact=True).first).to_be_visible()
    before = page.url
    click(page, "Next")
    page.wait_for_url(lambda url: "case=" in url and url != before)


def test_a_run_can_be_stopped_and_resumed(page: Page) -> None:
    start_run(page, 64)
    click(page, "^.*Stop")
    expect(page.get_by_text("Interrupted").first).to_be_visible(timeout=SLOW)
    click(page, "See what came out of it", role="link")
    expect(page.get_by_text(re.compile("Interrupted after"))).to_be_visible()
    click(page, "Resume")
    expect(page.get_by_role("heading", name="A run at work")).to_be_visible()
    expect(page.get_by_text("Finished").first).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("64 of 64 cases").first).to_be_visible()


def test_gate_gives_a_verdict_for_each_goal(page: Page) -> None:
    open_at(page, "/roadmap?roadmap=narrative-agent&phase=2")
    expect(page.get_by_role("heading", name="Phase 2: Performance optimisation")).to_be_visible()
    verdicts = page.get_by_test_id("stMarkdown").filter(
        has_text=re.compile(r"(Pass|Fail|No data).*against the goal", re.S)
    )
    expect(verdicts).to_have_count(7)
    page.get_by_test_id("stButtonGroup").get_by_role("radio", name="KPIs").click()
    expect(page.get_by_test_id("stPlotlyChart").first).to_be_visible()


def test_a_report_is_downloaded_as_pdf(page: Page, tmp_path: Path) -> None:
    open_at(page, "/reports?roadmap=narrative-agent&phase=2")
    click(page, "Make the files")
    with page.expect_download(timeout=SLOW) as download:
        page.get_by_role("button", name=re.compile("PDF, ")).click(timeout=SLOW)
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    assert path.name == "narrative-agent-phase-2.pdf"
    assert path.read_bytes().startswith(b"%PDF-")
