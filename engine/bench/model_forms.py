"""How providers write their replies: OpenAI's and Ollama's forms, whole and in pieces, and their frames on the wire."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any


class ReplyForm:
    """How OpenAI writes its replies. ``usage`` is the tokens of prompt and completion, ``reason`` why the model stopped."""

    content_type = "text/event-stream"

    def whole(self, model: str, text: str, usage: tuple[int, int], reason: str = "stop") -> dict[str, Any]:
        """A reply that is not streamed."""
        message = {"role": "assistant", "content": text}
        choices = [{"index": 0, "finish_reason": reason, "message": message}]
        return {**_frame_of(model, "chat.completion"), "choices": choices, "usage": _count(usage)}

    def piece(self, model: str, token: str) -> dict[str, Any]:
        """One token of a stream."""
        choices = [{"index": 0, "finish_reason": None, "delta": {"role": "assistant", "content": token}}]
        return {**_frame_of(model, "chat.completion.chunk"), "choices": choices}

    def frame(self, piece: dict[str, Any]) -> bytes:
        """A piece as it goes over the wire."""
        return b"data: " + json.dumps(piece).encode() + b"\n\n"

    def closing(self, model: str, usage: tuple[int, int], reason: str = "stop") -> Iterable[bytes]:
        """What a stream ends with: why it stopped, and what it used."""
        head = _frame_of(model, "chat.completion.chunk")
        yield self.frame({**head, "choices": [{"index": 0, "finish_reason": reason, "delta": {}}]})
        yield self.frame({**head, "choices": [], "usage": _count(usage)})
        yield b"data: [DONE]\n\n"


class OllamaForm(ReplyForm):
    """How Ollama writes its replies: JSON, a line each."""

    content_type = "application/x-ndjson"

    def whole(self, model: str, text: str, usage: tuple[int, int], reason: str = "stop") -> dict[str, Any]:
        counts = {"prompt_eval_count": usage[0], "eval_count": usage[1], "done_reason": reason}
        return {**self.piece(model, text), "done": True, **counts}

    def piece(self, model: str, token: str) -> dict[str, Any]:
        return {"model": model, "message": {"role": "assistant", "content": token}, "done": False}

    def frame(self, piece: dict[str, Any]) -> bytes:
        return json.dumps(piece).encode() + b"\n"

    def closing(self, model: str, usage: tuple[int, int], reason: str = "stop") -> Iterable[bytes]:
        yield self.frame(self.whole(model, "", usage, reason))


OPENAI, OLLAMA = ReplyForm(), OllamaForm()


def _frame_of(model: str, kind: str) -> dict[str, Any]:
    return {"id": "scripted", "object": kind, "created": 1, "model": model}


def _count(usage: tuple[int, int]) -> dict[str, int]:
    return {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}


def frame_reply(body: bytes, status: int = 200, kind: str = "application/json", more: str = "") -> bytes:
    """A whole HTTP reply; ``more`` are further lines of its head, each with its end of line."""
    head = f"HTTP/1.1 {status} Scripted\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


def frame_chunk(data: bytes) -> bytes:
    """A part of a reply whose length is not known beforehand."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"
