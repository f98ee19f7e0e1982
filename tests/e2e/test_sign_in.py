"""Where the server asks everybody to sign in: a browser gets in with a token, and no further without."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.conftest import serve_app

TOKEN = "a-token-of-the-environment-for-this-test"


def test_one_signs_in_with_a_token_and_comes_to_the_screen_that_was_asked_for(
    tmp_path: Path, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHASEGATE_TOKEN", TOKEN)
    with serve_app(tmp_path, "--sign-in") as address:
        page = browser.new_context().new_page()
        page.goto(f"{address}/settings?show=API")
        page.get_by_label("Token").fill("wrong")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_have_text("This token does not open the screens.")
        page.get_by_label("Token").fill(TOKEN)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_text("How it is called")).to_be_visible()
        assert page.url.endswith("/settings?show=API")
        assert TOKEN not in page.evaluate("document.cookie")
        page.goto(f"{address}/sign-out")
        expect(page.get_by_role("heading", name="Sign in to Phasegate")).to_be_visible()
        page.context.close()
