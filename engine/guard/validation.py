"""The bodies that doors take, checked by one set of models: commands, screens and HTTP refuse the same things."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from engine.corpus_names import check_corpus_name
from engine.errors import InputError, PhasegateError, SettingError
from engine.guard.fields import LONGEST_QUESTION, check_question, check_session
from engine.plain_text import replace_halves
from engine.settings import PRESETS, PipelineSettings, load_settings

Body = TypeVar("Body", bound=BaseModel)
MOST_TURNS = 100
MOST_SETTINGS = 50
check_text = check_question


def _checked(check: Callable[[str], str]) -> BeforeValidator:
    """A rule of ours as a rule of pydantic; halves of surrogate pairs are replaced first, since they are no text."""

    def apply(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return check(replace_halves(value))
        except InputError as error:
            problem = next(iter(error.fields.values()), error.message)
            raise PydanticCustomError("phasegate", "{problem}", {"problem": problem, "error": error}) from None

    return BeforeValidator(apply)


def _check_optional_session(session: str) -> str:
    return check_session(session) if session else session


Question = Annotated[str, _checked(check_question)]
CorpusName = Annotated[str, _checked(check_corpus_name)]
SessionId = Annotated[str, _checked(_check_optional_session)]
PlainText = Annotated[str, BeforeValidator(lambda value: replace_halves(value) if isinstance(value, str) else value)]
SettingValue = str | int | float


class StrictBody(BaseModel):
    """Fields by name; an unknown one is refused, and so is a value of another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Turn(StrictBody):
    """An earlier turn that a caller brings along instead of a session."""

    question: Annotated[PlainText, Field(min_length=1, max_length=LONGEST_QUESTION)]
    answer: Annotated[PlainText, Field(max_length=LONGEST_QUESTION)]


class AskBody(StrictBody):
    """A question and how it is to be answered.

    Attributes:
        session: id of the conversation that it belongs to; empty for none.
        history: earlier turns, oldest first, for a caller who keeps the conversation; not beside a session.
        preset: fast, balanced or accurate; None for the saved defaults.
        settings: fields of the pipeline that this question changes.
        stream: send the answer piece by piece.
        cache: an answer from the cache will do.
    """

    question: Question
    corpus: CorpusName
    session: SessionId = ""
    history: Annotated[list[Turn], Field(max_length=MOST_TURNS)] = []
    preset: str | None = None
    settings: Annotated[dict[str, SettingValue], Field(max_length=MOST_SETTINGS)] = {}
    stream: bool = False
    cache: bool = True

    @model_validator(mode="after")
    def _check_together(self) -> AskBody:
        _check_preset(self.preset)
        if self.session and self.history:
            raise _complain("history", "a session keeps its own history: give one of both")
        return self

    def resolve_settings(self, base: PipelineSettings | None = None) -> PipelineSettings:
        """``base`` (the shipped defaults when left out) with preset and settings on top.

        Raises:
            SettingError: an unknown setting, a wrong type or a value out of range; ``fields`` names it.
        """
        return apply_settings(self.preset, self.settings, base)


class ConfigBody(BaseModel):
    """``POST /api/config/rag``: a preset and explicit fields on top of it, all of them optional."""

    model_config = ConfigDict(extra="allow", strict=True)

    preset: str | None = None

    @model_validator(mode="after")
    def _check_values(self) -> ConfigBody:
        _check_preset(self.preset)
        if len(self.settings) > MOST_SETTINGS:
            raise _complain("settings", f"expected at most {MOST_SETTINGS} settings, found {len(self.settings)}")
        return self

    @property
    def settings(self) -> dict[str, Any]:
        """The explicit fields."""
        return dict(self.model_extra or {})

    def resolve_settings(self, base: PipelineSettings | None = None) -> PipelineSettings:
        """As of ``AskBody``."""
        return apply_settings(self.preset, self.settings, base)


class SessionBody(StrictBody):
    """A conversation by its id."""

    session: Annotated[str, _checked(check_session)]


def check_body(model: type[Body], value: Any) -> Body:
    """What came in, as the model.

    Raises:
        InputError: ``fields`` holds each wrong field (``settings.top_k``) and what was expected of it; the message names
            them all. Never the value of a text.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        found = error.errors(include_url=False)
        own = found[0].get("ctx", {}).get("error") if len(found) == 1 and len(found[0]["loc"]) == 1 else None
        if isinstance(own, InputError):  # a rule of ours has words and a hint of its own
            raise InputError(own.message, own.hint, fields={str(found[0]["loc"][0]): str(found[0]["msg"])}) from None
        fields: dict[str, str] = {}
        for details in found:
            name, problem = _explain(details)
            fields.setdefault(name, problem)
        words = "; ".join(f"{name}: {problem}" if name else problem for name, problem in fields.items())
        known = ", ".join(model.model_fields)
        raise InputError(f"{words}.", f"Fields: {known}.", fields=fields) from None


def apply_settings(
    preset: str | None, settings: Mapping[str, Any], base: PipelineSettings | None = None
) -> PipelineSettings:
    """``base`` with a preset and then settings on top.

    Raises:
        SettingError: ``fields`` names the setting that is unknown, of a wrong type or out of range.
    """
    start = base.as_dict() if base else {}
    try:
        return load_settings(None, start, PRESETS[preset] if preset else {}, settings)
    except SettingError as error:
        name = next((name for name in settings if error.message.startswith((f"{name}:", f"{name} "))), "settings")
        name = next((name for name in settings if repr(name) in error.message), name)
        raise SettingError(error.message, error.hint, fields={name: error.message}) from None


def name_fields(error: PhasegateError) -> dict[str, str]:
    """The fields that an error is about and what is wrong with each; empty when it is about none."""
    return dict(error.fields) if isinstance(error, InputError) else {}


def _check_preset(preset: str | None) -> None:
    if preset is not None and preset not in PRESETS:
        raise _complain("preset", f"expected one of {', '.join(PRESETS)}")


def _complain(field: str, problem: str) -> PydanticCustomError:
    return PydanticCustomError("phasegate_field", "{problem}", {"field": field, "problem": problem})


_EXPECTED = {
    "string_type": "text",
    "string_unicode": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "names with values",
    "model_type": "an object with fields",
    "model_attributes_type": "an object with fields",
}


def _explain(details: ErrorDetails) -> tuple[str, str]:
    """Field and what was expected; what was found only by its type, since it may be private."""
    context = details.get("ctx", {})
    kind = details["type"]
    path = [str(part) for part in details["loc"]]
    if path and path[0] == "settings" and len(path) > 2:
        path = path[:2]  # the rest names the branches of a union
    field = ".".join(part[:80] for part in path)
    if kind == "phasegate":
        return field, str(context["problem"])
    if kind == "phasegate_field":
        return str(context["field"]), str(context["problem"])
    if kind == "missing":
        return field, "the field is missing"
    if kind == "extra_forbidden":
        return field, "there is no such field"
    if field.startswith("settings.") and kind in _EXPECTED:
        return field, "expected text or a number"
    if kind in ("too_long", "string_too_long"):
        return field, f"expected at most {context.get('max_length'):,}, found more"
    if kind == "string_too_short":
        return field, "expected text that is not empty"
    found = type(details.get("input")).__name__
    words = {"NoneType": "nothing", "str": "text", "dict": "an object", "list": "a list", "bool": "true or false"}
    return field, f"expected {_EXPECTED.get(kind, details['msg'])}, found {words.get(found, 'a number')}"
