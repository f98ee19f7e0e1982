"""Watches the folders of the corpora while the app runs: a saved change is in the answers within seconds."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from engine.corpora import ingest_corpus, record_ingest
from engine.errors import PhasegateError
from engine.index import Catalog
from engine.settings import PipelineSettings
from engine.store import open_store

QUIET_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 10.0
LOOK_FOR_CORPORA_SECONDS = 5.0
_CHANGES = {"created", "modified", "deleted", "moved", "closed"}

log = logging.getLogger("phasegate.watching")


class CorpusWatcher:
    """A thread that ingests a corpus again once its files have been quiet for a second. Stop it, or let it be a daemon."""

    def __init__(self) -> None:
        self._observer = Observer()
        self._observer.daemon = True
        self._watched: dict[str, set[str]] = {}
        self._changed: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="watching", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._observer.start()
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for an ingest that is under way."""
        self._stop.set()
        self._thread.join()
        self._observer.stop()
        self._observer.join()

    def notice(self, corpus: str) -> None:
        """A file of the corpus has changed."""
        now = time.monotonic()
        with self._lock:
            first, _ = self._changed.get(corpus, (now, now))
            self._changed[corpus] = (first, now)

    def _work(self) -> None:
        looked = 0.0
        while not self._stop.wait(0.2):
            if time.monotonic() - looked > LOOK_FOR_CORPORA_SECONDS or not looked:
                looked = time.monotonic()
                self._watch_new_sources()
            for corpus in self._due():
                self._ingest(corpus)

    def _watch_new_sources(self) -> None:
        catalog = Catalog()
        for corpus in catalog.names():
            try:
                entry = catalog.find(corpus)
            except PhasegateError as error:
                log.warning("corpus %s is not watched: %s", corpus, error.message)
                continue
            known = self._watched.setdefault(corpus, set())
            for source in entry.sources if entry else ():
                path = Path(source)
                if source in known or not path.exists():
                    continue
                handler = _Handler(self, corpus, path if path.is_file() else None)
                try:
                    self._observer.schedule(
                        handler, str(path if path.is_dir() else path.parent), recursive=path.is_dir()
                    )
                except (
                    OSError
                ) as error:  # gone this moment, or the system's limit of watches: tried again with the next look
                    log.warning("corpus %s: %s is not watched: %s", corpus, source, error.strerror)
                    continue
                known.add(source)

    def _due(self) -> list[str]:
        now = time.monotonic()
        with self._lock:
            due = [
                c
                for c, (first, last) in self._changed.items()
                if now - last > QUIET_SECONDS or now - first > LONGEST_WAIT_SECONDS
            ]
            for corpus in due:
                del self._changed[corpus]
        return due

    def _ingest(self, corpus: str) -> None:
        try:
            entry = Catalog().find(corpus)
            for index in list(entry.indexes.values())[-1:] if entry else ():
                settings = PipelineSettings().with_values(index.settings)
                report = ingest_corpus(corpus, [Path(s) for s in entry.sources if Path(s).exists()], settings)
                with open_store() as store:
                    record_ingest(store, report, settings)
                log.info("corpus %s: %d changed, %d removed", corpus, report.changed, report.removed)
        except PhasegateError as error:
            log.warning("corpus %s was not updated: %s", corpus, error.message)
        except Exception:  # the top of a job: one corpus must not end the watching of the others
            log.exception("corpus %s was not updated", corpus)


class _Handler(FileSystemEventHandler):
    def __init__(self, watcher: CorpusWatcher, corpus: str, only: Path | None) -> None:
        self._watcher, self._corpus, self._only = watcher, corpus, only

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.is_directory or event.event_type not in _CHANGES:
            return
        paths = {Path(str(event.src_path)), Path(str(event.dest_path or event.src_path))}
        if self._only is None or self._only in paths:
            self._watcher.notice(self._corpus)
