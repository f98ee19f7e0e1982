"""Validators: strict verdicts, abstentions, consensus."""

from __future__ import annotations

import pytest

from engine.errors import ProviderError
from engine.generation.prompts import load_shipped
from engine.generation.validators import ASPECTS, Submission, decide_consensus, read_verdict, validate_answers
from engine.providers.chain import ChatReply, ModelChain
from engine.providers.loop import run_async
from engine.settings import RANGES
from engine.types import AnswerCheck, ContextPart

PART = ContextPart(document="a.txt", chunk_index=0, start=0, end=9, text="It is so.", score=1.0)
TEMPLATE = load_shipped()["validate"]


def reply(text: str) -> ChatReply:
    return ChatReply(text=text, model="m", prompt_tokens=1, completion_tokens=1, cost_usd=0.0)


def test_there_are_as_many_aspects_as_the_setting_allows() -> None:
    assert len(ASPECTS) == RANGES["validators"][1]


@pytest.mark.parametrize(
    ("text", "passed"),
    [
        ('{"verdict": "pass", "reason": "ok"}', True),
        (' {"verdict": "fail", "reason": "no"}\n', False),
        ('```json\n{"verdict": "pass", "reason": "ok"}\n```', True),
        ('{"verdict": "pass"}', True),
        ('{"verdict": "PASS", "reason": "ok"}', None),
        ('{"verdict": true}', None),
        ('{"verdict": "pass", "score": 1}', None),
        ('Sure! {"verdict": "pass"}', None),
        ('{"verdict": "pass"} {"verdict": "fail"}', None),
        ("pass", None),
        ("", None),
    ],
)
def test_only_the_agreed_object_is_a_verdict(text: str, passed: bool | None) -> None:
    verdict = read_verdict("grounded", reply(text))
    assert verdict.passed is passed
    assert (passed is None) == ("not the JSON object" in verdict.reason)


def test_a_validator_that_fails_abstains_and_says_what_quality_control_found() -> None:
    check = AnswerCheck(name="on topic", status="passed", score=0.8)
    verdict = read_verdict("relevant", ProviderError("It is down."), [check])
    assert verdict.passed is None
    assert verdict.reason == "It is down. Quality control, without a model, says: passed."


@pytest.mark.parametrize(
    ("verdicts", "share", "state"),
    [
        ([True, True, False], 0.6, "passed"),
        ([True, False, False], 0.6, "failed"),
        ([True, True, None], 0.6, "passed"),
        ([True, None, None], 0.6, "none"),
        ([None, None, None], 0.6, "none"),
        ([True, None, False], 0.6, "none"),
        ([None, False, False], 0.6, "failed"),
        ([True] * 5 + [None], 1.0, "none"),
        ([True] * 6, 1.0, "passed"),
        ([False], 0.0, "failed"),
        ([True, True, True, False, False], 0.6, "passed"),
    ],
)
def test_an_abstention_is_neither_a_pass_nor_a_rejection(verdicts: list[bool | None], share: float, state: str) -> None:
    assert decide_consensus(verdicts, share)[0] == state


def test_many_answers_are_judged_in_one_batch_and_each_gets_its_own_panel(server: object, script: object) -> None:
    script.verdicts = {ASPECTS["complete"]: "no idea"}  # type: ignore[attr-defined]
    chain = ModelChain([server.make_spec()])  # type: ignore[attr-defined]
    answers = [Submission(question=f"Q{i}?", parts=[PART], text="It is so. [1]") for i in range(5)]
    panels = run_async(validate_answers(chain, TEMPLATE, answers, 3, 0.6, parallel=8))
    assert len(server.calls) == 15  # type: ignore[attr-defined]
    assert [[v.passed for v in panel.verdicts] for panel in panels] == [[True, True, None]] * 5
    assert {panel.consensus for panel in panels} == {"passed"} and panels[0].prompt_tokens > 0
