"""What people decided, and what changed, as the words of a report's tables."""

from __future__ import annotations

from engine.reports.report import Changes, CheckItem, GoalChange, PhaseReport, WaiverRecord
from engine.reports.wording import NO_DATA, VERDICT_WORDS, count_words, time_words, value_words

SIGN_OFF_HEAD = ("Who", "When", "Evidence hash", "Still the same?", "Note")
WAIVER_HEAD = ("Goal", "Given by", "Until", "State", "Reason")
CHANGE_HEAD = ("KPI", "Then", "Now", "Verdict", "What changed")
EDIT_HEAD = ("When", "Who", "What", "Change", "Reason")
WAIVER_STATES = {
    "holds": "holds",
    "ended": "has ended",
    "withdrawn": "withdrawn",
    "outdated": "of an earlier goal, does not hold",
}


def sign_off_rows(report: PhaseReport) -> list[tuple[str, ...]]:
    """Who signed, when, which evidence, whether it is still the same."""
    rows = []
    for review in report.sign_offs:
        signed = review.sign_off
        if not signed.stands:
            state = f"revoked by {signed.revoked_by} on {signed.revoked_at:%Y-%m-%d}: {signed.revoke_reason}"
        elif not review.intact:
            state = "No: the stored evidence does not have the hash that was signed"
        elif review.changes:
            state = f"No: {'; '.join(review.changes)}"
        else:
            state = "Yes"
        who = f"{signed.who}, {signed.role}" if signed.role else signed.who
        rows.append((who, time_words(signed.signed_at), signed.evidence_hash[:16], state, signed.note or "—"))
    return rows


def sign_off_words(report: PhaseReport) -> str:
    """One sentence above the table, or instead of it."""
    current = sum(review.current for review in report.sign_offs)
    standing = sum(review.sign_off.stands for review in report.sign_offs)
    if not standing:
        return "Nobody has signed this phase."
    under = f"The evidence of this report has the hash {report.evidence_hash[:16]}."
    if current == standing:
        return f"{count_words(standing, 'signature')}, under this very evidence. {under}"
    return f"{current} of {count_words(standing, 'signature')} under this very evidence. {under}"


def waiver_rows(report: PhaseReport) -> list[tuple[str, ...]]:
    """Goal, who gave it, its last day, whether it holds, why."""
    return [
        (
            f"{w.title} ({w.goal})",
            f"{w.who}, {w.given_at:%Y-%m-%d}",
            w.expires_on.isoformat(),
            _waiver_state(w),
            w.reason,
        )
        for w in report.waivers
    ]


def _waiver_state(waiver: WaiverRecord) -> str:
    return WAIVER_STATES[waiver.state]


def checklist_words(report: PhaseReport) -> str:
    """How much of the checklist is ticked here, and how much the document ticks."""
    ticked = sum(bool(item.tick and item.tick.done) for item in report.checklist)
    claimed = sum(item.done_in_document for item in report.checklist)
    return (
        f"{ticked} of {count_words(len(report.checklist), 'item')} ticked by a person here. "
        f"The document ticks {claimed}; that is a statement of the document, not a check."
    )


def check_words(item: CheckItem) -> str:
    """What was said of an item: by whom, when, the note; or what the document says."""
    tick = item.tick
    if tick is None:
        return "ticked in the document only" if item.done_in_document else "open"
    words = f"{'ticked' if tick.done else 'not done, says'} {'by ' if tick.done else ''}{tick.who}, {tick.ticked_at:%Y-%m-%d}"
    return f"{words}: {tick.note}" if tick.note else words


def is_ticked(item: CheckItem) -> bool:
    """Whether a person here has ticked it."""
    return bool(item.tick and item.tick.done)


def check_link(item: CheckItem) -> str:
    """The link to what shows it; only an address of the web, so that nothing else becomes a link."""
    link = item.tick.link if item.tick else ""
    return link if link.startswith(("https://", "http://")) else ""


def change_rows(changes: Changes) -> list[tuple[str, ...]]:
    """KPI, then, now, how the verdict turned, what that means; turned verdicts first, unchanged goals left out."""
    moved = [row for row in changes.goals if row.turned or row.gain or row.before_verdict is None or _goal_moved(row)]
    return [_change_row(row) for row in sorted(moved, key=lambda row: (not row.turned, row.before_verdict is None))]


def same_words(changes: Changes) -> str:
    """How many goals have not changed at all; empty when none."""
    same = len(changes.goals) - len(change_rows(changes))
    return f"{count_words(same, 'goal')} unchanged." if same else ""


def changes_words(changes: Changes) -> str:
    """One sentence: verdicts that turned, values that moved, newer runs."""
    turned = [row for row in changes.goals if row.turned]
    better = sum(bool(row.gain and row.gain > 0) for row in changes.goals)
    worse = sum(bool(row.gain and row.gain < 0) for row in changes.goals)
    verdicts = (
        "; ".join(f"{row.goal.title}: {_word(row.before_verdict)} → {_word(row.goal.verdict)}" for row in turned)
        or "no verdict turned"
    )
    parts = [f"{better} better"] if better else []
    parts += [f"{worse} worse"] if worse else []
    values = f"values: {', '.join(parts)}" if parts else "no value moved"
    runs = f"{count_words(len(changes.runs), 'newer run')}" if changes.runs else "no newer run"
    edits = f"; {count_words(len(changes.edits), 'edit or decision', 'edits and decisions')}" if changes.edits else ""
    return f"Since {changes.since}: {verdicts}; {values}; {runs}{edits}."


def edit_rows(changes: Changes) -> list[tuple[str, ...]]:
    """Entries of the audit trail."""
    return [
        (
            time_words(edit["when"]),
            edit["who"],
            f"{edit['action']}: {edit['subject']}",
            edit["change"] or "—",
            edit["reason"] or "—",
        )
        for edit in changes.edits
    ]


def _change_row(row: GoalChange) -> tuple[str, ...]:
    goal = row.goal
    now, then = _word(goal.verdict), _word(row.before_verdict) if row.before_verdict else "—"
    return (
        goal.title,
        value_words(row.before, goal.unit, goal.threshold) if row.before_verdict else "not known",
        value_words(goal.value, goal.unit, goal.threshold),
        f"{then} → {now}" if row.turned else now,
        _movement(row),
    )


def _movement(row: GoalChange) -> str:
    parts = []
    if row.before_verdict is None:
        parts.append("nothing was known then")
    elif row.gain is None:
        parts.append("measured now" if row.before is None and row.goal.value is not None else NO_DATA)
    elif row.gain:
        parts.append("better" if row.gain > 0 else "worse")
        if row.within is not None:
            parts.append("the value of then is inside today's interval" if row.within else "beyond today's interval")
    else:
        parts.append("the same value")
    if _goal_moved(row):
        parts.append(f"the goal was {row.before_goal}, it is {row.goal.goal}")
    return "; ".join(parts)


def _goal_moved(row: GoalChange) -> bool:
    return bool(row.before_goal) and row.before_goal != row.goal.goal


def _word(verdict: str | None) -> str:
    return VERDICT_WORDS[verdict or "no_data"].lower()
