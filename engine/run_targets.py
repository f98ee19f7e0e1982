"""The system under test of a run: found again by what the run keeps of it, and opened."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from engine.evaluation.measures.ragas import Embed
from engine.evaluation.opening_targets import ForeignTarget, open_target
from engine.evaluation.target_specs import TargetSpec
from engine.evaluation.targets import PipelineTarget
from engine.run_preparation import Prepared
from engine.serving.asked import Asked, History
from engine.settings import PipelineSettings
from engine.store import Store, open_store
from engine.store.targets import TargetStore
from engine.telemetry import SilentRecorder
from engine.types import Answer

if TYPE_CHECKING:
    from engine.serving.runtime import ServingRuntime

RunTarget = PipelineTarget | ForeignTarget


@contextmanager
def open_run_target(
    prepared: Prepared, spec: TargetSpec, settings: PipelineSettings
) -> Iterator[tuple[RunTarget, Embed]]:
    """The system under test, ready to be asked, and the embedder of the run's own measures."""
    if spec.kind == "pipeline":
        from engine.serving.runtime import ServingRuntime

        with ServingRuntime(open_store(), recorder=SilentRecorder()) as runtime:
            pipeline = runtime.open_pipeline(prepared.corpus, settings)
            pipeline.warm_up()
            yield PipelineTarget(ServedPipeline(runtime, prepared.corpus, settings)), pipeline.embedder.embed
        return
    from engine.embedding import load_embedder

    embed = load_embedder(settings).embed
    with open_target(spec, documents=prepared.documents, settings=settings) as target:
        yield target, embed


class ServedPipeline:
    """The pipeline as people are served by it, guards included; nothing is taken from a cache, no quota counts.

    Args:
        runtime: of the run's own; what it records is dropped, since the run journals every case itself.
    """

    def __init__(self, runtime: ServingRuntime, corpus: str, settings: PipelineSettings) -> None:
        self._service, self._corpus, self._settings = runtime.service, corpus, settings

    def answer(self, question: str, history: History = ()) -> Answer:
        """Answer one question."""
        return self._service.answer(
            Asked(
                question=question,
                corpus=self._corpus,
                settings=self._settings,
                history=tuple(history),
                door="run",
                cache=False,
            )
        )


def load_targets(store: Store) -> dict[str, dict[str, Any]]:
    """The saved targets by name."""
    return TargetStore(store).load_configs()


def name_target(run: Mapping[str, Any]) -> str:
    """What finds a run's target again."""
    return str((run["provenance"].get("target") or {}).get("reference") or run["target"])


def check_same_target(run: Mapping[str, Any], target: TargetSpec) -> None:
    """Sees that a run's target is what it was when the run began.

    Raises:
        InputError: its configuration has changed.
    """
    kept = run["provenance"].get("target")
    if kept not in (None, json.loads(json.dumps(target.as_json()))):
        raise InputError(
            f"target {target.name!r}: its configuration has changed since run {run['run_id']} began.",
            "Answers of two systems are not mixed in one run. Start a new run.",
        )
