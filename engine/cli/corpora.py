"""``ingest`` and ``ask``."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from engine.cli.output import open_console, print_json, show_progress

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
    json: Json = False,
) -> None:
    """Ask one question and see why that answer."""
    from engine.pipeline import check_question, open_pipeline
    from engine.settings import load_settings, parse_assignments

    check_question(question)
    pipeline = open_pipeline(corpus, load_settings(preset, parse_assignments(set_)))
    if session is None:
        answer = pipeline.answer(question)
    else:
        from engine.store import open_store
        from engine.store.sessions import SessionStore

        with open_store() as store:
            sessions = SessionStore(store)
            answer = pipeline.answer(question, sessions.load_history(session))
            sessions.record_turn(session, question, answer.text)
    shown = answer.as_json()
    if json:
        print_json(shown)
    else:
        _print_answer(shown)


def _print_answer(answer: dict[str, Any]) -> None:
    from rich.markup import escape

    console = open_console()
    if answer["abstained"]:
        console.print(f"[yellow]{escape(answer['answer'])}[/yellow]")
    else:
        marked = (f"{s['text']} " + "".join(f"[{i + 1}]" for i in s["citations"]) for s in answer["sentences"])
        console.print(escape(" ".join(marked)))
        for i, c in enumerate(answer["citations"], 1):
            place = f"{c['document']}:{c['start']}-{c['end']}"
            console.print(f"[dim]{escape(f'[{i}] {place}')}  relevance {c['relevance']:.2f}[/dim]")
    for reason in answer["degraded"]:
        console.print(f"[yellow]Degraded:[/yellow] {escape(reason)}")
    console.print(
        f"\ncontext quality {answer['context_quality']:.2f} · {len(answer['contexts'])} passages read · "
        f"{answer['timings_ms']['total']:.0f} ms",
        style="dim",
    )
