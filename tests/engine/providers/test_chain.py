"""Chains of providers: real servers on loopback, asked through litellm like any other."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from engine.bench.scripted_model import ScriptedModel
from engine.errors import ProviderError, SettingError
from engine.providers import load_litellm
from engine.providers.breaker import BreakerRule
from engine.providers.chain import ChatReply, ChatRequest, ModelChain, open_chain
from engine.providers.loop import run_async
from engine.providers.retries import RetryPolicy
from engine.providers.specs import ProviderSpec
from engine.telemetry import Trace, recording
from engine.types import Restarted
from tests.engine.providers.asking import ONCE, QUICK, REQUEST, WAYS, WORDS, Calls, ask, wait_until


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


def test_a_key_is_taken_from_its_variable_and_none_is_sent_without_one(
    server: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRIPTED_KEY", "sk-from-the-variable")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-for-this-address")
    ask(ModelChain([server.make_spec(model="openai/m", api_key_env="SCRIPTED_KEY")]))
    ask(ModelChain([server.make_spec(model="openai/m")]))
    assert [call.key for call in server.calls] == ["Bearer sk-from-the-variable", "Bearer none"]


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


def test_connections_are_kept_when_litellm_lets_its_clients_go(server: ScriptedModel) -> None:
    chain = ModelChain([server.make_spec()])
    ask(chain, streamed=True)
    load_litellm().in_memory_llm_clients_cache.flush_cache()
    ask(chain, streamed=True)
    assert len({call.connection for call in server.calls}) == 1


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
