"""The table of a run's cases: a page of rows, the chips with their counts, what can be filtered by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.errors import UnknownNameError
from engine.store import Store
from engine.store.cases import FLAGS, CasePage, CaseQuery, find_cases, list_case_ids, list_kinds
from engine.views.case_filter import FLAG_WORDS, PAGE_SIZE, CaseFilter, at_page, build_query, offer_sorts
from engine.views.tables import build_csv
from engine.views.words import count, plural, sentence_list

STATE_CELLS = {"passed": "✔ passed", "failed": "✘ failed", "error": "⚠ error", "unscored": "○ unscored"}
LABEL_MARKS = {"right": "✔", "wrong": "✘", "unsure": "?"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTable:
    """One page of a run's cases.

    Attributes:
        rows: cells by column, ready to be drawn; ``case_ids`` are the rows' ids in the same order.
        total: cases that the filter finds; ``ended`` all of the run that have ended.
        chips: flag to its word and count, among the cases that pass the other filters.
        against: the run that ``flipped`` compares with, empty without one; ``earlier_runs`` those that can be chosen.
        measures: measures that were scored.
    """

    rows: tuple[Mapping[str, Any], ...]
    case_ids: tuple[str, ...]
    total: int
    ended: int
    page: int
    pages: int
    chips: Mapping[str, str]
    chip_help: str
    tags: Mapping[str, str]
    kinds: tuple[str, ...]
    measures: tuple[str, ...]
    sorts: Mapping[str, str]
    against: str
    earlier_runs: tuple[str, ...]
    caption: str
    scope: str


def load_cases(store: Store, run_id: str, chosen: CaseFilter) -> CaseTable:
    """The page that the filter asks for; a page beyond the last is the last.

    Raises:
        UnknownNameError: the run is gone.
    """
    query = build_query(store, run_id, chosen)
    page = find_cases(store, query)
    pages = max(1, -(-page.total // PAGE_SIZE))
    if chosen.page > pages:
        chosen = at_page(chosen, pages)
        query = replace(query, page=pages)
        page = find_cases(store, query)
    tags, ended = _count_tags(store, run_id)
    first = (chosen.page - 1) * PAGE_SIZE
    shown = f"{count(first + 1)} to {count(first + len(page.rows))} of {plural(page.total, 'case')}"
    return CaseTable(
        rows=tuple(_cells(row, query, bool(chosen.against)) for row in page.rows),
        case_ids=tuple(row["case_id"] for row in page.rows),
        total=page.total,
        ended=ended,
        page=chosen.page,
        pages=pages,
        chips=_build_chips(page, query),
        chip_help=" ".join(f"**{word}**: {meaning}" for word, meaning in FLAG_WORDS.values()),
        tags=tags,
        kinds=list_kinds(store, run_id),
        measures=_list_measures(store, run_id),
        sorts=offer_sorts(chosen.measure),
        against=query.against,
        earlier_runs=_list_earlier(store, run_id),
        caption=f"{shown}{f' {chosen.words}' if chosen.chosen else ''}. Select a cell to open its case.",
        scope=f"{plural(page.total, 'case')}{f' ({chosen.words})' if chosen.chosen else ' of this run'}",
    )


def build_case_csv(store: Store, run_id: str, chosen: CaseFilter) -> str:
    """Every row that the filter finds, in its order, with the columns of the table."""
    query = replace(build_query(store, run_id, chosen), page=1, page_size=None)
    return build_csv([_cells(row, query, bool(chosen.against)) for row in find_cases(store, query).rows])


def list_chosen(store: Store, run_id: str, chosen: CaseFilter) -> list[str]:
    """The ids of all cases that the filter finds."""
    return list_case_ids(store, build_query(store, run_id, chosen))


def count_ended(store: Store, run_id: str) -> int:
    """How many cases of a run have ended."""
    return int(store.query("SELECT count(*) AS ended FROM cases WHERE run_id = ?", (run_id,))[0]["ended"])


def _cells(row: Mapping[str, Any], query: CaseQuery, compared: bool) -> dict[str, Any]:
    """One line; ``compared`` adds the state in the other run, as the flag ``flipped`` does."""
    cells = {
        "state": STATE_CELLS.get(row["status"], row["status"]),
        "case": row["case_id"],
        "question": row["question"],
        "failed checks": sentence_list(name.replace("_", " ") for name, ok in row["checks"].items() if not ok),
    }
    if query.measure:
        cells[query.measure] = row["value"]
    if "flipped" in query.flags or compared:
        cells["before"] = STATE_CELLS.get(row["earlier"], "") if row["earlier"] else ""
    return cells | {
        "quality": row["context_quality"],
        "latency": row["latency_ms"],
        "labels": ", ".join(f"{LABEL_MARKS[said['label']]} {said['author']}" for said in row["labels"]),
        "tags": ", ".join(row["tags"]),
        "kind": row["kind"],
    }


def _build_chips(page: CasePage, query: CaseQuery) -> dict[str, str]:
    """Flags that say something: ``flipped`` needs a run to compare with."""
    shown = [flag for flag in FLAGS if flag != "flipped" or query.against]
    return {flag: f"{FLAG_WORDS[flag][0]} {count(page.flags[flag])}" for flag in shown}


def _count_tags(store: Store, run_id: str) -> tuple[dict[str, str], int]:
    rows = store.query(
        """
        WITH tagged AS (SELECT unnest(tags) AS tag FROM cases WHERE run_id = ?)
        SELECT tag, count(*) AS n, NULL AS ended FROM tagged GROUP BY tag
        UNION ALL SELECT NULL, 0, count(*) FROM cases WHERE run_id = ? ORDER BY tag NULLS FIRST""",
        (run_id, run_id),
    )
    ended = int(rows[0]["ended"])
    if not ended and not store.query("SELECT run_id FROM runs WHERE run_id = ?", (run_id,)):
        raise UnknownNameError("run", run_id, (), "It was deleted while it was open here.")
    return {row["tag"]: f"{row['tag']} ({row['n']})" for row in rows[1:]}, ended


def _list_measures(store: Store, run_id: str) -> tuple[str, ...]:
    rows = store.query(
        "SELECT DISTINCT measure FROM scores WHERE run_id = ? AND status = 'scored' ORDER BY measure", (run_id,)
    )
    return tuple(row["measure"] for row in rows)


def _list_earlier(store: Store, run_id: str) -> tuple[str, ...]:
    """Other runs of the same suite, newest first."""
    rows = store.query(
        "SELECT o.run_id FROM runs o JOIN runs r USING (suite) WHERE r.run_id = ? AND o.run_id <> r.run_id"
        " ORDER BY o.started_at DESC LIMIT 50",
        (run_id,),
    )
    return tuple(row["run_id"] for row in rows)
