"""Alert rules: what is watched, where it becomes an alert, how long it must last. Thresholds can be changed and are kept."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from engine.errors import InputError, UnknownNameError
from engine.store import AuditTrail, PreferenceStore, Store

PREFERENCE = "alert_rules"
EDITABLE = ("threshold", "clear", "hold_s", "resolve_s", "enabled")


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    """One rule.

    Attributes:
        side: the value is bad ``below`` or ``above`` the threshold.
        clear: the value that is good again. Between it and the threshold nothing changes, so that a value which
            swings around the threshold makes one alert and not many.
        hold_s: how long the value must be bad before the alert fires.
        resolve_s: how long it must be good before the alert is resolved.
        min_samples: with fewer there is no verdict.
    """

    name: str
    title: str
    side: Literal["below", "above"]
    threshold: float
    clear: float
    unit: str
    severity: Literal["warning", "critical"]
    hold_s: float = 60.0
    resolve_s: float = 300.0
    min_samples: int = 1
    enabled: bool = True

    def __post_init__(self) -> None:
        numbers = (self.threshold, self.clear, self.hold_s, self.resolve_s)
        if not all(math.isfinite(number) for number in numbers):
            raise InputError(f"Alert rule {self.name}: threshold, clear and times must be numbers.")
        if (self.clear < self.threshold) if self.side == "below" else (self.clear > self.threshold):
            raise InputError(
                f"Alert rule {self.name}: clear is {self.clear:g}, which is still {self.side} the threshold "
                f"{self.threshold:g}.",
                "Give a clear value on the good side of the threshold, or the threshold itself.",
            )
        if self.hold_s < 0 or self.resolve_s < 0:
            raise InputError(f"Alert rule {self.name}: hold_s and resolve_s must be 0 or more seconds.")

    def is_bad(self, value: float) -> bool:
        """Whether the value is beyond the threshold."""
        return value < self.threshold if self.side == "below" else value > self.threshold

    def is_clear(self, value: float) -> bool:
        """Whether the value is good beyond doubt."""
        return value >= self.clear if self.side == "below" else value <= self.clear

    def as_json(self) -> dict[str, Any]:
        """Fields by name."""
        return dataclasses.asdict(self)


def _rule(
    name: str, title: str, side: Literal["below", "above"], threshold: float, clear: float, **more: Any
) -> AlertRule:
    return AlertRule(name=name, title=title, side=side, threshold=threshold, clear=clear, **more)


RULES: dict[str, AlertRule] = {
    rule.name: rule
    for rule in (
        _rule(
            "success_rate", "Success rate of the last 100 requests", "below", 0.85, 0.87,
            unit="share", severity="critical", min_samples=20,
        ),
        _rule(
            "context_quality", "Context quality of the last 50 requests", "below", 0.9, 0.91,
            unit="share", severity="warning", min_samples=20,
        ),
        _rule(
            "response_ms", "Mean response time of the last 100 requests", "above", 5_000, 4_500,
            unit="ms", severity="warning", min_samples=20,
        ),
        _rule("memory_mb", "Resident memory of the app", "above", 1_024, 973, unit="MB", severity="warning"),
        _rule(
            "error_rate", "Errors among the last 100 requests", "above", 0.05, 0.04,
            unit="share", severity="critical", min_samples=20,
        ),
        _rule("breaker_open", "Providers whose breaker is open", "above", 0, 0, unit="providers", severity="warning", hold_s=0),
        _rule("provider_down", "Providers whose calls all fail", "above", 0, 0, unit="providers", severity="critical"),
        _rule("disk_free_gb", "Free disk", "below", 1.0, 1.2, unit="GB", severity="critical", hold_s=0),
        _rule("records_dropped", "Records of requests that were lost", "above", 0, 0, unit="records", severity="warning", hold_s=0),
    )
}  # fmt: skip
"""The shipped rules by name."""


def load_rules(store: Store) -> dict[str, AlertRule]:
    """The rules by name, with the changes that were saved; one that no longer fits is left out."""
    saved = PreferenceStore(store).load_preference(PREFERENCE, {}) or {}
    rules = {}
    for name, rule in RULES.items():
        try:
            rules[name] = dataclasses.replace(rule, **{k: v for k, v in saved.get(name, {}).items() if k in EDITABLE})
        except (InputError, TypeError):
            rules[name] = rule
    return rules


def save_rule(store: Store, name: str, changes: Mapping[str, Any], who: str) -> AlertRule:
    """Change a rule; the rule as it is now. No changes at all puts the shipped one back.

    A new threshold without a ``clear`` moves the clear value along, so that the distance between the two stays.

    Raises:
        UnknownNameError: no such rule.
        InputError: a field that cannot be changed, or values that do not go together; nothing was saved.
    """
    if name not in RULES:
        raise UnknownNameError("alert rule", name, RULES, "python -m engine alerts --rules shows them.")
    if unknown := sorted(set(changes) - set(EDITABLE)):
        raise InputError(f"Alert rule {name}: {unknown[0]} cannot be changed. Can be: {', '.join(EDITABLE)}.")
    before = load_rules(store)[name]
    values = {k: bool(v) if k == "enabled" else float(v) for k, v in changes.items()}
    if "threshold" in values and "clear" not in values:
        values["clear"] = values["threshold"] + RULES[name].clear - RULES[name].threshold
    after = dataclasses.replace(before, **values) if changes else RULES[name]
    preferences = PreferenceStore(store)
    saved = dict(preferences.load_preference(PREFERENCE, {}) or {})
    saved[name] = {k: getattr(after, k) for k in EDITABLE if getattr(after, k) != getattr(RULES[name], k)}
    preferences.save_preference(PREFERENCE, {k: v for k, v in saved.items() if v} or None)
    AuditTrail(store).record_entry(
        who, "alert rule changed", f"alerts/{name}", before=before.as_json(), after=after.as_json()
    )
    return after
