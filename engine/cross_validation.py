"""Answers of a run judged afterwards by validators, all of them in one batch. The run itself stays as it was scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.errors import InputError, SettingError
from engine.evaluation.stored_answers import read_answers
from engine.generation.prompts import PromptTemplate, find_template
from engine.generation.validators import PARALLEL, Panel, Submission, validate_answers
from engine.prompt_library import load_prompts
from engine.settings import PipelineSettings
from engine.store import RunStore, Store
from engine.store.providers import ProviderStore
from engine.types import Answer, Validation

if TYPE_CHECKING:
    from engine.providers.chain import ModelChain


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedAnswer:
    """One answer of a run: its case, its turn (from 1), and what the validators say of it."""

    case_id: str
    turn: int
    question: str
    panel: Panel

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        panel = self.panel
        found = Validation(verdicts=panel.verdicts, consensus=panel.consensus, needed=panel.needed).as_json()
        return {"case": self.case_id, "turn": self.turn, "question": self.question, **found}


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossValidation:
    """A run's answers judged; ``abstained`` are those that claim nothing and were left out."""

    run_id: str
    answers: tuple[JudgedAnswer, ...]
    abstained: int

    def count(self, consensus: str) -> int:
        """Answers that came to ``passed``, ``failed`` or ``none``."""
        return sum(judged.panel.consensus == consensus for judged in self.answers)

    def as_json(self) -> dict[str, Any]:
        """The object that ``cross-validate --json`` prints."""
        panels = [judged.panel for judged in self.answers]
        return {
            "run_id": self.run_id,
            "judged": len(self.answers),
            "passed": self.count("passed"),
            "failed": self.count("failed"),
            "no_consensus": self.count("none"),
            "abstained": self.abstained,
            "prompt_tokens": sum(panel.prompt_tokens for panel in panels),
            "completion_tokens": sum(panel.completion_tokens for panel in panels),
            "cost_usd": sum(panel.cost_usd for panel in panels),
            "answers": [judged.as_json() for judged in self.answers],
        }


def validate_run(
    store: Store, run_id: str, settings: PipelineSettings, *, limit: int | None = None, parallel: int = PARALLEL
) -> CrossValidation:
    """Judge the answers of a run by the models, validators and consensus of some settings.

    Args:
        limit: the first so many cases.

    Raises:
        UnknownNameError: no such run.
        InputError: the run has no answer that claims anything.
        SettingError: no model is named nor saved, or the settings ask for no validator.
    """
    from engine.providers.chain import open_chain
    from engine.providers.loop import run_async

    if not settings.validators:
        raise SettingError("validators is 0: nobody would judge.", "Ask for 1 to 6: --set validators=3.")
    runs = RunStore(store)
    runs.load_run(run_id)
    rows = runs.load_cases(run_id, limit=limit) if limit else runs.load_cases(run_id)
    answers = [(row["id"], i, answer) for row in rows for i, answer in enumerate(read_answers(row), 1)]
    said = [item for item in answers if not item[2].abstained and item[2].text.strip()]
    if not said:
        raise InputError(f"Run {run_id} has no answer that claims anything.", "Choose a run with answers.")
    chain = open_chain(settings.model, [spec for spec in ProviderStore(store).list_providers() if spec.enabled])
    template = find_template("validate", load_prompts(store), "validate")
    panels = run_async(judge_answers(chain, template, [answer for _, _, answer in said], settings, parallel))
    judged = tuple(
        JudgedAnswer(case_id=case, turn=turn, question=answer.question, panel=panel)
        for (case, turn, answer), panel in zip(said, panels, strict=True)
    )
    return CrossValidation(run_id=run_id, answers=judged, abstained=len(answers) - len(said))


async def judge_answers(
    chain: ModelChain,
    template: PromptTemplate,
    answers: Sequence[Answer],
    settings: PipelineSettings,
    parallel: int = PARALLEL,
) -> list[Panel]:
    """Panels of whole answers, in their order."""
    submissions = [
        Submission(
            question=answer.question,
            parts=answer.context.parts,
            text=_number_sentences(answer),
            checks=answer.validation.checks if answer.validation else (),
        )
        for answer in answers
    ]
    return await validate_answers(
        chain, template, submissions, settings.validators, settings.consensus, parallel=parallel
    )


def _number_sentences(answer: Answer) -> str:
    """The answer with the numbers of the passages behind each sentence; a citation lies within its passage."""
    parts = answer.context.parts

    def find(index: int) -> str:
        cited = answer.citations[index]
        for number, part in enumerate(parts, 1):
            if part.document == cited.document and part.start <= cited.start and cited.end <= part.end:
                return f" [{number}]"
        return ""

    if not answer.sentences:
        return answer.text
    return " ".join(s.text + "".join(dict.fromkeys(find(i) for i in s.citations)) for s in answer.sentences)
