"""Targets on their screen: the saved ones, the form of one, and what a trial showed."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.errors import InputError, PhasegateError
from engine.evaluation.opening_targets import list_variables
from engine.evaluation.target_files import build_spec, check_name
from engine.evaluation.target_presets import PRESETS
from engine.evaluation.target_specs import TargetLimits, TargetSpec
from engine.store import Store, TargetStore
from engine.target_trials import TargetTrial
from engine.views.words import decimal, milliseconds, percent, sentence_list

KIND_WORDS = {"http": "HTTP endpoint", "callable": "Python callable"}
REPLY_FIELDS = {
    "answer": "The answer's text.",
    "contexts": "A list of texts, or of objects with text. Empty: the target gives none.",
    "retrieved": "A list of document names, best first. Empty: the contexts' documents count.",
    "abstained": "true or false. Empty: told by the phrases.",
    "cost_usd": "A number in USD.",
    "tokens": "Numbers by name.",
}
LIMIT_WORDS = {
    "timeout_s": ("Timeout (s)", "Of one attempt, from the first byte sent to the last byte read."),
    "connect_timeout_s": ("Connect timeout (s)", "To reach the server."),
    "attempts": ("Attempts", "In all, while an error may pass: 429, 5xx, a lost connection."),
    "longest_wait_s": ("Longest pause (s)", "A server that asks for a longer one (Retry-After) is not waited for."),
    "concurrency": (
        "At once",
        "Questions at the same time; worker processes of a callable. 0: 4 for another machine, else 1.",
    ),
    "requests_per_second": ("Requests per second", "0 for no limit."),
    "max_reply_kb": ("Largest reply (KB)", "More than this is cut off and is an error."),
    "start_timeout_s": ("Start timeout (s)", "To import the callable."),
    "memory_mb": ("Memory (MB)", "A worker that holds more is ended."),
}
LIMITS_OF = {
    "http": (
        "timeout_s",
        "connect_timeout_s",
        "attempts",
        "longest_wait_s",
        "concurrency",
        "requests_per_second",
        "max_reply_kb",
    ),
    "callable": ("timeout_s", "start_timeout_s", "concurrency", "memory_mb", "max_reply_kb"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetCard:
    """A saved target. ``missing``: environment variables that it needs and this app does not have."""

    name: str
    kind: str
    where: str
    description: str
    variables: tuple[str, ...]
    missing: tuple[str, ...]
    changed_by: str
    changed_at: datetime
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetForm:
    """What the form of a target starts with; texts as a person edits them."""

    name: str
    kind: str
    saved: bool
    preset: str
    where: str
    folder: str
    method: str
    headers: str
    model: str
    requests: Mapping[str, str]
    paths: Mapping[str, Mapping[str, str]]
    phrases: str
    description: str
    limits: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedPassage:
    """A context of a trial, with its place in words."""

    place: str
    located: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialView:
    """A trial, ready to be drawn. ``figures``: label, value, help of each tile."""

    request: str
    reply: str
    answer: str
    abstained: bool
    passages: tuple[TriedPassage, ...]
    figures: tuple[tuple[str, str, str], ...]
    missing: tuple[str, ...]
    log: str
    error: str
    hint: str


def load_target_cards(store: Store) -> tuple[TargetCard, ...]:
    """The saved targets by name."""
    return tuple(_load_card(row) for row in TargetStore(store).list_targets())


def load_form(store: Store, name: str, kind: str) -> TargetForm:
    """The form of a saved target, or of a new one of a kind when the name is empty.

    Raises:
        UnknownNameError: no such target.
    """
    config = TargetStore(store).load_target(name)["config"] if name else {"kind": kind}
    preset = config.get("preset", "plain")
    reply = config.get("reply") or {}
    request = config.get("request")
    defaults = TargetLimits(concurrency=0)
    limits = config.get("limits") or {}
    return TargetForm(
        name=name,
        kind=config["kind"],
        saved=bool(name),
        preset=preset,
        where=config.get("url") or config.get("callable") or "",
        folder=config.get("folder") or os.getcwd(),
        method=config.get("method", "POST"),
        headers="\n".join(f"{key}: {value}" for key, value in (config.get("headers") or {}).items()),
        model=config.get("model", ""),
        requests={
            key: json.dumps(
                request if key == preset and request is not None else p.request, ensure_ascii=False, indent=2
            )
            for key, p in PRESETS.items()
        },
        paths={
            key: {
                field: (reply.get(field) if key == preset else None)
                or ("" if field in reply and key == preset else p.reply.get(field, ""))
                for field in REPLY_FIELDS
            }
            for key, p in PRESETS.items()
        },
        phrases="\n".join(config.get("abstain_phrases") or ()),
        description=config.get("description", ""),
        limits={key: float(limits.get(key) or getattr(defaults, key) or 0) for key in LIMITS_OF[config["kind"]]},
    )


def read_form(values: Mapping[str, Any]) -> tuple[dict[str, Any], TargetSpec]:
    """The configuration of a filled form, checked.

    Args:
        values: fields of ``TargetForm`` as edited; ``request`` is JSON text, ``reply`` the paths by name.

    Raises:
        InputError: names the field, what was expected and what was found.
    """
    kind = values["kind"]
    limits = {key: value for key, value in values["limits"].items() if value}
    whole = ("attempts", "concurrency", "max_reply_kb", "memory_mb")
    config: dict[str, Any] = {
        "name": values["name"].strip(),
        "kind": kind,
        "limits": {key: int(value) if key in whole else float(value) for key, value in limits.items()},
    }
    if values.get("description"):
        config["description"] = values["description"]
    if phrases := [line.strip() for line in values.get("phrases", "").splitlines() if line.strip()]:
        config["abstain_phrases"] = phrases
    if kind == "callable":
        config |= {"callable": values["where"].strip(), "folder": values["folder"].strip()}
    else:
        config |= {
            "preset": values["preset"],
            "url": values["where"].strip(),
            "method": values["method"],
            "headers": _read_headers(values["headers"]),
            "model": values["model"].strip(),
            "request": _read_request(values["request"], values["preset"]),
            "reply": {name: path.strip() for name, path in values["reply"].items()},
        }
    check_name(config["name"], "The target")
    return config, build_spec(config, "The target")


def describe_trial(trial: TargetTrial) -> TrialView:
    """A trial in words."""
    figures = [("Latency", milliseconds(trial.timings_ms.get("total")), "Of the call that succeeded.")]
    for name, label in (("waiting", "Waited for the rate limit"), ("retrying", "Failed attempts and pauses")):
        if name in trial.timings_ms:
            figures.append((label, milliseconds(trial.timings_ms[name]), "Not part of the latency."))
    if trial.contexts is not None:
        figures.append(("Contexts", str(len(trial.contexts)), "Passages that came with the answer."))
        quality = percent(trial.context_quality, 0)
        figures.append(("Context quality", quality, "The engine's calibrated estimate, from question and contexts."))
    if trial.cost_usd:
        figures.append(("Cost", f"{decimal(trial.cost_usd, 5)} USD", "As the target says."))
    if trial.abstained is not None:
        figures.append(
            ("Abstained", "yes" if trial.abstained else "no", "Whether the answer says that it does not know.")
        )
    return TrialView(
        request=_show_request(trial.request),
        reply=trial.reply,
        answer=trial.answer or "",
        abstained=bool(trial.abstained),
        passages=tuple(
            TriedPassage(
                place=f"{c.document}, characters {c.start} to {c.end}" if c.document else "not located",
                located=bool(c.document),
                text=c.text,
            )
            for c in trial.contexts or ()
        ),
        figures=tuple(figures) if not trial.error else (),
        missing=trial.missing,
        log="\n".join(trial.log),
        error=trial.error,
        hint=trial.hint,
    )


def list_missing_variables(spec: TargetSpec) -> tuple[str, ...]:
    """Environment variables that a target needs and this process does not have."""
    return tuple(name for name in list_variables(spec) if not os.environ.get(name))


def variables_words(missing: tuple[str, ...]) -> str:
    """What to do about missing variables."""
    verb, it = ("is", "it") if len(missing) == 1 else ("are", "them")
    return f"{sentence_list(missing)} {verb} not set in the environment of this app. Set {it} and start the app again."


def _load_card(row: Mapping[str, Any]) -> TargetCard:
    config = row["config"]
    shared: dict[str, Any] = {
        "name": row["name"],
        "kind": KIND_WORDS.get(row["kind"], row["kind"]),
        "where": config.get("url") or config.get("callable") or "",
        "description": config.get("description", ""),
        "changed_by": row["updated_by"],
        "changed_at": row["updated_at"],
    }
    try:
        spec = build_spec(config, f"target {row['name']!r}", name=row["name"])
    except PhasegateError as error:
        return TargetCard(variables=(), missing=(), error=error.message, **shared)
    return TargetCard(variables=list_variables(spec), missing=list_missing_variables(spec), **shared)


def _read_headers(text: str) -> dict[str, str]:
    headers: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        found = re.fullmatch(r"\s*([^:\s]+)\s*:\s*(.*?)\s*", line)
        if not found:  # the line may hold a secret: it is not repeated
            raise InputError(
                f"Headers, line {number}: expected Name: value.", "For instance Authorization: Bearer ${MY_TOKEN}"
            )
        headers[found[1]] = found[2]
    return headers


def _read_request(text: str, preset: str) -> Any:
    if not text.strip():
        return PRESETS[preset].request
    try:
        value = json.loads(text)
    except ValueError as error:
        raise InputError(
            f"Request: expected JSON, found broken JSON ({error}).", "Mend the request template."
        ) from None
    if not isinstance(value, dict | list):
        raise InputError("Request: expected a JSON object or list.", 'For instance {"question": "{question}"}')
    return value


def _show_request(request: Mapping[str, Any] | None) -> str:
    if request is None:
        return ""
    lines = [f"{request['method']} {request['url']}", *(f"{k}: {v}" for k, v in request["headers"].items())]
    return "\n".join([*lines, "", json.dumps(request["body"], ensure_ascii=False, indent=2)])
