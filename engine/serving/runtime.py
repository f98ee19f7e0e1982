"""What serving stands on in one process: the store, the profile, caches, limits, warm pipelines. One of each per home."""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.generation.prompts import PromptTemplate
from engine.guard.injection import name_attack
from engine.guard.pii import redact
from engine.operations.metrics import ServingRecorder, close_recorder, get_recorder
from engine.pipeline import RagPipeline, open_pipeline
from engine.profiles import PREFERENCE, ResolvedProfile, load_profile, settings_of
from engine.prompt_library import load_prompts
from engine.providers.errors import ERRORS
from engine.providers.specs import ProviderSpec
from engine.serving.admission import Admission
from engine.serving.asked import Asked, History
from engine.serving.cache import AnswerCache
from engine.serving.quotas import Quotas
from engine.serving.rate_limiter import AdaptiveLimiter
from engine.serving.service import AnswerService
from engine.serving.stage_caches import StageCaches
from engine.settings import PRESETS, PipelineSettings, home, load_settings
from engine.store import PreferenceStore, Store, open_store
from engine.store.providers import ProviderStore
from engine.store.sessions import SessionStore
from engine.telemetry import CallRecord, Recorder
from engine.types import Answer

WARM_PIPELINES = 6
# What was saved on another screen, or by another process, is in force after so many seconds.
FRESH_SECONDS = 2.0


class ServingRuntime:
    """Everything that answering shares. Made by ``get_runtime``; a context manager where a program makes its own.

    Args:
        store: stays open until ``close``.
        recorder: receives what happens; by default it counts and writes to the store.
        given: fields of the profile that the command line sets.
    """

    def __init__(
        self, store: Store, *, recorder: Recorder | None = None, given: Mapping[str, Any] | None = None
    ) -> None:
        self.store = store
        self._given = dict(given or {})
        self._lock = threading.Lock()
        self._opening: dict[tuple[Any, ...], threading.Lock] = {}
        self._pipelines: OrderedDict[tuple[Any, ...], RagPipeline] = OrderedDict()
        self._saved: _Saved | None = None
        profile = self.profile.profile
        self.limiter = AdaptiveLimiter(profile.calls_per_second)
        self.admission = Admission(profile.concurrency, profile.queue, profile.queue_wait_s)
        self.quotas = Quotas(profile.requests_per_minute, profile.user_requests_per_minute)
        self.cache = AnswerCache(
            store,
            entries=profile.cache_answers,
            ttl_s=profile.cache_ttl_s,
            semantic=profile.semantic_cache,
            is_private=lambda text: self.redact_stored(text) != text,
        )
        self.stage_caches = StageCaches()
        self._counting = recorder is None
        self.recorder: Recorder = _Feedback(recorder or self._open_recorder(), self.limiter)
        self.service = AnswerService(self)

    @property
    def profile(self) -> ResolvedProfile:
        """The profile in force, and where each value comes from."""
        return self._load_saved().profile

    @property
    def specs(self) -> tuple[ProviderSpec, ...]:
        """The saved providers in their order."""
        return self._load_saved().specs

    @property
    def redacts_answers(self) -> bool:
        """Whether answers are shown without personal data."""
        return "answers" in self.profile.profile.redact_pii

    @property
    def refuses_injection(self) -> bool:
        """Whether a question that looks like an attack is refused; else it is marked."""
        return self.profile.profile.injection == "refuse"

    def resolve_settings(
        self, preset: str | None = None, overrides: Mapping[str, Any] | None = None, *, saved: bool = True
    ) -> PipelineSettings:
        """The settings of a request: saved defaults, a preset, what the profile says of models, what the request says.

        Raises:
            SettingError: a value that is not allowed.
            UnknownNameError: no such preset.
        """
        overrides = overrides or {}
        kept = (PreferenceStore(self.store).load_preference("pipeline", {}) or {}) if saved else {}
        base = load_settings(None, kept)
        if preset:
            base = base.with_values(PRESETS[preset]) if preset in PRESETS else load_settings(preset)
        return settings_of(self.profile, base.with_values(overrides), tuple(overrides))

    def find_pipeline(self, corpus: str, settings: PipelineSettings) -> RagPipeline | None:
        """A pipeline that is open already."""
        key = self._name_pipeline(corpus, settings)
        with self._lock:
            found = self._pipelines.get(key)
            if found is not None:
                self._pipelines.move_to_end(key)
            return found

    def open_pipeline(self, corpus: str, settings: PipelineSettings) -> RagPipeline:
        """A warm pipeline, opened once; its index is built first where these settings have none.

        Raises:
            UnknownNameError: the corpus has never been ingested.
        """
        key = self._name_pipeline(corpus, settings)
        with self._lock:
            opening = self._opening.setdefault(key, threading.Lock())
        with opening:
            found = self.find_pipeline(corpus, settings)
            if found is None:
                found = open_pipeline(
                    corpus,
                    settings,
                    specs=self.specs,
                    caches=self.stage_caches,
                    prompts=self._load_saved().prompts,
                    parallel=self.profile.profile.parallel_calls if self.profile.profile.batching else 1,
                )
                with self._lock:
                    self._pipelines[key] = found
                    while len(self._pipelines) > WARM_PIPELINES:
                        self._pipelines.popitem(last=False)
        with self._lock:
            self._opening.pop(key, None)
        return found

    def _name_pipeline(self, corpus: str, settings: PipelineSettings) -> tuple[Any, ...]:
        """Pipelines that answer alike have one name; saving a provider or a prompt makes another one of those that ask a model."""
        saved = self._load_saved()
        return (
            (corpus, settings) if settings.provider == "extractive" else (corpus, settings, saved.specs, saved.prompts)
        )

    def load_history(self, asked: Asked) -> History:
        """The turns of the conversation that a question belongs to.

        Raises:
            AccessError: it is somebody else's; whoever is at this machine may read all.
        """
        owner = asked.asker if asked.door == "api" else ""
        return SessionStore(self.store).load_history(asked.session, owner=owner)

    def record_turn(self, asked: Asked, answer: Answer) -> None:
        """Add a turn to its conversation."""
        question, text = self.redact_stored(answer.question), self.redact_stored(answer.text)
        SessionStore(self.store).record_turn(
            asked.session,
            question,
            text,
            corpus=asked.corpus,
            owner=asked.asker,
            standalone=self.redact_stored(answer.searched) or None,
            correlation_id=answer.correlation_id,
        )

    def judge_question(self, question: str) -> str:
        """What makes a question look like an attack, in words; empty when nothing does."""
        return name_attack(question)

    def redact_stored(self, text: str) -> str:
        """A text as the store keeps it under the profile."""
        return redact(text) if "stored" in self.profile.profile.redact_pii else text

    def describe(self) -> dict[str, Any]:
        """What an operator sees of this process: limiter, admission, quotas, caches."""
        return {
            "limiter": asdict(self.limiter.describe()),
            "admission": asdict(self.admission.describe()),
            "quotas": {"refused": self.quotas.refused},
            "cache": {**self.cache.describe(), **self.stage_caches.describe()},
            "pipelines": len(self._pipelines),
        }

    def close(self) -> None:
        """Write what is still to be written, and let go of the store."""
        self.cache.close()
        if self._counting:
            close_recorder(self.store.home)
        self.store.close()

    def __enter__(self) -> ServingRuntime:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open_recorder(self) -> ServingRecorder:
        """The process's recorder, showing limiter and admission as gauges beside what it counts."""
        recorder = get_recorder(self.store.home)
        read = {
            "phasegate_limiter_factor": ("Times the usual wait between calls.", lambda: self.limiter.describe().factor),
            "phasegate_limiter_waiting": ("Calls that wait for their turn.", lambda: self.limiter.describe().waiting),
            "phasegate_requests_in_flight": ("Being answered.", lambda: self.admission.describe().active),
            "phasegate_requests_queued": ("Waiting for a slot.", lambda: self.admission.describe().waiting),
        }
        for name, (words, value) in read.items():
            recorder.register_gauge(name, words, value)
        return recorder

    def _load_saved(self) -> _Saved:
        now = time.monotonic()
        if self._saved is None or now - self._saved.read_at > FRESH_SECONDS:
            specs = tuple(spec for spec in ProviderStore(self.store).list_providers() if spec.enabled)
            saved = PreferenceStore(self.store).load_preference(PREFERENCE, {}) or {}
            resolved = load_profile(saved=saved, providers=[spec.name for spec in specs], given=self._given)
            self._saved = _Saved(now, resolved, specs, load_prompts(self.store))
        return self._saved


@dataclass(frozen=True, slots=True)
class _Saved:
    """What people have saved, as it was at ``read_at`` (``time.monotonic``)."""

    read_at: float
    profile: ResolvedProfile
    specs: tuple[ProviderSpec, ...]
    prompts: tuple[PromptTemplate, ...]


class _Feedback:
    """Passes records on, and tells the limiter how calls went."""

    def __init__(self, inner: Recorder, limiter: AdaptiveLimiter) -> None:
        self.inner = inner
        self._limiter = limiter
        self.record_request, self.record_breaker = inner.record_request, inner.record_breaker
        self.record_cache = inner.record_cache

    def record_call(self, call: CallRecord) -> None:
        """Note down a call and how long it took. What a person has to mend, such as a wrong key, is no sign of load."""
        fails_over = ERRORS.get(call.outcome, (call.outcome not in ("ok", "cancelled"), "", ""))[0]
        self._limiter.report(not fails_over, call.ms / 1000)
        self.inner.record_call(call)


_runtimes: dict[tuple[int, Path], ServingRuntime] = {}
_runtimes_lock = threading.Lock()


def get_runtime() -> ServingRuntime:
    """The one runtime of this process and ``PHASEGATE_HOME``; made at its first use."""
    key = (os.getpid(), home())
    with _runtimes_lock:
        runtime = _runtimes.get(key)
        if runtime is None:
            runtime = _runtimes[key] = ServingRuntime(open_store())
        return runtime


def close_runtimes() -> None:
    """Close the runtimes of this process, when it ends."""
    with _runtimes_lock:
        for key in [key for key in _runtimes if key[0] == os.getpid()]:
            _runtimes.pop(key).close()
