"""Evidence from configuration audits: the newest one, of the code as it is now."""

from __future__ import annotations

from pathlib import Path

from engine.code_audit.audit import hash_texts
from engine.code_audit.findings import read_texts
from engine.roadmap.evidence import Measured, ReadsStore
from engine.roadmap.types import Evidence
from engine.settings import ROOT, home
from engine.store.config_audits import ConfigAuditStore


def measure_config_audit(store: ReadsStore, evidence: Evidence, target: str | None) -> Measured:
    """1 when the newest audit found nothing worse than notes that no reason allows, else 0. Of the built-in pipeline it is the audit of this project, of another target
    the newest audit of any other tree. An audit of code that has changed since is no data.
    """
    own = target in (None, "pipeline")
    command = evidence.command or ("python -m engine audit" if own else "python -m engine audit FOLDER")
    audits = ConfigAuditStore(store)
    found = audits.find_newest(path=str(ROOT)) if own else audits.find_newest(other_than=str(ROOT))
    if found is None:
        return Measured(reason="the code has not been audited yet", command=command)
    when = f"audit of {found['audited_at']:%Y-%m-%d}"
    root = Path(found["path"])
    if not root.exists() or hash_texts(read_texts(root, home())) != found["version"]:
        return Measured(reason=f"{when}: the code has changed since", command=command)
    # Whatever severity the audit was told to fail at: a milder audit must not turn the item green.
    standing = sum(1 for finding in found["findings"] if not finding["reason"] and finding["severity"] != "note")
    reason = f"{when}: {standing} findings that nothing allows" if standing else ""
    return Measured(value=0.0 if standing else 1.0, n=1, scored=1, total=1, reason=reason, command=command)
