"""One run as Markdown (GitHub's flavour)."""

from __future__ import annotations

from engine.reports.markdown_text import escape_text, fold, write_code, write_table
from engine.reports.method import run_method_rows
from engine.reports.run_model import RunReport
from engine.reports.run_words import (
    failing_title,
    reason_words,
    rule_rows,
    run_headline,
    run_lines,
    run_notes,
    run_setup,
    run_verdict,
    verdict_words,
)
from engine.reports.tables import MEASURE_HEAD, measure_rows, plain_facts
from engine.reports.wording import VERDICT_MARKS, VERDICT_WORDS

TAGS_SHOWN = 12


def render_run_markdown(run: RunReport) -> bytes:
    """The run's report, the finding in its first lines. UTF-8."""
    lines = [f"# {VERDICT_MARKS[run_verdict(run)]} {verdict_words(run)}: {escape_text(run.title)}", ""]
    lines += [f"**{escape_text(run_headline(run))}**", ""]
    lines += [f"- {name}: {escape_text(words)}" for name, words in run_lines(run)]
    lines += ["", *(f"> {escape_text(note)}" for note in run_notes(run)), ""]
    rules = [
        (f"{VERDICT_MARKS[verdict]} {VERDICT_WORDS[verdict]}", *map(escape_text, rest))
        for verdict, *rest in rule_rows(run)
    ]
    lines += [*write_table(("Verdict", "Pass rule", "Wanted", "Found"), rules, "llll"), ""] if rules else []
    lines += [*write_failing(run), *write_measures(run), *_tags(run)]
    method = [f"- **{name}.** {escape_text(words)}" for name, words in run_method_rows(run)]
    lines += [*fold("Method and its limits", method), *fold("Settings and provenance", _provenance(run))]
    return ("\n".join(lines).rstrip() + "\n").encode("utf-8")


def write_measures(run: RunReport) -> list[str]:
    """The table of measures; nothing without any."""
    if not run.measures:
        return []
    rows = [(write_code(row[0]), *map(escape_text, row[1:])) for row in measure_rows(run)]
    return fold(f"Measures of {escape_text(run.suite)}", write_table(MEASURE_HEAD, rows, "lrrrrrl"))


def write_failing(run: RunReport) -> list[str]:
    """Failing cases with answer and what was expected; nothing without any."""
    if not run.failing:
        return []
    rows = [
        (write_code(c.case_id), *(escape_text(text or "—") for text in (c.question, c.answer, c.expected, c.why)))
        for c in run.failing
    ]
    words = f"Why, over all of them: {escape_text(reason_words(run))}."
    table = write_table(("Case", "Question", "Answer", "Expected", "Why"), rows, "lllll")
    return fold(failing_title(run), [*([words, ""] if run.failing_reasons else []), *table])


def _tags(run: RunReport) -> list[str]:
    rows = [
        (escape_text(tag.tag), f"{tag.total:,}", f"{tag.passed:,}", f"{tag.failed:,}", f"{tag.errors:,}")
        for tag in run.tags[:TAGS_SHOWN]
    ]
    return (
        fold("Cases by tag", write_table(("Tag", "Cases", "Passed", "Failed", "Errors"), rows, "lrrrr")) if rows else []
    )


def _provenance(run: RunReport) -> list[str]:
    facts = [*run_setup(run), ("suite hash", run.suite_hash), *plain_facts(run.provenance)]
    facts += [("options", ", ".join(f"{name} {words}" for name, words in plain_facts(run.options)) or "none")]
    facts += [("settings", ", ".join(f"{name} {words}" for name, words in plain_facts(run.settings)))]
    return [f"- {name}: {escape_text(words)}" for name, words in facts]
