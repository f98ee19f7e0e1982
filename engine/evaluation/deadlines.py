"""A limit of time around a target that may hang: the case ends in an error, the next one is asked."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from engine.errors import TargetError
from engine.evaluation.targets import History, Target, set_deadline
from engine.types import Answer


@dataclass(slots=True)
class _Outcome:
    ended: threading.Event = field(default_factory=threading.Event)
    answer: Answer | None = None
    error: BaseException | None = None


class DeadlineTarget:
    """A target for one case, with ``seconds`` for all of its turns.

    The call goes on in a thread of its own; an answer that comes too late is dropped. Nothing can end a thread from
    outside, so a target that hangs for ever keeps one thread each time; a Python callable's worker is ended instead.
    """

    def __init__(self, target: Target, seconds: float) -> None:
        self.name, self.concurrency = target.name, target.concurrency
        self._target, self._seconds = target, seconds
        self._until = time.monotonic() + seconds

    def ask(self, question: str, history: History = ()) -> Answer:
        """Answers a question.

        Raises:
            TargetError: no answer within the time that is left for the case.
        """
        outcome = _Outcome()
        name = f"case-{threading.get_ident()}"
        threading.Thread(target=self._call, args=(outcome, question, history), name=name, daemon=True).start()
        if not outcome.ended.wait(max(0.0, self._until - time.monotonic())):
            raise TargetError(
                f"No answer within the {self._seconds:g} s that a case has.",
                "Give it longer with --case-timeout, or look why the target is slow.",
            )
        if outcome.error is not None:
            raise outcome.error
        assert outcome.answer is not None
        return outcome.answer

    def _call(self, outcome: _Outcome, question: str, history: History) -> None:
        set_deadline(self._until)  # a worker or a request that is late is ended, rather than held by this thread
        try:
            outcome.answer = self._target.ask(question, history)
        except BaseException as error:  # it belongs to the thread that asked
            outcome.error = error
        outcome.ended.set()
