"""The example of docs/guide/targets.md works as it stands there, and every limit and preset is described."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from engine.evaluation.opening_targets import open_target
from engine.evaluation.target_files import CallableFields, HttpFields, LimitFields, read_target_file
from engine.evaluation.target_presets import PRESETS
from engine.settings import ROOT

GUIDE = (ROOT / "docs" / "guide" / "targets.md").read_text(encoding="utf-8")
QUESTION = "What is the refund policy for defective products?"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = re.findall(r"`([\w-]+\.(?:py|yaml))`[^`]*:\n\n```\w+\n(.*?)^```", GUIDE, re.M | re.S)
    assert {name for name, _ in files} == {"shop_bot.py", "shop.yaml", "shop-here.yaml"}
    for name, content in files:
        (tmp_path / name).write_text(content, encoding="utf-8")
    (tmp_path / "datasets").symlink_to(ROOT / "datasets")
    return tmp_path


def test_the_example_answers_the_same_over_http_and_as_a_callable(folder: Path) -> None:
    documents = {
        path.name: path.read_text(encoding="utf-8")
        for path in (ROOT / "datasets/corpora/customer-service/documents").glob("*.md")
    }
    server = subprocess.Popen([sys.executable, "shop_bot.py", "8937"], cwd=folder, stderr=subprocess.DEVNULL)
    try:
        yaml = folder / "shop.yaml"
        yaml.write_text(yaml.read_text().replace(":8930", ":8937"))
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                httpx.get("http://127.0.0.1:8937/", trust_env=False)
                break
            except httpx.ConnectError:
                time.sleep(0.02)
        with (
            open_target(read_target_file(yaml), documents=documents) as over_http,
            open_target(read_target_file(folder / "shop-here.yaml"), documents=documents) as here,
        ):
            one, two = over_http.ask(QUESTION), here.ask(QUESTION)
            nothing = here.ask("Qwertz?")
    finally:
        server.kill()
        server.wait()
    assert one.text == two.text
    assert one.context == two.context
    assert one.context.parts[0].document == "returns-and-refunds.md"
    assert not one.gaps
    assert nothing.abstained


@pytest.mark.parametrize("name", sorted(LimitFields.model_fields))
def test_every_limit_is_described(name: str) -> None:
    assert f"| `{name}` |" in GUIDE


@pytest.mark.parametrize("name", sorted({*HttpFields.model_fields, *CallableFields.model_fields} - {"reference"}))
def test_every_field_is_described(name: str) -> None:
    assert f"| `{name}` |" in GUIDE


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_preset_is_described(name: str) -> None:
    assert f"| `{name}` |" in GUIDE
    assert json.dumps(PRESETS[name].request)
