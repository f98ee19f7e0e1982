"""The store: one DuckDB file that any number of processes read and write at the same time.

The first process that opens the file owns it and serves it on loopback; the others attach to it. Who is what makes no
difference to a caller: a :class:`Store` runs one statement at a time, says when it is durable, and finds the next owner
by itself when the present one goes away. DuckDB is imported when a store is opened, not before.
"""

from engine.store.audit_trail import AuditTrail
from engine.store.corpora import CorpusStore
from engine.store.decisions import DecisionStore
from engine.store.jobs import JobStore
from engine.store.preferences import PreferenceStore
from engine.store.runs import RunStore
from engine.store.store import Store, open_store
from engine.store.sweeps import SweepStore
from engine.store.targets import TargetStore

__all__ = [
    "AuditTrail",
    "CorpusStore",
    "DecisionStore",
    "JobStore",
    "PreferenceStore",
    "RunStore",
    "Store",
    "SweepStore",
    "TargetStore",
    "open_store",
]
