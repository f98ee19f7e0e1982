"""Markdown of untrusted text, verdicts and states. Word and icon shape say what the colour says."""

from __future__ import annotations

import re
from collections.abc import Iterable

import streamlit as st

from engine.views.passages import Piece

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:^&=])")
# An address becomes a link however it is escaped; a word joiner, which has no width, keeps it text.
_LINKED = re.compile(r"https?(?=\\:)|www(?=\\\.)|mailto(?=\\:)|(?<=\w)@(?=\w)")
_VERDICTS = {
    "pass": ("green", "check_circle", "Pass"),
    "fail": ("red", "cancel", "Fail"),
    "no_data": ("gray", "help", "No data"),
}
_STATES = {
    "passed": ("green", "check_circle", "Passed"),
    "failed": ("red", "cancel", "Failed"),
    "error": ("violet", "error", "Error"),
    "unscored": ("gray", "help", "Unscored"),
    "finished": ("green", "task_alt", "Finished"),
    "running": ("blue", "play_circle", "Running"),
    "starting": ("blue", "hourglass_top", "Starting"),
    "cancelled": ("gray", "block", "Cancelled"),
    "waiting": ("gray", "hourglass_empty", "Waiting"),
    "interrupted": ("orange", "pause_circle", "Interrupted"),
    "ok": ("green", "check_circle", "OK"),
    "warn": ("orange", "warning", "Warning"),
}
_MARKS = {
    ("cited",): "blue",
    ("gold",): "orange",
    ("cited", "gold"): "green",
    ("context",): "blue",
    ("context", "gold"): "green",
}


def escape(text: str) -> str:
    """Text of a document or a person, shown as it is: nothing in it is taken for Markdown."""
    return _LINKED.sub("\\g<0>\u2060", _SPECIAL.sub(r"\\\1", text))


def write_code(text: str) -> str:
    """An id or a file's name as code: a backtick in it would end the code."""
    return f"`{' '.join(text.split()).replace('`', chr(0x2019)) or ' '}`"


def verdict_badge(verdict: str) -> str:
    """Markdown badge: pass, fail or no data."""
    colour, icon, word = _VERDICTS[verdict]
    return f":{colour}-badge[:material/{icon}: {word}]"


def waived_badge(until: str) -> str:
    """Markdown badge of a goal that a waiver lets pass."""
    return f":orange-badge[:material/pending_actions: Waived until {until}]"


def gate_badge(verdict: str, waived: int) -> str:
    """Markdown badge of a gate; one that passes only by waivers says so."""
    badge = verdict_badge(verdict)
    return f"{badge} :orange-badge[:material/pending_actions: {waived} waived]" if waived else badge


def state_badge(state: str) -> str:
    """Markdown badge of a case's, a run's or a check's state."""
    colour, icon, word = _STATES.get(state.lower(), _VERDICTS.get(state, ("gray", "circle", state)))
    return f":{colour}-badge[:material/{icon}: {word}]"


def draw_pieces(pieces: Iterable[Piece], before: int = 0, after: int = 0) -> None:
    """A passage with its marks coloured, line breaks kept; ellipses where characters were left out."""
    text = ("… " if before else "") + "".join(_colour(piece) for piece in pieces) + (" …" if after else "")
    st.markdown(text)


def _colour(piece: Piece) -> str:
    lines = piece.text.replace("\t", "    ").split("\n")
    colour = _MARKS.get(piece.marks)
    return "\n".join(_colour_line(line, colour) for line in lines).replace("\n", "  \n")


def _colour_line(line: str, colour: str | None) -> str:
    body = line.strip()
    if not body:
        return ""
    left = (
        line[: len(line) - len(line.lstrip())].replace(" ", "\u00a0")
        if line[:1] == " " and len(line) - len(line.lstrip()) > 1
        else line[: len(line) - len(line.lstrip())]
    )
    right = " " if line[-1:] == " " else ""
    shown = escape(body)
    return f"{left}:{colour}-background[{shown}]{right}" if colour else f"{left}{shown}{right}"
