from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from engine.corpora import ingest_corpus
from engine.index import Catalog
from engine.operations import watching
from engine.operations.watching import CorpusWatcher
from engine.pipeline import RagPipeline, open_pipeline
from engine.settings import PipelineSettings
from engine.store import CorpusStore, open_store

WriteFiles = Callable[[Path, Mapping[str, str | bytes]], Path]
SETTINGS = PipelineSettings(min_quality=0.0)
SECONDS = 30


@pytest.fixture
def docs(home: Path, tmp_path: Path, write_files: WriteFiles) -> Path:
    folder = write_files(
        tmp_path / "docs", {"price.txt": "The blue box costs four coins.", "other.txt": "The shop opens at nine."}
    )
    ingest_corpus("c", [folder], SETTINGS)
    return folder


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "QUIET_SECONDS", 0.1)
    monkeypatch.setattr(watching, "LOOK_FOR_CORPORA_SECONDS", 0.2)


@pytest.fixture
def watcher(docs: Path, quick: None) -> Iterator[CorpusWatcher]:
    watcher = CorpusWatcher()
    watcher.start()
    await_(lambda: watcher._watched.get("c") == {str(docs)})
    yield watcher
    watcher.stop()


def await_(condition: Callable[[], bool]) -> None:
    """Until it holds; fails after half a minute."""
    pause = threading.Event()
    for _ in range(SECONDS * 20):
        if condition():
            return
        pause.wait(0.05)
    pytest.fail(f"did not come true within {SECONDS} s")


def says(pipeline: RagPipeline, question: str, words: str) -> Callable[[], bool]:
    return lambda: words in pipeline.answer(question).text


def test_a_saved_change_is_in_the_answers_within_seconds_and_a_deletion_too(docs: Path, watcher: CorpusWatcher) -> None:
    pipeline = open_pipeline("c", SETTINGS)
    question = "What does the blue box cost?"
    assert says(pipeline, question, "four coins")()
    (docs / "price.txt").write_text("The blue box costs seven coins.")
    await_(says(pipeline, question, "seven coins"))
    (docs / "price.txt").unlink()
    await_(lambda: pipeline.document_text("price.txt") is None)
    with open_store() as store:
        await_(lambda: [d["document"] for d in CorpusStore(store).load_documents("c")] == ["other.txt"])


def test_a_file_saved_by_renaming_and_one_in_a_new_folder_are_noticed(docs: Path, watcher: CorpusWatcher) -> None:
    pipeline = open_pipeline("c", SETTINGS)
    (docs / "price.txt.tmp").write_text("The blue box costs nine coins.")
    (docs / "price.txt.tmp").rename(docs / "price.txt")
    await_(says(pipeline, "What does the blue box cost?", "nine coins"))
    (docs / "new").mkdir()
    (docs / "new" / "green.txt").write_text("The green crate weighs eleven stones.")
    await_(says(pipeline, "What does the green crate weigh?", "eleven stones"))


def test_a_corpus_ingested_while_it_runs_is_watched_too(
    tmp_path: Path, watcher: CorpusWatcher, write_files: WriteFiles
) -> None:
    folder = write_files(tmp_path / "late", {"a.txt": "The late corpus says one."})
    ingest_corpus("late", [folder / "a.txt"], SETTINGS)
    await_(lambda: bool(watcher._watched.get("late")))
    (folder / "a.txt").write_text("The late corpus says two.")
    await_(says(open_pipeline("late", SETTINGS), "What does the late corpus say?", "two"))


def test_a_corpus_that_cannot_be_updated_does_not_end_the_watching_of_others(
    docs: Path, tmp_path: Path, watcher: CorpusWatcher, write_files: WriteFiles, caplog: pytest.LogCaptureFixture
) -> None:
    broken = write_files(tmp_path / "broken", {"a.txt": "Something."})
    ingest_corpus("broken", [broken], SETTINGS)
    await_(lambda: bool(watcher._watched.get("broken")))
    (Catalog().folder / "broken.json").write_text("{")
    (broken / "a.txt").write_text("Something else.")
    await_(lambda: "broken" in caplog.text)
    (docs / "price.txt").write_text("The blue box costs ten coins.")
    await_(says(open_pipeline("c", SETTINGS), "What does the blue box cost?", "ten coins"))


def test_stopping_ends_its_threads(docs: Path, quick: None) -> None:
    before = threading.active_count()
    watcher = CorpusWatcher()
    watcher.start()
    watcher.stop()
    assert not watcher._thread.is_alive() and threading.active_count() <= before + 1
