"""The draft at which this browser works. It outlives a visit to another screen, and is lost by nothing but Discard."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from engine.roadmap.editing import Draft, open_draft

KEY = "roadmap-desk"


@dataclass(kw_only=True)
class Desk:
    """A draft, and the version of it that the widgets on the screen began from.

    Widgets keep what was typed into them under keys that carry ``turn``. When they are gone (another part, another screen,
    a row added or removed), new ones begin from the draft as it is then.
    """

    draft: Draft
    seed: Draft
    place: tuple[str, ...] = ()
    turn: int = 0
    stale: str = ""
    chosen: str = ""

    def key(self, name: object) -> str:
        """The key of a widget."""
        return f"desk-{self.draft.name}-{self.turn}-{name}"

    def begin_again(self, draft: Draft) -> None:
        """Let new widgets begin from this draft."""
        self.draft = self.seed = draft
        self.turn += 1


def open_desk(name: str, place: tuple[str, ...]) -> Desk:
    """The desk for a roadmap at a part of the form.

    Raises:
        PhasegateError: the roadmap cannot be read.
    """
    desks: dict[str, Desk] = st.session_state.setdefault(KEY, {})
    desk = desks.get(name)
    if desk is not None and not desk.draft.changes and not desk.stale:
        fresh = open_draft(name)  # nothing of one's own on it: what others saved meanwhile is what is shown
        desk = None if fresh.base_hash != desk.draft.base_hash else desk
    if desk is None:
        draft = open_draft(name)
        turn = desks[name].turn + 1 if name in desks else 0
        desk = desks[name] = Desk(draft=draft, seed=draft, turn=turn)
    alive = any(str(key).startswith(desk.key("")) for key in st.session_state)
    if desk.place != place or not alive:
        desk.place = place
        desk.begin_again(desk.draft)
    return desk


def close_desk(name: str) -> None:
    """Forget the draft."""
    desks: dict[str, Desk] = st.session_state.get(KEY, {})
    desk = desks.get(name)
    if desk is not None:
        draft = open_draft(name)
        desk.stale = ""
        desk.begin_again(draft)
