"""A home of the test's own with an open store, and a small suite over three documents in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.store import Store, open_store

DOCUMENTS = {
    "refunds.md": "# Refunds\n\nA broken seal is reported within 42 days of purchase. The refund fee is S$12.\n\n## Exceptions\n\nOpened packs are not taken back.\n",
    "depot.txt": "The Lindau depot opens at seven in the morning.\r\nThe Lindau depot has 14 gates. \U0001f510 It closes at noon on Sundays.\r\n",
    "rooms.csv": "room,floor,seats\nBirch hall,1,61\nMaple hall,2,140\n",
}
CASE: dict[str, Any] = {
    "id": "seal", "kind": "qa", "question": "When is a broken seal reported?", "answers": ["42 days"],
    "relevant": [{"document": "refunds.md", "start": 11, "end": 64}],
}  # fmt: skip


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("PHASEGATE_HOME", str(folder))
    return folder


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with open_store() as opened:
        yield opened


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    for name, text in DOCUMENTS.items():
        (folder / name).write_bytes(text.encode())
    return folder


@pytest.fixture
def suite(home: Path, corpus: Path) -> Path:
    """A suite of the home folder called ``depot``."""
    return write_suite(home / "suites" / "depot", corpus, [CASE])


def write_suite(folder: Path, corpus: Path, cases: Sequence[dict[str, Any] | str], name: str = "") -> Path:
    folder.mkdir(parents=True)
    header = f"name: {name or folder.name}\ntitle: A depot\nlicence: CC0-1.0\ncorpus: {corpus}\n"
    (folder / "suite.yaml").write_text(header, encoding="utf-8")
    lines = [case if isinstance(case, str) else json.dumps(case) for case in cases]
    (folder / "cases.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder
