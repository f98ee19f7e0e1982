"""The Tuning lab against embedding anew: a chunk-size slider, ten chunkings both ways, a sweep of 48 settings, the token index."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from engine.corpora import shipped_corpora
from engine.embedding import load_embedder
from engine.embedding.windows import STRIDE, WINDOW
from engine.evaluation.suite_folders import list_shipped_suites
from engine.evaluation.suites import load_suite
from engine.settings import PipelineSettings, home
from engine.tuning import Lab, open_lab
from engine.tuning.classic import score_nearest
from engine.tuning.faithfulness import kendall_tau

CHUNKINGS = (
    (200, 0), (300, 0), (400, 0), (600, 0), (800, 0), (800, 400), (1000, 0), (1200, 0), (1600, 0), (2000, 400),
)  # fmt: skip
SLIDER_SIZES = range(160, 2400, 56)
GRID = {"chunk_size": (256, 512, 1024, 1536), "chunk_overlap": (0, 100, 200), "top_k": (10, 20), "weight": (0.5, 0.7)}
MOVES: dict[str, tuple[Any, ...]] = {
    "top_k": (5, 8, 13, 18, 25, 30, 38, 45),
    "weight": (0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9),
    "budget_tokens": (150, 250, 350, 450, 550, 650, 750, 1000),
    "min_similarity": (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4),
}


def measure(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Both sides in one process, in fp32 unless ``precision`` is set; one set of figures for each data set found.

    Args:
        data: a folder with ``corpus.jsonl`` (or ``articles.jsonl``) and ``queries.jsonl``, or one of several such folders;
            None for the largest shipped corpus with its suite.
    """
    settings = PipelineSettings().with_values({"chunker": "recursive", "precision": "exact", **overrides})
    if data is None:
        return _measure(_largest_suite(), settings)
    if (data / "queries.jsonl").is_file() or (data / "suite.yaml").is_file():
        return _measure(data, settings)
    folders = sorted(path.parent for path in data.glob("*/queries.jsonl"))
    chosen = [folder for folder in folders if folder.name == "chunking_eval"] or folders
    return {folder.name: _measure(folder, settings) for folder in chosen} if chosen else _measure(data, settings)


def _largest_suite() -> str:
    """The shipped suite whose corpus is the largest."""
    sizes = {name: sum(p.stat().st_size for p in path.rglob("*.*")) for name, path in shipped_corpora().items()}
    return max(list_shipped_suites(), key=lambda name: sizes.get(load_suite(name).corpus, 0))


def _measure(suite: str | Path, settings: PipelineSettings) -> dict[str, Any]:
    load_embedder(settings).embed(["warm up"])
    opened, lab = _time(lambda: open_lab(suite, settings))
    again, lab = _time(lambda: open_lab(suite, settings))
    figures: dict[str, Any] = {
        "suite": lab.name,
        "documents": len(lab.documents),
        "characters": sum(len(d.text) for d in lab.documents),
        "tokens": lab.corpus.pooler.tokens,
        "questions": len(lab.cases),
        "open_first_s": opened,
        "open_again_s": again,
    }
    figures |= _measure_index(lab)
    lab.evaluate(settings)
    figures |= _measure_sliders(lab, settings)
    figures |= _measure_chunkings(lab, settings)
    return figures | _measure_sweep(lab, settings, figures["reembed_s_per_million_characters"])


def _measure_index(lab: Lab) -> dict[str, Any]:
    """The overlapping pass against one plain pass over the same documents; the bytes on disk."""
    embedder = load_embedder(lab.settings)
    ids = [t.ids for t in embedder.tokenize([d.text for d in lab.documents])]  # type: ignore[attr-defined]
    sample, tokens = [], 0
    for sequence in ids:
        sample.append(sequence)
        tokens += len(sequence)
        if tokens >= 20_000:
            break
    windows, plain = [], []
    for _ in range(2):
        plain.append(_time(lambda: embedder.embed_tokens(sample, WINDOW))[0])  # type: ignore[attr-defined]
        windows.append(_time(lambda: embedder.embed_tokens(sample, STRIDE))[0])  # type: ignore[attr-defined]
    size = sum(path.stat().st_size for path in (home() / "tokens").glob("*/*.tokens"))
    return {
        "token_index_cost_ratio": min(windows) / min(plain),
        "token_index_s_per_million_tokens": 1e6 * min(windows) / tokens,
        "bytes_per_token": size / max(1, lab.corpus.pooler.tokens),
        "stride": STRIDE,
    }


def _measure_sliders(lab: Lab, settings: PipelineSettings) -> dict[str, Any]:
    runs = [
        lab.evaluate(settings.with_values({"chunk_size": size, "chunk_overlap": size // 8})) for size in SLIDER_SIZES
    ]
    milliseconds = [1000 * run.seconds for run in runs]
    moves = [
        1000 * lab.evaluate(settings.with_values({name: value})).seconds
        for name, values in MOVES.items()
        for value in values
    ]
    return {
        "slider_moves": len(runs),
        "p50_ms": float(np.quantile(milliseconds, 0.5)),
        "p95_ms": float(np.quantile(milliseconds, 0.95)),
        "p95_ms_retrieval_settings": float(np.quantile(moves, 0.95)),
        "stages_ms": {name: statistics.median(run.stages_ms[name] for run in runs) for name in runs[0].stages_ms},
    }


def _measure_chunkings(lab: Lab, settings: PipelineSettings) -> dict[str, Any]:
    """Ten chunkings from the lab, and embedded anew: time with scoring, and how both rank them.

    ``speedup`` is of the published task, the five nearest chunks scored by characters; ``speedup_whole`` of everything that
    the lab shows: hybrid search, context, its quality and rounds of improving it.
    """
    lab_s, anew_s, plain_s, plain_anew_s, rows, characters = 0.0, 0.0, 0.0, 0.0, [], 0
    plans = [settings.with_values({"chunk_size": a, "chunk_overlap": b, "pooling": "separate"}) for a, b in CHUNKINGS]
    quick = [lab.evaluate(chosen) for chosen in plans]  # before any embedding, as a person moves a slider
    plain = [_time(lambda chosen=chosen: _score_plainly(lab, chosen))[0] for chosen in plans]
    for (size, overlap), chosen, pooled, plainly in zip(CHUNKINGS, plans, quick, plain, strict=True):
        lab_s += pooled.seconds
        plain_s += plainly
        seconds, _ = _time(lambda chosen=chosen: lab.embed_chunks(chosen))
        anew = lab.evaluate(chosen)
        anew_s += seconds + anew.seconds
        plain_anew_s += seconds + plainly
        chunks = lab.cut(chosen)
        characters += int((chunks.end - chunks.start).sum())
        views = [
            score_nearest(lab.corpus, lab.questions, chunks, v) for v in (chunks.vectors, lab.separate_vectors(chosen))
        ]
        row = {
            "chunking": f"{size}/{overlap}",
            "chunks": len(chunks),
            "lab_ms": 1000 * pooled.seconds,
            "anew_s": seconds,
        }
        for name in ("recall", "iou"):
            row |= {
                f"top5_{name}_{side}": float(np.nanmean(v[name]))
                for side, v in zip(("lab", "anew"), views, strict=True)
            }
            row |= {f"context_{name}_{side}": f.figures[name].mean for side, f in (("lab", pooled), ("anew", anew))}
        rows.append(row)
    taus = {
        f"tau_{view}_{name}": kendall_tau(
            [r[f"{view}_{name}_lab"] for r in rows], [r[f"{view}_{name}_anew"] for r in rows]
        )
        for view in ("top5", "context")
        for name in ("recall", "iou")
    }
    return {
        "speedup": plain_anew_s / plain_s,
        "speedup_whole": anew_s / lab_s,
        "lab_ms_per_chunking_nearest_five": 1000 * plain_s / len(CHUNKINGS),
        "lab_ms_per_chunking": 1000 * lab_s / len(CHUNKINGS),
        "anew_s_per_chunking": anew_s / len(CHUNKINGS),
        "reembed_s_per_million_characters": 1e6 * anew_s / characters,
        "tau": taus["tau_top5_recall"],
        **taus,
        "chunkings": rows,
    }


def _score_plainly(lab: Lab, settings: PipelineSettings) -> None:
    """Cut, pool, search by vectors and score, nothing of it kept from before."""
    chunks = lab.corpus.cut(settings)
    score_nearest(lab.corpus, lab.questions, chunks, chunks.vectors)


def _measure_sweep(lab: Lab, settings: PipelineSettings, per_million: float) -> dict[str, Any]:
    """48 settings; what embedding each distinct chunking anew would take is extrapolated from the ten above."""
    grid = [dict(zip(GRID, values, strict=True)) for values in itertools.product(*GRID.values())]
    seconds, _ = _time(lambda: [lab.evaluate(settings.with_values(values)) for values in grid])
    distinct = {(values["chunk_size"], values["chunk_overlap"]): settings.with_values(values) for values in grid}
    characters = sum(int((c.end - c.start).sum()) for c in map(lab.cut, distinct.values()))
    return {
        "sweep48_seconds": seconds,
        "sweep48_chunkings": len(distinct),
        "sweep48_seconds_anew_extrapolated": seconds + per_million * characters / 1e6,
    }


def _time(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result
