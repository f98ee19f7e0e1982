"""What a run can be started with, beside its suite's settings: targets, judges, limits."""

from __future__ import annotations

from dataclasses import dataclass

from engine.evaluation.measures import DEFAULT_MEASURES, JUDGED_MEASURES
from engine.judges import DEFAULT_JUDGE
from engine.run_options import MOST_REPETITIONS
from engine.store import PreferenceStore, Store
from engine.store.judges import JudgeStore
from engine.store.targets import TargetStore

PIPELINE = "pipeline"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChoices:
    """``default_judge`` scores the measures that need a model when none is chosen; empty when there is none."""

    targets: tuple[str, ...]
    judges: tuple[str, ...]
    default_judge: str
    measures: tuple[str, ...]
    most_repetitions: int = MOST_REPETITIONS


def load_run_choices(store: Store) -> RunChoices:
    """The targets and judges that were set up."""
    return RunChoices(
        targets=(PIPELINE, *TargetStore(store).load_configs()),
        judges=tuple(JudgeStore(store).load_judges()),
        default_judge=str(PreferenceStore(store).load_preference(DEFAULT_JUDGE) or ""),
        measures=(*DEFAULT_MEASURES, *JUDGED_MEASURES),
    )
