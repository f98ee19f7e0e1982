"""litellm's errors as ours: one table that says which let another provider try and which stop."""

from __future__ import annotations

from collections.abc import Callable, Collection
from types import ModuleType
from typing import ParamSpec, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from engine.errors import ProviderError

P = ParamSpec("P")
T = TypeVar("T")
ATTEMPTS = 3
PATIENT_ATTEMPTS = 8
"""Of an ingest that is told to come more slowly: it can wait."""

# Name of litellm's class to (whether another provider may try, what it means, what to do).
ERRORS: dict[str, tuple[bool, str, str]] = {
    # Of ours: what litellm takes for a reply.
    "EmptyAnswer": (True, "gave an empty answer", "Try again, or choose another."),
    "BrokenStream": (True, "broke off in the middle of its answer", "Try again."),
    "MissingKey": (False, "has no key", "Set the variable that api_key_env names, where the engine runs."),
    # Of litellm.
    "RateLimitError": (True, "is asked too often", "Wait, or raise the limit at the provider."),
    "Timeout": (True, "did not answer in time", "Try again, or choose a smaller or nearer model."),
    "APIConnectionError": (True, "cannot be reached", "Check the address and that the server runs."),
    "ServiceUnavailableError": (True, "is not available", "Try again later."),
    "InternalServerError": (True, "failed", "Try again later."),
    "BadGatewayError": (True, "failed behind its gateway", "Try again later."),
    "MidStreamFallbackError": (True, "broke off", "Try again."),
    "APIError": (True, "failed", "Try again later."),
    "APIResponseValidationError": (True, "answered something that cannot be read", "Check the address."),
    "AuthenticationError": (
        False,
        "refused the key",
        "It is wrong or has expired: set a valid one in its environment variable, and start the engine again.",
    ),
    "PermissionDeniedError": (False, "does not allow this", "Check what the key may do."),
    "NotFoundError": (False, "does not know the model", "Check the model's name."),
    "BadRequestError": (False, "refused the request", "Check the model's name and the settings."),
    "UnprocessableEntityError": (False, "refused the request", "Check the settings."),
    "ContextWindowExceededError": (False, "got more text than it can read", "Lower budget_tokens or chunk_size."),
    "ContentPolicyViolationError": (False, "refused the content", "Change the text."),
    "UnsupportedParamsError": (False, "does not know a parameter", "Check the settings."),
    "InvalidRequestError": (False, "refused the request", "Check the settings."),
    "RejectedRequestError": (False, "refused the request", "Change the text."),
    "ImageFetchError": (False, "could not read an image", "Remove the image."),
    "JSONSchemaValidationError": (
        True,
        "answered in another form than asked for",
        "Try again, or choose another model.",
    ),
    "PaymentRequiredError": (False, "wants to be paid first", "Top up the account at the provider."),
    "OpenAIError": (True, "failed", "Try again later."),
    "BudgetExceededError": (False, "is over its budget", "Raise the budget at the provider."),
    "LiteLLMUnknownProvider": (
        False,
        "has no known provider",
        "Write provider/model, such as ollama/nomic-embed-text.",
    ),
    "GuardrailRaisedException": (False, "was stopped by a guardrail", "Change the text."),
    "BlockedPiiEntityError": (False, "was stopped for personal data", "Remove the personal data."),
    "GuardrailInterventionNormalStringError": (False, "was stopped by a guardrail", "Change the text."),
}

# Classes that litellm takes for want of a better one; what it was given tells more.
VAGUE = ("APIError", "InternalServerError", "APIConnectionError", "OpenAIError")
BY_STATUS = {401: "AuthenticationError", 402: "PaymentRequiredError", 403: "PermissionDeniedError"}
# OpenAI calls a refused key an invalid request; Gemini refuses an expired one with status 400.
_KEY_WORDS = ("expired_api_key", "invalid_api_key", "API_KEY_INVALID", "API key expired")


def translate_error(error: Exception, model: str, litellm: ModuleType) -> ProviderError:
    """Our error for one of litellm's, the most specific class that the table knows; the text names no key."""
    for kind in type(error).__mro__:
        if kind.__name__ in ERRORS and hasattr(litellm.exceptions, kind.__name__):
            if told := _look_closer(error, kind.__name__):
                return describe_error(told, model)
            fails_over, meaning, advice = ERRORS[kind.__name__]
            name = type(error).__name__
            return ProviderError(f"The model {model} {meaning} ({name}).", advice, fails_over=fails_over, kind=name)
    return ProviderError(
        f"The model {model} failed ({type(error).__name__}).",
        "Check the model's name and address.",
        kind=type(error).__name__,
    )


def _look_closer(error: Exception, kind: str) -> str:
    """The row that says better what happened; empty when ``kind`` says it."""
    if kind not in (*VAGUE, "BadRequestError"):
        return ""
    if (status := getattr(error, "status_code", 0)) in BY_STATUS:
        return BY_STATUS[status]
    if kind == "BadRequestError":
        return "AuthenticationError" if any(word in str(error) for word in _KEY_WORDS) else ""
    first: BaseException | None = error
    while first is not None and type(first).__module__.partition(".")[0] in ("litellm", "openai"):
        first = first.__cause__ or first.__context__
    unexpected = isinstance(first, ValueError | LookupError | TypeError | AttributeError) or type(first) is Exception
    return "APIResponseValidationError" if unexpected and not isinstance(first, OSError) else ""


def describe_error(kind: str, model: str) -> ProviderError:
    """Our error for something that we saw ourselves, in the words of the table's row."""
    fails_over, meaning, advice = ERRORS[kind]
    return ProviderError(f"The model {model} {meaning} ({kind}).", advice, fails_over=fails_over, kind=kind)


def list_failures(litellm: ModuleType) -> tuple[type[Exception], ...]:
    """litellm's own errors, and those that reach us past it when a provider answers in a form that it did not expect."""
    import aiohttp
    import httpx

    unexpected = (ValueError, LookupError, TypeError, AttributeError, OSError, httpx.HTTPError, aiohttp.ClientError)
    return (*litellm.exceptions.LITELLM_EXCEPTION_TYPES, *unexpected)


def retry_request(request: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Ask up to three times, with growing random pauses, as long as the error is one that may pass; more often as long as it
    is that of being asked too often."""

    def give_up(state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        slow_down = isinstance(error, ProviderError) and error.kind == "RateLimitError"
        return state.attempt_number >= (PATIENT_ATTEMPTS if slow_down else ATTEMPTS)

    return build_request_retrying(give_up)(request, *args, **kwargs)


def build_request_retrying(
    give_up: Callable[[RetryCallState], bool] = stop_after_attempt(ATTEMPTS), not_again: Collection[str] = ()
) -> Retrying:
    """What calls a request until ``give_up``, with growing random pauses; errors of the kinds ``not_again`` end it at once."""

    def may_pass(error: BaseException) -> bool:
        return isinstance(error, ProviderError) and error.fails_over and error.kind not in not_again

    return Retrying(
        stop=give_up,
        wait=wait_random_exponential(multiplier=0.2, max=5),
        retry=retry_if_exception(may_pass),
        reraise=True,
    )
