"""What tests of chains share: a request, policies that do not wait, and how one asks and awaits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from engine.providers.chain import ChatRequest, ModelChain
from engine.providers.loop import iterate, run_async
from engine.providers.retries import RetryPolicy
from engine.telemetry import CallRecord, SilentRecorder

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
        """Keep it."""
        self.calls.append(call)


def ask(chain: ModelChain, streamed: bool = False) -> list[Any]:
    """The items of a stream, the reply last; or the reply alone."""
    return list(iterate(chain.stream(REQUEST))) if streamed else [run_async(chain.complete(REQUEST))]


def wait_until(true: Callable[[], bool]) -> bool:
    """Whether it becomes true within ten seconds."""
    for _ in range(1000):
        if true():
            return True
        threading.Event().wait(0.01)
    return False
