"""``cache``: what is kept of answers, by corpus, what each tier did, and how to let go of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from engine.cli.corpora import Json
from engine.cli.output import format_number, format_rate, open_console, print_json

if TYPE_CHECKING:
    from engine.store import Store


LONGEST_HOURS = 24 * 366 * 5  # as long as figures are kept at all
TIERS = ("memory", "store", "semantic", "vectors", "retrieval")
# What is shown of a tier, under its name.
FIGURES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "Hits": lambda tier: f"{tier['hits']:,}",
    "Misses": lambda tier: f"{tier['misses']:,}",
    "Hit rate": lambda tier: format_rate(tier["hit_rate"]),
    "Stale": lambda tier: f"{tier['stale']:,}",
    "Evicted": lambda tier: f"{tier['evicted']:,}",
    "Stored": lambda tier: f"{tier['stored']:,}",
    "Joined": lambda tier: f"{tier['joined']:,}",
    "Time saved": lambda tier: f"{tier['saved_ms'] / 1000:,.1f} s",
    "USD saved": lambda tier: f"{tier['saved_usd']:,.4f}",
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(cache)


def cache(
    clear: Annotated[
        bool, typer.Option("--clear", help="Delete kept answers, those in the memory of programs that run too.")
    ] = False,
    corpus: Annotated[Optional[str], typer.Option(help="Only answers from this corpus.")] = None,
    hours: Annotated[
        int, typer.Option(min=1, max=LONGEST_HOURS, help="What the tiers did in the last so many hours.")
    ] = 24,
    json: Json = False,
) -> None:
    """Answers that are kept, to be given again: how many, how often they were, and how to let go of them."""
    from engine.operations.metric_history import load_cache_figures
    from engine.serving.semantic import load_figures
    from engine.store import open_store
    from engine.store.answer_cache import AnswerCacheStore

    with open_store() as store:
        if clear:
            _clear(store, corpus, json)
            return
        corpora = [row for row in AnswerCacheStore(store).describe() if corpus in (None, row["corpus"])]
        requests, done = _count_requests(store, corpus), load_cache_figures(store, hours)
    figures = load_figures()
    semantic = {**figures, "held_out": _brief(figures["held_out"])}
    report = {"corpora": corpora, "requests": requests, **done, "semantic": semantic}
    if json:
        print_json(report)
    else:
        _draw(report)


def _clear(store: Store, corpus: str | None, json: bool) -> None:
    from engine.identity import find_person
    from engine.serving.identity import mark_cleared
    from engine.store import AuditTrail
    from engine.store.answer_cache import AnswerCacheStore

    mark_cleared(corpus)
    count = AnswerCacheStore(store).clear(corpus)
    AuditTrail(store).record_entry(
        find_person(), "cache cleared", f"cache/{corpus}" if corpus else "cache", after={"answers": count}
    )
    if json:
        print_json({"deleted": count, "corpus": corpus})
    else:
        open_console().print(f"{count} kept {'answer' if count == 1 else 'answers'} deleted from the store.")


def _count_requests(store: Store, corpus: str | None) -> dict[str, Any]:
    """Requests that the store has on record, and how many each tier answered."""
    rows = store.query(
        "SELECT cache_tier AS tier, count(*) AS n FROM requests"
        " WHERE outcome IN ('answered', 'abstained', 'degraded') AND (? IS NULL OR corpus = ?) GROUP BY cache_tier",
        (corpus, corpus),
    )
    asked = sum(row["n"] for row in rows)
    hits = {row["tier"]: row["n"] for row in rows if row["tier"]}
    return {"asked": asked, "hits": hits, "hit_rate": sum(hits.values()) / asked if asked else None}


def _brief(held_out: Mapping[str, Any]) -> dict[str, Any]:
    return {name: held_out[name] for name in ("false_hits", "paraphrases_by_people", "paraphrases_by_rule")}


def _draw(report: Mapping[str, Any]) -> None:
    from rich.markup import escape
    from rich.table import Table

    console = open_console()
    if not report["corpora"]:
        console.print("No answers are kept. They are once questions are asked: python -m engine ask ... --corpus NAME")
    else:
        table = Table("Corpus", "Answers", "Fresh", "Size", "Mean time saved", "Made for", title="Answers in the store")
        for row in report["corpora"]:
            table.add_row(
                escape(row["corpus"]),
                str(row["entries"]),
                str(row["fresh"]),
                f"{row['characters'] / 1024:.0f} KB",
                format_number(row["mean_ms"], 0, " ms"),
                f"{row['usd']:.4f} USD",
            )
        console.print(table)
    requests = report["requests"]
    tiers = ", ".join(f"{name} {count}" for name, count in sorted(requests["hits"].items())) or "none"
    console.print(
        f"Requests on record: {requests['asked']}, from a cache: {format_rate(requests['hit_rate'])} ({tiers})"
    )
    _draw_tiers(report["tiers"], report["hours"])
    semantic, held_out = report["semantic"], report["semantic"]["held_out"]
    console.print(
        f"Semantic tier: threshold {semantic['threshold']:g}; on pairs kept apart when it was fitted ({semantic['date']})"
    )
    for name, words in (
        ("false_hits", "false hits on near misses"),
        ("paraphrases_by_people", "hits on paraphrases that people wrote"),
        ("paraphrases_by_rule", "hits on paraphrases made by rule"),
    ):
        figure = held_out[name]
        rate = format_rate(figure["value"], figure["low"], figure["high"])
        console.print(f"  {words}: {figure['hits']} of {figure['n']}, {rate}", markup=False)


def _draw_tiers(tiers: Mapping[str, Mapping[str, Any]], hours: int) -> None:
    """One row a tier, in the order in which they are asked."""
    from rich.table import Table

    console = open_console()
    if not tiers:
        console.print(
            f"The app has counted nothing in the last {hours} hours; while it runs, it writes what its tiers did every 5 minutes."
        )
        return
    names = sorted(tiers, key=lambda name: TIERS.index(name) if name in TIERS else len(TIERS))
    table = Table("", *names, title=f"Tiers in the last {hours} hours, all corpora")
    for head, form in FIGURES.items():
        table.add_row(head, *(form(tiers[name]) for name in names))
    console.print(table)
