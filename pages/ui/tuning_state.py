"""What a person has set in the Tuning lab: kept for the visit, written into the address, read back from a link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from engine.settings import PRESETS, PipelineSettings
from engine.views.tuning_controls import fit_overlap, fit_words, is_link, read_link, write_link

KEY, WRITTEN = "tuning", "tuning-written"
CASE, ASKED, SUITE = "case", "ask", "suite"


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningState:
    """``baseline`` is None while the saved defaults are it; ``overlap`` is the overlap that the person wants."""

    settings: PipelineSettings
    saved: PipelineSettings
    baseline: PipelineSettings | None
    overlap: int
    problems: tuple[str, ...] = ()

    @property
    def against(self) -> PipelineSettings:
        """What the settings are compared with."""
        return self.saved if self.baseline is None else self.baseline


def restore_state(saved: PipelineSettings) -> tuple[TuningState, tuple[str, ...]]:
    """The state of a link that was just opened, else of this visit, else the saved defaults; what is wrong in the link.

    A link was just opened when the address is not the one that this screen wrote last.
    """
    query = st.query_params.to_dict()
    known: TuningState | None = st.session_state.get(KEY)
    problems: tuple[str, ...] = ()
    if known is None or (is_link(query) and _settings_of(query) != st.session_state.get(WRITTEN)):
        link = read_link(query, saved)
        shared = {"embedder": link.settings.embedder, "precision": link.settings.precision}
        known = TuningState(
            settings=link.settings,
            saved=saved,
            baseline=link.baseline.with_values(shared) if link.baseline else None,
            overlap=link.settings.chunk_overlap,
        )
        problems = link.problems
    known = replace(known, saved=saved)
    st.session_state[KEY] = known
    return known, problems


def read_state() -> TuningState:
    """The state of this visit."""
    return st.session_state[KEY]


def write_state(state: TuningState) -> dict[str, str]:
    """Query parameters of the settings and the pinned baseline."""
    return write_link(state.settings, state.saved, state.baseline)


def show_state(suite: str, case: str, asked: str) -> dict[str, str]:
    """Writes everything that a link has to restore into the address, and gives it."""
    shown = {SUITE: suite, CASE: case, ASKED: asked[:500]}
    query = {name: value for name, value in shown.items() if value} | write_state(read_state())
    if st.query_params.to_dict() != query:
        st.query_params.from_dict(query)
    st.session_state[WRITTEN] = _settings_of(query)
    return query


def change_setting(name: str, value: Any) -> None:
    """One setting is changed; a smaller chunk size lowers the overlap as far as needed, a larger one gives it back."""
    state = read_state()
    wanted = int(value) if name == "chunk_overlap" else state.overlap
    size = int(value) if name == "chunk_size" else state.settings.chunk_size
    overlap = fit_overlap(size, wanted)
    problems = (fit_words(overlap, size),) if overlap != wanted and overlap != state.settings.chunk_overlap else ()
    settings = state.settings.with_values({name: value, "chunk_size": size, "chunk_overlap": overlap})
    st.session_state[KEY] = replace(state, settings=settings, overlap=wanted, problems=problems)


def take_problems() -> tuple[str, ...]:
    """What there is to say about the last change; it is said once."""
    state = read_state()
    st.session_state[KEY] = replace(state, problems=())
    return state.problems


def use_settings(settings: PipelineSettings) -> None:
    """All settings at once."""
    st.session_state[KEY] = replace(read_state(), settings=settings, overlap=settings.chunk_overlap, problems=())


def use_preset(name: str | None) -> None:
    """The saved defaults with a preset on top, as Ask does it."""
    saved = read_state().saved
    use_settings(saved.with_values(PRESETS[name]) if name else saved)


def pin_baseline(settings: PipelineSettings | None) -> None:
    """Compares with these settings from now on; None goes back to the saved defaults."""
    st.session_state[KEY] = replace(read_state(), baseline=settings)


def _settings_of(query: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in query.items() if name not in (SUITE, CASE, ASKED)}
