"""A model's text is shown while it comes, and the stop button ends the provider's call; driven in a real browser."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from engine.bench.scripted_model import ScriptedModel
from engine.corpora import ingest_corpus, record_ingest
from engine.settings import PipelineSettings
from engine.store import open_store
from engine.store.providers import ProviderStore
from tests.e2e.conftest import serve_app

TEXT = "Refunds are paid within fourteen days [1]. " + "They go back to the same bank account [1]. " * 12
ASK = "/ask?corpus=shop&q=Within+how+many+days+is+a+refund+paid%3F"


def test_text_is_shown_while_it_comes_and_stop_ends_the_models_call(
    tmp_path: Path, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, documents = tmp_path / "home", tmp_path / "documents"
    home.mkdir()
    documents.mkdir()
    (documents / "refunds.md").write_text(
        "Refunds are paid within fourteen days. They go back to the same bank account."
    )
    monkeypatch.setenv("PHASEGATE_HOME", str(home))
    monkeypatch.setenv("HOSTED_VLLM_API_KEY", "none")
    monkeypatch.setenv("PHASEGATE_PROVIDER", "litellm")
    monkeypatch.setenv("PHASEGATE_VALIDATORS", "0")  # the scripted server gives no verdicts
    report = ingest_corpus("shop", [documents], PipelineSettings())
    with ScriptedModel(reply=TEXT, token_delay_s=0.15) as server:
        with open_store() as store:
            record_ingest(store, report, PipelineSettings())
            ProviderStore(store).save_provider(server.make_spec(), "tester")
        with serve_app(home) as address:
            page = browser.new_context(base_url=address).new_page()
            page.goto(ASK)
            page.get_by_test_id("stFormSubmitButton").get_by_role("button").click()
            expect(page.get_by_text("Refunds are paid within fourteen days")).to_be_visible(
                timeout=90_000
            )  # litellm is imported
            expect(page.get_by_text("Context quality")).to_have_count(0)
            page.get_by_role("button", name="Stop").click()
            expect(page.get_by_text("Stopped. Nothing of this answer was kept.")).to_be_visible()
            expect(page.get_by_text("Refunds are paid within fourteen days")).to_be_visible()
            until = time.monotonic() + 20
            while server.calls[0].outcome != "disconnected" and time.monotonic() < until:
                page.wait_for_timeout(100)
            assert server.calls[0].outcome == "disconnected"
            server.script.token_delay_s = 0.0
            page.get_by_test_id("stFormSubmitButton").get_by_role("button").click()
            expect(page.get_by_text("Context quality")).to_be_visible()
            calls = len(server.calls)
            page.goto(ASK)
            page.get_by_test_id("stFormSubmitButton").get_by_role("button").click()
            expect(page.get_by_text("From the cache.")).to_be_visible()
            assert len(server.calls) == calls
            page.context.close()
