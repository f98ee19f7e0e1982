"""What caches save: vectors of texts that were embedded before. The tiers that keep answers are not built yet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.bench.figures import not_built
from engine.bench.scripted_model import open_model
from engine.corpora import CorpusReport, ingest_corpus, shipped_corpora
from engine.embedding import load_embedder
from engine.settings import PipelineSettings

TIERS = ("memory", "disk", "semantic", "database")


def measure(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Hit rate of the vector cache when the same files are ingested under another name, and the time that it saves."""
    with open_model(overrides) as model:
        stand_in = model.stand_in
    settings = PipelineSettings().with_values(overrides)
    sources = {data.name: data} if data else shipped_corpora()
    load_embedder(settings).embed(["Warm up."])
    first = {name: ingest_corpus(f"{name}-first", [path], settings) for name, path in sources.items()}
    again = {name: ingest_corpus(f"{name}-again", [path], settings) for name, path in sources.items()}
    return {
        "stand_in": stand_in,
        "vectors": {
            "uncached_s": _sum(first, "seconds"),
            "cached_s": _sum(again, "seconds"),
            "speedup": _sum(first, "seconds") / _sum(again, "seconds"),
            "hit_rate": _sum(again, "reused") / max(1.0, _sum(again, "reused") + _sum(again, "embedded")),
            "documents": int(_sum(first, "documents")),
        },
        "answers": {tier: not_built(f"no {tier} tier keeps answers yet") for tier in TIERS}
        | {"hit_rate": not_built("no tier keeps answers yet")},
    }


def _sum(reports: Mapping[str, CorpusReport], field: str) -> float:
    return float(sum(getattr(report, field) for report in reports.values()))
