"""The infrastructure checklist: what the machine says of itself, and what people have ticked for the phase."""

from __future__ import annotations

from engine.operations.doctor import run_doctor
from engine.roadmap.checklists import list_tickable
from engine.roadmap.types import Verdict
from engine.settings import home
from engine.validation.parts import Finding, Work, count_words, judge_steps

VERDICTS: dict[str, Verdict] = {"ok": "pass", "warn": "pass", "fail": "fail"}


def check_infrastructure(work: Work) -> Finding:
    """Checks of ``doctor``, then the phase's checklist: an item that nobody has ticked has no data."""
    for check in run_doctor(home()):
        advice = f" ({check.advice})" if check.advice else ""
        work.part.note(VERDICTS[check.status], f"{check.name}: {check.detail}{advice}")
    items = [t for t in list_tickable(work.roadmap, work.store) if not t.counts and work.phase.number in t.phases]
    for item in items:
        if item.tick is None:
            work.part.note("no_data", f"checklist: nobody has ticked {item.item}, {item.title}")
        else:
            verdict: Verdict = "pass" if item.tick.done else "fail"
            said = "ticked" if item.tick.done else "ticked as not done"
            work.part.note(verdict, f"checklist: {item.title}, {said} by {item.tick.who}")
    ticked = sum(item.tick is not None and item.tick.done for item in items)
    work.part.figures = {"checklist_items": len(items), "checklist_ticked": ticked}
    return Finding(verdict=judge_steps(work.part), reason=count_words(work.part))
