"""A judge's model on loopback that answers every call after the same time, in a process of its own.

It speaks just enough of OpenAI's chat API, without a framework, so that it is never what is measured. Its replies fit
the form that the prompt asks for. ``GET /figures`` tells what it saw: calls, seconds from the first request to the
last reply, most in flight, and how long a call took in truth.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

STATEMENTS = ("The refund takes 42 days.", "It is paid to the same card.")
# A word of the prompt to the reply; the first that occurs counts.
REPLIES: dict[str, dict[str, Any]] = {
    "NLIStatementOutput": {"statements": [{"statement": s, "reason": "It is said.", "verdict": 1} for s in STATEMENTS]},
    "StatementFaithfulnessAnswer": {
        "statements": [{"statement": s, "reason": "It is said.", "verdict": 1} for s in STATEMENTS]
    },
    "ContextRecallOutput": {
        "classifications": [{"statement": s, "reason": "It is said.", "attributed": 1} for s in STATEMENTS]
    },
    "ContextPrecisionOutput": {"reason": "It helps.", "verdict": 1},
    "AnswerRelevanceOutput": {"question": "How long does a refund take?", "noncommittal": 0},
    "ClaimDecompositionOutput": {"claims": list(STATEMENTS)},
    "RubricVerdict": {"reason": "It keeps to the rule.", "score": 0.75},
    "StatementGeneratorOutput": {"statements": list(STATEMENTS)},
    # DeepEval's faithfulness: claims of the answer, truths of the context, a verdict on each. Keys as in a JSON text.
    '\\"verdicts\\"': {"verdicts": [{"verdict": "yes", "reason": "It is said."} for _ in STATEMENTS]},
    '\\"claims\\"': {"claims": list(STATEMENTS)},
    '\\"truths\\"': {"truths": list(STATEMENTS)},
}


class Figures:
    """What the server saw."""

    def __init__(self) -> None:
        self.calls = self.in_flight = self.most_in_flight = 0
        self.first = self.last = self.busy = 0.0

    def as_json(self) -> dict[str, Any]:
        """The figures by name."""
        return {
            "calls": self.calls,
            "seconds": self.last - self.first,
            "most_in_flight": self.most_in_flight,
            "mean_ms": 1000 * self.busy / self.calls if self.calls else None,
        }


class JudgeProtocol(asyncio.Protocol):
    """One connection, kept alive; one request at a time on it."""

    def __init__(self, delay_s: float, figures: Figures, replies: list[tuple[bytes, bytes]]) -> None:
        self._delay_s, self._figures, self._replies = delay_s, figures, replies
        self._buffer = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer once the request is whole."""
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        if head.startswith(b"GET"):
            self._buffer = b""
            self._transport.write(_frame(json.dumps(self._figures.as_json()).encode()))
            self._figures.__init__()  # type: ignore[misc]  # the next measurement starts anew
            return
        marks = (line.partition(b":") for line in head.lower().split(b"\r\n"))
        length = next((int(value) for name, _, value in marks if name == b"content-length"), 0)
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        began = time.perf_counter()
        figures = self._figures
        figures.first = figures.first or began
        figures.calls += 1
        figures.in_flight += 1
        figures.most_in_flight = max(figures.most_in_flight, figures.in_flight)
        body = rest[:length]
        reply = next((made for mark, made in self._replies if mark in body), self._replies[-1][1])
        asyncio.get_running_loop().call_later(self._delay_s, self._reply, reply, began)

    def _reply(self, reply: bytes, began: float) -> None:
        figures = self._figures
        figures.in_flight -= 1
        figures.last = time.perf_counter()
        figures.busy += figures.last - began
        self._transport.write(reply)


def _frame(body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _build_reply(answer: dict[str, Any]) -> bytes:
    message = {"role": "assistant", "content": json.dumps(answer)}
    reply = {
        "id": "judge",
        "object": "chat.completion",
        "created": 1,
        "model": "judge",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 400, "completion_tokens": 40, "total_tokens": 440},
    }
    return _frame(json.dumps(reply).encode())


async def serve(delay_s: float) -> None:
    """Serve on a free port, which is printed, until stdin ends."""
    replies = [(mark.encode(), _build_reply(answer)) for mark, answer in REPLIES.items()]
    figures, loop = Figures(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: JudgeProtocol(delay_s, figures, replies), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
