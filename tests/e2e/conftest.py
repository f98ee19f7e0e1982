"""A served app over an empty home, and Debian's chromium looking at it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the served app; its home is empty at first."""
    with serve_app(tmp_path_factory.mktemp("home")) as address:
        yield address


@contextmanager
def serve_app(home: Path, *arguments: str) -> Iterator[str]:
    """Serve a home for the time of a test; gives the address. ``arguments`` are further ones of ``serve``."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "PHASEGATE_HOME": str(home), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "engine", "serve", "--port", str(port), *arguments]
    with (home / "serve.log").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True)
    address = f"http://127.0.0.1:{port}"
    try:
        _await_health(address, process, home / "serve.log")
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


def click_grid(page: Page, x: int, y: int) -> None:
    """Click on a place of the first grid, once its cells can be read: before that it takes no click."""
    grid = page.get_by_test_id("stDataFrame").first
    grid.locator("[role=gridcell]").first.wait_for(state="attached")
    grid.locator(".dvn-scroller").click(position={"x": x, "y": y})


def _await_health(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"{address}/api/health/live", timeout=1) as response:
                assert response.read() == b'{"status":"ok"}'
                return
        except OSError:
            process.poll()
    raise AssertionError(f"the app did not answer within 60 s: {log.read_text()}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None and not os.environ.get("CI"):
        pytest.skip("no chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def page(app: str, browser: Browser) -> Iterator[Page]:
    """A fresh visit. Whatever it does, it may speak to the app alone, and no screen may show a Python error."""
    context = browser.new_context(base_url=app, viewport={"width": 1280, "height": 900}, accept_downloads=True)
    page = context.new_page()
    outside: list[str] = []
    page.on("request", lambda r: None if r.url.startswith((app, "data:", "blob:")) else outside.append(r.url))
    yield page
    assert page.get_by_test_id("stException").count() == 0
    context.close()
    assert outside == [], f"requests that left the machine: {outside}"
