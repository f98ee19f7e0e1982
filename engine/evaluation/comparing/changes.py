"""What made a run, flat and by name, so that two runs can be laid side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PROVENANCE = ("commit", "index_fingerprint", "model_sha256", "quality_model", "seed", "limit", "python", "machine")
_OPTIONS = ("judge", "case_timeout_s", "budget_usd", "budget_minutes", "measures")


def read_setup(run: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of the pipeline under their own names, then target, suite, judge and what the run was made with."""
    provenance, options = run["provenance"] or {}, run.get("options") or {}
    setup = dict(run["settings"])
    setup |= {
        "target": run["target"],
        "preset": run["preset"],
        "suite": run["suite"],
        "suite hash": run["suite_hash"][:16],
    }
    setup |= {name.replace("_", " "): options.get(name) for name in _OPTIONS if options.get(name) not in (None, "")}
    setup |= {name.replace("_", " "): provenance.get(name) for name in _PROVENANCE}
    setup |= {f"package {name}": version for name, version in (provenance.get("packages") or {}).items()}
    return {name: _short(value) for name, value in setup.items()}


def _short(value: Any) -> Any:
    return value[:60] if isinstance(value, str) else value
