"""A small suite beside its corpus, and the lab opened on it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.settings import PipelineSettings
from engine.tuning import Lab, open_lab

DOCUMENTS = {
    "refunds.md": "# Refunds\n\nA refund takes five working days. It goes to the card that was used.\n\n"
    "## Postage\n\nPostage is never refunded. Returns over 40 kg are fetched by our van.\n",
    "harbour.md": "# Harbour\n\nThe harbour closes at nine in the evening. The pilot boat is called Petrel.\n\n"
    "## Tides\n\nHigh water comes twice a day. Boats with a draught above 2.1 m wait for it.\n",
    "bread.txt": "The bakery opens at five. Rye bread is baked on Tuesdays. A loaf weighs 750 grams.\n\n"
    "Orders for more than twenty loaves are taken two days ahead.\n",
}
CASES = [
    ("q1", "How long does a refund take?", "refunds.md", "A refund takes five working days."),
    ("q2", "When does the harbour close?", "harbour.md", "The harbour closes at nine in the evening."),
    ("q3", "What is the name of the pilot boat?", "harbour.md", "The pilot boat is called Petrel."),
    ("q4", "On which day is rye bread baked?", "bread.txt", "Rye bread is baked on Tuesdays."),
]
SMALL = PipelineSettings(chunker="recursive", chunk_size=90, chunk_overlap=0, precision="exact", enhance=0)


def write_suite(folder: Path, documents: Mapping[str, str], cases: list[dict[str, object]]) -> Path:
    (folder / "corpus").mkdir(parents=True)
    for name, text in documents.items():
        (folder / "corpus" / name).write_text(text, encoding="utf-8")
    (folder / "suite.yaml").write_text("name: small\ntitle: Small\nlicence: CC0-1.0\ncorpus: corpus\n")
    (folder / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases), encoding="utf-8")
    return folder


def make_cases() -> list[dict[str, object]]:
    made: list[dict[str, object]] = []
    for name, question, document, gold in CASES:
        start = DOCUMENTS[document].index(gold)
        span = {"document": document, "start": start, "end": start + len(gold)}
        made.append({"id": name, "kind": "qa", "question": question, "answers": ["x"], "relevant": [span]})
    made.append({"id": "none", "kind": "qa", "question": "Who won the match?", "unanswerable": True})
    turns = [{"question": "Is postage refunded?", "answers": ["never"]}, {"question": "And for whom is it?"}]
    made.append({"id": "talk", "kind": "conversation", "turns": turns})
    made.append({"id": "type", "kind": "content", "text": "Once upon a time.", "content_type": "narrative"})
    return made


@pytest.fixture(scope="session")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_suite(tmp_path_factory.mktemp("suite") / "small", DOCUMENTS, make_cases())


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory, models: Path, suite: Path) -> Lab:
    """Opened once; only for reading."""
    folder = tmp_path_factory.mktemp("labhome")
    (folder / "models").symlink_to(models)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHASEGATE_HOME", str(folder))
        return open_lab(suite, SMALL)
