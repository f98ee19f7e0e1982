from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.corpora import ingest_corpus
from engine.index import Catalog, ChunkTable
from engine.index.versions import read_index_version
from engine.settings import PipelineSettings
from tests.conftest import WriteFiles


def test_the_version_told_from_names_is_the_newest_that_the_table_has(
    home: Path, tmp_path: Path, write_files: WriteFiles
) -> None:
    folder = write_files(tmp_path / "docs", {f"{name}.txt": f"About {name}." for name in "abcdefgh"})
    fingerprint = PipelineSettings().index_fingerprint
    seen = []
    for number in range(4):
        (folder / "a.txt").write_text(f"About a, edition {number}.")
        ingest_corpus("docs", [folder], PipelineSettings())
        found = read_index_version(home / "lance", "docs", fingerprint)
        assert found is not None
        table, name = found
        assert table == Catalog().load("docs").indexes[fingerprint].table
        version = ChunkTable(home / "lance", table).version
        assert int(name.partition(".")[0]) in (version, 2**64 - 1 - version)
        seen.append(found)
    assert len(set(seen)) == 4


def name_of(folder: Path) -> str:
    """The name of the newest version's file, without its number and time."""
    found = read_index_version(folder, "docs", "f")
    assert found is not None and found[0] == "t"
    return found[1].split()[0]


def test_both_of_lancedb_s_ways_to_name_versions_are_read(tmp_path: Path) -> None:
    (tmp_path / "docs.json").write_text(
        '{"corpus": "docs", "sources": [], "indexes": {"f": {"table": "t", "embedder": "e", "settings": {}}}}'
    )
    versions = tmp_path / "t.lance" / "_versions"
    versions.mkdir(parents=True)
    for name in ("2.manifest", "10.manifest", "9.manifest", "11.tmp"):
        (versions / name).touch()
    assert name_of(tmp_path) == "10.manifest"
    (versions / f"{2**64 - 1 - 3:020}.manifest").touch()
    (versions / f"{2**64 - 1 - 30:020}.manifest").touch()
    assert name_of(tmp_path) == f"{2**64 - 1 - 30:020}.manifest"
    before = read_index_version(tmp_path, "docs", "f")
    newest = versions / f"{2**64 - 1 - 30:020}.manifest"
    os.utime(newest, (1, 1))
    assert read_index_version(tmp_path, "docs", "f") != before and name_of(tmp_path) == newest.name
    (versions / "broken.manifest").touch()
    assert read_index_version(tmp_path, "docs", "f") is None


@pytest.mark.parametrize("corpus", ["none", "", "a\0b", "../x"])
def test_what_is_not_there_has_no_version(tmp_path: Path, corpus: str) -> None:
    assert read_index_version(tmp_path, corpus, "f") is None
