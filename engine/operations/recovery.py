"""What is mended by itself, and the record of it: an index built again, the model's graph, the connection to the store."""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from engine.corpora import ingest_corpus, record_ingest
from engine.embedding.weights import find_damaged_graphs, find_graph
from engine.errors import IndexDamagedError, PhasegateError
from engine.index import Catalog, ChunkTable, CorpusEntry
from engine.index.checking import IndexCheck
from engine.operations.metrics import get_recorder
from engine.settings import PipelineSettings
from engine.store import Store
from engine.store.recoveries import RecoveryStore

log = logging.getLogger("phasegate.recovery")
_rebuilding: defaultdict[tuple[Path, str], threading.Lock] = defaultdict(threading.Lock)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """What was done. ``words`` is a sentence for whoever waits: empty where nothing had to be done."""

    outcome: str
    words: str
    ms: float


def record_recovery(
    store: Store, *, component: str, subject: str, action: str, outcome: str, reason: str, ms: float = 0.0
) -> None:
    """Count and keep a recovery. Never raises: with the store away it is counted and logged all the same.

    Args:
        component: store, index, embedder, provider, cache, disk or memory.
        subject: which one, by its name.
        outcome: recovered, degraded or failed.
    """
    level = logging.ERROR if outcome == "failed" else logging.WARNING
    log.log(level, "%s %s: %s, %s (%s)", component, subject, action, outcome, reason)
    get_recorder(store.home).count_recovery(component, outcome)
    row = {"component": component, "subject": subject, "action": action, "outcome": outcome, "reason": reason}
    try:
        RecoveryStore(store).add_recovery(**row, ms=round(ms, 3))
    except PhasegateError as error:
        log.warning("the recovery of %s %s is not kept: %s", component, subject, error)


def recover_index(store: Store, corpus: str, settings: PipelineSettings, reason: str) -> Mended:
    """Look at a corpus's index and build what is damaged again: the words alone where the chunks are sound, else all.

    Askers of the same corpus wait for the one that builds. Nothing is done to an index that can be read: another
    process may have mended it.

    Args:
        settings: their fingerprint tells which index.
        reason: what went wrong, as it was seen.

    Raises:
        IndexDamagedError: it could not be built again; the message says why.
    """
    catalog = Catalog(store.home / "lance")
    with _rebuilding[(store.home, corpus)]:
        started = time.perf_counter()
        with catalog.locked(corpus):
            entry = catalog.load(corpus)
            action = _mend_words_or_forget(catalog, entry, settings.index_fingerprint)
        if action == "nothing":
            return Mended(outcome="recovered", words="", ms=1000 * (time.perf_counter() - started))
        outcome = "recovered"
        if action == "built again":
            outcome, reason = _build_again(store, entry, settings, reason)
        ms = 1000 * (time.perf_counter() - started)
        record_recovery(store, component="index", subject=corpus, action=action, outcome=outcome, reason=reason, ms=ms)
        if outcome == "failed":
            raise IndexDamagedError(
                f"The index of corpus {corpus!r} is damaged and could not be built again: {reason}",
                f"Ingest its documents again: python -m engine ingest FOLDER --corpus {corpus}",
            )
        lost = "" if outcome == "recovered" else f" {reason}"
        return Mended(
            outcome=outcome, words=f"The index of {corpus} was damaged and {action} in {ms / 1000:.1f} s.{lost}", ms=ms
        )


def _mend_words_or_forget(catalog: Catalog, entry: CorpusEntry, fingerprint: str) -> str:
    """Under the corpus's lock: what was done, or that the index has to be built again and is no longer named."""
    index = entry.indexes.get(fingerprint)
    if index is None:
        return "built again"
    check = IndexCheck(ChunkTable(catalog.folder, index.table))
    try:
        check.read_rows()
        try:
            check.probe()
            return "nothing"
        except IndexDamagedError:
            if check.mend_words():
                return "its words indexed again"
    except IndexDamagedError:
        pass
    rest = {key: value for key, value in entry.indexes.items() if key != fingerprint}
    catalog.save(CorpusEntry(corpus=entry.corpus, sources=entry.sources, indexes=rest))
    return "built again"


def _build_again(store: Store, entry: CorpusEntry, settings: PipelineSettings, reason: str) -> tuple[str, str]:
    """Outcome and reason of an ingest of all sources that are still there."""
    there = [Path(source) for source in entry.sources if Path(source).exists()]
    gone = len(entry.sources) - len(there)
    if not there:
        return "failed", f"none of its {len(entry.sources)} sources is there any more. {reason}"
    try:
        report = ingest_corpus(entry.corpus, there, settings, replace=True)
        record_ingest(store, report, settings)
    except PhasegateError as error:
        return "failed", error.message
    if gone:
        return "degraded", f"{gone} of its {len(entry.sources)} sources are no longer there. {reason}"
    return "recovered", reason


def recover_embedder(store: Store) -> Mended:
    """Build the model's graphs again whose files are damaged. What is loaded already goes on as it is."""
    started = time.perf_counter()
    damaged = find_damaged_graphs(store.home)
    for precision in damaged:
        try:
            find_graph(precision)
            outcome, reason = "recovered", "its file was not the one that was built"
        except PhasegateError as error:
            outcome, reason = "failed", error.message
        ms = 1000 * (time.perf_counter() - started)
        record_recovery(
            store, component="embedder", subject=precision, action="graph built again", outcome=outcome,
            reason=reason, ms=ms,
        )  # fmt: skip
    words = f"The model's graph ({', '.join(damaged)}) was damaged and built again." if damaged else ""
    return Mended(outcome="recovered", words=words, ms=1000 * (time.perf_counter() - started))


class StoreWatch:
    """Notes when the store's connection was lost and found again, which the store itself does unasked."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen = store.reopened

    def check(self) -> None:
        """Ask the store something, so that a lost connection is found now, and record what was mended."""
        started = time.perf_counter()
        self._store.query("SELECT 1 AS one")
        ms = 1000 * (time.perf_counter() - started)
        found = self._store.reopened
        if found != self._seen:
            self._seen = found
            record_recovery(
                self._store,
                component="store",
                subject="store.duckdb",
                action=f"opened again, now as {self._store.role}",
                outcome="recovered",
                reason="the process that served it ended, or the connection was lost",
                ms=ms,
            )
