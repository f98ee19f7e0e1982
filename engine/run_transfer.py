"""A run as a file: how a baseline travels from one machine to another.

The file is gzip, JSON lines: a header with the run, one line per case with its scores, and an end line with the number of
cases and the SHA-256 of all lines before it. Ids are kept, so that runs that were made apart can be compared and gated.
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import json
import os
import re
import uuid
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.errors import DiskFullError, FileFormatError, InputError
from engine.run_file_rows import check_case, check_run, check_scores
from engine.store import RunStore, Store
from engine.store.case_pages import split_positions

FORMAT = "phasegate-run"
VERSION = 1
PAGE = 1_000  # cases
LONGEST_LINE = 64 * 1024 * 1024
FULL = (errno.ENOSPC, errno.EDQUOT)
OF_THIS_MACHINE = ("pid", "heartbeat_at")  # columns that say nothing elsewhere
_ID = re.compile(r"[^\x00-\x1f\x7f/\\]{1,200}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """What was exported or imported. ``added`` is false when the run was there already, the same in every score."""

    run_id: str
    cases: int
    sha256: str
    added: bool = True


def export_run(store: Store, run_id: str, path: Path) -> Transfer:
    """Write a run that has ended to a file, whole or not at all.

    Raises:
        UnknownNameError: no such run.
        InputError: it has not ended, or the file cannot be written.
        DiskFullError: no space left.
    """
    run = _load_row(store, run_id)
    if run["status"] == "running":
        raise InputError(f"run {run_id} has not ended, so it cannot be exported.", "Wait for it, or stop it first.")
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    digest, cases = hashlib.sha256(), 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("xb") as raw, gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as file:
            for line in _write_lines(store, run):
                digest.update(line)
                file.write(line)
                cases += 1
            file.write(_encode({"end": {"cases": cases - 1, "sha256": digest.hexdigest()}}))
        part.replace(path)
    except OSError as error:
        problem = f"{path} could not be written: {error.strerror or error}. Nothing is left there."
        raise (DiskFullError if error.errno in FULL else InputError)(problem) from error
    finally:
        with suppress(OSError):  # there is none where its folder is none
            part.unlink(missing_ok=True)
    return Transfer(run_id=run_id, cases=cases - 1, sha256=digest.hexdigest())


def import_run(store: Store, path: Path) -> Transfer:
    """Take a run from a file into the store, under its own id. A file that breaks off or was changed is refused whole.

    Raises:
        InputError: the file cannot be read, or the store has another run of this id.
        FileFormatError: it is not such a file, is incomplete, or was changed; names the line.
    """
    found = _check_file(store, path)
    if store.query("SELECT 1 AS found FROM runs WHERE run_id = ?", (found.run_id,)):
        if _hash_run(store, found.run_id) != found.sha256:
            raise InputError(
                f"There is a run {found.run_id} with other content already; {path} was not imported.",
                "Two runs cannot share an id. Look at both: the file may come from another machine or an older attempt.",
            )
        return Transfer(run_id=found.run_id, cases=found.cases, sha256=found.sha256, added=False)
    for table in ("scores", "cases"):  # of an import that was killed
        store.execute(f"DELETE FROM {table} WHERE run_id = ?", (found.run_id,))
    _write_rows(store, path, found.run_id)
    return found


def _check_file(store: Store, path: Path) -> Transfer:
    """Read the whole file once, so that nothing is written of one that is broken further down."""
    digest, cases, run_id, ended = hashlib.sha256(), 0, "", False
    for number, line, row in _read_lines(path):
        if ended:
            raise FileFormatError(path, "there is something after its end line", line=number)
        if number == 1:
            run_id = _check_header(store, path, row)
        elif "end" in row:
            _check_end(path, number, row["end"], cases, digest.hexdigest())
            ended = True
            continue
        else:
            check_case(store, path, number, row.get("case"))
            check_scores(store, path, number, row.get("scores"))
            cases += 1
        digest.update(line)
    if not run_id or not ended:
        raise FileFormatError(path, "the file breaks off: its end line is missing", hint="Export the run again.")
    return Transfer(run_id=run_id, cases=cases, sha256=digest.hexdigest())


def _check_header(store: Store, path: Path, row: Mapping[str, Any]) -> str:
    if row.get("format") != FORMAT:
        hint = "Write one with: python -m engine runs --export RUN FILE"
        raise FileFormatError(path, "this is no exported run", line=1, hint=hint)
    if row.get("version") != VERSION:
        problem = f"it is of version {row.get('version')!r}; this program reads version {VERSION}"
        raise FileFormatError(path, problem, line=1)
    run = row.get("run")
    check_run(store, path, run)
    run_id = str(run["run_id"]) if isinstance(run, Mapping) else ""
    if not _ID.fullmatch(run_id):
        raise FileFormatError(path, f"{run_id[:40]!r} cannot be the id of a run", line=1, field="run_id")
    return run_id


def _check_end(path: Path, number: int, end: Any, cases: int, digest: str) -> None:
    if not isinstance(end, Mapping) or end.get("cases") != cases:
        said = end.get("cases") if isinstance(end, Mapping) else end
        raise FileFormatError(path, f"its end line speaks of {said!r} cases, found {cases}", line=number)
    if end.get("sha256") != digest:
        raise FileFormatError(path, "its lines are not those that were exported: the hash differs", line=number)


def _write_rows(store: Store, path: Path, run_id: str) -> None:
    """Scores, then cases, then the run itself: what is seen is whole, wherever a crash falls."""
    run: dict[str, Any] = {}
    cases: list[dict[str, Any]] = []
    scores: list[dict[str, Any]] = []
    columns = {table: _columns(store, table) for table in ("runs", "cases", "scores")}

    def flush() -> None:
        for table, rows in (("scores", scores), ("cases", cases)):
            if rows:
                store.insert(table, rows)
                rows.clear()

    for number, _, row in _read_lines(path):
        if number == 1:
            ended = row["run"].get("ended_at") or row["run"]["started_at"]
            run = dict.fromkeys(columns["runs"]) | row["run"] | {"pid": os.getpid(), "heartbeat_at": ended}
        elif "case" in row:
            keys = {"run_id": run_id, "case_id": row["case"]["case_id"]}
            cases.append(dict.fromkeys(columns["cases"]) | row["case"] | keys)
            scores += [dict.fromkeys(columns["scores"]) | score | keys for score in row["scores"]]
        if len(cases) == PAGE:
            flush()
    flush()
    store.insert("runs", [run], replace=False)


def _read_lines(path: Path) -> Iterator[tuple[int, bytes, dict[str, Any]]]:
    try:
        with gzip.open(path, "rb") as file:
            number = 0
            while line := file.readline(LONGEST_LINE + 1):
                number += 1
                if len(line) > LONGEST_LINE:
                    raise FileFormatError(path, f"the line is longer than {LONGEST_LINE:,} bytes", line=number)
                yield number, line, _parse(path, number, line)
    except (OSError, EOFError, zlib.error) as error:
        if isinstance(error, (gzip.BadGzipFile, EOFError, zlib.error)):
            raise FileFormatError(path, f"it is no whole gzip file: {error}", hint="Export the run again.") from error
        raise InputError(f"{path} could not be read: {error.strerror or error}.") from error


def _parse(path: Path, number: int, line: bytes) -> dict[str, Any]:
    def refuse(name: str) -> None:
        raise ValueError(f"{name} is no number")

    try:
        row = json.loads(line, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise FileFormatError(path, "expected a JSON object", line=number) from error
    if not isinstance(row, dict):
        raise FileFormatError(path, f"expected a JSON object, found {type(row).__name__}", line=number)
    return row


def _hash_run(store: Store, run_id: str) -> str:
    digest = hashlib.sha256()
    for line in _write_lines(store, _load_row(store, run_id)):
        digest.update(line)
    return digest.hexdigest()


def _load_row(store: Store, run_id: str) -> dict[str, Any]:
    """The run's columns with the status that is shown: a run that was killed is interrupted."""
    with RunStore(store) as runs:
        status = runs.load_run(run_id)["status"]
    return store.query("SELECT * FROM runs WHERE run_id = ?", (run_id,))[0] | {"status": status}


def _write_lines(store: Store, run: Mapping[str, Any]) -> Iterator[bytes]:
    """Header and cases, canonical, without what is NULL: a column that comes later does not change them."""
    own = {name: value for name, value in run.items() if name not in OF_THIS_MACHINE}
    yield _encode({"format": FORMAT, "version": VERSION, "run": _present(own)})
    for first, last in split_positions(store, run["run_id"], PAGE):
        place = (run["run_id"], first, last)
        rows = store.query(
            "SELECT * EXCLUDE (run_id) FROM cases WHERE run_id = ? AND position BETWEEN ? AND ? ORDER BY position, case_id",
            place,
        )
        scores: dict[str, list[dict[str, Any]]] = {row["case_id"]: [] for row in rows}
        for score in store.query(
            "SELECT * EXCLUDE (run_id) FROM scores WHERE run_id = ? AND case_id IN"
            " (SELECT case_id FROM cases WHERE run_id = ? AND position BETWEEN ? AND ?) ORDER BY measure",
            (run["run_id"], *place),
        ):
            scores[score.pop("case_id")].append(_present(score))
        yield from (_encode({"case": _present(row), "scores": scores[row["case_id"]]}) for row in rows)


def _present(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


def _columns(store: Store, table: str) -> list[str]:
    sql = "SELECT column_name AS name FROM duckdb_columns() WHERE table_name = ? AND NOT internal"
    return [row["name"] for row in store.query(sql, (table,))]


def _encode(row: Mapping[str, Any]) -> bytes:
    text = json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_plain)
    return text.encode("utf-8") + b"\n"


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in an exported run.")
