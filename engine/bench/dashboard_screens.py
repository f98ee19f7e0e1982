"""How long a screen takes in a browser: the app is served over the home, chromium opens each page anew."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from engine.settings import ROOT

REPEATS = 5
WAIT_MS = 20_000
AWAY = "settings"
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@dataclass(frozen=True, slots=True)
class Screen:
    """A path of the app and the element that people wait for; ``button`` shows it where the app's link does not."""

    path: str
    selector: str
    button: str = ""


Screens = Mapping[str, Screen]


def time_screens(home: Path, ordinary: Screens, screens: Screens, repeats: int = REPEATS) -> dict[str, Any]:
    """Milliseconds until a screen's main element shows, and how much resident memory the screens add to the app.

    Args:
        ordinary: the same screens of ordinary runs, opened as often before, so that the app has loaded what any run
            needs and holds as many sessions.
        screens: the ones to measure. ``loaded_ms`` is opening the address, with all of the app's scripts;
            ``in_app_ms`` is going there from another screen of an open page, as a link does.
    """
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None or find_spec("playwright") is None:
        return {"skipped": "no browser: chromium or playwright is not installed"}
    from playwright.sync_api import sync_playwright

    with _serve(home) as (address, pid), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        before_any = _time_all(page, address, ordinary, repeats)
        before = _read_rss_mb(pid)
        figures = _time_all(page, address, screens, repeats)
        growth = _read_rss_mb(pid) - before
        browser.close()
    return {"screens": figures, "of_ordinary_runs": before_any, "app_rss_mb": before, "app_rss_growth_mb": growth}


def _time_all(page: Any, address: str, screens: Screens, repeats: int) -> dict[str, Any]:
    from playwright.sync_api import TimeoutError as PlaywrightTimeout

    figures: dict[str, Any] = {}
    for name, screen in screens.items():
        try:
            loaded = [_open(page, address, screen) for _ in range(repeats + 1)]
            in_app = [_go(page, address, screen) for _ in range(repeats)]
        except PlaywrightTimeout:
            figures[name] = {"missed": f"{screen.selector} did not show within {WAIT_MS / 1e3:.0f} s"}
            continue
        figures[name] = {
            "first_loaded_ms": loaded[0],
            "loaded_ms": statistics.median(loaded[1:]),
            "in_app_ms": statistics.median(in_app),
        }
    return figures


def _open(page: Any, address: str, screen: Screen) -> float:
    page.goto("about:blank")
    began = time.perf_counter()
    page.goto(f"{address}/{screen.path}", wait_until="commit")
    page.wait_for_selector(screen.selector, timeout=WAIT_MS)
    return (time.perf_counter() - began) * 1e3


def _go(page: Any, address: str, screen: Screen) -> float:
    """From another screen as the browser's back button would, or by the button on the same screen."""
    page.goto(f"{address}/{screen.path.split('&show=')[0] if screen.button else AWAY}")
    page.wait_for_selector('[data-testid="stHeading"]', timeout=WAIT_MS)
    page.wait_for_selector('[data-testid="stStatusWidget"]', state="hidden", timeout=WAIT_MS)
    if not screen.button:
        page.evaluate("path => history.pushState({}, '', path)", f"/{screen.path}")
    began = time.perf_counter()
    if screen.button:
        page.get_by_role("radio", name=screen.button).or_(page.get_by_role("button", name=screen.button)).first.click()
    else:
        page.evaluate("() => window.dispatchEvent(new PopStateEvent('popstate', {state: {}}))")
    page.wait_for_selector(screen.selector, timeout=WAIT_MS)
    return (time.perf_counter() - began) * 1e3


@contextmanager
def _serve(home: Path) -> Iterator[tuple[str, int]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "engine", "serve", "--port", str(port)]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "PHASEGATE_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _await_health(address, process)
        yield address, process.pid
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _await_health(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"The app did not answer at {address} within a minute.")


def _read_rss_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
