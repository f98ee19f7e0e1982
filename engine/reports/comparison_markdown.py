"""A comparison as Markdown (GitHub's flavour), short enough for a comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.evaluation.comparing.types import MeasureDifference, PairComparison
from engine.evaluation.comparing.wording import OUTCOME_WORDS
from engine.reports.comparison_rows import (
    ComparisonReport,
    flip_rows,
    measure_head,
    measure_row,
    method_words,
    one_sided_words,
    run_words,
    setup_rows,
)
from engine.reports.markdown_text import escape_text, fold, write_code, write_table

MARKS = {"worse": "✘", "worse_within_tolerance": "▽", "better": "✔", "no_difference": "=", "no_data": "○"}
FINDINGS = ("better", "worse", "not_comparable", "no_data")
ALWAYS = ("success_rate", "latency_p95_ms")  # shown whatever was found


def render_markdown(report: ComparisonReport) -> bytes:
    """The finding, the measures, what changed, flipped cases. UTF-8."""
    found = report.comparison
    lines = [line for number, pair in enumerate(found.pairs) for line in (*_render_pair(report, number, pair), "")]
    lines += ["### Runs", ""]
    lines += [
        f"- **{run.label}** {write_code(run.run_id)} ({escape_text(run.suite)}): {run_words(run)}" for run in found.runs
    ]
    return ("\n".join(lines).rstrip() + "\n").encode("utf-8")


def _render_pair(report: ComparisonReport, number: int, pair: PairComparison) -> Iterable[str]:
    yield f"## {MARKS[pair.outcome]} {pair.b.label} against {pair.a.label}: {OUTCOME_WORDS[pair.outcome]}"
    yield from ("", f"**{escape_text(pair.sentence)}**", "")
    yield from (f"> {escape_text(words)}" for words in pair.warnings)
    yield ""
    shown = [m for m in pair.measures if m.verdict in FINDINGS or m.measure in ALWAYS]
    rest = [m for m in pair.measures if m not in shown]
    if shown:
        yield from (*_write_measures(pair, shown), "")
    if rest:
        yield from fold(f"{len(rest)} more measures without a finding", _write_measures(pair, rest))
    changes = [tuple(map(escape_text, row)) for row in setup_rows(pair)]
    if changes:
        title = f"What differs between the runs: {len(changes)}"
        yield from fold(title, write_table(("Name", pair.a.label, pair.b.label), changes, "lll"))
    for kind, title in (("worse", "From pass to fail"), ("better", "From fail to pass")):
        flipped = [(write_code(row[0]), *map(escape_text, row[1:])) for row in flip_rows(report, number, kind)]
        if flipped:
            heads = ("Case", "Question", f"Answer {pair.a.label}", f"Answer {pair.b.label}")
            summary = f"{title}: {pair.flips[kind]:,} cases, {len(flipped)} shown"
            yield from fold(summary, write_table(heads, flipped, "llll"))
    yield from fold("How the figures were made", [escape_text(method_words(pair))])
    yield from (escape_text(words) for words in one_sided_words(pair))


def _write_measures(pair: PairComparison, measures: Sequence[MeasureDifference]) -> list[str]:
    rows = [(write_code(row[0]), *map(escape_text, row[1:])) for row in map(measure_row, measures)]
    return write_table(measure_head(pair), rows, "lrrrrrrrrl")
