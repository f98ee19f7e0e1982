"""A validation from its first part to its report; what was finished is not repeated by a resume."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.errors import InputError, PhasegateError
from engine.operations.heartbeat import beat_while
from engine.operations.launching import new_id
from engine.reports.files import check_folder
from engine.roadmap.gates import check_gate, combine_verdicts, find_phase
from engine.roadmap.roadmaps import load_roadmap
from engine.roadmap.types import Verdict
from engine.settings import home
from engine.store import Store
from engine.store.validations import ValidationStore
from engine.validation.parts import Finding, Part, PartState, Request, Say, Work
from engine.validation.registry import PARTS, choose_parts
from engine.validation.report import write_validation

HEARTBEAT_S = 5.0
UPDATE_S = 0.5


def run_validation(
    store: Store,
    request: Request,
    out: Path | None = None,
    formats: Sequence[str] = ("html", "md", "json"),
    *,
    resume: str = "",
    progress: Say | None = None,
) -> dict[str, Any]:
    """Work through the parts that a phase needs, gate it, write the report.

    Args:
        out: folder of the report; by default one in the home.
        resume: id of a validation to go on with; roadmap, phase, parts and policy then come from it.

    Returns:
        the JSON of ``validate``; ``status`` is interrupted when Ctrl-C stopped it.

    Raises:
        InputError, UnknownNameError: nothing was recorded.
    """
    validations = ValidationStore(store)
    if resume:
        request, states = _load_earlier(validations, resume)
    else:
        request, states = _prepare(request)
    folder = check_folder(out or home() / "validations" / request.validation_id)
    if resume:
        validations.resume_validation(request.validation_id)
    else:
        stored = [_stored(request, state) for state in states]
        name = load_roadmap(request.roadmap).name
        validations.create_validation(request.validation_id, name, request.phase, stored)
    attempt = _Attempt(store, validations, request, states, progress)
    try:
        with beat_while(lambda: validations.heartbeat(request.validation_id), HEARTBEAT_S, "validation-heartbeat"):
            attempt.work_through()
            return attempt.finish(folder, formats)
    except KeyboardInterrupt:
        attempt.interrupt()
        validations.finish_validation(request.validation_id, "interrupted")
        return attempt.as_json("interrupted", None, {})
    except BaseException as error:
        said = error.message if isinstance(error, PhasegateError) else f"{type(error).__name__}: {error}"
        validations.finish_validation(request.validation_id, "failed", error=said)
        raise


class _Attempt:
    """One attempt at one validation."""

    def __init__(
        self,
        store: Store,
        validations: ValidationStore,
        request: Request,
        states: list[PartState],
        progress: Say | None,
    ) -> None:
        self._store, self._validations, self._request, self._states = store, validations, request, states
        self._progress = progress or (lambda done, total, message: None)
        self._roadmap = load_roadmap(request.roadmap)
        self._phase = find_phase(self._roadmap, request.phase)
        self._kept = 0.0

    def work_through(self) -> None:
        """Every part that has not finished."""
        for number, state in enumerate(self._states):
            if state.status == "finished":
                continue
            self._work(number, state, PARTS[state.name])

    def _work(self, number: int, state: PartState, part: Part) -> None:
        state.status, state.steps, state.message = "running", [], ""
        started = time.monotonic()
        self._keep()
        own = frozenset(run for other in self._states for run in other.runs)

        def say(done: int, total: int, message: str) -> None:
            state.done, state.total, state.message = done, total, message
            self._progress(number, len(self._states), f"{state.title}: {message}")
            if time.monotonic() - self._kept >= UPDATE_S:
                self._keep()

        work = Work(
            store=self._store,
            roadmap=self._roadmap,
            phase=self._phase,
            request=self._request,
            validation_id=self._request.validation_id,
            part=state,
            own_runs=own,
            keep=self._keep,
            say=say,
        )
        say(0, 0, "")
        reason = part.applies(self._roadmap, self._phase)
        try:
            found = Finding(verdict="no_data", reason=f"not needed: {reason}") if reason else part.work(work)
            state.status = "finished"
        except PhasegateError as error:
            found, state.status = Finding(verdict="no_data", reason=error.message), "failed"
        state.required = not reason
        state.verdict, state.reason, state.message = found.verdict, found.reason, ""
        state.runs = list(dict.fromkeys(state.runs))
        state.seconds = round(state.seconds + time.monotonic() - started, 3)
        self._keep()

    def finish(self, folder: Path, formats: Sequence[str]) -> dict[str, Any]:
        """Verdict, report, the row of the store."""
        required = [state.verdict for state in self._states if state.required]
        verdict: Verdict = combine_verdicts(required)
        self._progress(len(self._states), len(self._states), "writing the report")
        policy: Any = self._request.policy
        gate = check_gate(self._roadmap, self._phase.number, self._store, policy=policy).as_json()
        summary = self.as_json("finished", verdict, gate)
        files = write_validation(self._store, self._roadmap, self._phase.number, summary, folder, formats)
        listed = [str(path) for path in files]
        self._validations.finish_validation(
            self._request.validation_id, "finished", verdict=verdict, report={"files": listed}
        )
        return summary | {"files": listed}

    def interrupt(self) -> None:
        """The part at hand goes on by a resume."""
        for state in self._states:
            if state.status == "running":
                state.status = "interrupted"
        self._keep()

    def as_json(self, status: str, verdict: Verdict | None, gate: Mapping[str, Any]) -> dict[str, Any]:
        """The JSON of ``validate``."""
        return {
            "validation_id": self._request.validation_id,
            "roadmap": self._roadmap.name,
            "phase": self._phase.number,
            "policy": self._request.policy,
            "status": status,
            "verdict": verdict,
            "parts": [state.as_json() for state in self._states],
            "gate": dict(gate) or None,
            "files": [],
        }

    def _keep(self) -> None:
        self._kept = time.monotonic()
        stored = [_stored(self._request, state) for state in self._states]
        self._validations.save_parts(self._request.validation_id, stored)


def _prepare(request: Request) -> tuple[Request, list[PartState]]:
    roadmap = load_roadmap(request.roadmap)
    find_phase(roadmap, request.phase)
    if request.policy not in ("point", "strict"):
        raise InputError(f"There is no policy {request.policy!r}. Known: point, strict.")
    states = [PartState(name=part.name, title=part.title) for part in choose_parts(request.parts)]
    return replace(request, validation_id=request.validation_id or new_id("validation")), states


def _load_earlier(validations: ValidationStore, validation_id: str) -> tuple[Request, list[PartState]]:
    row = validations.load_validation(validation_id)
    if row["status"] == "running":
        raise InputError(f"validation {validation_id} is still running.", "Wait for it, or stop it first.")
    states = [PartState.from_json(part) for part in row["parts"]]
    asked = row["parts"][0]["request"]
    request = Request(
        roadmap=asked["roadmap"],
        phase=row["phase"],
        parts=tuple(state.name for state in states),
        fresh=asked["fresh"],
        policy=asked["policy"],
        validation_id=validation_id,
    )
    return request, states


def _stored(request: Request, state: PartState) -> dict[str, Any]:
    """A part with what it was asked for, so that a resume asks for the same."""
    asked = {"roadmap": request.roadmap, "fresh": request.fresh, "policy": request.policy}
    return state.as_json() | {"request": asked}
