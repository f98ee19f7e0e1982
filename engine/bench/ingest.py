"""Ingest, from files to an index that answers, in processes of their own: rate, ratio to bare embedding, memory."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.bench.texts import load_texts
from engine.embedding.weights import PRECISIONS, find_graph
from engine.settings import home as state_folder

ROUNDS = 3
_CODE = """
import json, sys, time
from pathlib import Path
from engine.chunking import chunk_document
from engine.corpora import ingest_corpus
from engine.embedding import load_embedder
from engine.ingestion import load_documents
from engine.ingestion.sentences import split_sentences
from engine.pipeline import open_pipeline
from engine.settings import PipelineSettings
folder, settings = Path(sys.argv[1]), PipelineSettings().with_values(json.loads(sys.argv[2]))
t = time.perf_counter(); embedder = load_embedder(settings); embedder.embed(["warm"]); load = time.perf_counter() - t
report = ingest_corpus("bench", [folder], settings)
again = ingest_corpus("bench", [folder], settings)
pipeline = open_pipeline("bench", settings); pipeline.warm_up()
answers = [pipeline.answer("What is said of the beginning and the end?").timings_ms["total"] for _ in range(20)]
# Not getrusage: its peak is inherited from the process that started this one.
status = Path("/proc/self/status")
lines = status.read_text().splitlines() if status.exists() else []
peak = next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), None)
documents = load_documents([folder]).documents
chunks = [c.text for d in documents for c in chunk_document(d, split_sentences(d.text), settings)]
t = time.perf_counter(); embedder.embed(chunks); bare = time.perf_counter() - t
print(json.dumps({"seconds": report.seconds, "characters": report.characters, "chunks": report.chunks, "bare": bare,
    "again": again.seconds, "load": load, "answer": sorted(answers)[10], "peak_mb": peak}))
"""


def measure(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Characters a second by precision (median of fresh processes), and what an unchanged folder costs."""
    figures: dict[str, Any] = {}
    for precision in PRECISIONS:
        find_graph(precision)
        runs = [_run({**overrides, "precision": precision}, data) for _ in range(ROUNDS)]
        characters = runs[0]["characters"]
        figures["characters"], figures["chunks"] = characters, runs[0]["chunks"]
        figures[f"characters_per_s_{precision}"] = characters / statistics.median(r["seconds"] for r in runs)
        figures[f"ratio_to_embedding_{precision}"] = statistics.median(r["bare"] / r["seconds"] for r in runs)
        figures[f"load_s_{precision}"] = statistics.median(r["load"] for r in runs)
        figures[f"unchanged_s_{precision}"] = statistics.median(r["again"] for r in runs)
        figures[f"answer_p50_ms_{precision}"] = statistics.median(r["answer"] for r in runs)
        figures[f"peak_mb_{precision}"] = max((r["peak_mb"] for r in runs if r["peak_mb"]), default=None)
    return figures


def _run(overrides: Mapping[str, Any], data: Path | None) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as folder:
        articles = data / "articles.jsonl" if data else None
        if articles and articles.is_file():
            texts = [json.loads(line)["text"] for line in articles.open()][:8]
        else:
            texts = load_texts(data)
        for i, text in enumerate(texts):
            (Path(folder) / f"{i:05}.txt").write_text(text or " ")
        models = state_folder() / "models"
        (Path(home) / "models").symlink_to(models)
        command = [sys.executable, "-c", _CODE, folder, json.dumps(dict(overrides))]
        run = subprocess.run(
            command, capture_output=True, text=True, check=True, env={**os.environ, "PHASEGATE_HOME": home}
        )
        return json.loads(run.stdout.splitlines()[-1])
