"""What a run needs before its first case: the suite checked against its documents, the index up to date, provenance."""

from __future__ import annotations

import functools
import importlib.metadata
import platform
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.corpora import find_corpus, ingest_corpus, load_sources, record_ingest
from engine.evaluation.suites import Suite, check_spans
from engine.evaluation.target_specs import TargetSpec
from engine.settings import ROOT, PipelineSettings
from engine.store import Store

Progress = Callable[[int, int, str], None]
PACKAGES = ("lancedb", "duckdb", "onnxruntime", "tokenizers", "ragas", "numpy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A suite that can be run.

    Attributes:
        cases_hash: of suite.yaml and cases.jsonl as they were read; ``suite.hash`` covers the documents, too.
        documents: texts by id.
        index_fingerprint: empty without our own index.
    """

    suite: Suite
    cases_hash: str
    corpus: str
    documents: Mapping[str, str]
    index_fingerprint: str


def prepare_suite(
    store: Store, suite: Suite, settings: PipelineSettings, target: TargetSpec, progress: Progress | None
) -> Prepared:
    """Check the cases against the documents; for the built-in pipeline bring the index up to date, too.

    Raises:
        FileFormatError: a gold span that is not in the documents.
        InputError: the corpus cannot be read.
    """
    corpus, path = find_corpus(str(suite.corpus_path), suite.path)
    loaded = load_sources([str(path)])
    documents = {document.id: document.text for document in loaded.documents}
    check_spans(suite, documents)
    fingerprint = ""
    if target.kind == "pipeline":
        report = ingest_corpus(corpus, [path], settings, progress, replace=True, loaded=loaded)
        record_ingest(store, report, settings)
        fingerprint = report.index_fingerprint
    return Prepared(
        suite=suite.with_corpus([document.content_hash for document in loaded.documents]),
        cases_hash=suite.hash,
        corpus=corpus,
        documents=documents,
        index_fingerprint=fingerprint,
    )


def describe_provenance(
    prepared: Prepared, target: TargetSpec, seed: int, limit: int | None, prompts: Mapping[str, str]
) -> dict[str, Any]:
    """What made the run: enough to make it again.

    Args:
        prompts: name, version and hash of the templates that a model is asked with, by purpose.
    """
    from engine.context.coefficients import load_coefficients
    from engine.embedding.weights import SHA256

    return {
        "seed": seed,
        "limit": limit,
        "pass_rules": dict(prepared.suite.pass_rules),
        "cases_hash": prepared.cases_hash,
        "corpus": prepared.corpus,
        "target": target.as_json(),
        "index_fingerprint": prepared.index_fingerprint,
        "model_sha256": SHA256,
        "quality_model": load_coefficients().provenance.get("date"),
        "prompts": dict(prompts),
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "commit": find_commit(),
        "command": " ".join(sys.argv[1:])[:500],
    }


@functools.cache
def find_commit() -> str | None:
    """The commit of this working tree, with ``+`` when it has changes; None outside a checkout."""
    if not (ROOT / ".git").exists():
        return None
    try:
        head = subprocess.run(
            ["git", "describe", "--always", "--abbrev=12", "--dirty=+"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return head.stdout.strip() or None
