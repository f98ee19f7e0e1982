"""``bench`` and ``audit-metrics``: how fast and how dear the engine is, and how right its figures are."""

from __future__ import annotations

import json as json_module
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from engine.cli.corpora import Json, Settings
from engine.cli.output import format_number, format_rate, open_console, print_json

if TYPE_CHECKING:
    from rich.console import Console

HEARTBEAT_S = 5.0


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(bench)
    app.command("audit-metrics")(audit_metrics)


def bench(
    name: Annotated[str, typer.Argument(help="Such as latency, cache, streaming, prompts, cost, embed, ask, tuning.")],
    data: Annotated[Optional[Path], typer.Option(help="Folder of a public data set.")] = None,
    set_: Settings = [],  # noqa: B006
    out: Annotated[Optional[Path], typer.Option(help="Also write the JSON to this file.")] = None,
    record: Annotated[
        bool, typer.Option("--record/--no-record", help="Keep the result in the history of benchmarks.")
    ] = True,
    job_id: Annotated[Optional[str], typer.Option(hidden=True)] = None,
    json: Json = False,
) -> None:
    """Measure, in a state folder of its own; the result is kept in the history of benchmarks."""
    from engine.bench import BENCHES, OPTIONS, run_bench
    from engine.errors import UnknownNameError
    from engine.settings import parse_assignments

    overrides = parse_assignments(set_, OPTIONS.get(name, ()))
    if name not in BENCHES:
        raise UnknownNameError("benchmark", name, BENCHES)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    result = _measure(name, data, overrides, job_id) if record else run_bench(name, data, overrides)
    if out is not None:
        _write(out, result)
    if json:
        print_json(result)
        return
    console = open_console()
    console.print(f"[bold]{result['name']}[/bold]  {result['machine']}  {result['seconds']:.1f} s")
    if result["stand_in"]:
        console.print("[yellow]Measured on a scripted server, since no model is set: no data at a gate.[/yellow]")
    _print_figures(console, result["figures"], 1)


def audit_metrics(
    run: Annotated[str, typer.Argument(help="Id of the run; `runs` lists them.")],
    json: Json = False,
) -> None:
    """Recompute the figures of a run from its journal, the clock, the kernel and token counts; say which agree."""
    from engine.run_audits import audit_run
    from engine.store import open_store

    with open_store() as store:
        audit = audit_run(store, run)
    if json:
        print_json(audit)
        return
    from rich.markup import escape
    from rich.table import Table

    share, console = audit["metrics_accuracy"], open_console()
    rate = format_rate(share["value"], share["low"], share["high"])
    console.print(f"{audit['agreed']} of {audit['checked']} figures agree: {rate}  {audit['run_id']}")
    missing = [name for name, there in audit["expected_keys"].items() if not there]
    if missing:
        console.print(f"missing keys: {', '.join(missing)}")
    wrong = [finding for finding in audit["findings"] if not finding["agrees"]]
    if not wrong:
        return
    table = Table("figure", "shown", "recomputed", "from", "tolerance")
    for finding in wrong:
        shown, again = (str(finding[key]) for key in ("shown", "recomputed"))
        table.add_row(escape(finding["figure"]), shown, again, escape(finding["source"]), finding["tolerance"])
    console.print(table)


def _measure(name: str, data: Path | None, overrides: Mapping[str, Any], job_id: str | None) -> dict[str, Any]:
    from engine.bench import run_bench
    from engine.jobs import journal_job
    from engine.operations.heartbeat import beat_while
    from engine.store import open_store
    from engine.store.benchmarks import BenchmarkStore

    title = f"Benchmark {name}"
    with (
        open_store() as store,
        journal_job(store, job_id, "bench", title, name, _ignore) as report,
        beat_while(lambda: report(0, 0, "measuring"), HEARTBEAT_S, "bench-heartbeat"),
    ):
        result = run_bench(name, data, overrides)
        plain = json_module.loads(json_module.dumps(result, default=float), parse_constant=_drop)
        return plain | {"bench_id": BenchmarkStore(store).record(plain)}


def _drop(name: str) -> None:
    """A figure that is no number is none: the store keeps neither NaN nor infinity."""


def _ignore(done: int, total: int, message: str) -> None:
    """A benchmark does not say how far it is."""


def _write(path: Path, result: Mapping[str, Any]) -> None:
    from engine.reports.files import check_folder, write_files

    text = json_module.dumps(result, indent=2, ensure_ascii=False, default=float)
    write_files({check_folder(path.parent) / path.name: f"{text}\n".encode()})


def _print_figures(console: Console, figures: Mapping[str, Any], depth: int) -> None:
    """One figure a line, with its interval; groups of figures under their name, indented."""
    for key, value in figures.items():
        place = "  " * depth
        name = f"{key:{44 - len(place)}s}"
        if isinstance(value, Mapping) and "status" in value:
            console.print(f"{place}{name} {value['status']}: {value['reason']}", markup=False, soft_wrap=True)
        elif isinstance(value, Mapping) and "value" in value:
            console.print(f"{place}{name} {_figure(value)}", markup=False)
        elif isinstance(value, Mapping):
            console.print(f"{place}[bold]{key}[/bold]")
            _print_figures(console, value, depth + 1)
        elif not isinstance(value, list):
            shown = format_number(value, 4) if isinstance(value, float) else "-" if value is None else value
            console.print(f"{place}{name} {shown}", markup=False)


def _figure(value: Mapping[str, Any]) -> str:
    digits = 5 if value["value"] and abs(value["value"]) < 0.01 else 3
    number, low, high = (format_number(value[key], digits) for key in ("value", "low", "high"))
    ends = f" [{low}, {high}]" if value["low"] is not None else ""
    count = f"{value['hits']} of {value['n']}" if "hits" in value else f"n = {value['n']}"
    if "goal" not in value:
        return f"{number}{ends}, {count}"
    verdict = {True: "met", False: "missed", None: "no data"}[value["met"]]
    stand_in = " (scripted server)" if value.get("stand_in") else ""
    return f"{number}{ends}, {count}, goal {value['goal']}: {verdict}{stand_in}"
