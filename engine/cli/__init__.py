"""The command line: one module per group of commands, everything heavy imported inside them."""

from __future__ import annotations

import sys
import traceback

import typer

from engine.cli import (
    alerts,
    audit,
    bench,
    caches,
    calibrate,
    cases,
    compare,
    corpora,
    decide,
    decisions,
    health,
    judges,
    operate,
    profile,
    prompts,
    providers,
    queue,
    readiness,
    reports,
    runs,
    sessions,
    suites,
    sweep,
    targets,
    tokens,
    trail,
    validate,
)
from engine.cli.output import print_error
from engine.errors import PhasegateError
from engine.guard.redaction import install_redaction, redact_line

app = typer.Typer(
    help="Phasegate: is your RAG system ready? Ingest documents, ask, run suites, gate phases, serve the dashboard.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for _group in (
    corpora,
    runs,
    queue,
    cases,
    compare,
    suites,
    sweep,
    decide,
    decisions,
    readiness,
    reports,
    operate,
    alerts,
    health,
    bench,
    caches,
    calibrate,
    targets,
    judges,
    providers,
    validate,
    prompts,
    profile,
    audit,
    trail,
    tokens,
    sessions,
):
    _group.register(app)


def main() -> None:
    """Run the command line; errors of ours become a message, a hint and their exit code."""
    install_redaction()
    try:
        app()
    except PhasegateError as error:
        print_error(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        sys.exit(130)
    except Exception:  # the top of the program: a fault of ours must not look like a failed gate, which is exit code 1
        print(redact_line(traceback.format_exc().rstrip()), file=sys.stderr)
        sys.exit(PhasegateError.exit_code)
