"""The audit of a run agrees with an honest run, and finds what was changed behind its back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import InputError, UnknownNameError
from engine.evaluation.metrics_audit import EXPECTED_KEYS
from engine.roadmap.evidence import EvidenceReader
from engine.roadmap.types import Evidence
from engine.run_audits import audit_run
from engine.runs import RunRequest, load_summary, run_request
from engine.store import Store, open_store
from engine.store.run_audits import RunAuditStore
from tests.conftest import RunCli

DOCUMENTS = {
    "refunds.md": "# Refunds\n\nA defective item is refunded within 42 days of purchase. Write to the service desk.\n",
    "opening.txt": "The depot in Lindau opens at seven in the morning.\nIt closes at six in the evening.\n",
}
CASES = [
    {"id": "refund", "kind": "qa", "question": "Within how many days is a defective item refunded?", "answers": ["42 days"],
     "relevant": [{"document": "refunds.md"}], "tags": ["policy"]},
    {"id": "wrong", "kind": "qa", "question": "When does the depot in Lindau open?", "answers": ["at nine"],
     "relevant": [{"document": "opening.txt"}], "tags": ["times"]},
    {"id": "unknown", "kind": "qa", "question": "Who is the mayor of Bregenz?", "unanswerable": True},
    {"id": "talk", "kind": "conversation",
     "turns": [{"question": "When does the depot open?", "answers": ["seven"]}, {"question": "And when does it close?", "answers": ["six"]}]},
    {"id": "kind", "kind": "content", "text": "“Who is there?” asked Ann.\n“Only me,” said Tom.\n", "content_type": "dialogue"},
]  # fmt: skip


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with open_store() as opened:
        yield opened


@pytest.fixture
def run_id(home: Path, store: Store) -> str:
    corpus, suite = home / "given", home / "suites" / "depot"
    corpus.mkdir()
    suite.mkdir(parents=True)
    for name, text in DOCUMENTS.items():
        (corpus / name).write_text(text)
    header = f"name: depot\ntitle: A depot\ndescription: Five cases.\nlicence: CC0-1.0\ncorpus: {corpus}\n"
    (suite / "suite.yaml").write_text(header + "measures: [correct, context_quality, recall@5, nDCG@10, MRR]\n")
    (suite / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in CASES))
    return str(run_request(store, RunRequest(suite=str(suite), overrides={}))["run_id"])


def disagreeing(store: Store, run_id: str) -> set[str]:
    return {finding["figure"] for finding in audit_run(store, run_id)["findings"] if not finding["agrees"]}


def test_every_figure_of_an_honest_run_agrees_and_is_kept(store: Store, run_id: str) -> None:
    audit = audit_run(store, run_id)
    assert [f["figure"] for f in audit["findings"] if not f["agrees"]] == []
    assert audit["metrics_accuracy"]["value"] == 1 and audit["checked"] == audit["agreed"] > 40
    figures = {finding["figure"] for finding in audit["findings"]}
    assert {
        "success_rate.value",
        "latency_ms.p95",
        "seconds",
        "memory.rss_mb",
        "tokens.context",
        "measures.MRR.mean",
    } <= figures
    assert RunAuditStore(store).load_audits([run_id])[run_id]["agreed"] == audit["agreed"]


def test_a_run_carries_the_expected_keys(store: Store, run_id: str) -> None:
    summary = load_summary(store, run_id)
    assert all(summary[name] is not None for name in EXPECTED_KEYS)
    assert summary["execution_duration"] == summary["seconds"]
    assert summary["ai_request_count"] == 0, "the extractive engine asks no model"
    per_case = {row["case_id"]: row["steps"] for row in store.query("SELECT case_id, steps FROM cases")}
    assert per_case["kind"] == 1, "a content case is one step"
    assert per_case["talk"] > per_case["refund"] >= 4, "each turn goes through the stages"
    assert summary["step_count"] == sum(per_case.values())


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("UPDATE cases SET status = 'passed' WHERE case_id = 'wrong'", "passed"),
        ("UPDATE cases SET answer = 'At nine.' WHERE case_id = 'wrong'", "measures.correct, case by case"),
        ("UPDATE cases SET latency_ms = 0.001 WHERE case_id = 'refund'", "latency_ms, case by case"),
        ("UPDATE cases SET latency_ms = 900000 WHERE case_id = 'refund'", "latency_ms, against the clock"),
        ("UPDATE cases SET context_quality = 0.999 WHERE case_id = 'refund'", "measures.context_quality, case by case"),
        ("UPDATE scores SET value = 0.123 WHERE case_id = 'refund' AND measure = 'MRR'", "measures.MRR, case by case"),
        ("UPDATE runs SET seconds = seconds + 3600", "execution_duration"),
        ("UPDATE runs SET seconds = 0", "seconds"),
        ("UPDATE cases SET steps = steps + 1 WHERE case_id = 'talk'", "step_count"),
        ("UPDATE cases SET model_calls = 7 WHERE case_id = 'talk'", "ai_request_count"),
        ("UPDATE cases SET steps = NULL WHERE case_id = 'talk'", "key step_count"),
        ("UPDATE runs SET memory = json_merge_patch(memory, '{\"rss_mb\": 9.5}')", "memory.rss_mb"),
        ("UPDATE runs SET memory = json_merge_patch(memory, '{\"accuracy\": 0.5}')", "memory.accuracy"),
        (
            "UPDATE cases SET detail = json_merge_patch(detail, '{\"tokens\": {\"context\": 4000}}') WHERE case_id = 'refund'",
            "tokens.context",
        ),
    ],
)  # fmt: skip
def test_a_changed_row_is_found(store: Store, run_id: str, change: str, found: str) -> None:
    store.execute(change)
    assert found in disagreeing(store, run_id)
    assert audit_run(store, run_id)["metrics_accuracy"]["value"] < 1


def test_the_gate_reads_the_audit_and_has_no_data_without_one(store: Store, run_id: str) -> None:
    evidence = Evidence(kind="run", suites=("depot",), measure="metrics_accuracy")
    without = EvidenceReader(store).measure(evidence)
    assert without.value is None and "has not been audited" in without.reason and run_id in without.command
    store.execute("UPDATE cases SET steps = steps + 1 WHERE case_id = 'talk'")
    audit = audit_run(store, run_id)
    measured = EvidenceReader(store).measure(evidence)
    assert measured.value == audit["agreed"] / audit["checked"] < 1
    assert measured.low is not None and measured.low < measured.value and measured.n == audit["checked"]


def test_a_run_that_goes_on_and_one_without_cases_are_refused(store: Store, run_id: str, home: Path) -> None:
    store.execute("DELETE FROM cases")
    with pytest.raises(InputError, match="no case that ended"):
        audit_run(store, run_id)
    import os

    store.execute("UPDATE runs SET status = 'running', pid = ?, heartbeat_at = now()::TIMESTAMP", [os.getpid()])
    with pytest.raises(InputError, match="still running"):
        audit_run(store, run_id)
    with pytest.raises(UnknownNameError):
        audit_run(store, "nowhere")


def test_the_command_prints_one_object(store: Store, run_id: str, run_cli: RunCli, home: Path) -> None:
    done = run_cli("audit-metrics", run_id, "--json", home=home)
    shown: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == 0 and shown["expected_keys"] == dict.fromkeys(EXPECTED_KEYS, True)
    assert set(shown["findings"][0]) == {"figure", "shown", "recomputed", "source", "tolerance", "agrees"}
    assert "figures agree" in run_cli("audit-metrics", run_id, home=home).stdout
