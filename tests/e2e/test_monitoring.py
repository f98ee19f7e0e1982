"""A real Prometheus scrapes the served app, and a real Alertmanager takes its alerts, configured as the guide says."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from engine.corpora import ingest_corpus
from engine.operations.alert_rules import save_rule
from engine.operations.webhook import Webhook, save_webhook
from engine.settings import ROOT, PipelineSettings
from engine.store import open_store
from tests.e2e.conftest import serve_app

GUIDE = (ROOT / "docs/guide/monitoring.md").read_text(encoding="utf-8")
PATIENCE_S = 60


def find_binary(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(f"{name} is missing; .ci/run installs it")
        pytest.skip(f"no {name} here: apt-get install prometheus prometheus-alertmanager")
    return path


def read_config(name: str) -> str:
    """The file of that name as the guide prints it."""
    return re.search(rf"```yaml\n# {name}\n(.*?)```", GUIDE, re.S).group(1)  # type: ignore[union-attr]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fetch(url: str, body: Any = None) -> Any:
    return json.loads(read_text(url, body))


def read_text(url: str, body: Any = None) -> str:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
        return str(response.read(), "utf-8")


def await_value(read: Callable[[], Any], good: Callable[[Any], bool], log: Path) -> Any:
    """What ``read`` gives once it is good; what is not there yet is asked for again."""
    deadline, found = time.monotonic() + PATIENCE_S, None
    while time.monotonic() < deadline:
        try:
            found = read()
            if good(found):
                return found
        except OSError as error:
            found = error
        time.sleep(0.1)
    raise AssertionError(f"after {PATIENCE_S} s: {found!r}; {log.read_text()[-2000:]}")


@contextmanager
def run_server(command: list[str], log: Path) -> Iterator[None]:
    with log.open("w") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, cwd=log.parent)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def served(tmp_path: Path, home: Path) -> Path:
    """A home with a corpus of one document."""
    folder = tmp_path / "depot"
    folder.mkdir()
    (folder / "refunds.md").write_text("# Refunds\n\nA defective item is refunded within 42 days of purchase.\n")
    ingest_corpus("depot", [folder], PipelineSettings())
    return home


def test_the_guides_configurations_pass_the_programs_own_check(tmp_path: Path) -> None:
    for tool, arguments, name in (
        ("promtool", ["check", "config"], "prometheus.yml"),
        ("amtool", ["check-config"], "alertmanager.yml"),
    ):
        (tmp_path / name).write_text(read_config(name))
        done = subprocess.run([find_binary(tool), *arguments, str(tmp_path / name)], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_scrapes_the_app_and_alertmanager_takes_an_alert_and_its_end(served: Path, tmp_path: Path) -> None:
    prometheus, alertmanager = find_binary("prometheus"), find_binary("prometheus-alertmanager")
    ports = free_port(), free_port()
    manager, scraper = (f"http://127.0.0.1:{port}" for port in ports)
    with open_store(served) as store:
        save_webhook(store, Webhook(url=manager), "Ada")
        save_rule(store, "memory_mb", {"threshold": 1, "hold_s": 0, "resolve_s": 0}, "Ada")
    (tmp_path / "alertmanager.yml").write_text(read_config("alertmanager.yml"))
    manage = [alertmanager, "--config.file=alertmanager.yml", "--storage.path=alerts", "--cluster.listen-address="]
    manage.append(f"--web.listen-address=127.0.0.1:{ports[0]}")
    scrape = [prometheus, "--config.file=prometheus.yml", "--storage.tsdb.path=data"]
    scrape.append(f"--web.listen-address=127.0.0.1:{ports[1]}")
    with run_server(manage, tmp_path / "alertmanager.log"), serve_app(served) as app:
        config = read_config("prometheus.yml").replace("127.0.0.1:8501", app.removeprefix("http://"))
        (tmp_path / "prometheus.yml").write_text(config.replace("15s", "1s"))
        with run_server(scrape, tmp_path / "prometheus.log"):
            for _ in range(3):
                answer = fetch(f"{app}/api/ask", {"question": "When is a defective item refunded?", "corpus": "depot"})
                assert "42 days" in answer["answer"]

            text = read_text(f"{app}/metrics")
            checked = subprocess.run(
                [find_binary("promtool"), "check", "metrics"], input=text, capture_output=True, text=True
            )
            assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")

            def ask(query: str) -> list[dict[str, Any]]:
                reply = fetch(f"{scraper}/api/v1/query?{urllib.parse.urlencode({'query': query})}")
                return reply["data"]["result"]

            def is_three(found: list[dict[str, Any]]) -> bool:
                return bool(found) and float(found[0]["value"][1]) == 3

            log = tmp_path / "prometheus.log"
            await_value(lambda: ask('up{job="phasegate"}'), lambda found: found and found[0]["value"][1] == "1", log)
            await_value(lambda: ask('sum(requests_total{door="api"})'), is_three, log)
            await_value(lambda: ask("sum(request_duration_seconds_count)"), is_three, log)
            assert ask("phasegate_window_success_ratio")[0]["value"][1] == "1"

            log = tmp_path / "alertmanager.log"
            url = f"{manager}/api/v2/alerts"
            found = await_value(lambda: fetch(url), bool, log)
            assert found[0]["labels"]["alertname"] == "phasegate_memory_mb"
            assert "expected at most 1 MB" in found[0]["annotations"]["summary"]
            with open_store(served) as store:
                save_rule(store, "memory_mb", {"threshold": 100_000}, "Ada")
            await_value(lambda: fetch(url), lambda alerts: alerts == [], log)
    history = served / "store.duckdb"
    assert history.exists()
    with open_store(served) as store:
        kept = store.query("SELECT count(*) AS n FROM requests WHERE door = 'api'")
        points = store.query("SELECT figures FROM metric_points")
    assert kept == [{"n": 3}], "what was recorded is written at the end"
    assert sum(point["figures"]["counts"].get("requests|answered", 0) for point in points) == 3
