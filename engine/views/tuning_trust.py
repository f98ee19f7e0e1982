"""How far the Tuning lab's quick view can be trusted on a suite: chunkings pooled and embedded one by one, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.views.words import decimal

if TYPE_CHECKING:
    from engine.tuning import Faithfulness

AGREES, HARDLY = 0.8, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustPanel:
    """``finding`` in a sentence; ``rows`` with the recall of each chunking in both views."""

    finding: str
    rows: tuple[Mapping[str, str], ...]


def build_trust_panel(measured: Faithfulness) -> TrustPanel:
    """What was measured, in words."""
    rows = tuple(
        {
            "chunk size": str(size),
            "overlap": str(overlap),
            "recall, quick": decimal(pooled),
            "recall, exact": decimal(separate),
        }
        for (size, overlap), pooled, separate in zip(
            measured.chunkings, measured.pooled, measured.separate, strict=True
        )
    )
    return TrustPanel(finding=_write_finding(measured), rows=rows)


def _write_finding(measured: Faithfulness) -> str:
    gap = f"Recall of the five nearest chunks differs by {decimal(measured.difference)} on average."
    if measured.tau is None:
        return f"All chunkings score the same in one of the views, so their order says nothing. {gap}"
    word = "alike" if measured.tau >= AGREES else "partly alike" if measured.tau >= HARDLY else "differently"
    return (
        f"Both views order these {len(measured.chunkings)} chunkings {word} (Kendall's tau {measured.tau:.2f}; 1 is the same "
        f"order). {gap}"
    )
