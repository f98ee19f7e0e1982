"""A run as a file: whole and the same on the other side, or refused before anything is written."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import FileFormatError, InputError, UnknownNameError
from engine.evaluation.comparing import compare_runs
from engine.run_transfer import export_run, import_run
from engine.runs import load_summary
from engine.store import Store, open_store
from tests.engine.reports.seeded import record_run

RUN = "run-a"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "here") as store:
        record_run(store, RUN, "stories", 3, 12, 0.5, 10.0)
        store.execute("UPDATE scores SET judge = 'strict', repeats = [0.25, 0.75] WHERE measure = 'span_iou'")
        yield store


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "there") as store:
        yield store


@pytest.fixture
def file(here: Store, tmp_path: Path) -> Path:
    path = tmp_path / "baseline.jsonl.gz"
    export_run(here, RUN, path)
    return path


def rewrite(path: Path, change: Callable[[list[dict[str, Any]]], None]) -> None:
    """Change the lines of a file."""
    lines = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    change(lines)
    texts = (json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False) for line in lines)
    path.write_bytes(gzip.compress("".join(f"{text}\n" for text in texts).encode()))


def rows_of(store: Store) -> list[Any]:
    own = "SELECT * EXCLUDE (pid, heartbeat_at) FROM runs"
    return [
        store.query(sql)
        for sql in (own, "SELECT * FROM cases ORDER BY case_id", "SELECT * FROM scores ORDER BY case_id, measure")
    ]


def test_a_run_is_the_same_on_the_other_side(here: Store, there: Store, file: Path) -> None:
    done = import_run(there, file)
    assert (done.run_id, done.cases, done.added) == (RUN, 12, True)
    assert rows_of(there) == rows_of(here)
    assert load_summary(there, RUN) == load_summary(here, RUN)


def test_it_can_be_compared_with_a_run_of_this_machine(there: Store, file: Path) -> None:
    import_run(there, file)
    record_run(there, "run-b", "stories", 4, 12, 0.5, 10.0)
    assert compare_runs(there, [RUN, "run-b"]).pairs[0].paired == 12


def test_the_file_is_the_same_each_time_and_after_a_round_trip(
    here: Store, there: Store, file: Path, tmp_path: Path
) -> None:
    import_run(there, file)
    export_run(there, RUN, tmp_path / "again.jsonl.gz")
    assert (tmp_path / "again.jsonl.gz").read_bytes() == file.read_bytes()


def test_the_same_run_twice_is_no_error_and_changes_nothing(there: Store, file: Path) -> None:
    import_run(there, file)
    before = rows_of(there)
    assert import_run(there, file).added is False
    assert rows_of(there) == before


def test_an_id_that_is_there_with_other_content_is_refused(there: Store, file: Path) -> None:
    record_run(there, RUN, "stories", 3, 5, 0.5, 10.0)
    before = rows_of(there)
    with pytest.raises(InputError, match="run-a with other content"):
        import_run(there, file)
    assert rows_of(there) == before


def test_what_a_killed_import_left_is_replaced(there: Store, file: Path) -> None:
    there.insert("scores", [{"run_id": RUN, "case_id": "left-over", "measure": "x", "status": "failed"}])
    import_run(there, file)
    assert there.query("SELECT * FROM scores WHERE case_id = 'left-over'") == []


def test_a_file_that_breaks_off_is_refused_whole(there: Store, file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(FileFormatError, match="no whole gzip file"):
        import_run(there, file)
    assert rows_of(there) == [[], [], []]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda lines: lines.pop(), "end line is missing"),
        (lambda lines: lines.pop(3), "speaks of 12 cases, found 11"),
        (lambda lines: lines[3]["case"].update(answer="another"), "the hash differs"),
        (lambda lines: lines[3]["case"].update(surprise=1), "field 'surprise'.*does not know"),
        (lambda lines: lines[3]["case"].pop("status"), "line 4, field 'status': it is missing"),
        (lambda lines: lines[3]["case"].update(status="great"), "expected one of passed"),
        (lambda lines: lines[3]["case"].update(position="1"), "expected INTEGER, found str"),
        (lambda lines: lines[3]["case"].update(ended_at="yesterday"), "expected TIMESTAMP"),
        (lambda lines: lines[3]["case"].update(checks=[]), "expected an object, found list"),
        (lambda lines: lines[3].update(scores={}), "expected a list of scores"),
        (lambda lines: lines[3]["scores"][0].pop("value", None) or lines[3]["scores"][0].update(status="scored"), "no value"),
        (lambda lines: lines[0]["run"].update(status="running"), "expected one of finished"),
        (lambda lines: lines[0]["run"].update(run_id="../../etc"), "cannot be the id of a run"),
        (lambda lines: lines[0].update(version=2), "version 2"),
        (lambda lines: lines[0].update(format="other"), "no exported run"),
        (lambda lines: lines.append(lines[1]), "something after its end line"),
        (lambda lines: lines.clear(), "breaks off"),
    ],
)  # fmt: skip
def test_a_file_that_was_changed_is_refused_with_the_reason(
    there: Store, file: Path, change: Callable[[list[dict[str, Any]]], None], words: str
) -> None:
    rewrite(file, change)
    with pytest.raises(FileFormatError, match=words):
        import_run(there, file)
    assert rows_of(there) == [[], [], []]


@pytest.mark.parametrize(
    "content",
    [b"", b"kpi,value\n", b"\x1f\x8b\x08", gzip.compress(b"[1]\n", mtime=0), gzip.compress(b"{\xff\n", mtime=0)],
    ids=["empty", "csv", "half a header", "a list", "no UTF-8"],
)
def test_other_files_are_refused(there: Store, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other"
    path.write_bytes(content)
    with pytest.raises(FileFormatError):
        import_run(there, path)


def test_no_file_no_run_and_a_run_that_has_not_ended(here: Store, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="could not be read"):
        import_run(here, tmp_path / "nowhere")
    with pytest.raises(UnknownNameError, match="run-z"):
        export_run(here, "run-z", tmp_path / "z")
    here.execute("UPDATE runs SET status = 'running', heartbeat_at = '2099-01-01'")
    with pytest.raises(InputError, match="has not ended"):
        export_run(here, RUN, tmp_path / "z")
    assert not (tmp_path / "z").exists()


def test_a_file_that_cannot_be_written_leaves_nothing(here: Store, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("x")
    with pytest.raises(InputError, match="could not be written"):
        export_run(here, RUN, tmp_path / "taken" / "file.gz")
    assert (tmp_path / "taken").read_text() == "x"
