"""Live in a real browser: it reads anew without stealing the focus, and a spike leads to its requests and their traces."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from engine.bench.live_rows import generate_requests
from engine.store import open_store
from tests.e2e.conftest import serve_app


@pytest.fixture(scope="module")
def busy_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A served home with six hours of generated traffic, a slow hour in it."""
    home = tmp_path_factory.mktemp("busy")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHASEGATE_HOME", str(home))
        with open_store() as store:
            generate_requests(store, 4000, span=timedelta(hours=6))
    with serve_app(home) as address:
        yield address


@pytest.fixture
def live(busy_app: str, browser: Browser) -> Iterator[Page]:
    page = browser.new_page(base_url=busy_app, viewport={"width": 1280, "height": 900})
    yield page
    assert page.get_by_test_id("stException").count() == 0
    page.close()


def count_requests(page: Page) -> int:
    text = page.get_by_test_id("stMetric").first.get_by_test_id("stMetricValue").inner_text()
    return int(re.sub(r"\D", "", text))


def refuse_one(address: str) -> None:
    """A real request, which the door refuses: there is no such corpus."""
    body = json.dumps({"question": "Is anybody there?", "corpus": "nowhere"}).encode()
    request = urllib.request.Request(f"{address}/api/ask", body, {"Content-Type": "application/json"})
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(request, timeout=30)


def test_it_reads_anew_and_leaves_focus_and_place_alone(live: Page, busy_app: str) -> None:
    live.goto("/live?window=15m")
    expect(live.get_by_test_id("stMetric").first).to_be_visible(timeout=120_000)
    button = live.get_by_role("button", name=re.compile("All requests"))
    button.focus()
    live.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, 300)")
    before = count_requests(live)
    refuse_one(busy_app)
    value = live.get_by_test_id("stMetric").first.get_by_test_id("stMetricValue")
    expect(value).not_to_have_text(str(before))
    expect(button).to_be_focused()
    assert live.get_by_test_id("stMain").evaluate("main => main.scrollTop") == 300
    assert "window=15m" in live.url


def test_a_spike_leads_to_its_requests_and_one_of_them_to_its_trace(live: Page) -> None:
    live.goto("/live?window=6h")
    chart = live.get_by_test_id("stPlotlyChart").nth(1).locator(".nsewdrag").first
    expect(chart).to_be_visible(timeout=120_000)
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    live.mouse.move(box["x"] + 0.62 * box["width"], middle)
    live.mouse.down()
    live.mouse.move(box["x"] + 0.70 * box["width"], middle, steps=8)
    live.mouse.up()
    expect(live.get_by_role("heading", name="Requests", level=1)).to_be_visible()
    expect(live).to_have_url(re.compile(r"from=\d+&to=\d+"))
    expect(live.get_by_text(re.compile(r"^1 to 50 of \d+"))).to_be_visible()
    table = live.get_by_test_id("stDataFrame").first
    table.click(position={"x": 150, "y": 55})
    expect(live.get_by_role("heading", name="Request", level=1, exact=True)).to_be_visible()
    expect(live).to_have_url(re.compile("request=gen-"))
    expect(live.get_by_text(re.compile("generate took 310 ms"))).to_be_visible()
    live.get_by_role("button", name=re.compile("Back to the requests")).click()
    expect(live).to_have_url(re.compile(r"from=\d+&to=\d+"))
