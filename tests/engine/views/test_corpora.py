from pathlib import Path

import pytest

from engine.errors import InputError
from engine.views.corpora import cut_at_chunks, save_uploads
from engine.views.tables import build_csv


def test_overlapping_chunks_share_a_part() -> None:
    parts = cut_at_chunks("abcdefghij", [(0, 0, 6), (1, 4, 10)])
    assert [(p.text, p.chunks) for p in parts] == [("abcd", (0,)), ("ef", (0, 1)), ("ghij", (1,))]
    assert "".join(p.text for p in parts) == "abcdefghij"


@pytest.mark.parametrize("name", ["../../evil.txt", "..\\evil.txt", "/etc/evil.txt"])
def test_an_upload_stays_in_its_folder(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path))
    folder = save_uploads("mine", [(name, b"text")])
    assert folder == tmp_path / "uploads" / "mine"
    assert (folder / "evil.txt").read_bytes() == b"text"


def test_a_corpus_name_that_leaves_the_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path))
    with pytest.raises(InputError):
        save_uploads("../outside", [("a.txt", b"")])
    assert not (tmp_path.parent / "outside").exists()


def test_a_cell_that_a_spreadsheet_would_run_is_quoted() -> None:
    assert build_csv([{"question": "=1+1", "n": -2}]) == "question,n\n'=1+1,-2\n"
    assert build_csv([]) == ""
