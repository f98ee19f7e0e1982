from __future__ import annotations

import pytest

from engine.errors import SettingError
from engine.retrieval import parse_filter
from engine.types import Condition


def test_conditions_are_read_in_order() -> None:
    assert parse_filter("document=policies/*, content_type != pdf") == (
        Condition(field="document", pattern="policies/*"),
        Condition(field="content_type", pattern="pdf", excludes=True),
    )


@pytest.mark.parametrize("text", ["", "   "])
def test_no_text_is_no_condition(text: str) -> None:
    assert parse_filter(text) == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("author=Ada", "no field 'author'. Known: document, title, source, content_type"),
        ("document", "expected field=pattern, found 'document'"),
        ("document=", "expected field=pattern"),
        ("document=a,,title=b", "expected field=pattern, found ''"),
        ("=x", "expected field=pattern"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, problem: str) -> None:
    with pytest.raises(SettingError) as error:
        parse_filter(text)
    assert problem in error.value.message and error.value.hint
