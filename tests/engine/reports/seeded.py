"""A real store with five runs of two suites, and a roadmap whose second phase has a goal of every kind."""

from __future__ import annotations

import datetime
import random

from engine.evaluation.suites import hash_suite_files
from engine.roadmap.types import ChecklistItem, Claim, Evidence, Goal, Kpi, Phase, Roadmap
from engine.settings import DATASETS, PipelineSettings
from engine.store import RunStore, Store

HOSTILE = '<script>alert("x")</script> | `rm` & *star*'
TAGS = ("plot", "people", "places", "dialogue", "multi-document", "unanswerable", "numbers", "paraphrase")
QUESTIONS = (
    "Who keeps the ledger of salt, and since when?",
    "What did Žofia promise to the night watchman — and why?",
    "灯台守は何を書き残しましたか",
    HOSTILE,
)
NEWEST = {"stories": "run-stories-3", "runbooks": "run-runbooks-2"}


def _phase(number: int, title: str, goals: tuple[Goal, ...] = (), **fields: object) -> Phase:
    empty = {"claims": (), "checklist": (), "sub_phases": (), "start": None, "end": None, "status_claimed": ""}
    words = {"label": f"Phase {number}", "priority": "HIGH", "duration": "2-3 weeks", "goal_text": ""}
    return Phase(**({"number": number, "title": title, "goals": goals} | empty | words | fields))


def _kpi(
    name: str, title: str, unit: str, measure: str, *, kind: str = "run", suites: tuple[str, ...] = ("stories",)
) -> Kpi:
    evidence = Evidence(
        kind=kind,
        suites=suites if kind == "run" else (),
        measure=measure,
        reason="" if kind == "run" else "waits for a drill under load; no suite asks for it",
        command=f"python -m engine run {suites[0]}" if kind == "run" else "python -m engine drill load",
    )
    better = unit == "share"
    return Kpi(id=name, title=title, unit=unit, higher_is_better=better, description=title, evidence=evidence)


def make_roadmap() -> Roadmap:
    """Seven goals in phase 2: met, missed, undecided, in ms and MB, of two suites, without data."""
    kpis = (
        _kpi("success_rate", "Success rate on real content", "share", "success_rate"),
        _kpi("context_quality", "Context quality", "share", "context_quality", suites=("stories", "runbooks")),
        _kpi("response_time", "Response time, 95th percentile", "ms", "latency_p95"),
        _kpi("error_rate", "Error rate", "share", "error_rate", suites=("stories", "runbooks")),
        _kpi("memory_accuracy", "Memory accuracy", "share", "memory_accuracy"),
        _kpi("recall_5", "Recall of the gold passages among the first five documents", "share", "recall@5"),
        _kpi("availability", "Availability under load", "share", "", kind="none"),
    )
    goals = (
        Goal(kpi="success_rate", direction=">", value=0.75, text=">75 %", source="Phase 2, “Success criteria”, line 2"),
        Goal(kpi="context_quality", direction=">", value=0.9, text=">0.9", source="Phase 2, line 3"),
        Goal(kpi="response_time", direction="<", value=25.0, text="<25 ms", source="Phase 2, line 4"),
        Goal(kpi="error_rate", direction="<", value=0.03, text="<3 %", source="Phase 2, line 5"),
        Goal(kpi="memory_accuracy", direction=">", value=0.95, text=">95 %", source="Phase 2, line 6"),
        Goal(kpi="recall_5", direction=">=", value=0.9, text="≥90 %", source="Phase 2, line 7"),
        Goal(kpi="availability", direction=">=", value=0.999, text="99.9 %", source="Phase 2, line 8"),
    )
    checklist = tuple(
        ChecklistItem(id=f"c{i}", text=text, done_in_document=i < 2, source="Checklist")
        for i, text in enumerate(
            (
                "Unit tests 100 %",
                "Integration tests 100 %",
                "Real-world content above 75 %",
                "Deployment guide written",
                '=HYPERLINK("x")',
            )
        )
    )
    claims = (
        Claim(
            kpi="success_rate",
            title="Success rate after phase 1",
            value=0.896,
            text="89.6 % overall ✅",
            source="Status, line 1",
        ),
        Claim(kpi="", title="Confidence", value=None, text="“HIGH”", source="Summary"),
    )
    second = _phase(
        2, "Performance optimisation", goals, claims=claims, checklist=checklist,
        start=datetime.date(2026, 2, 2), end=datetime.date(2026, 2, 20),
        goal_text="Raise the success rate on real-world content from 33 % to more than 75 %.",
    )  # fmt: skip
    return Roadmap(
        name="narrative-agent", title="Narrative agent: production readiness", document="000: production-ready roadmap",
        date="January 2024", summary="", kpis=kpis, phases=(_phase(1, "Basic fixes"), second, _phase(3, "Later")),
        baselines=(Claim(kpi="success_rate", title="Real-world content, baseline", value=0.33, text="33 %", source="Baseline"),),
        claims=(), checklist=(), contradictions=(), risks=(), timeline=(),
    )  # fmt: skip


def record_run(store: Store, run_id: str, suite: str, day: int, cases: int, passing: float, latency: float) -> None:
    """A finished run with that many cases, seeded by its id."""
    dice = random.Random(run_id)
    started = datetime.datetime(2026, 2, day, 9, 30)
    provenance = {
        "commit": "4f1c2ab",
        "seed": 7,
        "cases_hash": hash_suite_files(DATASETS / "suites" / suite),
        "versions": {"python": "3.11.7", "lancedb": "0.40.0"},
        "machine": "2 cores, 8 GB",
    }
    with RunStore(store) as runs:
        runs.create_run(
            run_id=run_id, suite=suite, suite_path=f"/suites/{suite}", suite_hash="a3f5" * 8, suite_cases=cases,
            target="pipeline", preset="balanced", settings=PipelineSettings().as_dict(), provenance=provenance,
            cases=cases, started_at=started,
        )  # fmt: skip
        for i in range(cases):
            hit = dice.random() < passing
            status = "passed" if hit else ("error" if dice.random() < 0.12 else "failed")
            broke = status == "error"
            case = {
                "case_id": f"q{i + 1:02d}", "position": i, "kind": "qa", "status": status, "question": QUESTIONS[i % 4],
                "answer": None if broke else f"The keeper wrote it down in the year {1900 + i}, in the blue book.",
                "abstained": False, "context_quality": None if broke else min(1.0, dice.gauss(0.9, 0.05)),
                "latency_ms": dice.lognormvariate(0, 0.35) * latency, "tags": dice.sample(TAGS, 2),
                "checks": {"correct": hit, "answered": True},
                "detail": {"error": "TimeoutError: 30 s"} if broke else {},
                "ended_at": started,
            }  # fmt: skip
            scores = [
                {"measure": name, "status": "failed" if broke else "scored",
                 "value": None if broke else dice.uniform(low, 1), "reason": "the case broke" if broke else None}
                for name, low in (("recall@5", 0.7), ("ndcg@10", 0.6), ("span_iou", 0.1), ("groundedness", 0.5))
            ]  # fmt: skip
            runs.record_case(run_id, case, scores)
        memory = {"rss_mb": 389.4, "peak_mb": 412.7, "growth_mb": 6.1, "accuracy": 0.981, "leak": False}
        runs.finish_run(run_id, "finished", seconds=cases * latency / 1000 + 2.4, memory=memory)
