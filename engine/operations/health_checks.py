"""The parts that are checked, and how."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import numpy as np
import psutil

from engine.embedding import load_embedder
from engine.errors import IndexDamagedError, PhasegateError, StoreError
from engine.index import Catalog, ChunkTable
from engine.index.checking import IndexCheck
from engine.operations.alert_rules import load_rules
from engine.operations.doctor import MIN_FREE_GB
from engine.operations.health import Finding, HealthCheck, Probe, run_probes
from engine.operations.memory import MB
from engine.operations.metrics import get_recorder
from engine.operations.recovery import recover_embedder, recover_index
from engine.providers.breaker import DUE, OPEN, read_state
from engine.providers.specs import ProviderSpec
from engine.settings import PipelineSettings
from engine.store import open_store
from engine.store.leases import LeaseStore
from engine.store.liveness import utc_now
from engine.store.providers import ProviderStore
from engine.store.requests import RequestStore

RECENT = timedelta(minutes=15)
STORE_S = 10.0
REACH_S = 2.0
CALL_S = 30.0
REBUILD_S = 600.0
FULL_GB = 0.2
MIN_AVAILABLE_MB = 256


def run_deep_checks(home: Path, *, api_url: str = "", repair: bool = False, call: bool = False) -> list[HealthCheck]:
    """Check everything that answering stands on, side by side.

    Args:
        api_url: where the app is served; its API is not checked without.
        repair: mend what can be: a damaged index is built again from its documents, the model's graph from its weights.
        call: put a short question to every provider, which may cost something; without, a provider is judged by its
            last calls, or by whether its address answers.
    """
    probes = [
        Probe(name="store", check=lambda: _check_store(home), timeout_s=STORE_S),
        *_list_index_probes(home, repair),
        Probe(name="embedder", check=lambda: _check_embedder(home, repair), timeout_s=REBUILD_S if repair else 15.0),
        *_list_remote_embedder_probes(home, call),
        *_list_provider_probes(home, call),
        Probe(name="disk", check=lambda: _check_disk(home)),
        Probe(name="memory", check=lambda: _check_memory(home)),
        Probe(name="records", check=lambda: _check_records(home)),
    ]
    if api_url:
        probes.append(Probe(name="api", check=lambda: _check_api(api_url)))
    return run_probes(home, probes)


def run_ready_checks(home: Path) -> list[HealthCheck]:
    """Whether a question could be answered: the store reads, and a corpus can be searched."""
    return run_probes(
        home,
        [
            Probe(name="store", check=lambda: _read_store(home), timeout_s=STORE_S),
            Probe(name="corpus", check=lambda: _check_any_corpus(home)),
        ],
    )


def _read_store(home: Path) -> Finding:
    with open_store(home) as store:
        store.query("SELECT count(*) AS corpora FROM corpora")
        return "ok", "served by another process" if store.role == "client" else "opened by this process"


def _check_store(home: Path) -> Finding:
    """Reads and writes."""
    with open_store(home) as store:
        LeaseStore(store).take("health check", "health check", 1.0)
        rows = store.query("SELECT count(*) AS requests FROM requests")
        role = "served by another process" if store.role == "client" else "opened by this process"
        return "ok", f"reads and writes, {role}, {rows[0]['requests']} requests of the last 7 days"


def _list_index_probes(home: Path, repair: bool) -> list[Probe]:
    catalog = Catalog(home / "lance")

    def build(corpus: str) -> Callable[[], Finding]:
        return lambda: _check_index(home, catalog, corpus, repair)

    limit = REBUILD_S if repair else 15.0
    return [Probe(name=f"index {name}", check=build(name), timeout_s=limit) for name in catalog.names()]


def _check_index(home: Path, catalog: Catalog, corpus: str, repair: bool) -> Finding:
    """The newest index of a corpus."""
    entry = catalog.load(corpus)
    if not entry.indexes:
        return "warn", "no index yet; the next question builds it"
    index = list(entry.indexes.values())[-1]
    try:
        rows = IndexCheck(ChunkTable(catalog.folder, index.table)).probe()
    except IndexDamagedError as error:
        if not repair:
            raise
        with open_store(home) as store:
            settings = PipelineSettings().with_values(index.settings)
            mended = recover_index(store, corpus, settings, error.message)
        return ("ok" if mended.outcome == "recovered" else "warn"), mended.words or "readable again"
    return "ok", f"{rows} chunks, made by {index.embedder}"


def _check_any_corpus(home: Path) -> Finding:
    catalog = Catalog(home / "lance")
    problems = []
    for corpus in catalog.names():
        try:
            entry = catalog.load(corpus)
            if entry.indexes:
                rows = ChunkTable(catalog.folder, list(entry.indexes.values())[-1].table).count()
                return "ok", f"{corpus} with {rows} chunks"
            problems.append(f"{corpus}: no index")
        except PhasegateError as error:
            problems.append(f"{corpus}: {error.message}")
    return "fail", "; ".join(problems) or "no corpus has been ingested yet"


def _check_embedder(home: Path, repair: bool) -> Finding:
    from engine.embedding.weights import find_damaged_graphs

    words = ""
    if damaged := find_damaged_graphs(home):
        if not repair:
            return "warn", f"the graph {', '.join(damaged)} on disk is damaged; the next start builds it again"
        with open_store(home) as store:
            words = recover_embedder(store).words
    embedder = load_embedder(PipelineSettings())
    vector = embedder.embed(["How are you?"])[0]
    if vector.shape != (embedder.dimension,) or not np.isfinite(vector).all():
        return "fail", f"{embedder.name} gave a vector of {vector.shape} instead of {embedder.dimension} numbers"
    return "ok", words or f"{embedder.name}, {embedder.dimension} numbers a text"


def _list_remote_embedder_probes(home: Path, call: bool) -> list[Probe]:
    """One for each remote model that an index was made by."""
    catalog = Catalog(home / "lance")
    models: set[str] = set()
    for corpus in catalog.names():
        try:
            indexes = list(catalog.load(corpus).indexes.values())
        except PhasegateError:
            continue  # the index's own check says so
        models |= {str(index.settings.get("embedder", "minilm")) for index in indexes[-1:]}

    def build(model: str) -> Callable[[], Finding]:
        return lambda: _call_embedder(model) if call else _judge_embedder(home, model)

    return [
        Probe(name=f"embedder {model}", check=build(model), timeout_s=CALL_S) for model in sorted(models - {"minilm"})
    ]


def _judge_embedder(home: Path, model: str) -> Finding:
    """By its breaker: its calls are not kept one by one."""
    with open_store(home) as store:
        breaker = RequestStore(store).load_breakers().get(model)
    state = read_state(breaker["state"], breaker["changed_at"], utc_now()) if breaker else ""
    if breaker and state in (OPEN, DUE):
        words = f"its breaker opened: {breaker['reason']}"
        if state == OPEN:
            return "fail", f"{words}; questions are searched by their words"
        return "warn", f"{words}; the next question tries it"
    return "ok", "no breaker of it is open; --call asks it"


def _call_embedder(model: str) -> Finding:
    vector = load_embedder(PipelineSettings(embedder=model)).embed_query(["How are you?"])[0]
    return "ok", f"{model}, {len(vector)} numbers a text"


def _list_provider_probes(home: Path, call: bool) -> list[Probe]:
    try:
        with open_store(home) as store:
            specs = [spec for spec in ProviderStore(store).list_providers() if spec.enabled]
    except StoreError:
        return []  # the store's own check says so

    def build(spec: ProviderSpec) -> Callable[[], Finding]:
        return lambda: _call_provider(spec) if call else _judge_provider(home, spec)

    limit = CALL_S if call else 2 * REACH_S + 1
    return [Probe(name=f"provider {spec.name}", check=build(spec), timeout_s=limit) for spec in specs]


def _judge_provider(home: Path, spec: ProviderSpec) -> Finding:
    """By the calls of the last quarter of an hour; without any by whether its address takes a connection."""
    with open_store(home) as store:
        calls = RequestStore(store).find_down_providers(utc_now() - RECENT, 1).get(spec.name)
    if calls:
        words = f"{calls['calls'] - calls['failed']} of {calls['calls']} calls in 15 minutes went well"
        if calls["last_outcome"] in ("ok", "cancelled"):
            return "ok", words
        return ("fail" if calls["failed"] == calls["calls"] else "warn"), f"{words}; the last: {calls['last_outcome']}"
    if not spec.api_base:
        return "ok", "no calls in 15 minutes; its own address is not tried unasked"
    parts = urlsplit(spec.api_base)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname or "", port), timeout=REACH_S):
            return "ok", f"no calls in 15 minutes; {parts.hostname}:{port} takes connections"
    except OSError as error:
        return "fail", f"{parts.hostname}:{port} takes no connection: {error.strerror or type(error).__name__}"


def _call_provider(spec: ProviderSpec) -> Finding:
    from engine.providers.chain import ChatRequest, ModelChain
    from engine.providers.loop import run_async

    messages = ({"role": "user", "content": "Answer with the word ok."},)
    request = ChatRequest(messages=messages, temperature=0.0, max_tokens=5, purpose="test")
    reply = run_async(ModelChain([spec]).complete(request))
    return "ok", f"{reply.model} answered"


def _check_disk(home: Path) -> Finding:
    folder = next(path for path in (home, *home.parents) if path.exists())
    free = shutil.disk_usage(folder).free / 2**30
    words = f"{free:.1f} GB free"
    return ("fail" if free < FULL_GB else "warn" if free < MIN_FREE_GB else "ok"), words


def _check_memory(home: Path) -> Finding:
    """This process against the limit of the alert rule, and the machine."""
    with open_store(home) as store:
        limit = load_rules(store)["memory_mb"].threshold
    own = psutil.Process().memory_info().rss / MB
    available = psutil.virtual_memory().available / MB
    words = f"this process holds {own:,.0f} MB (limit {limit:,.0f} MB), {available:,.0f} MB are available"
    if available < MIN_AVAILABLE_MB:
        return "fail", words
    return ("warn" if own > limit else "ok"), words


def _check_records(home: Path) -> Finding:
    writer = get_recorder(home).writer
    words = f"{writer.waiting} records wait, {writer.dropped.total()} were lost"
    if writer.problem:
        return "warn", f"{words}; {writer.problem}"
    return ("warn" if writer.dropped.total() else "ok"), words


def _check_api(url: str) -> Finding:
    reply = httpx.get(f"{url.rstrip('/')}/api/health/live", timeout=REACH_S)
    good = reply.status_code == 200 and reply.headers.get("content-type", "").startswith("application/json")
    return ("ok" if good else "fail"), f"{url} answered {reply.status_code} to /api/health/live"
