from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from engine.errors import DiskFullError, StoreError, UnknownNameError
from engine.index import Catalog, CorpusEntry, IndexEntry

ROOT = Path(__file__).resolve().parents[3]


def entry(name: str) -> CorpusEntry:
    index = IndexEntry(table=f"{name}-f-1", embedder="m", settings={"chunk_size": 5})
    return CorpusEntry(corpus=name, sources=("/a", "/b c"), indexes={"f": index})


def test_a_saved_corpus_is_found_again_as_it_was(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "lance")
    assert catalog.names() == [] and catalog.find("a") is None
    catalog.save(entry("a"))
    catalog.save(entry("a.b-c"))
    assert Catalog(tmp_path / "lance").load("a.b-c") == entry("a.b-c")
    assert catalog.names() == ["a", "a.b-c"]
    assert sorted(p.name for p in (tmp_path / "lance").iterdir()) == ["a.b-c.json", "a.json"]


def test_an_unknown_corpus_is_refused_with_the_known_ones_and_the_command_that_makes_it(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path)
    catalog.save(entry("known"))
    with pytest.raises(UnknownNameError, match=r"'nowhere'\. Known: known\.") as caught:
        catalog.load("nowhere")
    assert "python -m engine ingest" in caught.value.hint


def test_a_catalog_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "lance").write_text("in the way")
    with pytest.raises(DiskFullError, match="could not be written"):
        Catalog(tmp_path / "lance").save(entry("a"))


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"corpus": "a", "sources": [], "indexes": {"f": {"colour": 1}}}']
)
def test_a_damaged_file_is_named_with_what_to_do(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(StoreError, match=r"a\.json is damaged") as caught:
        Catalog(tmp_path).find("a")
    assert "ingest the corpus again" in caught.value.hint


def test_a_lock_holds_other_threads_and_goes_with_a_killed_process(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from engine.index.catalog import Catalog\n"
        "with Catalog(Path(sys.argv[1])).locked('a'): print('held', flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout and process.stdout.readline() == "held\n"
        entered = threading.Event()

        def enter() -> None:
            with Catalog(tmp_path).locked("a"):
                entered.set()

        thread = threading.Thread(target=enter)
        thread.start()
        with Catalog(tmp_path).locked("b"):
            assert not entered.wait(0.2)
        process.kill()
        assert entered.wait(20)
        thread.join()
