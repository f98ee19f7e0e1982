"""A target tried with one question: what was sent, what came back, what is missing for scoring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.corpora import find_corpus, load_sources
from engine.errors import InputError, TargetError
from engine.evaluation.foreign_answers import UNPLACED
from engine.evaluation.opening_targets import open_target
from engine.evaluation.suites import load_suite
from engine.evaluation.target_requests import render_request
from engine.evaluation.target_secrets import show_address
from engine.evaluation.target_specs import TargetSpec
from engine.guard.fields import check_question
from engine.types import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedContext:
    """A context that came; ``document`` is empty where it could not be located."""

    text: str
    document: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetTrial:
    """How a target answered one question.

    Attributes:
        request: method, url, headers and body as sent; environment variables by name, not by value.
        reply: the shape of what came back, without its texts.
        missing: what scoring would lack, one sentence each.
        log: what a callable printed.
        error, hint: why there is no answer.
    """

    name: str
    kind: str
    question: str
    request: Mapping[str, Any] | None = None
    reply: str = ""
    answer: str | None = None
    abstained: bool | None = None
    contexts: tuple[TriedContext, ...] | None = None
    retrieved: tuple[str, ...] = ()
    context_quality: float | None = None
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    tokens: Mapping[str, int] = field(default_factory=dict)
    cost_usd: float = 0.0
    missing: tuple[str, ...] = ()
    log: tuple[str, ...] = ()
    error: str = ""
    hint: str = ""

    def as_json(self) -> dict[str, Any]:
        """The JSON of ``targets --try``."""
        contexts = self.contexts
        return {
            "target": self.name,
            "kind": self.kind,
            "question": self.question,
            "request": self.request,
            "reply": self.reply or None,
            "answer": self.answer,
            "abstained": self.abstained,
            "contexts": None
            if contexts is None
            else [{"document": c.document or None, "start": c.start, "end": c.end, "text": c.text} for c in contexts],
            "retrieved": list(self.retrieved),
            "context_quality": self.context_quality,
            "timings_ms": dict(self.timings_ms),
            "tokens": dict(self.tokens),
            "cost_usd": self.cost_usd,
            "missing": list(self.missing),
            "log": list(self.log),
            "error": self.error or None,
            "hint": self.hint or None,
        }


def try_target(spec: TargetSpec, question: str, *, suite: str = "") -> TargetTrial:
    """Put one question to a target. What goes wrong at the target is in the trial, not raised.

    Args:
        suite: the suite in whose documents contexts are located; without one they are only shown.

    Raises:
        InputError: the question, the suite or an environment variable is missing, or the callable cannot be imported.
    """
    check_question(question)
    if spec.kind == "pipeline":
        raise InputError("The built-in pipeline is tried with ask.", "python -m engine ask QUESTION --corpus NAME")
    documents = load_suite_documents(suite) if suite else {}
    log: list[str] = []
    shared: dict[str, Any] = {
        "name": spec.name,
        "kind": spec.kind,
        "question": question,
        "request": show_request(spec, question),
    }
    with open_target(spec, documents=documents, log=log.append) as target:
        try:
            answer = target.ask(question)
        except TargetError as error:
            shared |= {"error": error.message, "hint": error.hint}
        shared["reply"] = target.last_shape
    # The target is closed: all that it printed has come.
    if "error" in shared:
        return TargetTrial(log=tuple(log), **shared)
    return _describe(answer, tuple(log), located=bool(documents), shared=shared)


def load_suite_documents(suite: str) -> dict[str, str]:
    """Texts of a suite's corpus by id.

    Raises:
        PhasegateError: no such suite, or a file of it is broken.
    """
    loaded = load_suite(suite)
    _, path = find_corpus(str(loaded.corpus_path), loaded.path)
    return {document.id: document.text for document in load_sources([str(path)]).documents}


def show_request(spec: TargetSpec, question: str) -> dict[str, Any] | None:
    """A request as it would be sent, environment variables by name; None for a callable."""
    if spec.http is None:
        return None
    return {
        "method": spec.http.method,
        "url": spec.http.url,
        "address": show_address(spec.http.url),
        "headers": dict(spec.http.headers),
        "body": render_request(spec.http.request, question, (), fill=str),
    }


def _describe(answer: Answer, log: tuple[str, ...], *, located: bool, shared: Mapping[str, Any]) -> TargetTrial:
    known = "contexts" not in answer.gaps
    parts = answer.context.parts
    return TargetTrial(
        answer=answer.text,
        abstained=answer.abstained,
        contexts=tuple(TriedContext(text=p.text, document=p.document, start=p.start, end=p.end) for p in parts)
        if known
        else None,
        retrieved=tuple(dict.fromkeys(ranked.document for ranked in answer.retrieved)),
        context_quality=answer.context.quality,
        timings_ms=answer.timings_ms,
        tokens=answer.tokens,
        cost_usd=answer.cost_usd,
        missing=tuple(_list_missing(answer, located)),
        log=log,
        **shared,
    )


def _list_missing(answer: Answer, located: bool) -> list[str]:
    missing = []
    if "contexts" in answer.gaps:
        missing.append(
            f"Contexts: {answer.gaps['contexts'].reason}. Quality, groundedness, span and document measures need them."
        )
    elif not located:
        missing.append("No suite was chosen, so the contexts were not looked for in its documents.")
    elif lost := sum(part.document == UNPLACED for part in answer.context.parts):
        missing.append(
            f"{lost} of {len(answer.context.parts)} contexts stand in no document of the suite: span measures will fail"
            " for such answers."
        )
    if located and "retrieved" in answer.gaps and "contexts" not in answer.gaps:
        missing.append(f"Ranking: {answer.gaps['retrieved'].reason}. Document measures will fail.")
    return missing
