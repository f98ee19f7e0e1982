from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from engine import indexing
from engine.corpora import CorpusReport, find_corpus, ingest_corpus, record_ingest, shipped_corpora
from engine.embedding import load_embedder
from engine.errors import DiskFullError, IndexMismatchError, InputError, UnknownNameError
from engine.index import Catalog, ChunkTable
from engine.pipeline import open_pipeline
from engine.settings import PipelineSettings
from engine.store import CorpusStore, open_store

WriteFiles = Callable[[Path, Mapping[str, str | bytes]], Path]
ROOT = Path(__file__).resolve().parents[2]
SMALL = PipelineSettings(chunk_size=200, chunk_overlap=40)


@pytest.fixture
def docs(tmp_path: Path, write_files: WriteFiles) -> Path:
    """Twenty documents of three chunks or so."""
    facts = {
        f"d{i:02}.md": f"# Item {i}\n\n" + f"Item {i} weighs {i + 3} grams. It ships in box {i * 7}. " * 8
        for i in range(20)
    }
    return write_files(tmp_path / "docs", facts)


def ingest(docs: Path, name: str = "c", settings: PipelineSettings = SMALL, **options: bool) -> CorpusReport:
    return ingest_corpus(name, [docs], settings, **options)


def open_table(name: str = "c", settings: PipelineSettings = SMALL) -> ChunkTable:
    catalog = Catalog()
    return ChunkTable(catalog.folder, catalog.load(name).indexes[settings.index_fingerprint].table)


def ranking(question: str, name: str = "c", settings: PipelineSettings = SMALL) -> list[tuple[str, int, int]]:
    return [(r.document, r.start, r.end) for r in open_pipeline(name, settings).answer(question).retrieved]


def test_an_unchanged_folder_embeds_nothing(home: Path, docs: Path) -> None:
    first, again = ingest(docs), ingest(docs)
    assert first.embedded == first.chunks > 20 and first.reused == 0
    assert (again.embedded, again.reused, again.chunks) == (0, first.chunks, first.chunks)
    assert (again.changed, again.removed, again.documents) == (0, 0, 20)


def test_one_changed_file_embeds_only_its_own_chunks(home: Path, docs: Path) -> None:
    first = ingest(docs)
    (docs / "d05.md").write_text("# Item 5\n\nItem 5 was withdrawn in spring.\n")
    again = ingest(docs)
    assert (again.embedded, again.changed, again.removed) == (1, 1, 0)
    assert again.chunks < first.chunks and again.reused == again.chunks - 1
    assert "withdrawn" in open_pipeline("c", SMALL).answer("What happened to item 5?").text
    assert not [r for r in ranking("Item 5 weighs 8 grams") if r[0] == "d05.md" and r[1] > 0]


def test_a_changed_ending_of_a_file_embeds_only_the_chunks_that_differ(home: Path, docs: Path) -> None:
    ingest(docs)
    path = docs / "d05.md"
    path.write_text(path.read_text() + "It was praised. ")
    assert 0 < ingest(docs).embedded <= 2


def test_a_removed_file_leaves_the_index_and_a_new_one_enters_it(home: Path, docs: Path) -> None:
    ingest(docs)
    (docs / "d03.md").unlink()
    (docs / "new.txt").write_text("The turquoise envelope costs nine coins.")
    report = ingest(docs)
    assert (report.changed, report.removed, report.embedded) == (1, 1, 1)
    names = {row["document"] for row in open_table().load_documents()}
    assert "d03.md" not in names and "new.txt" in names and len(names) == 20
    assert ranking("turquoise envelope")[0][0] == "new.txt"
    assert all(document != "d03.md" for document, _, _ in ranking("Item 3 weighs 6 grams"))


def test_a_file_that_was_only_removed_needs_no_embedding(home: Path, docs: Path) -> None:
    ingest(docs)
    (docs / "d03.md").unlink()
    report = ingest(docs)
    assert (report.embedded, report.removed, report.documents) == (0, 1, 19)


def test_an_index_merged_in_many_small_steps_searches_like_one_built_at_once(home: Path, docs: Path) -> None:
    for path in sorted(docs.iterdir())[5:]:
        path.rename(path.with_suffix(".later"))
    ingest(docs)
    table = open_table().name
    for path in sorted(docs.glob("*.later"))[:6]:
        path.rename(path.with_suffix(".md"))
        ingest(docs)
        (docs / "d01.md").write_text((docs / "d01.md").read_text() + f"Praised once more, {path.name}. ")
        ingest(docs)
    (docs / "d04.md").unlink()
    ingest(docs)
    assert open_table().name == table, "every step was a merge"
    ingest_corpus("fresh", [docs], SMALL)
    merged, fresh = open_table(), open_table("fresh")
    embed = load_embedder(SMALL).embed
    for question in ("What does item 7 weigh?", "box 21", "praised", "Which item was withdrawn?"):
        found = [dict(_places(t, t.search_dense(embed([question])[0], 1000))) for t in (merged, fresh)]
        assert found[0] == pytest.approx(found[1], abs=1e-5)
        words = [dict(_places(t, t.search_lexical(question, 1000))) for t in (merged, fresh)]
        assert words[0] == pytest.approx(words[1], rel=1e-4)


def _places(table: ChunkTable, found: list[tuple[int, float]]) -> Iterator[tuple[tuple[str, int, int], float]]:
    return zip(table.fetch_places([row for row, _ in found]).values(), [score for _, score in found], strict=True)


def test_further_paths_join_the_earlier_ones_unless_replaced(
    home: Path, tmp_path: Path, write_files: WriteFiles
) -> None:
    a, b = write_files(tmp_path / "a", {"a.txt": "Apples."}), write_files(tmp_path / "b", {"b.txt": "Pears."})
    assert ingest(a).documents == 1
    joined = ingest(b)
    assert (joined.documents, joined.sources) == (2, (str(a), str(b)))
    replaced = ingest(b, replace=True)
    assert (replaced.documents, replaced.removed, replaced.sources) == (1, 1, (str(b),))


def test_a_source_that_is_gone_is_reported_and_its_documents_leave(
    home: Path, tmp_path: Path, write_files: WriteFiles
) -> None:
    a, b = write_files(tmp_path / "a", {"a.txt": "Apples."}), write_files(tmp_path / "b", {"b.txt": "Pears."})
    ingest(a)
    ingest(b)
    (a / "a.txt").unlink()
    a.rmdir()
    report = ingest(b)
    assert (report.documents, report.sources) == (1, (str(b),))
    assert report.skipped[0].path == str(a) and "no longer there" in report.skipped[0].reason


def test_a_folder_whose_files_have_all_vanished_is_refused_and_the_last_index_answers(home: Path, docs: Path) -> None:
    ingest(docs)
    before = ranking("What does item 7 weigh?")
    for path in docs.iterdir():
        path.unlink()
    with pytest.raises(InputError, match="no files there"):
        ingest(docs)
    assert ranking("What does item 7 weigh?") == before


def test_a_folder_without_a_readable_file_is_refused_with_the_reasons_and_makes_no_corpus(
    home: Path, tmp_path: Path, write_files: WriteFiles
) -> None:
    write_files(tmp_path / "bad", {"a.pdf": b"junk", "b.txt": b""})
    with pytest.raises(InputError, match=r"a\.pdf: not a readable PDF.*b\.txt: empty"):
        ingest(tmp_path / "bad")
    assert Catalog().names() == []


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "a b", "x" * 81, "naïve", "-a"])
def test_a_name_that_is_no_file_name_is_refused(home: Path, docs: Path, name: str) -> None:
    with pytest.raises(InputError, match="expected up to 80 letters"):
        ingest(docs, name)
    assert not list(home.glob("lance/*.json"))


def test_names_with_dots_and_dashes_stay_apart(home: Path, tmp_path: Path, write_files: WriteFiles) -> None:
    names = ["a", "a-b", "a-b-c", "a.b", "a.json", "A9_z"]
    for round_ in range(3):
        for name in names:
            ingest(write_files(tmp_path / name, {"d.txt": f"Corpus {name}, round {round_}."}), name)
    assert Catalog().names() == sorted(names)
    for name in names:
        assert [d["document_text"] for d in open_table(name).load_documents()] == [f"Corpus {name}, round 2."]


def test_documents_with_quotes_and_other_scripts_in_their_names_are_found_changed_and_removed(
    home: Path, docs: Path, write_files: WriteFiles
) -> None:
    names = ['it\'s "quoted".txt', "日本 語.txt", "100%_sure;--.txt", "a\\b.txt", "🙂.txt"]
    write_files(docs, {name: f"Text {i} of an odd name." for i, name in enumerate(names)})
    ingest(docs)
    pipeline = open_pipeline("c", SMALL)
    assert [pipeline.document_text(name) for name in names] == [f"Text {i} of an odd name." for i in range(5)]
    assert pipeline.document_text("nowhere.txt") is None
    (docs / names[0]).write_text("Changed text.")
    (docs / names[1]).unlink()
    report = ingest(docs)
    assert (report.changed, report.removed) == (1, 1)
    assert pipeline.document_text(names[0]) == "Changed text." and pipeline.document_text(names[1]) is None


def test_chunks_sized_in_tokens_work_end_to_end(home: Path, docs: Path) -> None:
    settings = PipelineSettings(chunk_unit="tokens", chunk_size=60, chunk_overlap=10)
    assert ingest(docs, settings=settings).chunks > 20
    answer = open_pipeline("c", settings).answer("What does item 7 weigh?")
    assert "10 grams" in answer.text
    assert ingest(docs, settings=settings).embedded == 0


def test_indexes_of_several_settings_live_side_by_side_until_the_documents_change(home: Path, docs: Path) -> None:
    other = PipelineSettings(chunk_size=300, chunk_overlap=0)
    ingest(docs)
    ingest(docs, settings=other)
    table = open_table().name
    assert set(Catalog().load("c").indexes) == {SMALL.index_fingerprint, other.index_fingerprint}
    ingest(docs)
    assert open_table().name == table
    (docs / "d01.md").write_text("Changed.")
    ingest(docs)
    assert set(Catalog().load("c").indexes) == {SMALL.index_fingerprint}


def test_an_index_made_by_another_model_is_refused_with_the_way_out(home: Path, docs: Path) -> None:
    ingest(docs)
    path = Catalog().folder / "c.json"
    path.write_text(path.read_text().replace("all-MiniLM-L6-v2/fast", "other-model"))
    with pytest.raises(IndexMismatchError, match="made by other-model") as caught:
        open_pipeline("c", SMALL)
    assert "python -m engine ingest" in caught.value.hint


def test_tables_that_no_corpus_names_any_more_are_dropped(home: Path, docs: Path) -> None:
    for i in range(4):
        for path in docs.iterdir():
            path.write_text(f"Round {i} of {path.name}.")
        ingest(docs)
    assert len(open_table().names()) <= 2


_INGEST = """
import sys
from pathlib import Path
from engine.corpora import ingest_corpus
from engine.settings import PipelineSettings
def tell(done, total, message):
    print(done, total, message, flush=True)
    if message == "embedding" and len(sys.argv) > 3: sys.stdin.readline()
report = ingest_corpus(sys.argv[1], [Path(sys.argv[2])], PipelineSettings(chunk_size=200, chunk_overlap=40), tell)
print("ended", report.chunks, report.embedded, flush=True)
"""


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    running: list[subprocess.Popen[str]] = []

    def start_ingest(*arguments: str) -> subprocess.Popen[str]:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
        process = subprocess.Popen([sys.executable, "-c", _INGEST, *arguments], **pipes)  # type: ignore[call-overload]
        running.append(process)
        return process

    yield start_ingest
    for process in running:
        process.kill()
        process.communicate()


def test_a_kill_in_the_middle_leaves_the_last_index_answering_and_the_next_ingest_completes(
    home: Path, docs: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    ingest(docs)
    before = ranking("What does item 7 weigh?")
    for i in range(400):
        (docs / f"more{i}.txt").write_text(f"Parcel {i} holds {i} turquoise envelopes.")
    process = start("c", str(docs), "hold")
    assert any("embedding" in line for line in process.stdout)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert ranking("What does item 7 weigh?") == before
    (docs / "d07.md").touch()
    report = ingest(docs)
    assert report.documents == 420
    assert 0 < report.embedded < 400, "what the killed ingest had embedded is not embedded again"
    assert ranking("turquoise envelopes of parcel 399")[0][0] == "more399.txt"
    assert len(open_table().names()) <= 2, "the killed ingest's table is gone"


def test_two_ingests_of_one_corpus_at_once_both_succeed_and_embed_once(
    home: Path, docs: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    processes = [start("c", str(docs)) for _ in range(3)]
    ends = [p.communicate(timeout=120)[0].splitlines()[-1].split() for p in processes]
    assert {end[0] for end in ends} == {"ended"} and len({end[1] for end in ends}) == 1
    assert sorted(int(end[2]) for end in ends)[:2] == [0, 0]
    assert ranking("What does item 7 weigh?")[0][0] == "d07.md"


def test_an_open_pipeline_sees_what_another_process_has_ingested(
    home: Path, docs: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    ingest(docs)
    pipeline = open_pipeline("c", SMALL)
    assert pipeline.answer("turquoise envelope").retrieved[0].document != "new.txt"
    (docs / "new.txt").write_text("The turquoise envelope costs nine coins.")
    assert "ended" in start("c", str(docs)).communicate(timeout=120)[0]
    assert pipeline.answer("What does the turquoise envelope cost?").text == "The turquoise envelope costs nine coins."
    for path in docs.iterdir():
        path.write_text(f"All is new in {path.name}.")
    assert "ended" in start("c", str(docs)).communicate(timeout=120)[0]
    assert pipeline.answer("What is new in d07.md?").text.startswith("All is new")


@pytest.fixture
def tiny_disk(tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A state folder on a disk of 8 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = os.geteuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], capture_output=True
    ).returncode == 0  # fmt: skip
    if not made:
        pytest.skip("a small disk can be mounted by root only, where the machine allows it")
    (folder / "models").symlink_to(models)
    monkeypatch.setenv("PHASEGATE_HOME", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_told_and_the_last_index_answers(tiny_disk: Path, docs: Path) -> None:
    ingest(docs)
    before = ranking("What does item 7 weigh?")
    filler = tiny_disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"x" * 4096):
            pass
    for i in range(40):
        (docs / f"more{i}.txt").write_text(f"Parcel {i} holds {i} turquoise envelopes. " * 9)
    with pytest.raises(DiskFullError) as caught:
        ingest(docs)
    assert "Free some space" in caught.value.hint
    assert ranking("What does item 7 weigh?") == before
    filler.unlink()
    for i in range(3, 40):
        (docs / f"more{i}.txt").unlink()
    assert ingest(docs).documents == 23


def test_a_corpus_is_found_by_its_shipped_name_or_by_a_path(tmp_path: Path, write_files: WriteFiles) -> None:
    stories = shipped_corpora()["stories"]
    assert find_corpus("stories") == ("stories", stories)
    assert find_corpus(str(stories)) == ("stories", stories)
    name, path = find_corpus("docs", write_files(tmp_path / "suite", {"docs/a.txt": "A."}))
    assert path == tmp_path / "suite" / "docs" and name.startswith("suite-")
    with pytest.raises(UnknownNameError, match="stories"):
        find_corpus("nowhere")


def test_a_suites_own_folder_goes_before_a_shipped_corpus_of_that_name(tmp_path: Path, write_files: WriteFiles) -> None:
    name, path = find_corpus("stories", write_files(tmp_path, {"stories/a.txt": "A."}))
    assert path == tmp_path / "stories" and name != "stories" and name.startswith("stories-")


@pytest.mark.parametrize("folder", ["données", "資料", "my docs!", "...", "x" * 90])
def test_a_folder_of_any_name_gives_a_name_that_can_be_ingested(
    home: Path, tmp_path: Path, write_files: WriteFiles, folder: str
) -> None:
    write_files(tmp_path, {f"{folder}/a.txt": "Apples are red."})
    name, path = find_corpus(str(tmp_path / folder))
    assert ingest_corpus(name, [path], SMALL).documents == 1
    assert find_corpus(str(tmp_path / folder))[0] == name


def test_the_store_keeps_the_documents_and_is_left_alone_when_nothing_changed(home: Path, docs: Path) -> None:
    with open_store(home) as store:
        kept = CorpusStore(store)
        record_ingest(store, ingest(docs), SMALL)
        row = kept.load_corpus("c")
        assert (row["documents"], row["skipped"], row["sources"]) == (20, [], [str(docs)])
        assert {d["document"]: d["characters"] for d in kept.load_documents("c")}["d05.md"] == len(
            (docs / "d05.md").read_text()
        )
        assert sum(d["chunks"] for d in kept.load_documents("c")) == row["chunks"]
        record_ingest(store, ingest(docs), SMALL)
        assert kept.load_corpus("c")["updated_at"] == row["updated_at"]


def test_a_newly_skipped_file_reaches_the_store_though_no_document_changed(home: Path, docs: Path) -> None:
    with open_store(home) as store:
        record_ingest(store, ingest(docs), SMALL)
        (docs / "broken.pdf").write_bytes(b"junk")
        record_ingest(store, ingest(docs), SMALL)
        assert [Path(s["path"]).name for s in CorpusStore(store).load_corpus("c")["skipped"]] == ["broken.pdf"]


def test_progress_ends_at_the_total(home: Path, docs: Path) -> None:
    said: list[tuple[int, int, str]] = []
    started = time.monotonic()
    report = ingest_corpus("c", [docs], SMALL, lambda *step: said.append(step))
    assert said[0] == (0, 0, "reading files") and said[-1][0] == said[-1][1] > 0
    assert 0 < report.seconds <= time.monotonic() - started + 0.001
    assert indexing.heading_prefix("Refunds", "Refunds > Late") == "Refunds > Late\n"
    assert indexing.heading_prefix("Shop", "Refunds") == "Shop > Refunds\n" and indexing.heading_prefix("", "") == ""
