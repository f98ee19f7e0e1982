"""Calibration: fit what turns signs into probabilities on labelled data, and say how good it is on the part kept apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.errors import InputError, UnknownNameError
from engine.settings import PipelineSettings

Progress = Callable[[int, int, str], None]


def calibrate(
    data: Path, settings: PipelineSettings, only: str | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """Fit every model that the data has labels for; write the coefficients; return their provenance by model.

    Args:
        data: a set's folder, or one of several.
        only: one of ``MODELS``.

    Raises:
        InputError: the data suits none of the models, or not the one that was asked for.
        UnknownNameError: no such model.
    """
    if only is not None and only not in MODELS:
        raise UnknownNameError("model", only, MODELS)
    report: dict[str, Any] = {}
    unsuited: list[str] = []
    for name in [only] if only else MODELS:
        if progress:
            progress(0, 0, f"fitting {name}")
        try:
            report[name] = MODELS[name](data, settings, progress)
        except InputError as error:
            if only:
                raise
            unsuited.append(f"{name}: {error.message}")
    if not report:
        raise InputError(f"{data} suits none of the models. {' '.join(unsuited)}")
    return {"models": report, "unsuited": unsuited}


def _fit_retrieval(data: Path, settings: PipelineSettings, _progress: Progress | None) -> dict[str, Any]:
    from engine.calibration.fusion import fit_retrieval
    from engine.run_preparation import find_commit

    return fit_retrieval(data, settings, code=find_commit())


def _fit_quality(data: Path, settings: PipelineSettings, progress: Progress | None) -> dict[str, Any]:
    from engine.calibration.contexts import fit_contexts
    from engine.run_preparation import find_commit

    return fit_contexts(data, settings, progress=progress, code=find_commit())


def _fit_groundedness(data: Path, _settings: PipelineSettings, progress: Progress | None) -> dict[str, Any]:
    from engine.evaluation.measures.fit_groundedness import fit_groundedness
    from engine.run_preparation import find_commit

    return fit_groundedness(data, progress=progress, code=find_commit())


def _fit_content_types(data: Path, _settings: PipelineSettings, _progress: Progress | None) -> dict[str, Any]:
    from engine.evaluation.content_type_fit import fit_content_types
    from engine.run_preparation import find_commit

    folder = data if (data / "items.jsonl").is_file() else data / "content_type"
    return fit_content_types(folder, code=find_commit())


def _fit_same_question(data: Path, settings: PipelineSettings, _progress: Progress | None) -> dict[str, Any]:
    from engine.embedding import load_embedder
    from engine.run_preparation import find_commit
    from engine.serving.semantic_fit import fit_threshold

    return fit_threshold(data, load_embedder(settings).embed, code=find_commit())


# In this order: quality is fitted on what retrieval finds.
MODELS: dict[str, Callable[[Path, PipelineSettings, Progress | None], dict[str, Any]]] = {
    "retrieval": _fit_retrieval,
    "quality": _fit_quality,
    "groundedness": _fit_groundedness,
    "content-types": _fit_content_types,
    "same-question": _fit_same_question,
}
