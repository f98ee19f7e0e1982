"""The parts of a validation by name, in the order in which they are worked through."""

from __future__ import annotations

from collections.abc import Sequence

from engine.errors import UnknownNameError
from engine.validation.accuracy import audit_phase
from engine.validation.completion import check_business, check_completion, drill_load, needs_business, needs_load
from engine.validation.infrastructure import check_infrastructure
from engine.validation.integration import check_integration
from engine.validation.parts import Part
from engine.validation.real_world import needs_suites, run_content
from engine.validation.workflow import walk_workflow

PARTS = {
    part.name: part
    for part in (
        Part(
            name="infrastructure",
            title="Infrastructure checklist",
            summary="The checks of doctor, and the phase's checklist as people have ticked it.",
            work=check_infrastructure,
        ),
        Part(
            name="real-world",
            title="Real-world content",
            summary="Runs the suites that the phase's goals read, and holds the goals on their answers against them.",
            work=run_content,
            applies=needs_suites,
        ),
        Part(
            name="integration",
            title="Integration performance",
            summary="Store, embedder, index, provider and target answer; latency benchmark; goals on time.",
            work=check_integration,
        ),
        Part(
            name="workflow",
            title="End-to-end workflow",
            summary="Ingest, ask, run, audit, gate and report in a state folder of its own, over three known cases.",
            work=walk_workflow,
        ),
        Part(
            name="load",
            title="Load performance",
            summary="Needs the load drill.",
            work=drill_load,
            applies=needs_load,
        ),
        Part(
            name="metric-accuracy",
            title="Metric accuracy",
            summary="Audits the runs that the gate reads; the goal on metrics accuracy, else the expected keys, decide.",
            work=audit_phase,
            applies=needs_suites,
        ),
        Part(
            name="business-accuracy",
            title="Business-metric accuracy",
            summary="Needs the business figures.",
            work=check_business,
            applies=needs_business,
        ),
        Part(
            name="phase-completion",
            title="Phase completion",
            summary="The gate: every goal of the phase.",
            work=check_completion,
        ),
    )
}


def choose_parts(names: Sequence[str]) -> list[Part]:
    """The parts of these names in their order; all without names.

    Raises:
        UnknownNameError: no such part.
    """
    for name in names:
        if name not in PARTS:
            raise UnknownNameError("part of a validation", name, PARTS)
    return [part for part in PARTS.values() if not names or part.name in names]
