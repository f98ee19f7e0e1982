"""Names of phases."""

from __future__ import annotations

from engine.roadmap.roadmaps import load_roadmap
from engine.roadmap.types import Phase


def phase_name(phase: Phase) -> str:
    """Label and title without saying the same twice."""
    label = phase.label or f"Phase {phase.number}"
    return (
        phase.title
        if phase.title.lower().startswith(label.lower())
        else f"{label}: {phase.title}"
        if phase.title
        else label
    )


def load_phase_names(roadmap_name: str) -> dict[str, str]:
    """Phases of a roadmap: number to name.

    Raises:
        UnknownNameError: no such roadmap.
    """
    return {str(phase.number): phase_name(phase) for phase in load_roadmap(roadmap_name).phases}
