"""Dialogue: an exchange stays whole, and what is said stays with who says it."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections.abc import Sequence

from engine.chunking.cutting import CutPlan, Level, Span, trim
from engine.chunking.layout import DocumentLayout
from engine.ingestion.speech import ASKERS, Turn, find_speech, find_turns

_QUESTION = re.compile(r"[?？؟][\"'”’»」』)*_\s]*$")
_LEADS = re.compile(r"[:,—–-]\s*$")
_OPENING = re.compile(r"[ \t]*(?:[\"“‘«„「『]|--?(?=\w)|[—–―]|'(?=[A-Z]))")
# A turn on a line of its own, in a text whose paragraphs are not set apart by empty lines.
_TURN_LINE = re.compile(r"(?<=[.!?…\"'”’»」])\s*\n[ \t]*(?=[\"“‘«„「—–―]|--\w)")


def plan_dialogue(layout: DocumentLayout) -> CutPlan:
    """Between exchanges, else between turns; speech is cut within a turn only when the turn alone is too large."""
    turns = find_turns(layout.text)
    if turns:
        pieces = [(turn.start, turn.end) for turn in turns]
        exchanges = _pair_turns(layout.text, turns)
    else:
        paragraphs = _find_paragraphs(layout)
        pieces, exchanges = _group_speech(layout.text, paragraphs, find_speech(layout.text))
    exchanges, pieces = ([trim(layout.text, *span) for span in spans] for spans in (exchanges, pieces))
    breaks = sorted({*layout.headings, *layout.scenes})
    sentences = [start for start, _ in layout.sentences]
    between = [start for start, _ in exchanges]
    inside = {start for start, _ in pieces}
    paragraphs_left = [p for p in layout.paragraphs if p not in inside and not turns]
    return CutPlan(
        (
            Level(breaks, 0.5),
            Level(sorted({*between, *paragraphs_left}), 0.5),
            Level(sorted({*inside, *layout.paragraphs}), 0.25),
            Level(layout.sentence_starts, 0.25),
        ),
        sorted({*sentences, *inside}),
        breaks,
        (exchanges, pieces),
    )


def _pair_turns(text: str, turns: Sequence[Turn]) -> list[Span]:
    """Each question with its answer; turns that are neither stand alone."""
    spans: list[Span] = []
    i = 0
    while i < len(turns):
        turn, last = turns[i], i
        asks = turn.speaker in ASKERS or _QUESTION.search(text, max(turn.said, turn.end - 40), turn.end)
        if asks and i + 1 < len(turns) and turns[i + 1].speaker != turn.speaker:
            last = i + 1
        spans.append((turn.start, turns[last].end))
        i = last + 1
    return spans


def _find_paragraphs(layout: DocumentLayout) -> list[Span]:
    places = {*layout.paragraphs, *layout.held}
    places |= {m.end() for m in _TURN_LINE.finditer(layout.text)}
    starts = sorted(places)
    return list(itertools.pairwise([*starts, len(layout.text)]))


def _group_speech(text: str, paragraphs: Sequence[Span], speech: Sequence[Span]) -> tuple[list[Span], list[Span]]:
    """Turns (paragraphs with speech, joined with their attribution) and exchanges (a question and what answers it)."""
    ends = [end for _, end in speech]

    def last_said(span: Span) -> Span | None:
        i = bisect_left(ends, span[1] + 1) - 1
        after = i + 1 < len(speech) and speech[i + 1][0] < span[1]
        if after:
            return speech[i + 1]
        return speech[i] if i >= 0 and speech[i][1] > span[0] else None

    turns: list[tuple[int, int, bool, bool]] = []
    joins = False
    for span in paragraphs:
        said = last_said(span)
        piece = text[span[0] : span[1]].strip()
        goes_on = joins and (said is not None or not turns[-1][2])
        starts_low = bool(turns) and turns[-1][2] and piece[:1].islower()
        if turns and ((goes_on and _OPENING.match(piece)) or starts_low):
            turns[-1] = (turns[-1][0], span[1], True, _asks(text, said))
        else:
            turns.append((*span, said is not None, _asks(text, said)))
        joins = (said is not None and _stays_open(piece)) or (said is None and bool(_LEADS.search(piece[-3:])))
    pieces = [(a, b) for a, b, said, _ in turns if said]
    exchanges: list[Span] = []
    i = 0
    while i < len(turns):
        start, end, said, asks = turns[i]
        if asks and i + 1 < len(turns) and turns[i + 1][2]:
            end, i = turns[i + 1][1], i + 1
        if said:
            exchanges.append((start, end))
        i += 1
    return pieces, exchanges


def _asks(text: str, said: Span | None) -> bool:
    return said is not None and bool(_QUESTION.search(text, max(said[0], said[1] - 20), said[1]))


def _stays_open(piece: str) -> bool:
    """Whether the paragraph's last quotation is not closed: the speaker goes on in the next paragraph."""
    if "“" in piece:
        return piece.count("“") > piece.count("”")
    return piece.count('"') % 2 == 1
