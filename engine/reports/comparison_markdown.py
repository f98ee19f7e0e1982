"""A comparison as Markdown (GitHub's flavour), short enough for a comment on a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from engine.evaluation.comparing.types import PairComparison
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

MARKS = {"worse": "❌", "worse_within_tolerance": "⚠️", "better": "✅", "no_difference": "➖", "no_data": "⚪"}


def render_markdown(report: ComparisonReport) -> bytes:
    """The finding, the measures, what changed, flipped cases. UTF-8."""
    found = report.comparison
    lines = [f"# Comparison with {_text(found.runs[0].run_id)}", ""]
    lines += [f"- **{run.label}** `{run.run_id}` ({_text(run.suite)}): {run_words(run)}" for run in found.runs]
    for number, pair in enumerate(found.pairs):
        lines += ["", *_render_pair(report, number, pair)]
    return ("\n".join(lines).rstrip() + "\n").encode("utf-8")


def _render_pair(report: ComparisonReport, number: int, pair: PairComparison) -> Iterable[str]:
    yield f"## {MARKS[pair.outcome]} {pair.b.label} against {pair.a.label}: {OUTCOME_WORDS[pair.outcome]}"
    yield from ("", f"**{_text(pair.sentence)}**", "")
    yield from (f"> {_text(words)}" for words in pair.warnings)
    yield ""
    rows = [(f"`{row[0]}`", *map(_text, row[1:])) for row in map(measure_row, pair.measures)]
    yield from _table(measure_head(pair), rows, "lrrrrrrrrl")
    yield from ("", _text(method_words(pair)), "")
    changes = [tuple(map(_text, row)) for row in setup_rows(pair)]
    if changes:
        yield from ("### What differs between the runs", "")
        yield from _table(("Name", pair.a.label, pair.b.label), changes, "lll")
        yield ""
    for kind, title in (("worse", "From pass to fail"), ("better", "From fail to pass")):
        flipped = [(f"`{row[0]}`", *map(_text, row[1:])) for row in flip_rows(report, number, kind)]
        if flipped:
            yield from (f"<details><summary>{title}: {pair.flips[kind]:,} cases, {len(flipped)} shown</summary>", "")
            yield from _table(("Case", "Question", f"Answer {pair.a.label}", f"Answer {pair.b.label}"), flipped, "llll")
            yield from ("", "</details>", "")
    yield from (_text(words) for words in one_sided_words(pair))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], align: str) -> list[str]:
    rule = ["---:" if side == "r" else "---" for side in align]
    return [f"| {' | '.join(cells)} |" for cells in (head, rule, *rows)]


def _text(text: str) -> str:
    """Text that cannot end a cell, start a tag or become a mark-up character."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", " ".join(text.split()))
