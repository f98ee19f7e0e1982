"""The end-to-end workflow in a state folder of its own: ingest, ask, run, audit, gate, report, each checked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import PhasegateError
from engine.settings import PipelineSettings, home
from engine.validation.parts import Finding, Work, count_words, judge_steps

NAME = "workflow-check"
DOCUMENTS = {
    "refunds.md": "# Refunds\n\nA defective item is refunded within 42 days of purchase. Write to the service desk.\n",
    "opening.txt": "The depot in Lindau opens at seven in the morning.\nIt closes at six in the evening.\n",
}
CASES = (
    {
        "id": "refund", "kind": "qa", "question": "Within how many days is a defective item refunded?",
        "answers": ["42 days"], "relevant": [{"document": "refunds.md"}],
    },
    {
        "id": "opening", "kind": "qa", "question": "When does the depot in Lindau open?",
        "answers": ["seven in the morning"], "relevant": [{"document": "opening.txt"}],
    },
    {"id": "unknown", "kind": "qa", "question": "Who is the mayor of Bregenz?", "unanswerable": True},
)  # fmt: skip
ROADMAP = f"""\
name: {NAME}
title: Workflow check
document: none
date: today
summary: Three cases.
kpis:
  success_rate:
    title: Success rate
    unit: share
    higher_is_better: true
    description: Cases that pass.
    evidence: {{type: run, suites: [{NAME}], measure: success_rate}}
phases:
  - number: 1
    label: Phase 1
    title: Workflow
    goal_text: All pass.
    goals:
      - {{kpi: success_rate, goal: ">= 1", text: all, source: here}}
"""
STEPS = ("ingest", "ask", "run", "audit", "gate", "report")


def walk_workflow(work: Work) -> Finding:
    """The way that a person goes, over three cases whose outcome is known."""
    with scratch_home_with_models() as folder:
        try:
            for done, text in enumerate(_walk(folder)):
                work.part.note("pass", text)
                work.say(done + 1, len(STEPS), text)
        except _WrongOutcome as wrong:
            work.part.note("fail", str(wrong))
        except PhasegateError as error:
            work.part.note("fail", f"{STEPS[len(work.part.steps)]}: {error.message}")
    work.part.figures = {"steps": len(STEPS), "passed": sum(s["verdict"] == "pass" for s in work.part.steps)}
    return Finding(verdict=judge_steps(work.part), reason=count_words(work.part))


class _WrongOutcome(Exception):
    """A step ended otherwise than it must."""


def _walk(folder: Path) -> Iterator[str]:
    from engine.corpora import ingest_corpus
    from engine.pipeline import open_pipeline
    from engine.reports import write_report
    from engine.roadmap.gates import check_gate
    from engine.roadmap.roadmaps import load_roadmap
    from engine.run_audits import audit_run
    from engine.runs import RunRequest, run_request
    from engine.store import open_store

    corpus, suite, plan = _write_files(folder / "given")
    settings = PipelineSettings()
    report = ingest_corpus(NAME, [corpus], settings)
    _expect(report.documents == len(DOCUMENTS), f"ingest: {report.documents} of {len(DOCUMENTS)} documents")
    yield f"ingest: {report.documents} documents, {report.chunks} chunks"
    answer = open_pipeline(NAME, settings).answer(str(CASES[0]["question"]))
    cited = [citation.document for citation in answer.citations]
    _expect("42 days" in answer.text and "refunds.md" in cited, f"ask: not the known answer, cited {cited}")
    yield "ask: the known answer, cited"
    with open_store(folder / "home") as store:
        summary = run_request(store, RunRequest(suite=str(suite), overrides={}))
        passed = f"{summary['passed']} of {summary['cases']} cases passed"
        _expect(summary["passed"] == len(CASES), f"run: {passed}")
        yield f"run: {passed}"
        audit = audit_run(store, summary["run_id"])
        agreed = f"{audit['agreed']} of {audit['checked']} figures agree"
        _expect(all(audit["expected_keys"].values()) and audit["agreed"] >= 0.95 * audit["checked"], f"audit: {agreed}")
        yield f"audit: {agreed}"
        roadmap = load_roadmap(plan)
        gate = check_gate(roadmap, 1, store)
        _expect(gate.verdict == "pass", f"gate: {gate.verdict}, {gate.goals[0].reason}")
        yield "gate: pass"
        files = write_report(roadmap, 1, "md,json,junit", folder / "reports", store)
        _expect(all(path.stat().st_size > 0 for path in files), "report: a file is empty")
        yield f"report: {len(files)} files"


def _expect(holds: bool, words: str) -> None:
    if not holds:
        raise _WrongOutcome(words)


def _write_files(folder: Path) -> tuple[Path, Path, Path]:
    corpus, suite, plan = folder / "corpus", folder / NAME, folder / f"{NAME}.yaml"
    corpus.mkdir(parents=True)
    suite.mkdir()
    for name, text in DOCUMENTS.items():
        (corpus / name).write_text(text, encoding="utf-8")
    header = f"name: {NAME}\ntitle: Workflow check\ndescription: Three cases.\nlicence: CC0-1.0\ncorpus: {json.dumps(str(corpus))}\n"
    measures = "measures: [correct, context_quality, recall@5, nDCG@10, MRR]\n"
    (suite / "suite.yaml").write_text(header + measures, encoding="utf-8")
    lines = "".join(json.dumps(case) + "\n" for case in CASES)
    (suite / "cases.jsonl").write_text(lines, encoding="utf-8")
    plan.write_text(ROADMAP, encoding="utf-8")
    return corpus, suite, plan


@contextmanager
def scratch_home_with_models() -> Iterator[Path]:
    """A folder with a fresh home in it, which shares the model's graphs with the present one."""
    from engine.bench import scratch_home

    models = home() / "models"
    models.mkdir(parents=True, exist_ok=True)
    with scratch_home("home") as folder:
        (folder / "home").mkdir()
        (folder / "home" / "models").symlink_to(models)
        yield folder
