from pathlib import Path

import pytest

from engine.errors import UnknownNameError
from engine.views.guide import find_section, load_guide

TEXT = "# Errors\n\nintro\n\n## Input\n\nfirst\n\n### Deeper\n\nmore\n\n## No data {#no-data}\n\nsecond\n"


def test_a_section_ends_at_the_next_heading_of_its_level() -> None:
    assert find_section(TEXT, "input") == "## Input\n\nfirst\n\n### Deeper\n\nmore\n"
    assert "second" in find_section(TEXT, "no-data")
    assert find_section(TEXT, "nowhere") == ""


def test_an_unknown_section_shows_the_page_and_an_unknown_page_is_refused(tmp_path: Path) -> None:
    (tmp_path / "errors.md").write_text(TEXT)
    assert load_guide("errors", "nowhere", tmp_path).text == TEXT
    with pytest.raises(UnknownNameError, match="errors"):
        load_guide("nope", "", tmp_path)
