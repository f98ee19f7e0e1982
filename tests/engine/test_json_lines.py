from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import InputError
from engine.json_lines import read_rows


def test_odd_line_separators_inside_a_value_do_not_end_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "one\u2028two"}\n\n{"text": "three"}\n', encoding="utf-8")
    assert [row["text"] for row in read_rows(path)] == ["one\u2028two", "three"]


@pytest.mark.parametrize("line", ["{broken", "[1, 2]", '"text"'])
def test_a_broken_line_is_named_by_file_and_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "fine"}\n' + line + "\n")
    with pytest.raises(InputError, match="a.jsonl, line 2: expected a JSON object"):
        list(read_rows(path))


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="could not be read"):
        list(read_rows(tmp_path / "none.jsonl"))
