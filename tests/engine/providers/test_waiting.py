"""Waiting and stopping: every time has its end, clocks may jump, and a provider hears when nobody listens any more."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from engine.bench.scripted_model import ScriptedModel
from engine.errors import ProviderError
from engine.providers.breaker import BreakerRule
from engine.providers.chain import ModelChain
from engine.providers.loop import iterate
from engine.providers.specs import ProviderSpec
from engine.providers.wire import Exchange
from engine.telemetry import recording
from tests.engine.providers.asking import ONCE, QUICK, REQUEST, WAYS, WORDS, Calls, ask, wait_until


@pytest.mark.parametrize("model", WAYS)
@pytest.mark.parametrize("fault", ["hang", "headers", "dribble"])
def test_a_provider_that_keeps_one_waiting_is_given_up_and_hears_of_it(
    server: ScriptedModel, model: str, fault: str
) -> None:
    ask(ModelChain([server.make_spec(model=model)]), streamed=True)  # litellm reads its code for this way once
    server.script.steady = fault
    spec = server.make_spec(model=model, first_token_timeout_s=0.2, total_timeout_s=0.6)
    with pytest.raises(ProviderError) as caught:
        ask(ModelChain([spec], retries=ONCE), streamed=True)
    assert caught.value.kind == "Timeout" and caught.value.fails_over
    assert ("did not finish in 0.6 s" if fault == "dribble" else "first word in 0.2 s") in caught.value.message
    assert wait_until(lambda: server.calls[-1].outcome == "disconnected")


def test_what_is_prepared_before_anything_is_sent_is_not_the_providers_time(server: ScriptedModel) -> None:
    async def prepare_and_connect() -> tuple[float, float, float, float]:
        async with Exchange(server.make_spec(), streamed=True) as exchange:
            await asyncio.sleep(0.2)
            prepared = exchange.ms
            exchange.note_connecting()
            begun, at = exchange.ms, exchange.started
            exchange.note_connected()
            return prepared, begun, at, exchange.started

    prepared, begun, connecting_at, connected_at = asyncio.run(prepare_and_connect())
    assert begun < prepared and connected_at == connecting_at, "connecting is the provider's time"


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


def test_a_slow_first_word_is_waited_for_within_its_time_and_measured(server: ScriptedModel) -> None:
    server.script.delay_s = 0.3
    reply = ask(ModelChain([server.make_spec()]), streamed=True)[-1]
    assert reply.text == WORDS and reply.first_token_ms >= 300


def test_a_first_word_that_is_too_slow_goes_to_the_next_at_once(server: ScriptedModel, backup: ScriptedModel) -> None:
    server.script.delay_s = 3600
    first = server.make_spec("first", first_token_timeout_s=0.2)
    *pieces, reply = ask(ModelChain([first, backup.make_spec("second")], retries=QUICK), streamed=True)
    assert reply.provider == "second" and "".join(pieces) == reply.text, "nothing was said that had to be taken back"
    assert len(server.calls) == 1, "who has waited once is not made to wait again"
    assert wait_until(lambda: server.calls[0].outcome == "disconnected")


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_an_interrupt_ends_the_request_at_the_provider(server: ScriptedModel, streamed: bool) -> None:
    server.script.steady = "dribble" if streamed else "hang"
    main = threading.get_ident()

    def interrupt() -> None:
        wait_until(lambda: bool(server.calls) and (not streamed or server.calls[0].tokens > 1))
        while sys._current_frames()[main].f_code.co_name not in ("wait", "iterate"):  # until the caller really waits
            time.sleep(0.001)
        signal.pthread_kill(main, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    recorder = Calls()
    with recording(recorder), pytest.raises(KeyboardInterrupt):
        ask(ModelChain([server.make_spec()]), streamed)
    thread.join()
    assert wait_until(lambda: server.calls[0].outcome == "disconnected")
    assert wait_until(lambda: [call.outcome for call in recorder.calls] == ["cancelled"])


def test_stopping_many_requests_ends_those_in_flight_and_begins_no_other(server: ScriptedModel) -> None:
    server.script.steady = "hang"
    chain = ModelChain([server.make_spec()])

    async def give_up() -> None:
        task = asyncio.create_task(chain.complete_many([REQUEST] * 9, parallel=3))
        await asyncio.to_thread(wait_until, lambda: len(server.calls) == 3)
        task.cancel()
        await asyncio.wait({task})

    asyncio.run(give_up())
    assert wait_until(lambda: [call.outcome for call in server.calls] == ["disconnected"] * 3)
    assert chain.describe()[0]["in_flight"] == 0


def test_a_machine_clock_that_jumps_changes_no_waiting(
    server: ScriptedModel, backup: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, jumps = time.time, iter(range(1, 10_000))

    def jumping() -> float:
        """A day on, two days back, three days on, at every look."""
        number = next(jumps)
        return real() + 86_400 * number * (-1) ** number

    monkeypatch.setattr(time, "time", jumping)
    rule = BreakerRule(failures=2, cool_down_s=0.3)
    specs = [server.make_spec("first"), backup.make_spec("second")]
    chain, recorder = ModelChain(specs, retries=ONCE, breaker=rule), Calls()
    with recording(recorder):
        server.script.steady = "503"
        assert [ask(chain)[0].provider for _ in range(3)] == ["second"] * 3 and len(server.calls) == 2
        server.script.steady = "ok"
        assert wait_until(lambda: ask(chain)[0].provider == "first"), "the cool-down ends"
        server.script.faults[:] = ["429:0.2"]
        assert ask(ModelChain(specs, retries=QUICK))[0].provider == "first"
        assert server.calls[-1].began - server.calls[-2].began >= 0.2, "Retry-After is waited for"
        server.script.steady = "hang"
        slow = server.make_spec("slow", first_token_timeout_s=0.2)
        assert ask(ModelChain([slow, specs[1]]), streamed=True)[-1].provider == "second"
    assert all(0 <= call.ms < 60_000 for call in recorder.calls)
    assert [change["state"] for change in chain.describe()[0]["changes"]][:3] == ["open", "half_open", "closed"]
