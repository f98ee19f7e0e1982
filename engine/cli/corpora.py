"""``ingest`` and ``ask``."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from engine.cli.output import open_console, print_json, show_progress

if TYPE_CHECKING:
    from engine.types import Answer, Restarted

Settings = Annotated[list[str], typer.Option("--set", metavar="NAME=VALUE", help="Change a setting; may be repeated.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Preset = Annotated[Optional[str], typer.Option(help="fast, balanced or accurate.")]
Corpus = Annotated[str, typer.Option(help="Name of the corpus.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(ingest)
    app.command()(ask)


def ingest(
    paths: Annotated[list[Path], typer.Argument(help="Files and folders.")],
    corpus: Corpus,
    set_: Settings = [],  # noqa: B006
    preset: Preset = None,
    replace: Annotated[bool, typer.Option(help="Forget the paths of earlier ingests.")] = False,
    job_id: Annotated[Optional[str], typer.Option(hidden=True)] = None,
    json: Json = False,
) -> None:
    """Bring a corpus up to date with files and folders; what has not changed is not embedded again."""
    from engine.corpora import ingest_corpus, record_ingest
    from engine.jobs import journal_job
    from engine.settings import load_settings, parse_assignments
    from engine.store import open_store

    settings = load_settings(preset, parse_assignments(set_))
    with (
        open_store() as store,
        show_progress(f"Ingesting {corpus}", json) as progress,
        journal_job(store, job_id, "ingest", f"Ingest {corpus}", corpus, progress) as journaled,
    ):
        report = ingest_corpus(corpus, paths, settings, journaled, replace=replace)
        record_ingest(store, report, settings)
    shown = dataclasses.asdict(report)
    if json:
        print_json({k: v for k, v in shown.items() if k not in ("sources", "changed", "removed")})
        return
    console = open_console()
    console.print(
        f"[bold]{corpus}[/bold]: {report.documents} documents, {report.chunks} chunks "
        f"({report.embedded} embedded, {report.reused} reused) in {report.seconds:.1f} s"
    )
    for skipped in report.skipped:
        console.print(f"  skipped {skipped.path}: {skipped.reason}", markup=False, soft_wrap=True)


def ask(
    question: Annotated[str, typer.Argument(help="The question.")],
    corpus: Corpus,
    session: Annotated[Optional[str], typer.Option(help="Conversation that the question belongs to.")] = None,
    set_: Settings = [],  # noqa: B006
    preset: Preset = None,
    cache: Annotated[
        bool, typer.Option(help="Take an answer that was given before, while nothing has changed.")
    ] = True,
    json: Json = False,
) -> None:
    """Ask one question and see why that answer. Text is shown while it comes; Ctrl-C stops the model's call."""
    from engine.guard.fields import check_session
    from engine.guard.validation import AskBody, check_body
    from engine.serving.asked import Asked
    from engine.serving.runtime import close_runtimes, get_runtime
    from engine.settings import parse_assignments

    body = {"question": question, "corpus": corpus, "settings": parse_assignments(set_)}
    checked = check_body(AskBody, body if session is None else body | {"session": check_session(session)})
    try:
        runtime = get_runtime()
        settings = runtime.resolve_settings(preset, checked.settings, saved=False)
        runtime.open_pipeline(corpus, settings).warm_up()
        asked = Asked(
            question=checked.question,
            corpus=corpus,
            settings=settings,
            session=checked.session,
            door="cli",
            cache=cache,
        )
        if json:
            print_json(runtime.service.answer(asked).as_json())
        else:
            _stream_answer(runtime.service.stream(asked))
    finally:
        close_runtimes()


def _stream_answer(pieces: Iterator[str | Restarted | Answer]) -> None:
    """Text of a model as it comes; then, and for an extracted answer at once, the sentences with their sources."""
    from engine.types import Answer, Restarted

    console = open_console()
    first, live = "", False
    with closing(pieces):  # type: ignore[type-var]  # a generator, whatever it is declared as
        for piece in pieces:
            if isinstance(piece, Answer):
                if live:
                    console.print()
                _print_answer(piece.as_json(), told=live)
            elif isinstance(piece, Restarted):
                if live:
                    console.print(f"\n({piece.reason} Begun anew.)", style="dim", markup=False)
                first = ""
            elif not console.is_terminal or not (first or live):
                first = piece  # an extracted answer comes in one piece, and is shown with the numbers of its sources
            else:
                console.print(first + piece, end="", markup=False, highlight=False, soft_wrap=True)
                first, live = "", True


def _print_answer(answer: dict[str, Any], *, told: bool) -> None:
    """What is to be known of an answer; its text only where it has not been ``told`` yet."""
    from rich.markup import escape

    console = open_console()
    if answer["abstained"] and not told:
        console.print(f"[yellow]{escape(answer['answer'])}[/yellow]")
    elif not told:
        marked = (f"{s['text']} " + "".join(f"[{i + 1}]" for i in s["citations"]) for s in answer["sentences"])
        console.print(escape(" ".join(marked)))
    if not answer["abstained"]:
        for i, c in enumerate(answer["citations"], 1):
            place = f"{c['document']}:{c['start']}-{c['end']}"
            console.print(f"[dim]{escape(f'[{i}] {place}')}  relevance {c['relevance']:.2f}[/dim]")
    for reason in answer["degraded"]:
        console.print(f"[yellow]Degraded:[/yellow] {escape(reason)}")
    for notice in answer["notices"]:
        console.print(f"[yellow]Note:[/yellow] {escape(notice)}")
    if answer["searched"]:
        console.print(f"searched as: {answer['searched']}", style="dim", markup=False, highlight=False)
    if answer["cache_tier"]:
        console.print(f"from the cache ({answer['cache_tier']}); --no-cache asks anew", style="dim")
    quality = answer["context_quality"]  # of what the asker said before there is none
    judged = "" if quality is None else f"context quality {quality:.2f} · {len(answer['contexts'])} passages read · "
    console.print(f"\n{judged}{answer['timings_ms']['total']:.0f} ms", style="dim")
