"""``calibrate``: fit the engine's probabilities, or correct them by one's own runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from engine.cli.corpora import Json
from engine.cli.output import open_console, print_json, show_progress
from engine.errors import InputError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(calibrate)


def calibrate(
    data: Annotated[
        Optional[Path], typer.Option(help="Folder with labelled sets: fit the engine's own models anew.")
    ] = None,
    only: Annotated[
        Optional[str],
        typer.Option(help="With --data: retrieval, quality, groundedness, content-types or same-question alone."),
    ] = None,
    run: Annotated[
        Optional[list[str]], typer.Option(help="Your own run; its cases correct the context quality.")
    ] = None,
    reset: Annotated[
        bool, typer.Option("--reset", help="Go back to the calibration that comes with Phasegate.")
    ] = False,
    json: Json = False,
) -> None:
    """Fit the engine's probabilities on labelled sets, or correct context quality by your own runs."""
    if (data is not None) + bool(run) + reset != 1:
        raise InputError("calibrate needs one of --data, --run and --reset.", "For your own runs: calibrate --run RUN")
    report = _reset() if reset else _correct(run) if run else _fit_on_sets(data, only, json)
    if json:
        print_json(report)
    else:
        _draw(report)


def _reset() -> dict[str, Any]:
    from engine.calibration.recalibration import reset_calibration

    return {"reset": reset_calibration()}


def _correct(runs: list[str]) -> dict[str, Any]:
    from engine.calibration.recalibration import recalibrate
    from engine.store import open_store

    with open_store() as store:
        return recalibrate(store, runs)


def _fit_on_sets(data: Path | None, only: str | None, quiet: bool) -> dict[str, Any]:
    from engine.calibration import calibrate as fit
    from engine.settings import PipelineSettings

    assert data is not None
    with show_progress("Calibrating", quiet) as progress:
        return fit(data, PipelineSettings(), only, progress)


def _draw(report: Mapping[str, Any]) -> None:
    """Areas under the curve and calibration errors, one line a set."""
    console = open_console()
    if "reset" in report:
        console.print("The shipped calibration is in use again." if report["reset"] else "It was in use already.")
        return
    for name, provenance in report.get("models", {}).items():
        console.print(f"[bold]{name}[/bold]")
        _draw_held_out(provenance.get("held_out"))
    for reason in report.get("unsuited", ()):
        console.print(f"left out: {reason}", markup=False)
    for name in ("before", "after"):
        if name in report:
            _draw_line(name, report[name])
    if "scale" in report:
        console.print(f"Log odds times {report['scale']:g} plus {report['shift']:g}, fitted on {report['date']}.")


def _draw_held_out(figures: object) -> None:
    """Figures of the half that was kept apart, one line a set where they are probabilities, else as they are."""
    if isinstance(figures, Mapping) and "auc" in figures:
        _draw_line("all sets", figures)
        for of_set, own in figures.get("sets", {}).items():
            _draw_line(f"  {of_set}", own)
    elif isinstance(figures, Mapping):
        for key, value in figures.items():
            open_console().print(f"  {key}: {value}", markup=False)


def _draw_line(name: str, figures: Mapping[str, Any]) -> None:
    auc = "-" if figures["auc"] is None else f"{figures['auc']:.3f}"
    open_console().print(
        f"{name:20s} n {figures['n']:5d}  supported {100 * figures['supported']:5.1f} %  AUC {auc}  "
        f"calibration error {figures['ece']:.3f}"
    )
