"""Answers by a model inside the whole pipeline: checked, mended once, judged, streamed, and extraction at last."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.bench.scripted_model import ScriptedModel
from engine.corpora import ingest_corpus
from engine.errors import SettingError, UnknownNameError
from engine.generation.extractive import ABSTAINED
from engine.generation.prompts import load_shipped
from engine.generation.validators import ASPECTS
from engine.pipeline import open_pipeline
from engine.settings import PipelineSettings
from engine.telemetry import SilentRecorder, Trace, recording
from engine.types import Answer, Restarted
from tests.engine.generation.conftest import GOOD, QUESTION, Open, Script, purposes

UNGROUNDED = "Customers in Paris get a voucher worth 900 euros and free champagne [1]."
FAIL = '{"verdict": "fail", "reason": "It says too little."}'


def text_after_restarts(pieces: list[object]) -> str:
    """The text that a reader is left with."""
    last = max((i for i, piece in enumerate(pieces) if isinstance(piece, Restarted)), default=-1)
    return "".join(piece for piece in pieces[last + 1 :] if isinstance(piece, str))


def test_a_good_answer_is_asked_for_once_and_says_by_whom_and_by_which_prompt(
    opened: Open, server: ScriptedModel
) -> None:
    answer = opened().answer(QUESTION)
    assert answer.text == "A customer may return unopened boxes within 42 days of delivery." and not answer.degraded
    assert (answer.provider, purposes(server)) == ("scripted-2026", ["answer"])
    assert answer.prompt == load_shipped()["answer"].label
    assert answer.sentences[0].groundedness == 1.0 and answer.citations[0].document == "policy.txt"
    assert answer.validation and {check.status for check in answer.validation.checks} == {"passed"}
    assert answer.as_json()["validation"]["checks"][0]["name"] == "grounded"


def test_a_failed_check_is_told_to_the_model_and_the_better_answer_is_kept(
    opened: Open, server: ScriptedModel, script: Script
) -> None:
    script.replies = [UNGROUNDED, GOOD]
    answer = opened().answer(QUESTION)
    assert "42 days" in answer.text and not answer.degraded
    assert answer.validation and answer.validation.repair == "kept" and purposes(server) == ["answer", "repair"]
    assert "do not support" in server.calls[1].body["messages"][-1]["content"]
    assert {"generate", "review", "repair"} <= answer.timings_ms.keys()
    assert answer.tokens["prompt"] > 200, "both calls are counted"


def test_what_a_repair_does_not_mend_is_said(opened: Open, script: Script) -> None:
    script.replies = [UNGROUNDED, UNGROUNDED]
    answer = opened().answer(QUESTION)
    assert answer.validation and answer.validation.repair == "dropped" and answer.text == UNGROUNDED[:-5] + "."
    assert any("do not support" in reason for reason in answer.degraded)
    assert "One repair was tried and did not mend it." in answer.degraded


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_an_answer_that_the_model_could_not_end_is_written_anew_or_says_so(
    opened: Open, server: ScriptedModel, streamed: bool
) -> None:
    def ask() -> Answer:
        last = list(opened().stream(QUESTION))[-1] if streamed else opened().answer(QUESTION)
        assert isinstance(last, Answer)
        return last

    limit = "The answer breaks off at the most tokens that the model may write."
    server.script.faults = ["length:6"]
    mended = ask()
    assert "42 days" in mended.text and mended.validation and mended.validation.repair == "kept" and not mended.degraded
    assert limit in server.calls[1].body["messages"][-1]["content"]
    server.script.steady = "length:6"
    short = ask()
    assert short.text == "A customer may return unopened boxes" and f"Quality control: {limit}" in short.degraded


def test_no_repair_is_tried_where_the_settings_want_none(opened: Open, server: ScriptedModel, script: Script) -> None:
    script.replies = [UNGROUNDED]
    answer = opened(repair=0).answer(QUESTION)
    assert purposes(server) == ["answer"] and any("do not support" in reason for reason in answer.degraded)


def test_a_repair_that_fails_leaves_the_answer_and_says_so(opened: Open, server: ScriptedModel, script: Script) -> None:
    script.replies = [UNGROUNDED]
    server.script.faults = ["ok", "401"]
    answer = opened().answer(QUESTION)
    assert answer.validation and answer.validation.repair == "failed" and answer.provider == "scripted-2026"
    assert any("could not be repaired" in reason for reason in answer.degraded)


def test_saying_nothing_mends_an_answer_that_the_passages_do_not_support(opened: Open, script: Script) -> None:
    script.replies = [UNGROUNDED, "NOT IN THE DOCUMENTS"]
    *pieces, answer = opened().stream(QUESTION)
    assert isinstance(answer, Answer) and answer.abstained and answer.text == ABSTAINED
    assert text_after_restarts(pieces) == ABSTAINED


def test_validators_judge_and_their_verdicts_come_with_the_answer(opened: Open, server: ScriptedModel) -> None:
    answer = opened(validators=6).answer(QUESTION)
    assert answer.validation and answer.validation.consensus == "passed" and answer.validation.needed == 4
    assert [v.aspect for v in answer.validation.verdicts] == list(ASPECTS)
    assert purposes(server) == ["answer", *["validate"] * 6] and not answer.degraded


def test_a_rejected_answer_is_mended_and_judged_again(opened: Open, server: ScriptedModel, script: Script) -> None:
    script.verdict = FAIL
    answer = opened(validators=3).answer(QUESTION)
    assert purposes(server) == ["answer", *["validate"] * 3, "repair", *["validate"] * 3]
    assert "complete: It says too little." in server.calls[4].body["messages"][-1]["content"]
    assert answer.validation and answer.validation.consensus == "failed"
    assert "3 of 3 validators reject the answer: grounded, relevant, complete." in answer.degraded


def test_too_few_verdicts_are_no_consensus_and_no_pass(opened: Open, server: ScriptedModel, script: Script) -> None:
    script.verdict = "I think it passes."
    answer = opened(validators=3).answer(QUESTION)
    assert answer.validation and answer.validation.consensus == "none"
    assert any(reason.startswith("No consensus could be reached: 0 of 3") for reason in answer.degraded)
    assert purposes(server).count("repair") == 0, "there is nothing to mend"


def test_a_model_that_fails_is_replaced_by_extraction_and_the_answer_says_so(
    opened: Open, server: ScriptedModel
) -> None:
    server.script.steady = "401"
    answer = opened().answer(QUESTION)
    assert answer.provider == "extractive" and "42 days" in answer.text and answer.validation is None
    assert "Answered by extraction instead." in answer.degraded[0]


def test_a_stream_is_the_answers_text_in_pieces(opened: Open) -> None:
    *pieces, answer = opened().stream(QUESTION)
    assert isinstance(answer, Answer) and len(pieces) > 5
    assert text_after_restarts(pieces) == answer.text


def test_a_stream_begins_anew_when_a_repair_replaces_the_text(opened: Open, script: Script) -> None:
    script.replies = [UNGROUNDED, GOOD]
    *pieces, answer = opened().stream(QUESTION)
    assert sum(isinstance(piece, Restarted) for piece in pieces) == 1
    assert isinstance(answer, Answer) and text_after_restarts(pieces) == answer.text


def test_a_stream_that_breaks_off_ends_with_what_the_documents_say(opened: Open, server: ScriptedModel) -> None:
    server.script.steady = "break:3"
    *pieces, answer = opened().stream(QUESTION)
    assert isinstance(answer, Answer) and answer.provider == "extractive"
    assert isinstance(pieces[-2], Restarted) and text_after_restarts(pieces) == answer.text


def test_the_agreed_words_for_no_answer_are_never_shown(opened: Open, script: Script) -> None:
    script.steady = "NOT IN THE DOCUMENTS"
    *pieces, answer = opened().stream(QUESTION)
    assert pieces == [ABSTAINED] and isinstance(answer, Answer) and answer.abstained


def test_coroutines_of_another_loop_get_the_same_answers(opened: Open) -> None:
    pipeline = opened()

    async def ask() -> tuple[Answer, list[object]]:
        return await pipeline.answer_async(QUESTION), [piece async for piece in pipeline.stream_async(QUESTION)]

    answer, pieces = asyncio.run(ask())
    assert answer.text == pieces[-1].text == text_after_restarts(pieces)  # type: ignore[union-attr]


def test_many_questions_at_once_are_answered_each_for_itself(opened: Open) -> None:
    pipeline = opened()

    async def ask() -> list[Answer]:
        return await asyncio.gather(*(pipeline.answer_async(QUESTION) for _ in range(20)))

    answers = asyncio.run(ask())
    assert len({answer.correlation_id for answer in answers}) == 20 and {a.provider for a in answers} == {
        "scripted-2026"
    }


def test_closing_a_stream_ends_the_request_at_the_model(opened: Open, server: ScriptedModel) -> None:
    server.script.steady = "dribble"
    stream = opened().stream(QUESTION)
    next(stream)
    stream.close()
    for _ in range(200):
        if server.calls[0].outcome == "disconnected":
            break
        asyncio.run(asyncio.sleep(0.02))
    assert server.calls[0].outcome == "disconnected"


def test_the_stages_of_an_answer_are_in_its_trace(opened: Open) -> None:
    pipeline, trace = opened(validators=2), Trace("c" * 16)
    with recording(SilentRecorder(), trace):
        answer = pipeline.answer(QUESTION)
    assert {"retrieve", "context", "generate", "check", "validate", "model"} <= {span.name for span in trace.spans}
    assert answer.correlation_id == trace.correlation_id


def test_passages_are_cut_to_what_the_model_can_read_and_it_is_said(
    home: Path, tmp_path: Path, server: ScriptedModel
) -> None:
    lines = [f"Box number {i} of the size {i % 7} weighs {i * 3} grams when it is empty and dry." for i in range(1500)]
    (tmp_path / "boxes.txt").write_text("\n\n".join("\n".join(lines[i : i + 8]) for i in range(0, 1500, 8)))
    ingest_corpus("boxes", [tmp_path / "boxes.txt"], PipelineSettings())
    settings = PipelineSettings(
        provider="litellm", model="small", budget_tokens=20_000, top_k=150, min_quality=0.0, min_similarity=-1.0
    )
    spec = server.make_spec("small", model="openai/gpt-3.5-turbo-instruct-0914")  # litellm: 8,192 tokens
    wide, narrow = server.make_spec("wide"), spec
    asked = "How much does a box weigh when it is empty?"
    whole = open_pipeline("boxes", settings.with_values({"model": "wide"}), [wide]).find_evidence(asked)[1].context
    assert whole.tokens > 8_192, "this says something only when the context is too long"
    answer = open_pipeline("boxes", settings, [narrow]).answer(asked)
    assert 0 < len(answer.context.parts) < len(whole.parts)
    assert any(reason.startswith("The model reads 8,192 tokens") for reason in answer.degraded)


def test_an_unknown_prompt_is_refused_before_anything_is_asked(opened: Open, server: ScriptedModel) -> None:
    with pytest.raises(UnknownNameError, match="nothing"):
        opened(prompt="nothing")
    with pytest.raises(SettingError, match="for the purpose repair"):
        opened(prompt="repair")
    assert server.calls == []


def test_the_prompt_hash_is_over_what_is_asked_with(opened: Open) -> None:
    assert opened(provider="extractive").prompt_hash == ""
    hashes = {opened(**values).prompt_hash for values in ({}, {"repair": 0}, {"validators": 2}, {"prompt": "brief"})}
    assert len(hashes) == 4


def test_a_follow_up_is_rewritten_by_the_model_and_searched_as_it_was_rewritten(
    opened: Open, server: ScriptedModel, script: Script
) -> None:
    script.replies = [QUESTION, GOOD]
    answer = opened().answer("And how long for those?", [("Tell me of boxes.", "Boxes are sold.")])
    assert "42 days" in answer.text and "rewrite" in answer.timings_ms
    assert QUESTION in server.calls[1].body["messages"][-1]["content"]
    assert sum(v for k, v in answer.timings_ms.items() if k != "total") <= answer.timings_ms["total"] + 1


def test_a_follow_up_that_no_model_rewrites_is_resolved_without_one_and_it_is_said(
    opened: Open, server: ScriptedModel
) -> None:
    server.script.faults = ["401"]
    answer = opened().answer(
        "How long may they return those unopened boxes?", [("Tell me of boxes.", "Boxes are sold.")]
    )
    assert answer.provider == "scripted-2026"
    assert any("made stand-alone without a model" in reason for reason in answer.degraded)
    assert "rewrite" in answer.timings_ms, "what was waited for it is told all the same"
