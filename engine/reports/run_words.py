"""The first screen of a run's report in words."""

from __future__ import annotations

from engine.reports.run_model import RunReport
from engine.reports.tables import cases_words, estimate_words
from engine.reports.wording import NO_DATA, count_words, duration_words, interval_words, time_words, value_words

RULE_WORDS = {"pass": "passes", "fail": "fails", "no_data": "has no data for"}
STATUS_NOTES = {
    "interrupted": "The run was interrupted after {ended} of {cases}; the figures cover those only.",
    "failed": "The run failed after {ended} of {cases}: {error}",
    "running": "The run has not ended: {ended} of {cases} so far.",
}


def run_verdict(run: RunReport) -> str:
    """``pass``, ``fail`` or ``no_data`` of the pass rules; ``no_data`` without rules."""
    return run.verdict or "no_data"


def verdict_words(run: RunReport) -> str:
    """``PASS``, ``FAIL``, ``NO DATA``, or ``NO PASS RULES``."""
    return {"pass": "PASS", "fail": "FAIL", "no_data": "NO DATA", None: "NO PASS RULES"}[run.verdict]


def run_headline(run: RunReport) -> str:
    """The success rate in a sentence, and what the suite's pass rules say of it."""
    rate = run.success_rate
    if rate.value is None:
        words = f"{count_words(run.ended, 'case')} ended and none could be judged, so there is no success rate"
    else:
        words = f"{run.passed:,} of {count_words(rate.n, 'judged case')} passed: {estimate_words(rate, 'share')}"
    if not run.pass_rules:
        return f"{words}."
    failed = [rule.name.replace("_", " ") for rule in run.pass_rules if rule.verdict == run_verdict(run)]
    rules = count_words(len(run.pass_rules), "pass rule")
    if run.verdict == "pass":
        return f"{words}; {'the pass rule is' if len(run.pass_rules) == 1 else f'all {rules} are'} met."
    return f"{words}; of {rules}, {', '.join(failed)} {'is missed' if run.verdict == 'fail' else 'lacks data'}."


def run_notes(run: RunReport) -> list[str]:
    """What a reader must know before reading a figure: interrupted, limited, broken, left unjudged."""
    notes = []
    if run.status in STATUS_NOTES:
        cases = count_words(run.cases, "case")
        error = run.error or "no reason was recorded"
        notes.append(STATUS_NOTES[run.status].format(ended=f"{run.ended:,}", cases=cases, error=error))
    if run.cases < run.suite_cases:
        notes.append(f"Limited to {run.cases:,} of the suite's {run.suite_cases:,} cases: no evidence at a gate.")
    if run.errors:
        notes.append(f"{count_words(run.errors, 'case')} ended in an error and count as failed.")
    if run.unscored:
        notes.append(f"{count_words(run.unscored, 'case')} could not be scored and are not counted.")
    left = {name: m.unjudged for name, m in run.measures.items() if m.unjudged}
    if left:
        notes.append(f"No judge scored {', '.join(left)}; these cases have no score there.")
    return notes


def run_lines(run: RunReport) -> list[tuple[str, str]]:
    """At most five figures."""
    latency = run.latency_ms
    timed = latency.get("p95") is not None
    ends = run.latency_intervals.get("p95", (None, None))
    words = f"p95 {value_words(latency.get('p95'), 'ms')}" if timed else NO_DATA
    if timed and ends != (None, None):
        words += f" ({interval_words(*ends, 'ms')})"
    words += f", p50 {value_words(latency.get('p50'), 'ms')}" if timed else ""
    lines = [
        ("Success rate", estimate_words(run.success_rate, "share")),
        ("Cases", cases_words(run)),
        (
            "Context quality",
            f"{estimate_words(run.context_quality, '')}, {run.context_quality.n:,} of {run.ended:,} cases",
        ),
        ("Latency", words),
    ]
    worst = next((tag for tag in run.tags if tag.failed + tag.errors), None)
    if worst is not None:
        lost = worst.failed + worst.errors
        lines.append(("Fails most under", f"{worst.tag}: {lost:,} of {count_words(worst.total, 'case')}"))
    return lines


def run_setup(run: RunReport) -> list[tuple[str, str]]:
    """What stands under the figures: which system, when, how long, who judged."""
    facts = [
        ("Run", run.run_id),
        ("Suite", f"{run.suite}, {count_words(run.suite_cases, 'case')}"),
        ("Target", "the built-in pipeline" if run.target == "pipeline" else run.target),
        ("Preset", run.preset),
        ("Started", time_words(run.started_at)),
        ("Took", duration_words(run.seconds)),
        ("Judged by", ", ".join(run.judges) or "no model"),
        ("Cost of the models", f"{run.cost_usd:.4f} USD" if run.cost_usd else ""),
        ("Peak memory", value_words(run.memory.get("peak_mb"), "MB") if run.memory.get("peak_mb") else ""),
        ("Audit", f"{run.audit['agreed']} of {run.audit['checked']} figures agree" if run.audit else ""),
    ]
    return [(name, words) for name, words in facts if words]


def rule_rows(run: RunReport) -> list[tuple[str, str, str, str]]:
    """Verdict, pass rule, wanted, found."""
    return [
        (rule.verdict, rule.name.replace("_", " "), f"{rule.direction} {rule.goal:g}", rule.reason)
        for rule in run.pass_rules
    ]


def failing_title(run: RunReport) -> str:
    """``Failing cases: 20 of 61 shown``."""
    return f"Failing cases: {len(run.failing):,} of {run.failing_total:,} shown"


def reason_words(run: RunReport) -> str:
    """``not correct 58, error 3``; a case that fails two checks counts under both."""
    return ", ".join(f"{name} {count:,}" for name, count in run.failing_reasons.items())
