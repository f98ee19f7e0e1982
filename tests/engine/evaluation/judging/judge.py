"""A judge's model on loopback, scripted to behave or to misbehave."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

from engine.evaluation.judging import JudgeSpec, JudgeTask
from engine.evaluation.measures.ragas import TextSample
from tests.engine.providers.scripted import ScriptedServer

STATEMENTS = ["It takes 42 days.", "It goes to the card."]
RUBRIC = "rubric.short"


def answer_well(prompt: str) -> str:
    """What a judge answers that does as it is told: one of two statements is supported."""
    if "RubricVerdict" in prompt:
        return json.dumps({"reason": "It is short.", "score": 0.75})
    if "NLIStatementOutput" in prompt:
        verdicts = [{"statement": s, "reason": "said", "verdict": i} for i, s in enumerate(STATEMENTS)]
        return json.dumps({"statements": verdicts})
    if "AnswerRelevanceOutput" in prompt:
        return json.dumps({"question": "How long?", "noncommittal": 0})
    return json.dumps({"statements": STATEMENTS})


class JudgeServer(ScriptedServer):
    """Answers with ``answers`` in turn, then with ``usual``; counts how many calls it has at once."""

    def __init__(self, usual: Callable[[str], str] = answer_well) -> None:
        super().__init__()
        self.usual, self.answers, self.seconds = usual, list[str](), 0.0
        self.released = threading.Event()
        self.hangs = 0
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()

    def serve_forever(self, poll_interval: float = 0.02) -> None:
        super().serve_forever(poll_interval)

    def respond(self, body: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            hangs, self.hangs = self.hangs > 0, self.hangs - 1
            scripted = self.answers.pop(0) if self.answers else None
        if hangs:
            self.released.wait(20)
        time.sleep(self.seconds)
        prompt = "\n".join(message["content"] for message in body["messages"])
        content = self.usual(prompt) if scripted is None else scripted
        with self.lock:
            self.at_once -= 1
        message = {"role": "assistant", "content": content}
        return {
            "id": "1",
            "object": "chat.completion",
            "created": 1,
            "model": "judge",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
        }


def build_spec(server: JudgeServer, **given: Any) -> JudgeSpec:
    """A judge that asks the server."""
    values = {"name": "scripted", "model": "hosted_vllm/judge", "rubrics": {"short": "The answer is short."}}
    address = f"http://127.0.0.1:{server.server_port}"
    return JudgeSpec(**{**values, "api_base": address, "timeout_s": 10.0, **given})


def build_task(case_id: str = "1", measure: str = RUBRIC, turns: int = 1, **given: Any) -> JudgeTask:
    """A case that a judge can score."""
    values: dict[str, Any] = {
        "response": "It takes 42 days and goes to the card.",
        "references": ("42 days",),
        "retrieved_contexts": (f"Document {case_id}: refunds take 42 days.",),
        "reference_contexts": (),
    }
    samples = tuple(TextSample(user_input=f"How long, {case_id}.{i}?", **{**values, **given}) for i in range(turns))
    return JudgeTask(case_id=case_id, measure=measure, samples=samples)
