"""Presets of HTTP targets: what is sent, and where the answer stands in what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A request template and the JMESPath expressions of its reply."""

    title: str
    description: str
    request: Any
    reply: Mapping[str, str]


PRESETS: dict[str, Preset] = {
    "plain": Preset(
        title="Plain question and answer",
        description='Sends {"question": ...}, reads {"answer": ..., "contexts": [...]}.',
        request={"question": "{question}"},
        reply={"answer": "answer", "contexts": "contexts"},
    ),
    "openai-chat": Preset(
        title="OpenAI-compatible chat",
        description="The chat completions of OpenAI, vLLM, Ollama, LiteLLM, Azure. Such replies carry no contexts"
        " unless you name a path.",
        request={"model": "", "messages": "{messages}", "temperature": 0, "stream": False},
        reply={
            "answer": "choices[0].message.content",
            "tokens": "usage.{prompt: prompt_tokens, completion: completion_tokens}",
        },
    ),
    "langserve": Preset(
        title="LangServe",
        description="The /invoke route of a chain. Reads output, or output.answer and output.context.",
        request={"input": "{question}"},
        reply={
            "answer": "output.answer || output.content || output",
            "contexts": "output.context || output.contexts || output.source_documents",
        },
    ),
}
