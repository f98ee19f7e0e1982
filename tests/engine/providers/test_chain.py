"""Chains of providers: real servers on loopback, asked through litellm like any other."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from engine.bench.scripted_model import ScriptedModel
from engine.errors import ProviderError, SettingError
from engine.providers.breaker import BreakerRule
from engine.providers.chain import ChatReply, ChatRequest, ModelChain, open_chain
from engine.providers.loop import iterate, run_async
from engine.providers.retries import RetryPolicy
from engine.providers.specs import ProviderSpec
from engine.telemetry import CallRecord, SilentRecorder, Trace, recording
from engine.types import Restarted

REQUEST = ChatRequest(messages=({"role": "user", "content": "Say five words."},), purpose="test")
WORDS = "one two three four five"
ONCE = RetryPolicy(attempts=1)
QUICK = RetryPolicy(first_pause_s=0.01, longest_pause_s=0.02)
# How litellm takes to a provider: its own client, OpenAI's, and lines of JSON in place of events.
WAYS = ("hosted_vllm/m", "openai/m", "ollama_chat/m")


class Calls(SilentRecorder):
    """Keeps the records of calls."""

    def __init__(self) -> None:
        self.calls: list[CallRecord] = []

    def record_call(self, call: CallRecord) -> None:
        self.calls.append(call)


@pytest.fixture
def server() -> Iterator[ScriptedModel]:
    with ScriptedModel(reply=WORDS) as model:
        yield model


@pytest.fixture
def backup() -> Iterator[ScriptedModel]:
    with ScriptedModel(reply="the backup says so") as model:
        yield model


def ask(chain: ModelChain, streamed: bool = False) -> list[Any]:
    return list(iterate(chain.stream(REQUEST))) if streamed else [run_async(chain.complete(REQUEST))]


def wait_until(true: Callable[[], bool]) -> bool:
    """Whether it becomes true within ten seconds."""
    for _ in range(1000):
        if true():
            return True
        threading.Event().wait(0.01)
    return False


@pytest.mark.parametrize("model", WAYS)
def test_a_reply_says_who_gave_it_and_a_stream_gives_the_same_in_pieces(server: ScriptedModel, model: str) -> None:
    server.script.model = "model-as-answered"
    chain = ModelChain([server.make_spec(model=model)])
    [reply] = ask(chain)
    *pieces, last = ask(chain, streamed=True)
    assert reply.text == last.text == "".join(pieces) == WORDS and len(pieces) == 5
    assert reply.provider == last.provider == "scripted" and last.model == "model-as-answered"
    assert (reply.prompt_tokens, reply.completion_tokens) == (last.prompt_tokens, last.completion_tokens) == (3, 5)
    assert last.first_token_ms is not None and reply.first_token_ms is None


@pytest.mark.parametrize("model", WAYS)
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(
    ("fault", "kind", "fails_over"),
    [
        ("401", "AuthenticationError", False),
        ("403", "PermissionDeniedError", False),
        ("404", "NotFoundError", False),
        ("429", "RateLimitError", True),
        ("503", "ServiceUnavailableError", True),
        ("html", "APIResponseValidationError", True),
        ("text", "APIResponseValidationError", True),
        ("drop", "APIConnectionError", True),
        ("empty", "EmptyAnswer", True),
    ],
)
def test_what_a_provider_does_wrong_is_an_error_of_the_table(
    server: ScriptedModel, model: str, streamed: bool, fault: str, kind: str, fails_over: bool
) -> None:
    server.script.steady = fault
    with pytest.raises(ProviderError) as caught:
        ask(ModelChain([server.make_spec(model=model)], retries=ONCE), streamed)
    assert (caught.value.kind, caught.value.fails_over) == (kind, fails_over)
    assert caught.value.hint and "Bearer" not in caught.value.message and len(server.calls) == 1


@pytest.mark.parametrize("model", WAYS)
def test_half_of_a_reply_is_no_reply(server: ScriptedModel, model: str) -> None:
    chain = ModelChain([server.make_spec(model=model)], retries=ONCE)
    server.script.faults[:] = ["half", "half", "break:2", "error:2"]
    kinds = []
    for streamed in (False, True, True, True):
        with pytest.raises(ProviderError) as caught:
            ask(chain, streamed)
        kinds.append(caught.value.kind)
    assert kinds == ["APIResponseValidationError", "BrokenStream", "BrokenStream", "BrokenStream"]


def test_the_next_provider_answers_when_one_fails_and_every_attempt_is_recorded(
    server: ScriptedModel, backup: ScriptedModel
) -> None:
    server.script.steady = "503"
    recorder, trace = Calls(), Trace("id-1")
    chain = ModelChain([server.make_spec("first"), backup.make_spec("second")], retries=QUICK)
    with recording(recorder, trace):
        [reply] = ask(chain)
    assert reply.provider == "second"
    outcomes = [(c.provider, c.attempt, c.outcome, c.correlation_id) for c in recorder.calls]
    assert outcomes == [("first", n, "ServiceUnavailableError", "id-1") for n in (1, 2, 3)] + [
        ("second", 1, "ok", "id-1")
    ]
    assert [s.attributes["outcome"] for s in trace.spans if s.name == "model"] == [o for _, _, o, _ in outcomes]
    assert recorder.calls[-1].cost_usd is None and recorder.calls[-1].completion_tokens == 4


def test_a_wrong_key_stops_the_chain_and_says_why_the_next_was_not_asked(
    server: ScriptedModel, backup: ScriptedModel
) -> None:
    server.script.steady = "401"
    with pytest.raises(ProviderError, match=r"first: .*refused the key.* second was not asked") as caught:
        ask(ModelChain([server.make_spec("first"), backup.make_spec("second")], retries=QUICK))
    assert not caught.value.fails_over and not backup.calls and len(server.calls) == 1


def test_an_unset_variable_of_the_key_is_named_and_nothing_is_sent(server: ScriptedModel) -> None:
    with pytest.raises(ProviderError, match="NO_SUCH_KEY_HERE is not set") as caught:
        ask(ModelChain([server.make_spec(api_key_env="NO_SUCH_KEY_HERE")]))
    assert not caught.value.fails_over and not server.calls


def test_a_key_is_taken_from_its_variable_and_none_is_sent_without_one(
    server: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRIPTED_KEY", "sk-from-the-variable")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-for-this-address")
    ask(ModelChain([server.make_spec(model="openai/m", api_key_env="SCRIPTED_KEY")]))
    ask(ModelChain([server.make_spec(model="openai/m")]))
    assert [call.key for call in server.calls] == ["Bearer sk-from-the-variable", "Bearer none"]


def test_when_none_answers_the_error_says_what_each_said(server: ScriptedModel, backup: ScriptedModel) -> None:
    server.script.steady, backup.script.steady = "503", "empty"
    with pytest.raises(ProviderError, match="No provider answered. first: .*not available.* second: .*empty") as caught:
        ask(ModelChain([server.make_spec("first"), backup.make_spec("second")], retries=QUICK))
    assert caught.value.fails_over


def test_a_short_retry_after_is_waited_for_and_a_long_one_goes_to_the_next(
    server: ScriptedModel, backup: ScriptedModel
) -> None:
    server.script.faults[:] = ["429:0.3"]
    chain = ModelChain([server.make_spec("first"), backup.make_spec("second")], retries=QUICK)
    assert ask(chain)[0].provider == "first"
    assert server.calls[1].began - server.calls[0].began >= 0.3
    server.script.faults[:] = ["429:3600"]
    assert ask(chain)[0].provider == "second"
    assert len(server.calls) == 3


def test_an_outage_does_not_multiply_the_load(server: ScriptedModel) -> None:
    server.script.steady = "503"
    policy = RetryPolicy(first_pause_s=0.001, longest_pause_s=0.002, budget_floor=2)
    chain = ModelChain([server.make_spec()], retries=policy, breaker=BreakerRule(failures=10_000))
    results = run_async(chain.complete_many([REQUEST] * 40, parallel=8))
    assert all(isinstance(result, ProviderError) for result in results)
    assert 40 < len(server.calls) <= 40 + 40 * policy.budget_share


@pytest.mark.parametrize("model", WAYS)
@pytest.mark.parametrize("fault", ["hang", "headers", "dribble"])
def test_a_provider_that_keeps_one_waiting_is_given_up_and_hears_of_it(
    server: ScriptedModel, model: str, fault: str
) -> None:
    server.script.steady = fault
    spec = server.make_spec(model=model, first_token_timeout_s=0.2, total_timeout_s=0.6)
    with pytest.raises(ProviderError) as caught:
        ask(ModelChain([spec], retries=ONCE), streamed=True)
    assert caught.value.kind == "Timeout" and caught.value.fails_over
    assert ("did not finish in 0.6 s" if fault == "dribble" else "first word in 0.2 s") in caught.value.message
    assert wait_until(lambda: server.calls[-1].outcome == "disconnected")


def test_a_reply_asked_whole_has_until_the_total(server: ScriptedModel) -> None:
    server.script.steady = "headers"
    spec = server.make_spec(first_token_timeout_s=0.05, total_timeout_s=0.3)
    with pytest.raises(ProviderError, match=r"did not finish in 0\.3 s"):
        ask(ModelChain([spec], retries=ONCE))
    assert wait_until(lambda: server.calls[-1].outcome == "disconnected")


@contextmanager
def unreachable_port() -> Iterator[int]:
    """A port whose queue of connections is full: another one waits for ever."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
            fillers.append(filler)
        yield port
        for filler in fillers:
            filler.close()


@pytest.mark.parametrize("model", WAYS)
def test_a_connection_that_is_never_made_ends_by_its_own_time(model: str) -> None:
    with unreachable_port() as port:
        spec = ProviderSpec(name="far", model=model, api_base=f"http://127.0.0.1:{port}", connect_timeout_s=0.2)
        with pytest.raises(ProviderError, match=r"could not be reached in 0\.2 s"):
            ask(ModelChain([spec], retries=ONCE), streamed=True)


@pytest.mark.parametrize("model", WAYS)
def test_closing_a_stream_ends_the_request_at_the_provider(server: ScriptedModel, model: str) -> None:
    server.script.steady = "dribble"
    recorder = Calls()
    with recording(recorder):
        stream = iterate(ModelChain([server.make_spec(model=model)]).stream(REQUEST))
        assert next(stream) == "one"
        stream.close()
    assert wait_until(lambda: server.calls[-1].outcome == "disconnected")
    assert [call.outcome for call in recorder.calls] == ["cancelled"]


def test_cancelling_whoever_waits_on_another_loop_ends_the_request_too(server: ScriptedModel) -> None:
    server.script.steady = "hang"
    chain = ModelChain([server.make_spec()])

    async def give_up() -> None:
        task = asyncio.create_task(chain.complete(REQUEST))
        await asyncio.to_thread(wait_until, lambda: bool(server.calls))
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()

    asyncio.run(give_up())
    assert wait_until(lambda: server.calls[-1].outcome == "disconnected")


def test_a_broken_stream_begins_anew_at_the_next_provider(server: ScriptedModel, backup: ScriptedModel) -> None:
    server.script.steady = "break:2"
    chain = ModelChain([server.make_spec("first"), backup.make_spec("second")], retries=ONCE)

    async def collect() -> list[Any]:
        return [item async for item in chain.stream(REQUEST)]

    for items in (asyncio.run(collect()), ask(chain, streamed=True)):
        begun = next(i for i, item in enumerate(items) if isinstance(item, Restarted))
        assert items[:begun] == ["one", " two"] and "broke off" in items[begun].reason
        assert "".join(items[begun + 1 : -1]) == items[-1].text == "the backup says so"
        assert items[-1].provider == "second"


def test_many_requests_come_back_in_order_each_with_its_reply_or_its_error(server: ScriptedModel) -> None:
    def echo(body: dict[str, Any]) -> str:
        number = int(body["messages"][0]["content"])
        return "" if number == 3 else f"reply {number}"

    server.script.reply, server.script.delay_s = echo, 0.05
    chain = ModelChain([server.make_spec()], retries=ONCE)
    requests = [ChatRequest(messages=({"role": "user", "content": str(n)},)) for n in range(12)]
    replies = run_async(chain.complete_many(requests, parallel=4))
    assert isinstance(replies[3], ProviderError) and replies[3].kind == "EmptyAnswer"
    assert [r.text for r in replies if isinstance(r, ChatReply)] == [f"reply {n}" for n in range(12) if n != 3]
    overlaps = [sum(a.began <= b.began < (a.ended or 0) for a in server.calls) for b in server.calls]
    assert max(overlaps) == 4


def test_no_more_connections_than_allowed_are_open_to_a_provider(server: ScriptedModel) -> None:
    server.script.delay_s = 0.05
    chain = ModelChain([server.make_spec()], connections=3)
    run_async(chain.complete_many([REQUEST] * 12, parallel=12))
    overlaps = [sum(a.began <= b.began < (a.ended or 0) for a in server.calls) for b in server.calls]
    assert max(overlaps) == 3
    assert len({call.connection for call in server.calls}) <= 3


def test_prices_of_the_spec_go_before_those_of_litellm_and_unknown_is_unknown(server: ScriptedModel) -> None:
    own = server.make_spec(prompt_usd_per_million=2.0, completion_usd_per_million=10.0)
    assert ask(ModelChain([own]))[0].cost_usd == pytest.approx((3 * 2 + 5 * 10) / 1e6)
    known = server.make_spec("known", model="openai/gpt-4o-mini")
    whole, streamed = ask(ModelChain([known]))[0], ask(ModelChain([known]), streamed=True)[-1]
    assert whole.priced and whole.cost_usd == pytest.approx(streamed.cost_usd) and whole.cost_usd > 0
    unknown = ask(ModelChain([server.make_spec("unknown", model="hosted_vllm/nobody-knows")]))[0]
    assert not unknown.priced and unknown.cost_usd == 0.0


def test_an_open_breaker_goes_to_the_next_at_once_and_is_shared_by_chains(
    server: ScriptedModel, backup: ScriptedModel
) -> None:
    rule = BreakerRule(failures=2, cool_down_s=3600.0)
    server.script.steady = "503"
    specs = [server.make_spec("first"), backup.make_spec("second")]
    chain = ModelChain(specs, retries=ONCE, breaker=rule)
    assert [ask(chain)[0].provider for _ in range(4)] == ["second"] * 4
    assert len(server.calls) == 2
    again = ModelChain(specs[:1], retries=ONCE)
    with pytest.raises(ProviderError, match="left alone for another 3600 s") as caught:
        ask(again)
    assert caught.value.kind == "BreakerOpen" and len(server.calls) == 2
    assert [p["state"] for p in chain.describe()] == ["open", "closed"]


def test_a_provider_that_comes_back_is_asked_again(server: ScriptedModel, backup: ScriptedModel) -> None:
    rule = BreakerRule(failures=1, cool_down_s=0.05)
    chain = ModelChain([server.make_spec("first"), backup.make_spec("second")], retries=ONCE, breaker=rule)
    server.kill()
    assert ask(chain)[0].provider == "second"
    server.restart()
    assert wait_until(lambda: ask(chain)[0].provider == "first")
    assert [c["state"] for c in chain.describe()[0]["changes"]][-3:] == ["open", "half_open", "closed"]


def test_the_setting_model_names_saved_providers_or_litellms_names_in_order() -> None:
    a, b = ProviderSpec(name="a", model="openai/x", priority=2), ProviderSpec(name="b", model="openai/y", priority=1)
    off = ProviderSpec(name="off", model="openai/z", priority=0, enabled=False)
    assert open_chain("", [a, b, off]).names == ("b", "a")
    assert open_chain("a, ollama_chat/q:8b ,b,a", [a, b, off]).names == ("a", "ollama_chat/q:8b", "b")
    with pytest.raises(SettingError, match="No provider"):
        open_chain("", [off])
    with pytest.raises(SettingError, match="switched off"):
        open_chain("off", [off])
