"""The labs that one app keeps open: each is opened once, in a thread of its own, however many screens wait for it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import PhasegateError
from engine.evaluation.suites import load_suite
from engine.guard.fields import check_question
from engine.settings import PipelineSettings
from engine.tuning.types import LabCase
from engine.views.work import Report, Work, WorkState

if TYPE_CHECKING:
    from engine.tuning import Faithfulness, Lab, QuestionView, SuiteFigures

LABS = 2
FIGURES = 64
STAGE_WORDS = {
    "embedding": "Running every document through the embedding model. This is done once; what comes out is kept on disk.",
    "questions": "Embedding the questions of the suite.",
    "embedding chunks one by one": "Embedding chunks one by one, as an index holds them.",
    "comparing with chunks embedded one by one": "Comparing six chunkings with chunks that are embedded one by one.",
}


class OpenLab:
    """A lab that several screens ask. Figures of settings that were looked at before are kept.

    Attributes:
        faithfulness: how far the quick view can be trusted on this suite, once that was measured.
    """

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.faithfulness: Faithfulness | None = None
        self._lock = threading.Lock()
        self._figures: OrderedDict[tuple[PipelineSettings, bool], SuiteFigures] = OrderedDict()
        self._asked: Lab | None = None
        self._work: Work[bool] | None = None

    def evaluate(self, settings: PipelineSettings) -> SuiteFigures:
        """The whole suite under these settings."""
        with self._lock:
            key = (settings, self.lab.is_exact(settings))
            if key not in self._figures:
                self._figures[key] = self.lab.evaluate(settings)
                while len(self._figures) > FIGURES:
                    self._figures.popitem(last=False)
            self._figures.move_to_end(key)
            return self._figures[key]

    def explain(self, case: int | str, settings: PipelineSettings, document: str | None = None) -> QuestionView:
        """One question of the suite under these settings, with the chunks of a document."""
        with self._lock:
            return self.lab.explain(case, settings, document)

    def ask(self, question: str, settings: PipelineSettings, document: str | None = None) -> QuestionView:
        """A question that is not in the suite. The last one is kept, so that a slider does not embed it again.

        Raises:
            InputError: a blank question, or one of more than 100,000 characters.
        """
        check_question(question)
        with self._lock:
            if self._asked is None or self._asked.cases[0].question != question:
                self._asked = self.lab.with_questions((LabCase(id="", question=question, gold=()),))
            return self._asked.explain(0, settings, document)

    def begin_exact(self, *settings: PipelineSettings) -> None:
        """Embeds the chunks of these settings one by one in the background; afterwards their figures are exact."""
        wanted = [s for s in dict.fromkeys(settings) if not self.lab.is_exact(s)]

        def work(report: Report) -> bool:
            for chosen in wanted:
                self.lab.embed_chunks(chosen, _in_words(report))
            return True

        self._begin(work)

    def begin_faithfulness(self) -> None:
        """Measures in the background how far the quick view can be trusted on this suite."""
        from engine.tuning import measure_faithfulness

        def work(report: Report) -> bool:
            self.faithfulness = measure_faithfulness(self.lab, progress=_in_words(report))
            return True

        self._begin(work)

    def look(self) -> WorkState | None:
        """The work in the background, or the error that ended it; None when there is none."""
        state = self._work.look() if self._work else None
        return state if state and (state.active or state.error) else None

    def _begin(self, task: Callable[[Report], bool]) -> None:
        if not (self._work and self._work.is_alive()):
            self._work = Work(f"lab-work-{self.lab.name}", task)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabState:
    """A lab, or how far its opening is: share done in [0, 1] and what is being done; ``error`` is why it failed."""

    opened: OpenLab | None
    fraction: float
    message: str
    error: PhasegateError | None


class LabShelf:
    """Labs by suite and embedding model; the one that was not used for longest makes room."""

    def __init__(self, limit: int = LABS) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._work: OrderedDict[tuple[str, ...], Work[OpenLab]] = OrderedDict()

    def find(self, suite: str, settings: PipelineSettings) -> LabState:
        """The lab of a suite, or how far its opening is; begins it where nobody has.

        A suite whose files have changed is opened anew. An error is told once; the next call tries again.

        Raises:
            PhasegateError: the suite's files cannot be read.
        """
        loaded = load_suite(suite)
        key = (suite, f"{loaded.hash} {_stamp(loaded.corpus_path)}", settings.embedder, settings.precision)
        with self._lock:
            if key not in self._work:
                for stale in [k for k in self._work if k[0] == suite and k[2:] == key[2:]]:
                    del self._work[stale]
                self._work[key] = _begin_opening(suite, settings)
                while len(self._work) > self._limit:
                    self._work.popitem(last=False)
            self._work.move_to_end(key)
            work = self._work[key]
            state = work.look()
            if state.error:
                del self._work[key]
        return LabState(opened=work.result, fraction=state.fraction, message=state.message, error=state.error)


def _begin_opening(suite: str, settings: PipelineSettings) -> Work[OpenLab]:
    def open_it(report: Report) -> OpenLab:
        from engine.tuning import open_lab

        return OpenLab(open_lab(suite, settings, _in_words(report)))

    return Work(f"open-lab-{suite}", open_it, "Reading the suite and its documents")


def _in_words(report: Report) -> Report:
    return lambda done, total, stage: report(done, total, STAGE_WORDS.get(stage, stage))


def _stamp(folder: Path) -> str:
    """Changes with any file of the corpus."""
    files = [path.stat() for path in folder.rglob("*") if path.is_file()]
    return f"{len(files)} {sum(f.st_size for f in files)} {max((f.st_mtime_ns for f in files), default=0)}"
