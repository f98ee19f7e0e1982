"""References and files to targets; what cannot be used is named with its field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.errors import InputError, UnknownNameError
from engine.evaluation.target_files import build_spec, read_target_file
from engine.evaluation.target_requests import render_request
from engine.evaluation.target_specs import resolve_target

SAVED = {"bot": {"kind": "http", "url": "http://bot:8000/ask", "name": "bot"}}


@pytest.mark.parametrize(
    ("reference", "name", "kind"),
    [
        ("pipeline", "pipeline", "pipeline"),
        ("bot", "bot", "http"),
        ("https://host/ask", "https://host/ask", "http"),
        ("my_app.rag:answer", "my_app.rag:answer", "callable"),
    ],
)
def test_a_reference_means_a_target(reference: str, name: str, kind: str) -> None:
    spec = resolve_target(reference, SAVED)
    assert (spec.name, spec.kind, spec.reference) == (name, kind, reference)


def test_a_file_means_the_target_in_it(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text("kind: callable\ncallable: shop.rag:answer\nfolder: src\n")
    spec = resolve_target(str(tmp_path / "shop.yaml"), {})
    assert spec.name == "shop"
    assert spec.reference == str(tmp_path / "shop.yaml")
    assert spec.call is not None
    assert spec.call.folder == str(tmp_path / "src")
    (tmp_path / "other.json").write_text(json.dumps({"name": "other-bot", "kind": "http", "url": "http://h/"}))
    assert read_target_file(tmp_path / "other.json").name == "other-bot"


@pytest.mark.parametrize("reference", ["nope", "no such:thing", "", "ftp://host/x", "/nowhere/bot.yaml"])
def test_what_means_no_target_is_refused(reference: str) -> None:
    with pytest.raises(InputError):
        resolve_target(reference, SAVED)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="bot, pipeline"):
        resolve_target("nope", SAVED)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, "'kind': expected http or callable, found nothing"),
        ({"kind": "http"}, "'url': expected a value, the field is missing"),
        ({"kind": "http", "url": "ftp://h/"}, "'url': expected an address that begins with http:// or https://"),
        ({"kind": "http", "url": "http:///x"}, "'url': expected an address"),
        ({"kind": "http", "url": "file:///etc/passwd"}, "'url': expected an address"),
        ({"kind": "http", "url": "http://h/", "wat": 1}, "'wat': unknown field"),
        ({"kind": "http", "url": "http://h/", "method": "DELETE"}, "'method': expected one of"),
        ({"kind": "http", "url": "http://h/", "reply": {"answer": "a[["}}, "'reply.answer': expected a JMESPath expression"),
        ({"kind": "http", "url": "http://h/", "request": {"q": "hello"}}, "the question would not be sent"),
        ({"kind": "http", "url": "http://h/", "method": "GET", "request": {"q": ["{question}"]}}, "plain values"),
        ({"kind": "http", "url": "http://h/", "preset": "openai-chat"}, "expected the name of a model"),
        ({"kind": "http", "url": "http://h/", "headers": {"A b": "x"}}, "'headers': expected a header's name"),
        ({"kind": "http", "url": "http://h/", "limits": {"timeout_s": 0}}, "'limits.timeout_s': expected more than 0"),
        ({"kind": "http", "url": "http://h/", "limits": {"attempts": 99}}, "'limits.attempts': expected at most 10, found 99"),
        ({"kind": "callable", "callable": "no function"}, "'callable': expected module:function"),
        ({"kind": "http", "url": "http://h/", "name": "pipeline"}, "'name': expected up to 60 letters"),
        ({"kind": "http", "url": "http://h/", "name": "../x"}, "'name': expected up to 60 letters"),
    ],
)  # fmt: skip
def test_what_a_target_lacks_is_named_with_its_field(config: dict[str, Any], expected: str) -> None:
    with pytest.raises(InputError) as caught:
        build_spec(config, "bot.yaml")
    assert expected in caught.value.message
    assert caught.value.message.startswith("bot.yaml")


@pytest.mark.parametrize("content", ["- a\n", "kind: [http\n", "", "\xff"])
def test_a_file_that_is_no_target_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "bot.yaml"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(InputError):
        read_target_file(path)


def test_a_spec_can_be_kept_as_json_and_says_which_limits_held() -> None:
    shown = resolve_target("bot", SAVED).as_json()
    assert json.loads(json.dumps(shown)) == shown
    assert shown["limits"]["concurrency"] == 4


def test_a_shorter_timeout_of_a_case_holds_and_a_longer_one_does_not() -> None:
    spec = resolve_target("bot", SAVED)
    assert spec.with_timeout(2).limits.timeout_s == 2
    assert spec.with_timeout(600) == spec.with_timeout(None) == spec


def test_a_template_is_filled_and_a_question_is_never_taken_for_a_placeholder() -> None:
    template = {
        "q": "{question}",
        "all": ["first", "{history}"],
        "text": "{history}\nQ: {question}",
        "n": 3,
        "m": "{messages}",
    }
    filled = render_request(template, "what is {history}?", [("a", "b")])
    assert filled["q"] == "what is {history}?"
    assert filled["all"] == ["first", {"question": "a", "answer": "b"}]
    assert filled["text"] == "Question: a\nAnswer: b\nQ: what is {history}?"
    assert filled["m"][-1] == {"role": "user", "content": "what is {history}?"}
    assert filled["n"] == 3
