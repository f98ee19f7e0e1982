"""The same suite, unchanged, on all three kinds of target: the built-in pipeline, an HTTP endpoint, a Python callable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.corpora import ingest_corpus
from engine.pipeline import RagPipeline, open_pipeline
from engine.runs import RunRequest, run_request
from engine.settings import PipelineSettings
from engine.store import RunStore, TargetStore, open_store
from tests.engine.evaluation.misbehaving import serve_misbehaving

DOCUMENTS = {
    "refunds.md": "# Refunds\n\nA defective item is refunded within 42 days of purchase. Write to the service desk.\n",
    "opening.txt": "The depot in Lindau opens at seven in the morning.\nIt closes at six in the evening, on Sundays at noon.\n",
}
CASES = [
    {"id": "refund", "kind": "qa", "question": "Within how many days is a defective item refunded?", "answers": ["42 days"],
     "relevant": [{"document": "refunds.md", "start": 11, "end": 64}]},
    {"id": "wrong", "kind": "qa", "question": "When does the depot in Lindau open?", "answers": ["at nine"], "relevant": [{"document": "opening.txt"}]},
    {"id": "unknown", "kind": "qa", "question": "Who is the mayor of Bregenz?", "unanswerable": True},
    {"id": "talk", "kind": "conversation", "turns": [{"question": "When does the depot open?", "answers": ["seven"]},
                                                     {"question": "And when does it close?", "answers": ["six"]}]},
    {"id": "kind", "kind": "content", "text": "“Who is there?” asked Ann.\n“Only me,” said Tom.\n", "content_type": "dialogue"},
]  # fmt: skip
CALLABLE = """
from engine.pipeline import open_pipeline
from engine.settings import PipelineSettings

pipeline = open_pipeline("same", PipelineSettings())

def answer(question, history):
    found = pipeline.answer(question, tuple(history))
    return {
        "answer": found.text,
        "contexts": [part.text for part in found.context.parts],
        "retrieved": [ranked.document for ranked in found.retrieved],
        "abstained": found.abstained,
    }
"""
# Everything that is computed from answers, contexts and rankings must agree to the last digit.
SAME = (
    "correct",
    "abstained_correctly",
    "groundedness",
    "span_recall",
    "span_precision",
    "token_iou",
    "recall@5",
    "MRR",
)


def reply_with(pipeline: RagPipeline) -> Any:
    """The same answers over HTTP."""

    def reply(body: dict[str, Any]) -> dict[str, Any]:
        history = tuple((turn["question"], turn["answer"]) for turn in body["history"])
        found = pipeline.answer(body["question"], history)
        return {
            "reply": found.text,
            "hits": [{"body": part.text} for part in found.context.parts],
            "ranking": [ranked.document for ranked in found.retrieved],
            "abstained": found.abstained,
        }

    return reply


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    folder = tmp_path / "suite"
    (folder / "documents").mkdir(parents=True)
    for name, text in DOCUMENTS.items():
        (folder / "documents" / name).write_text(text)
    (folder / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in CASES))
    header = "name: same\ntitle: The same\ndescription: d\nlicence: CC0-1.0\ncorpus: documents\n"
    measures = ", ".join((*SAME, "context_quality", "content_type_correct", "ragas.non_llm_context_recall"))
    (folder / "suite.yaml").write_text(f"{header}measures: [{measures}]\n")
    return folder


def test_the_same_suite_runs_unchanged_on_all_three_kinds_of_target(home: Path, suite: Path, tmp_path: Path) -> None:
    settings = PipelineSettings()
    ingest_corpus("same", [suite / "documents"], settings)
    (tmp_path / "own_system.py").write_text(CALLABLE)
    (tmp_path / "own.yaml").write_text("kind: callable\ncallable: own_system:answer\n")
    with serve_misbehaving() as server, open_store() as store:
        server.reply = reply_with(open_pipeline("same", settings))
        config = {
            "kind": "http",
            "url": f"{server.address}/answer",
            "request": {"question": "{question}", "history": "{history}"},
            "reply": {"answer": "reply", "contexts": "hits[].body", "retrieved": "ranking", "abstained": "abstained"},
        }
        TargetStore(store).save_target("own-server", config, "Ada")
        cases, summaries = {}, {}
        for target in ("pipeline", "own-server", str(tmp_path / "own.yaml")):
            done = run_request(store, RunRequest(suite=str(suite), overrides={}, target=target))
            summaries[target] = done
            cases[target] = {row["id"]: row for row in RunStore(store).load_cases(done["run_id"])}
    builtin = cases.pop("pipeline")
    assert {done["target"] for done in summaries.values()} == {"pipeline", "own-server", "own"}
    assert all(done["errors"] == 0 and done["status"] == "finished" for done in summaries.values())
    assert {case["status"] for case in builtin.values()} == {"passed", "failed"}
    for rows in cases.values():
        for name, row in rows.items():
            assert row["status"] == builtin[name]["status"]
            assert row["answer"] == builtin[name]["answer"]
            for measure in SAME:
                assert row["scores"][measure] == builtin[name]["scores"][measure], (name, measure)
            if name == "refund":
                assert abs(row["context_quality"] - builtin[name]["context_quality"]) < 0.25
                assert row["timings_ms"]["total"] > 0
