"""An OpenAI-compatible model on loopback that answers by a script: whole or token by token, slowly, wrongly or not at all.

It also speaks Ollama's ``/api/chat``. ``python -m engine.bench.model_server '{"delay_s": 0.3}'`` runs it as a process of
its own, which prints its port and can be killed in the middle of a call.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from engine.bench.model_forms import OLLAMA, OPENAI, ReplyForm, frame_chunk, frame_reply

# What a script may ask of the next reply; a number is a status, such as ``503`` or ``429:2`` (come again in 2 s).
FAULTS = {
    "ok": "answers",
    "hang": "takes the request and never says a word",
    "headers": "sends the headers of a reply and nothing after them",
    "dribble": "sends one token every quarter of a second, without end",
    "html": "answers a page of HTML, as a gateway does",
    "text": "answers plain text in place of JSON",
    "half": "sends half of its JSON and closes",
    "drop": "closes without a reply",
    "empty": "answers an empty text",
    "break": "breaks a stream off after some tokens: break:3",
    "cut": "ends a stream in good form after some tokens, without its last words, as a proxy does: cut:3",
    "length": "stops after some tokens, as at the most that it may write, and says so: length:3",
    "error": "says within a reply of status 200, or after some tokens of a stream, that it failed: error:3",
    "expired": "says that the key has expired, with status 401 as OpenAI does or with another: expired:400",
}
DRIBBLE_S = 0.25
EXPIRED = {"error": {"message": "The API key has expired.", "type": "invalid_request_error", "code": "expired_api_key"}}
FAILED = {"error": {"message": "scripted", "code": 500}}
PASSAGE = re.compile(r"\[1\] \([^)]*\)\n(.+?)(?:\n\n|\Z)", re.DOTALL)


@dataclass(slots=True)
class ScriptedCall:
    """One request as the server saw it. ``outcome``: open, answered, the fault, or disconnected by the client.

    Attributes:
        began, ended: seconds on the clock of ``time.monotonic``, which processes of one machine share.
        tokens: sent so far.
        connection: which one it came over.
    """

    body: dict[str, Any]
    key: str
    path: str
    began: float
    ended: float | None = None
    outcome: str = "open"
    tokens: int = 0
    connection: int = 0


def quote_passage(body: dict[str, Any]) -> str:
    """The beginning of the first passage of a prompt of ours, as a model that reads would give it."""
    asked = "\n".join(str(message["content"]) for message in body["messages"])
    found = PASSAGE.search(asked)
    return (" ".join(found[1].split())[:200] + " [1]") if found else "NOT IN THE DOCUMENTS"


@dataclass(slots=True)
class ModelScript:
    """How the server answers. Everything may be changed while it serves.

    Attributes:
        delay_s: before the first token, or before the whole reply.
        token_delay_s: between tokens; a reply that is not streamed waits for the sum.
        reply: what it says, ``{question}`` standing for the last message; or what makes that of a request's body.
        faults: of the next replies, one each (see ``FAULTS``); ``steady`` is that of all later ones.
        model: how it names itself; empty repeats the name that was asked for.
    """

    delay_s: float = 0.0
    token_delay_s: float = 0.0
    reply: str | Callable[[dict[str, Any]], str] = quote_passage
    faults: list[str] = field(default_factory=list)
    steady: str = "ok"
    model: str = ""
    calls: list[ScriptedCall] = field(default_factory=list)

    def next_fault(self) -> tuple[str, float]:
        """Kind and number of the next reply's fault, such as ``("break", 3.0)``."""
        kind, _, number = (self.faults.pop(0) if self.faults else self.steady).partition(":")
        return kind, float(number or 0)

    def say(self, body: dict[str, Any]) -> str:
        """What it answers to a request."""
        if isinstance(self.reply, str):
            return self.reply.replace("{question}", str(body["messages"][-1]["content"]))
        return self.reply(body)


class ModelConnection(asyncio.Protocol):
    """One connection: requests one after another, kept alive between them."""

    def __init__(self, script: ModelScript, open_connections: set[ModelConnection]) -> None:
        self._script, self._open = script, open_connections
        self._buffer = b""
        self._task: asyncio.Task[None] | None = None
        self._call: ScriptedCall | None = None

    def connection_made(self, transport: Any) -> None:
        """Called by the event loop."""
        self._transport = transport
        self._open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client went away: what it waited for is given up."""
        self._open.discard(self)
        if self._call is not None and self._call.ended is None:
            self._end("disconnected")
        if self._task is not None:
            self._task.cancel()

    def abort(self) -> None:
        """Close at once, as a killed server does."""
        if self._call is not None and self._call.ended is None:
            self._end("killed")
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Called by the event loop; a whole request starts its reply."""
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        lines = head.decode("latin-1").split("\r\n")
        marks = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        length = int(marks.get("content-length", 0))
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        method, path, _ = lines[0].split(" ", 2)
        if method == "GET" or path == "/script":
            self._control(path, rest[:length])
            return
        if not path.endswith(("/chat/completions", "/api/chat")):
            self._transport.write(frame_reply(b'{"error": "there is nothing here"}', 404))
            return
        body = json.loads(rest[:length])
        self._call = ScriptedCall(body, marks.get("authorization", ""), path, time.monotonic(), connection=id(self))
        self._script.calls.append(self._call)
        self._task = asyncio.get_running_loop().create_task(self._respond(self._call))

    def _control(self, path: str, body: bytes) -> None:
        """``GET /calls`` tells what was asked; ``POST /script`` changes fields of the script."""
        if path == "/script":
            for name, value in json.loads(body).items():
                setattr(self._script, name, value)
        calls = [asdict(call) for call in self._script.calls] if path == "/calls" else []
        self._transport.write(frame_reply(json.dumps({"calls": calls}).encode()))

    async def _respond(self, call: ScriptedCall) -> None:
        kind, number = self._script.next_fault()
        if kind == "expired":
            self._transport.write(frame_reply(json.dumps(EXPIRED).encode(), int(number) or 401))
            self._end(kind)
        elif kind.isdigit():
            await asyncio.sleep(self._script.delay_s)
            retry = f"Retry-After: {number:g}\r\n" if number else ""
            self._transport.write(frame_reply(b'{"error": {"message": "scripted"}}', int(kind), more=retry))
            self._end(kind)
        elif kind in ("hang", "headers"):
            if kind == "headers":
                self._transport.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n"
                )
            await asyncio.Event().wait()
        elif kind == "drop":
            self._end(kind)
            self._transport.close()
        elif kind in ("html", "text"):
            await asyncio.sleep(self._script.delay_s)
            page = b"<html><body>Sign in</body></html>" if kind == "html" else b"service is being moved"
            self._transport.write(frame_reply(page, kind="text/html" if kind == "html" else "text/plain"))
            self._end(kind)
        else:
            await self._answer(call, kind, int(number))

    async def _answer(self, call: ScriptedCall, kind: str, number: int) -> None:
        text = "" if kind == "empty" else self._script.say(call.body)
        tokens = re.findall(r"\s*\S+", text) or [text]
        reason = "stop"
        if kind == "length":
            tokens, reason = tokens[:number], "length"
            text = "".join(tokens)
        name = self._script.model or call.body.get("model", "scripted")
        asked = "\n".join(str(message["content"]) for message in call.body["messages"])
        usage = (len(asked.split()), len(tokens) if text else 0)
        ollama = call.path == "/api/chat"
        write = OLLAMA if ollama else OPENAI
        await asyncio.sleep(self._script.delay_s)
        if not call.body.get("stream", ollama):
            await asyncio.sleep(self._script.token_delay_s * len(tokens))
            reply = FAILED if kind == "error" else write.whole(name, text, usage, reason)
            whole = frame_reply(json.dumps(reply).encode())
            self._transport.write(whole[: len(whole) * 2 // 3] if kind == "half" else whole)
        else:
            await self._stream(call, write, name, tokens, write.closing(name, usage, reason), kind, number)
        if kind in ("half", "break"):
            self._transport.close()
        self._end("answered" if kind == "ok" else kind)

    async def _stream(
        self,
        call: ScriptedCall,
        write: ReplyForm,
        name: str,
        tokens: Sequence[str],
        closing: Iterable[bytes],
        kind: str,
        last: int,
    ) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {write.content_type}\r\nTransfer-Encoding: chunked\r\n\r\n"
        self._transport.write(head.encode())
        for i, token in enumerate(tokens if kind != "dribble" else _repeat(tokens)):
            if i:
                await asyncio.sleep(DRIBBLE_S if kind == "dribble" else self._script.token_delay_s)
            if kind == "break" and i == last:
                return
            if kind == "error" and i == last:
                self._transport.write(frame_chunk(write.frame(FAILED)))
                break
            if kind == "cut" and i == last:
                break
            piece = frame_chunk(write.frame(write.piece(name, token)))
            if kind == "half" and i:
                self._transport.write(piece[: len(piece) // 2])
                return
            self._transport.write(piece)
            call.tokens += 1
        else:
            for frame in closing:
                self._transport.write(frame_chunk(frame))
        self._transport.write(b"0\r\n\r\n")

    def _end(self, outcome: str) -> None:
        if self._call is not None:
            self._call.outcome, self._call.ended = outcome, time.monotonic()


def _repeat(tokens: Sequence[str]) -> Iterable[str]:
    while True:
        yield from tokens


async def open_server(script: ModelScript, connections: set[ModelConnection], port: int = 0) -> asyncio.Server:
    """Listen on loopback; port 0 is a free one."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: ModelConnection(script, connections), "127.0.0.1", port)


async def _main(options: dict[str, Any]) -> None:
    port = options.pop("port", 0)
    server = await open_server(ModelScript(**options), set(), port)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_main(json.loads(sys.argv[1] if len(sys.argv) > 1 else "{}")))
