"""Generated requests, calls and metric points, in the shape of a week of traffic. For measuring and trying the Live screen."""

from __future__ import annotations

from datetime import datetime, timedelta

from engine.store import Store
from engine.store.liveness import utc_now

WEEK = timedelta(days=7)
_BATCH = 250_000


def generate_requests(store: Store, rows: int, now: datetime | None = None, *, span: timedelta = WEEK) -> None:
    """Add requests over the time up to ``now``: a daily rhythm, a slow hour, refusals, caches, and a call for each third.

    The statements make the rows in the database; the same seed makes the same rows.
    """
    now = now or utc_now()
    for first in range(0, rows, _BATCH):
        last = min(first + _BATCH, rows)
        store.execute(_REQUESTS, (span.total_seconds(), rows, now, first, last))
    store.execute(_CALLS, ())
    store.execute(_BREAKERS, (now, now, now))


_REQUESTS = """
INSERT OR IGNORE INTO requests
SELECT printf('gen-%010d', i), t, list_value('screen', 'api', 'api', 'cli')[1 + i % 4],
    list_value('customer-service', 'runbooks')[1 + i % 2], 'session-' || (i % 4000), 'asker-' || (i % 300),
    'Question number ' || (i % 5000) || ' about orders, refunds and opening hours of the depot?',
    CASE WHEN u2 < 0.006 THEN 'error' WHEN u2 < 0.016 THEN 'refused' WHEN u2 < 0.036 OR spike AND u2 < 0.3 THEN 'degraded'
         WHEN u2 < 0.08 THEN 'abstained' WHEN u2 < 0.085 THEN 'cancelled' ELSE 'answered' END,
    CASE WHEN u2 < 0.006 THEN 'timeout' WHEN u2 < 0.016 THEN 'queue full' WHEN u2 < 0.036 OR spike AND u2 < 0.3
         THEN 'first failed over' ELSE '' END,
    CASE WHEN u3 < 0.45 THEN 'memory' WHEN u3 < 0.55 THEN 'store' WHEN u3 < 0.6 THEN 'semantic' END,
    CASE WHEN u3 < 0.6 THEN '' WHEN u2 < 0.3 THEN 'second' ELSE 'first' END,
    CASE WHEN u3 < 0.6 THEN 0.4 + 3 * u1 ELSE (250 + 900 * u1 * u1 / (1.02 - u1)) * (CASE WHEN spike THEN 3 ELSE 1 END) END,
    CASE WHEN u3 < 0.6 THEN NULL ELSE 90 + 200 * u1 END, 3 + 9 * u1, 20, 0.5 + 0.5 * u2,
    CASE WHEN u3 < 0.6 THEN 0 ELSE 700 + (i % 400) END, CASE WHEN u3 < 0.6 THEN 0 ELSE 60 + i % 90 END,
    CASE WHEN u3 < 0.6 THEN 0 ELSE 0.0002 + 0.0001 * u1 END,
    '[{"name":"retrieve","start_ms":1.1,"ms":6.2,"attributes":{"chunks":20}},'
    || '{"name":"generate","start_ms":7.5,"ms":310.0,"attributes":{"provider":"first"}}]'
FROM (SELECT *, date_diff('second', t, at_) BETWEEN 5400 AND 9000 AS spike FROM (
    SELECT i, at_, at_ - to_milliseconds(CAST(1000 * span * (1 - (i + 0.5 * sin(i / 9000.0)) / total) AS BIGINT)) AS t,
        (hash(i) % 1000003) / 1000003.0 AS u1, (hash(i + 7) % 1000003) / 1000003.0 AS u2,
        (hash(i * 3 + 1) % 1000003) / 1000003.0 AS u3
    FROM (SELECT ?::DOUBLE AS span, ?::DOUBLE AS total, ?::TIMESTAMP AS at_), range(?, ?) AS numbers(i)))
"""
_CALLS = """
INSERT OR IGNORE INTO provider_calls
SELECT 'call-' || correlation_id, correlation_id, provider, 'openai/' || provider, 'answer', 1, asked_at, total_ms * 0.9,
    first_text_ms, CASE WHEN outcome = 'error' THEN 'Timeout' ELSE 'ok' END, prompt_tokens, completion_tokens, cost_usd
FROM requests WHERE provider <> '' AND starts_with(correlation_id, 'gen-')
"""
_BREAKERS = """
INSERT OR IGNORE INTO breaker_changes VALUES
    ('gen-1', 'first', ?::TIMESTAMP - INTERVAL 145 MINUTE, 'open', '5 of 8 calls failed: Timeout'),
    ('gen-2', 'first', ?::TIMESTAMP - INTERVAL 100 MINUTE, 'half_open', 'one call may try'),
    ('gen-3', 'first', ?::TIMESTAMP - INTERVAL 99 MINUTE, 'closed', 'a call went well')
"""
