"""A target over HTTP, against a server that misbehaves on purpose: each outcome is defined, and none ends a run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from engine.errors import FileFormatError, InputError, TargetError
from engine.evaluation.deadlines import DeadlineTarget
from engine.evaluation.opening_targets import ForeignTarget, open_target
from engine.evaluation.target_files import build_spec
from tests.engine.evaluation.misbehaving import GOOD, MisbehavingServer, serve_misbehaving
from tests.engine.evaluation.scripted import DOCUMENTS

Open = Callable[..., ForeignTarget]
SECRET = "sk-live-5f3e8c1b"


@pytest.fixture(scope="module")
def shared_server() -> Iterator[MisbehavingServer]:
    with serve_misbehaving() as server:
        yield server


@pytest.fixture
def server(shared_server: MisbehavingServer) -> MisbehavingServer:
    shared_server.requests, shared_server.arrived, shared_server.script, shared_server.reply = [], [], [], GOOD
    return shared_server


@pytest.fixture
def opened(server: MisbehavingServer) -> Iterator[Open]:
    """Opens targets at a path of the server, with short limits."""
    managers: list[Any] = []

    def make(path: str = "answer", limits: dict[str, Any] | None = None, **fields: Any) -> ForeignTarget:
        shared = {"timeout_s": 0.4, "attempts": 1, **(limits or {})}
        config = {"kind": "http", "url": f"{server.address}/{path}", "limits": shared, **fields}
        managers.append(open_target(build_spec(config, "test", name="bot"), documents=DOCUMENTS))
        return managers[-1].__enter__()

    yield make
    for manager in managers:
        manager.__exit__(None, None, None)


def refused(target: ForeignTarget) -> TargetError:
    with pytest.raises(TargetError) as caught:
        target.ask("Within how many days?")
    return caught.value


def test_an_answer_comes_with_located_contexts_a_ranking_a_quality_and_its_own_latency(opened: Open) -> None:
    answer = opened("slow").ask("Within how many days may boxes be returned?")
    part = answer.context.parts[0]
    assert answer.text == GOOD["answer"]
    assert DOCUMENTS[part.document][part.start : part.end] == GOOD["contexts"][0]
    assert [ranked.document for ranked in answer.retrieved] == ["refunds.md"]
    assert answer.context.quality is not None and 0 < answer.context.quality < 1
    assert answer.timings_ms["total"] >= 150
    assert not answer.gaps


MISBEHAVIOUR = {
    "hang": "gave no complete reply within 0.4 s",
    "drip": "gave no complete reply within 0.4 s",
    "stream": "gave no complete reply within 0.4 s",
    "error": "failed (HTTP status 500)",
    "busy": "asks to wait 3,600 s",
    "forbidden": "refused the credentials (HTTP status 401)",
    "html": "expected JSON, found HTML",
    "early": "expected JSON, found JSON that ends early",
    "cut": "closed the connection before its reply was complete",
    "vanish": "closed the connection before its reply was complete",
    "nothing": "expected JSON, found nothing",
    "prose": "expected JSON, found other text",
    "events": "found an event stream",
    "latin": "found bytes that are not UTF-8",
    "away": "redirects to another server",
    "dropped": "would drop the question",
    "circle": "redirects more than 3 times",
}


@pytest.mark.parametrize("path", MISBEHAVIOUR)
def test_each_misbehaviour_is_that_cases_error_and_the_next_question_is_answered(path: str, opened: Open) -> None:
    target = opened(path)
    error = refused(target)
    assert MISBEHAVIOUR[path] in error.message
    assert error.hint
    assert not any(text in error.message for text in ("Within", "document says", "Welcome", "on and on"))
    assert opened("answer").ask("Within how many days?").text == GOOD["answer"]


def test_a_huge_reply_is_cut_off_at_its_limit(opened: Open) -> None:
    error = refused(opened("flood", {"max_reply_kb": 64, "timeout_s": 20}))
    assert "sent more than 64 KB" in error.message


def test_a_server_that_is_not_there_cannot_be_reached() -> None:
    spec = build_spec({"kind": "http", "url": "http://127.0.0.1:1/", "limits": {"attempts": 1}}, "test", name="bot")
    with open_target(spec, documents={}) as target, pytest.raises(TargetError, match="cannot be reached"):
        target.ask("Anybody?")


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        (
            {"output": "x", "id": 1},
            "expected text at answer, found nothing; the reply is an object with the keys output, id",
        ),
        ({"answer": {"text": "x"}}, "expected text at answer, found an object with the keys text"),
        ({"answer": "  "}, "expected an answer at answer, found empty text"),
        ({"answer": "x", "contexts": "y"}, "expected a list at contexts, found text of 1 characters"),
        ({"answer": "x", "contexts": [{"id": 3}]}, "at contexts[0], found an object with the keys id"),
        ({"answer": "x", "contexts": [7]}, "expected text or an object with text at contexts[0], found a number"),
        (["x"], "expected text at answer, found nothing; the reply is a list of 1"),
    ],
)
def test_a_reply_of_another_shape_is_described_without_its_texts(
    reply: Any, found: str, opened: Open, server: MisbehavingServer
) -> None:
    server.reply = reply
    assert found in refused(opened()).message


def test_a_format_that_changes_in_the_middle_fails_from_there_on(opened: Open, server: MisbehavingServer) -> None:
    target = opened()
    assert target.ask("one").text
    server.reply = {"result": "x"}
    assert "keys result" in refused(target).message
    server.reply = GOOD
    assert target.ask("three").text


def test_contexts_that_stop_coming_fail_their_measures_and_are_no_zero(opened: Open, server: MisbehavingServer) -> None:
    server.reply = {"answer": "Yes."}
    answer = opened().ask("one")
    assert answer.context.quality is None
    assert answer.gaps["contexts"].fails
    assert "nothing at contexts" in answer.gaps["contexts"].reason


def test_a_target_without_a_path_of_contexts_is_one_whose_contexts_do_not_apply(opened: Open) -> None:
    answer = opened(reply={"contexts": ""}).ask("one")
    assert not answer.gaps["contexts"].fails
    assert answer.retrieved == ()


def test_errors_that_may_pass_are_tried_again_and_stay_out_of_the_latency(
    opened: Open, server: MisbehavingServer
) -> None:
    server.script = [(503, {}), (500, {})]
    answer = opened("flaky", {"attempts": 3}).ask("one")
    assert len(server.requests) == 3
    assert answer.timings_ms["retrying"] > answer.timings_ms["total"]


def test_a_wrong_key_is_not_tried_again(opened: Open, server: MisbehavingServer) -> None:
    refused(opened("forbidden", {"attempts": 3}))
    assert len(server.requests) == 1


def test_the_pause_that_a_server_asks_for_is_kept(opened: Open, server: MisbehavingServer) -> None:
    server.script = [(429, {"retry_after": "1"})]
    opened("flaky", {"attempts": 2}).ask("one")
    assert server.arrived[1] - server.arrived[0] >= 1


def test_a_pause_that_is_too_long_is_not_waited_for(opened: Open, server: MisbehavingServer) -> None:
    refused(opened("busy", {"attempts": 3}))
    assert len(server.requests) == 1


def test_the_rate_limit_spaces_requests_and_stays_out_of_the_latency(opened: Open, server: MisbehavingServer) -> None:
    target = opened(limits={"requests_per_second": 10})
    answers = [target.ask(f"{i}") for i in range(4)]
    gaps = [b - a for a, b in zip(server.arrived, server.arrived[1:], strict=False)]
    assert server.arrived[-1] - server.arrived[0] >= 0.25
    assert len(gaps) == 3
    assert answers[-1].timings_ms["waiting"] > 0


def test_no_more_questions_are_sent_at_once_than_the_concurrency(opened: Open, server: MisbehavingServer) -> None:
    target = opened("slow", {"concurrency": 2, "timeout_s": 10})
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(target.ask, [f"{i}" for i in range(6)]))
    assert server.arrived[-1] - server.arrived[0] >= 0.28  # three rounds of two, 0.15 s each


def test_a_redirect_within_the_server_is_followed_with_the_question(opened: Open, server: MisbehavingServer) -> None:
    assert opened("moved").ask("Within how many days?").text
    assert server.requests[-1]["body"] == {"question": "Within how many days?"}


def test_the_history_and_the_headers_are_sent_as_the_template_says(
    opened: Open, server: MisbehavingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_TOKEN", SECRET)
    server.reply = {
        "choices": [{"message": {"content": "Six."}}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 2},
    }
    headers = {"Authorization": "Bearer ${BOT_TOKEN}"}
    answer = opened(preset="openai-chat", model="small", headers=headers).ask("And when?", [("Where?", "Here.")])
    sent = server.requests[-1]
    assert sent["headers"]["Authorization"] == f"Bearer {SECRET}"
    assert [m["content"] for m in sent["body"]["messages"]] == ["Where?", "Here.", "And when?"]
    assert sent["body"]["model"] == "small"
    assert answer.tokens == {"prompt": 7, "completion": 2}
    assert not answer.gaps["contexts"].fails


def test_langserve_is_read_with_and_without_contexts(opened: Open, server: MisbehavingServer) -> None:
    target = opened(preset="langserve")
    page = {"page_content": "Mr Hale runs it.", "metadata": {"source": "/data/depot.md"}}
    server.reply = {"output": {"answer": "Mr Hale.", "context": [page]}}
    answer = target.ask("Who runs the depot?")
    assert (answer.text, answer.context.parts[0].document) == ("Mr Hale.", "depot.md")
    server.reply = {"output": "Mr Hale."}
    assert target.ask("Who?").text == "Mr Hale."


def test_a_get_request_carries_the_question_as_a_parameter(opened: Open, server: MisbehavingServer) -> None:
    opened("answer?lang=en", method="GET", request={"q": "{question}"}).ask("Wie groß & wann?")
    assert server.requests[-1]["path"] == "/answer?lang=en&q=Wie+gro%C3%9F+%26+wann%3F"


def test_a_missing_variable_is_refused_before_anything_is_sent(server: MisbehavingServer) -> None:
    config = {
        "kind": "http",
        "url": f"{server.address}/answer",
        "headers": {"Authorization": "Bearer ${NO_SUCH_TOKEN}"},
    }
    with pytest.raises(InputError, match="NO_SUCH_TOKEN"), open_target(build_spec(config, "t", name="b"), documents={}):
        pass
    assert server.requests == []


def test_no_message_and_no_spec_holds_the_value_of_a_secret(
    opened: Open, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("BOT_TOKEN", SECRET)
    caplog.set_level("DEBUG")
    headers = {"X-Api-Key": "${BOT_TOKEN}"}
    for path in ("error?key=${BOT_TOKEN}", "hang?key=${BOT_TOKEN}", "away?key=${BOT_TOKEN}", "html?key=${BOT_TOKEN}"):
        error = refused(opened(path, headers=headers))
        assert SECRET not in f"{error.message} {error.hint}"
    printed = capfd.readouterr()
    assert SECRET not in printed.out + printed.err
    assert SECRET not in "".join(r.getMessage() for r in caplog.records if r.name.startswith("httpx"))
    spec = build_spec({"kind": "http", "url": "http://h/", "headers": headers}, "t", name="b")
    assert SECRET not in repr(spec.as_json()) + repr(spec)


@pytest.mark.parametrize(
    "fields",
    [
        {"headers": {"Authorization": f"Bearer {SECRET}"}},
        {"headers": {"X-Trace": SECRET}},
        {"url": f"http://host/answer?api_key={SECRET}"},
        {"url": f"http://me:{SECRET}@host/answer"},
        {"request": {"question": "{question}", "token": SECRET}},
        {"headers": {"X-Key": ["a", SECRET]}},
    ],
)
def test_a_secret_written_out_is_refused_and_not_repeated(fields: dict[str, Any]) -> None:
    with pytest.raises(FileFormatError) as caught:
        build_spec({"kind": "http", "url": "http://host/answer", **fields}, "bot.yaml", name="bot")
    assert SECRET not in caught.value.message + caught.value.hint


def test_closing_a_target_ends_a_question_that_nobody_waits_for_any_more(server: MisbehavingServer) -> None:
    config = {"kind": "http", "url": f"{server.address}/hang", "limits": {"timeout_s": 60}}
    ended = threading.Event()

    def ask(target: ForeignTarget) -> None:
        try:
            target.ask("one")
        except BaseException:
            ended.set()

    started = time.monotonic()
    with open_target(build_spec(config, "t", name="b"), documents={}) as target:
        threading.Thread(target=ask, args=(target,), daemon=True).start()
        while not server.requests:
            assert time.monotonic() - started < 10
            time.sleep(0.01)
    assert ended.wait(10)


def test_a_case_that_ran_out_of_time_does_not_hold_a_place(opened: Open, server: MisbehavingServer) -> None:
    target = opened("hang", {"timeout_s": 60, "concurrency": 1})
    for number in (1, 2):
        with pytest.raises(TargetError):
            DeadlineTarget(target, 0.3).ask("one")
        assert len(server.requests) == number
