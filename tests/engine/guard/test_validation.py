"""What the doors take and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import InputError, SettingError
from engine.guard.fields import check_header, check_question, check_session
from engine.guard.validation import AskBody, ConfigBody, check_body
from engine.settings import PipelineSettings

GOOD: dict[str, Any] = {"question": "What is covered?", "corpus": "handbook"}


def refuse(model: Any, body: Any) -> dict[str, str]:
    with pytest.raises(InputError) as caught:
        check_body(model, body)
    return caught.value.fields


def test_question_may_have_1_to_100000_characters_and_not_be_blank() -> None:
    assert check_question("?") == "?"
    assert check_question("x" * 100_000)
    for text in ("", " \n\t\u3000", "x" * 100_001):
        with pytest.raises(InputError, match="100,000"):
            check_question(text)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**GOOD, "question": ""}, "question"),
        ({**GOOD, "question": "  "}, "question"),
        ({**GOOD, "question": "x" * 100_001}, "question"),
        ({**GOOD, "question": 7}, "question"),
        ({**GOOD, "question": None}, "question"),
        ({"corpus": "a"}, "question"),
        ({**GOOD, "corpus": "../etc"}, "corpus"),
        ({**GOOD, "corpus": ""}, "corpus"),
        ({**GOOD, "session": "a\x00b"}, "session"),
        ({**GOOD, "session": "s" * 201}, "session"),
        ({**GOOD, "preset": "quick"}, "preset"),
        ({**GOOD, "settings": []}, "settings"),
        ({**GOOD, "settings": {"top_k": None}}, "settings.top_k"),
        ({**GOOD, "settings": {"top_k": True}}, "settings.top_k"),
        ({**GOOD, "stream": "yes"}, "stream"),
        ({**GOOD, "history": [{"question": "a"}]}, "history.0.answer"),
        ({**GOOD, "session": "s", "history": [{"question": "a", "answer": "b"}]}, "history"),
        ({**GOOD, "colour": "red"}, "colour"),
        ([], ""),
        ("text", ""),
        (None, ""),
    ],
)
def test_wrong_field_is_named(body: Any, field: str) -> None:
    assert list(refuse(AskBody, body)) == [field]


def test_every_wrong_field_is_named_at_once_and_no_text_is_repeated() -> None:
    with pytest.raises(InputError) as caught:
        check_body(AskBody, {"question": 5, "corpus": "a b", "secret": "hunter2"})
    assert set(caught.value.fields) == {"question", "corpus", "secret"}
    assert "hunter2" not in caught.value.message


def test_halves_of_surrogate_pairs_are_replaced() -> None:
    assert check_body(AskBody, {**GOOD, "question": "a\ud800b"}).question == "a\ufffdb"


def test_settings_lie_over_preset_over_base() -> None:
    body = check_body(AskBody, {**GOOD, "preset": "fast", "settings": {"top_k": 3}})
    settings = body.resolve_settings(PipelineSettings(answer_words=20))
    assert (settings.chunk_size, settings.top_k, settings.answer_words) == (512, 3, 20)


@pytest.mark.parametrize(
    ("values", "field"),
    [({"top_k": 0}, "top_k"), ({"top_k": "many"}, "top_k"), ({"speed": 1}, "speed"), ({"chunk_overlap": 5000}, "chunk_overlap")],
)  # fmt: skip
def test_setting_that_cannot_be_is_named(values: dict[str, Any], field: str) -> None:
    body = check_body(ConfigBody, values)
    with pytest.raises(SettingError) as caught:
        body.resolve_settings()
    assert list(caught.value.fields) == [field]


def test_config_takes_a_preset_and_fields_on_top() -> None:
    settings = check_body(ConfigBody, {"preset": "accurate", "min_similarity": 0.3}).resolve_settings()
    assert (settings.chunk_size, settings.min_similarity) == (2048, 0.3)


def test_session_id_may_be_in_any_writing_system_but_holds_no_control_characters() -> None:
    assert check_session("客户-42 ‏א") == "客户-42 ‏א"
    for session in ("", " ", "a\nb", "a\x1b[2J", "x" * 201, "\ud800"):
        with pytest.raises(InputError, match="session"):
            check_session(session)


def test_header_value_is_one_line() -> None:
    assert check_header("X-Request-Id", " abc ") == "abc"
    for value in ("a\r\nSet-Cookie: x", "x" * 1001, "\x00"):
        with pytest.raises(InputError, match="X-Request-Id"):
            check_header("X-Request-Id", value)
