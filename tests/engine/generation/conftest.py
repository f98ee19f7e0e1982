"""A shop's policy, and a scripted model on loopback that is asked about it through litellm."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.bench.scripted_model import ScriptedModel
from engine.corpora import ingest_corpus
from engine.pipeline import RagPipeline, open_pipeline
from engine.settings import PipelineSettings

POLICY = (
    "A customer may return unopened boxes within 42 days of delivery. The customer pays for the return. "
    "Refunds are paid to the card that was used for the order.\n"
)
QUESTION = "How long may a customer return unopened boxes?"
GOOD = "A customer may return unopened boxes within 42 days of delivery [1]."
Open = Callable[..., RagPipeline]


class Script:
    """What the model says: the next of ``replies`` to an answer or a repair, by aspect to a validator."""

    def __init__(self) -> None:
        self.replies: list[str] = []
        self.steady = GOOD
        self.verdicts: dict[str, str] = {}
        self.verdict = '{"verdict": "pass", "reason": "It is so."}'

    def __call__(self, body: dict[str, Any]) -> str:
        system = str(body["messages"][0]["content"])
        if "You check one aspect" in system:
            return next((said for words, said in self.verdicts.items() if words in system), self.verdict)
        return self.replies.pop(0) if self.replies else self.steady


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def server(script: Script) -> Iterator[ScriptedModel]:
    with ScriptedModel(reply=script, model="scripted-2026") as running:
        yield running


@pytest.fixture
def opened(home: Path, tmp_path: Path, server: ScriptedModel) -> Open:
    """Opens a pipeline over the policy that asks the scripted model."""
    (tmp_path / "policy.txt").write_text(POLICY, encoding="utf-8")
    ingest_corpus("shop", [tmp_path / "policy.txt"], PipelineSettings())

    def open_shop(corpus: str = "shop", prompts: Any = (), parallel: int = 8, **settings: Any) -> RagPipeline:
        values = PipelineSettings(provider="litellm", model="scripted").with_values(settings)
        return open_pipeline(corpus, values, [server.make_spec()], prompts=prompts, parallel=parallel)

    return open_shop


def purposes(server: ScriptedModel) -> list[str]:
    """What the model was asked for, in order."""
    found = []
    for call in server.calls:
        messages = json.loads(json.dumps(call.body["messages"]))
        judged = "You check one aspect" in messages[0]["content"]
        found.append("validate" if judged else "repair" if len(messages) > 2 else "answer")
    return found
