"""The Live screen's questions to a store of a million requests: each has to come back before a person waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from engine.bench.figures import latency_figures
from engine.bench.live_rows import generate_requests
from engine.bench.options import read_count, refuse_unknown
from engine.store import open_store
from engine.store.liveness import utc_now
from engine.store.request_queries import SORTED_AT_MOST, RequestFilter, RequestQueries
from engine.views.live import WINDOWS, load_live
from engine.views.live_requests import load_request, load_requests

ROWS = 1_000_000
ROUNDS = 15


def measure(data: Path | None, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Milliseconds of each query over the longest window, of the whole view by window, of the list and of one trace.

    ``--set rows=N`` generates another number of requests.
    """
    refuse_unknown(overrides, ("rows",))
    rows = read_count(overrides, "rows", ROWS)
    with open_store() as store:
        now = utc_now()
        started = time.perf_counter()
        generate_requests(store, rows, now)
        filled = time.perf_counter() - started
        queries = RequestQueries(store)
        window = WINDOWS["7d"]
        begin = now - window.span
        every = max(1, rows // SORTED_AT_MOST)
        chosen = RequestFilter(begin=begin, end=now)
        last = queries.list_requests(chosen, limit=1)[0]["correlation_id"]
        asked: dict[str, Callable[[], Any]] = {
            "series": lambda: queries.load_series(begin, now, window.step_s, every),
            "summary": lambda: queries.load_summary(begin, now, every),
            "tiers": lambda: queries.load_tiers(begin, now, every),
            "providers": lambda: queries.load_providers(begin, now, every),
            "reasons": lambda: queries.load_reasons(begin, now),
            "newest": lambda: queries.list_requests(chosen),
            "slowest": lambda: queries.list_requests(chosen, "slowest"),
            "page_100": lambda: queries.list_requests(chosen, "slowest", 50, 5000),
            "words": lambda: queries.count_requests(RequestFilter(begin=begin, end=now, words="number 4711")),
        }
        views: dict[str, Callable[[], Any]] = {name: _load_window(store, name, now) for name in WINDOWS}
        return {
            "requests": rows,
            "filled_s": filled,
            "queries": {name: _time(ask) for name, ask in asked.items()},
            "view": {name: _time(ask) for name, ask in views.items()},
            "list": _time(lambda: load_requests(store, begin, now, sort="slowest")),
            "trace": _time(lambda: load_request(store, last)),
        }


def _load_window(store: Any, name: str, now: Any) -> Callable[[], Any]:
    return lambda: load_live(store, name, now=now)


def _time(ask: Callable[[], Any]) -> dict[str, Any]:
    ask()
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        ask()
        taken.append(1000 * (time.perf_counter() - started))
    return latency_figures(taken)
