"""Two homes for the screens: an empty one, and one that a small real run has filled."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine.corpora import ingest_corpus, record_ingest
from engine.evaluation.sweep_plan import SweepRequest
from engine.runs import RunRequest, run_request
from engine.settings import ROOT, PipelineSettings
from engine.store import open_store
from engine.sweeps import run_sweep

DOCUMENTS = {
    "refunds.md": "# Refunds\n\nA defective item is refunded within 42 days of purchase. Write to the service desk.\n",
    "opening.txt": "The depot in Lindau opens at seven in the morning.\nIt closes at six in the evening, on Sundays at noon.\n",
    "broken.pdf": "this is no PDF",
}
CASES = [
    {"id": "refund", "kind": "qa", "question": "Within how many days is a defective item refunded?", "answers": ["42 days"],
     "relevant": [{"document": "refunds.md", "start": 11, "end": 64}], "tags": ["policy"]},
    {"id": "wrong", "kind": "qa", "question": "When does the depot in Lindau open?", "answers": ["at nine"],
     "relevant": [{"document": "opening.txt"}], "tags": ["times"]},
    {"id": "unknown", "kind": "qa", "question": "Who is the mayor of Bregenz?", "unanswerable": True, "tags": ["times"]},
    {"id": "talk", "kind": "conversation", "tags": ["policy"],
     "turns": [{"question": "When does the depot open?", "answers": ["seven"]}, {"question": "And when does it close?", "answers": ["six"]}]},
    {"id": "kind", "kind": "content", "text": "“Who is there?” asked Ann.\n“Only me,” said Tom.\n", "content_type": "dialogue"},
]  # fmt: skip


@pytest.fixture(scope="session")
def seeded_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one corpus and one finished run, made by the engine itself."""
    base = tmp_path_factory.mktemp("seeded")
    corpus, suite = base / "corpus", base / "suite"
    corpus.mkdir()
    suite.mkdir()
    for name, text in DOCUMENTS.items():
        (corpus / name).write_text(text, encoding="utf-8")
    header = f"name: depot\ntitle: A depot\ndescription: Five cases.\nlicence: CC0-1.0\ncorpus: {corpus}\n"
    (suite / "suite.yaml").write_text(
        header + "pass:\n  success_rate: 0.9\nmeasures: [correct, context_quality, recall@5]\n"
    )
    (suite / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in CASES), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHASEGATE_HOME", str(base / "home"))
        with open_store() as store:
            settings = PipelineSettings()
            record_ingest(store, ingest_corpus("depot", [corpus], settings), settings)
            run_request(store, RunRequest(suite=str(suite), overrides={}, run_id="run-seeded"))
            grid = ["chunk_size=60,120", "chunk_overlap=0,80"]
            run_sweep(store, SweepRequest(suite=str(suite), grid=grid, sweep_id="sweep-seeded"))
    return base / "home"


@pytest.fixture
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The app sees a home without anything in it."""
    monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def full_home(seeded_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The app sees the home with one run."""
    monkeypatch.setenv("PHASEGATE_HOME", str(seeded_home))
    return seeded_home


@pytest.fixture(autouse=True)
def _fresh_resources(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Pages run inside the frame, as they do once Home.py has started the app; no store outlives its test."""
    import streamlit as st
    from streamlit.runtime.pages_manager import PagesManager

    build = PagesManager.__init__

    def build_within_the_frame(self: PagesManager, *arguments: object, **named: object) -> None:
        build(self, *arguments, **named)  # type: ignore[arg-type]
        PagesManager.uses_pages_directory = False

    monkeypatch.setattr(PagesManager, "__init__", build_within_the_frame)
    yield
    for thread in threading.enumerate():
        if thread.name.startswith("open-lab-"):  # it would go on writing into the home of the next test
            thread.join()
    st.cache_resource.clear()


def open_page(page: str, /, **query: str) -> AppTest:
    """Opens a screen through the frame, as a browser would."""
    app = AppTest.from_file(str(ROOT / "Home.py"), default_timeout=60)
    app.run()
    app.switch_page(f"pages/{page}.py")
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def words_of(app: AppTest) -> str:
    """Everything that the screen says in text."""
    parts = [*app.title, *app.markdown, *app.caption, *app.error, *app.warning, *app.info, *app.success]
    cells = [str(cell) for table in app.table for cell in table.value.to_numpy().ravel()]
    return "\n".join([*(str(part.value) for part in parts), *cells]).replace("\u00a0", " ")
