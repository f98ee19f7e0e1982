"""The format of a target: fields of a ``.yaml`` or ``.json`` file, of the screen's form and of the store."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from engine.errors import FileFormatError, InputError
from engine.evaluation.suite_files import explain_error
from engine.evaluation.target_presets import PRESETS
from engine.evaluation.target_secrets import find_literal_secret, find_secret_in_body, find_secret_in_url, is_remote
from engine.evaluation.target_specs import PIPELINE, HttpCall, PythonCall, ReplyPaths, TargetLimits, TargetSpec

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_REFERENCE = r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$"
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# Questions at once to another machine; one of this machine would wait for itself, and its latency with it.
REMOTE_CONCURRENCY = 4
Seconds = Annotated[float, Field(gt=0, le=86_400)]


class _Fields(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LimitFields(_Fields):
    """``limits``."""

    connect_timeout_s: Seconds = 5.0
    timeout_s: Seconds = 60.0
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    longest_wait_s: Annotated[float, Field(ge=0, le=3600)] = 30.0
    concurrency: Annotated[int, Field(ge=1, le=256)] | None = None
    requests_per_second: Annotated[float, Field(gt=0, le=10_000)] | None = None
    max_reply_kb: Annotated[int, Field(ge=1, le=1_048_576)] = 4096
    start_timeout_s: Seconds = 120.0
    memory_mb: Annotated[int, Field(ge=64, le=1_048_576)] = 4096

    def build(self, concurrency: int) -> TargetLimits:
        """With the kind's own concurrency where none is given."""
        return TargetLimits(**{**self.model_dump(), "concurrency": self.concurrency or concurrency})


class ReplyFields(_Fields):
    """``reply``: JMESPath expressions; a missing one is the preset's."""

    answer: str | None = None
    contexts: str | None = None
    retrieved: str | None = None
    abstained: str | None = None
    cost_usd: str | None = None
    tokens: str | None = None

    @field_validator("*")
    @classmethod
    def _check_path(cls, value: str | None) -> str | None:
        if value:
            import jmespath

            try:
                jmespath.compile(value)
            except jmespath.exceptions.JMESPathError as error:
                problem = str(error).splitlines()[0].rstrip(":")
                raise ValueError(f"expected a JMESPath expression, found {value!r}: {problem}") from None
        return value


class _Target(_Fields):
    name: str | None = None
    description: str = ""
    abstain_phrases: list[Annotated[str, Field(min_length=1, pattern=r"\S")]] | None = None
    limits: LimitFields = LimitFields()


class HttpFields(_Target):
    """``kind: http``."""

    kind: Literal["http"]
    preset: Literal["plain", "openai-chat", "langserve"] = "plain"
    url: str
    method: Literal["GET", "POST", "PUT"] = "POST"
    headers: dict[str, str] = {}
    model: str = ""
    request: dict[str, Any] | list[Any] | None = None
    reply: ReplyFields = ReplyFields()

    @field_validator("url")
    @classmethod
    def _check_url(cls, value: str) -> str:
        from urllib.parse import urlsplit

        value = value.strip()
        try:
            parts = urlsplit(value)
            usable = parts.scheme.lower() in ("http", "https") and parts.hostname and (parts.port or 1)
        except ValueError:
            usable = False
        if not usable or any(c.isspace() for c in value):
            raise ValueError("expected an address that begins with http:// or https://")
        if problem := find_secret_in_url(value):
            raise ValueError(problem)
        return value

    @field_validator("headers")
    @classmethod
    def _check_headers(cls, value: dict[str, str]) -> dict[str, str]:
        for name, text in value.items():
            if not _HEADER.fullmatch(name):
                raise ValueError(f"expected a header's name, found {name[:40]!r}")
            if "\n" in text or "\r" in text or not text.isascii():
                raise ValueError(f"{name}: expected one line of ASCII text")
            if problem := find_literal_secret(name, text):
                raise ValueError(problem)
        return value

    @field_validator("request")
    @classmethod
    def _check_request(cls, value: Any) -> Any:
        if problem := find_secret_in_body(value):
            raise ValueError(problem)
        return value

    @model_validator(mode="after")
    def _check_together(self) -> HttpFields:
        from engine.evaluation.target_requests import holds_question

        request = self._request()
        if isinstance(request, dict) and request.get("model") == "":
            raise ValueError("expected the name of a model in the field model, which the request sends")
        if not holds_question(request):
            raise ValueError(
                "request: expected {question} or {messages} somewhere in it; the question would not be sent"
            )
        if self.method == "GET" and not (
            isinstance(request, dict) and all(isinstance(v, str | int | float) for v in request.values())
        ):
            raise ValueError("request: expected plain values for the parameters of a GET request")
        return self

    def _request(self) -> Any:
        request = PRESETS[self.preset].request if self.request is None else self.request
        if isinstance(request, dict) and "model" in request and self.model:
            request = {**request, "model": self.model}
        return request

    def build(self, name: str, reference: str) -> TargetSpec:
        """The frozen form."""
        preset = PRESETS[self.preset].reply
        given = {key: value for key, value in self.reply.model_dump().items() if value is not None}
        call = HttpCall(
            url=self.url,
            method=self.method,
            headers=dict(self.headers),
            request=self._request(),
            reply=ReplyPaths(**{**preset, **given}),
            preset=self.preset,
        )
        phrases = None if self.abstain_phrases is None else tuple(self.abstain_phrases)
        limits = self.limits.build(REMOTE_CONCURRENCY if is_remote(self.url) else 1)
        return TargetSpec(
            name=name, kind="http", reference=reference, http=call, abstain_phrases=phrases, limits=limits
        )


class CallableFields(_Target):
    """``kind: callable``."""

    kind: Literal["callable"]
    reference: str = Field(alias="callable")
    folder: str = ""

    @field_validator("reference")
    @classmethod
    def _check_reference(cls, value: str) -> str:
        if not re.match(_REFERENCE, value):
            raise ValueError(f"expected module:function, such as my_app.rag:answer; found {value[:80]!r}")
        return value

    def build(self, name: str, reference: str) -> TargetSpec:
        """The frozen form."""
        phrases = None if self.abstain_phrases is None else tuple(self.abstain_phrases)
        folder = str(Path(self.folder or ".").expanduser().resolve())
        call = PythonCall(reference=self.reference, folder=folder)
        limits = self.limits.build(1)
        return TargetSpec(
            name=name, kind="callable", reference=reference, call=call, abstain_phrases=phrases, limits=limits
        )


_KINDS: dict[str, type[HttpFields | CallableFields]] = {"http": HttpFields, "callable": CallableFields}


def build_spec(config: Mapping[str, Any], where: str, *, name: str = "", reference: str = "") -> TargetSpec:
    """The target of a configuration.

    Args:
        where: what to call the configuration in a message: a file's path, a saved target.
        name: the target's, else the configuration's own.
        reference: what finds the configuration again, by default the name.

    Raises:
        FileFormatError: it breaks the format, or holds a secret in plain text. The message never repeats a secret.
    """
    kind = config.get("kind")
    if kind not in _KINDS:
        found = "nothing" if kind is None else repr(kind)[:60]
        raise FileFormatError(where, f"expected http or callable, found {found}", field="kind", hint=_HINT)
    try:
        fields = _KINDS[kind].model_validate(dict(config))
    except ValidationError as error:
        raise _explain(error, where) from None
    name = name or check_name(fields.name or "", where)
    return fields.build(name, reference or name)


def check_name(name: str, where: str = "target") -> str:
    """A name that a target may be saved under.

    Raises:
        FileFormatError: it is missing, taken by the engine, or has other characters.
    """
    if not NAME.fullmatch(name) or name.lower() == PIPELINE or name.lower().endswith((".yaml", ".yml", ".json")):
        found = repr(name)[:70] if name else "nothing"
        problem = f"expected up to 60 letters, digits, dots, dashes, underscores (not {PIPELINE}); found {found}"
        raise FileFormatError(where, problem, field="name", hint="Give the target another name.")
    return name


def read_target_file(path: Path) -> TargetSpec:
    """The target of a file; without a name of its own it has the file's.

    Raises:
        FileFormatError: no such file, no YAML or JSON, or it breaks the format.
    """
    config = load_target_config(path)
    return build_spec(config, str(path), name=config["name"], reference=str(path.expanduser().resolve()))


def load_target_config(path: Path) -> dict[str, Any]:
    """The fields of a target file, checked; ``name`` is filled in and ``folder`` is absolute.

    Raises:
        FileFormatError: no such file, no YAML or JSON, or it breaks the format.
    """
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8-sig"))  # JSON is YAML
    except (FileNotFoundError, IsADirectoryError):
        raise FileFormatError(path, "expected a file, found none", hint=_HINT) from None
    except UnicodeDecodeError:
        raise FileFormatError(path, "expected UTF-8 text, found other bytes", hint=_HINT) from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.", "Give a file that you may read.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = f"expected YAML or JSON, found {getattr(error, 'problem', None) or 'something else'}"
        raise FileFormatError(path, problem, line=mark.line + 1 if mark else None, hint=_HINT) from None
    if not isinstance(value, dict):
        raise FileFormatError(path, "expected fields such as kind and url", line=1, hint=_HINT)
    config = {str(key): item for key, item in value.items()}
    config["name"] = check_name(str(config.get("name") or path.stem), str(path))
    if config.get("kind") == "callable":
        config["folder"] = str((path.parent / str(config.get("folder") or ".")).expanduser().resolve())
    build_spec(config, str(path))
    return config


_HINT = "docs/guide/targets.md has a file to copy."


def _explain(error: ValidationError, where: str) -> FileFormatError:
    details = error.errors()[0]
    field, problem = explain_error(details)
    if field.startswith("headers") and details["type"] != "value_error":  # what was found may be a secret
        problem = "expected text for each header's name"
    if details["type"] == "less_than_equal":
        problem = f"expected at most {details['ctx']['le']}, found {details['input']!r}"
    if details["type"] == "greater_than":
        problem = f"expected more than {details['ctx']['gt']}, found {details['input']!r}"
    if details["type"] == "extra_forbidden":
        problem = "unknown field"
    return FileFormatError(where, problem, field=field or None, hint=_HINT)
