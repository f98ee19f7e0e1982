from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from engine.errors import InputError
from engine.ingestion import load_documents

WriteFiles = Callable[[Path, Mapping[str, str | bytes]], Path]


def test_a_document_is_named_by_its_path_in_the_folder_and_a_single_file_by_its_name(
    tmp_path: Path, write_files: WriteFiles
) -> None:
    write_files(tmp_path, {"z.txt": "Z.", "a/deep er/ü.txt": "U.", "one/file.txt": "F."})
    assert [d.id for d in load_documents([tmp_path]).documents] == ["z.txt", "a/deep er/ü.txt", "one/file.txt"]
    single = load_documents([tmp_path / "one" / "file.txt"]).documents
    assert [(d.id, d.source) for d in single] == [("file.txt", str(tmp_path / "one" / "file.txt"))]


def test_hidden_files_and_folders_and_lock_files_are_left_alone(tmp_path: Path, write_files: WriteFiles) -> None:
    write_files(tmp_path, {"a.txt": "A.", ".hidden.txt": "H.", ".git/x.txt": "X.", "~$a.docx": "lock"})
    loaded = load_documents([tmp_path])
    assert [d.id for d in loaded.documents] == ["a.txt"] and not loaded.skipped


def test_loops_of_links_end(tmp_path: Path, write_files: WriteFiles) -> None:
    write_files(tmp_path, {"a/b.txt": "B."})
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "self.txt").symlink_to(tmp_path / "self.txt")
    loaded = load_documents([tmp_path])
    assert [d.id for d in loaded.documents] == ["a/b.txt"]
    assert [Path(s.path).name for s in loaded.skipped] == ["self.txt"]


def test_two_files_of_one_name_from_two_folders_keep_the_first_and_report_the_other(
    tmp_path: Path, write_files: WriteFiles
) -> None:
    write_files(tmp_path, {"x/a.txt": "First.", "y/a.txt": "Second."})
    loaded = load_documents([tmp_path / "x", tmp_path / "y"])
    assert [d.text for d in loaded.documents] == ["First."]
    assert "already there" in loaded.skipped[0].reason


def test_a_path_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        load_documents([tmp_path / "nowhere"])


def test_the_hash_changes_with_the_text_and_not_with_the_place(tmp_path: Path, write_files: WriteFiles) -> None:
    write_files(tmp_path, {"x/a.txt": "Same.", "y/a.txt": "Same.", "z/a.txt": "Other."})
    hashes = [load_documents([tmp_path / folder]).documents[0].content_hash for folder in "xyz"]
    assert hashes[0] == hashes[1] != hashes[2]


def test_a_file_name_that_is_no_text_is_read_under_a_name_that_is(tmp_path: Path) -> None:
    try:
        (Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt"))).write_text("Coffee.")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    assert [d.id for d in load_documents([tmp_path]).documents] == ["caf\ufffd.txt"]


def test_a_pipe_among_the_files_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "a.txt").write_text("A.")
    loaded = load_documents([tmp_path])
    assert [d.id for d in loaded.documents] == ["a.txt"] and len(loaded.skipped) == 1
