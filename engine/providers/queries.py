"""What one question asks of an embedding or rerank model: with little patience, and a circuit breaker for each model.

Somebody waits for the answer, and the answer can do without; an ingest cannot, and is patient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from engine.errors import ProviderError
from engine.providers.breaker import BreakerRule, CircuitBreaker, refuse_call
from engine.providers.errors import build_request_retrying
from engine.providers.retries import NOT_AGAIN

T = TypeVar("T")
QUESTION_RULE = BreakerRule(failures=3)
"""A chain of chat models goes on to the next one; here each failed call is one more that somebody waits for."""


def ask_for_question(breaker: CircuitBreaker, request: Callable[[], T]) -> T:
    """The reply of the breaker's model. Tried again as in an ingest, but not after a timeout.

    Raises:
        ProviderError: what the request raised, or that the model failed too often and is left alone.
    """

    def attempt() -> T:
        permit = breaker.admit()
        if permit is None:
            raise refuse_call(
                breaker.provider, breaker, "Wait, or look at what it last failed with on the screen Live."
            )
        try:
            reply = request()
            permit.succeed()
            return reply
        except ProviderError as error:
            if error.fails_over:
                permit.fail(error.kind)
            raise
        finally:
            permit.release()

    return build_request_retrying(not_again=NOT_AGAIN)(attempt)
