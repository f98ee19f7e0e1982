from __future__ import annotations

import io
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from engine.errors import DiskFullError, InputError, UnknownNameError
from engine.reports import FORMATS, parse_formats, write_report
from engine.reports.files import write_files
from engine.roadmap.types import Roadmap
from engine.settings import ROOT
from engine.store import Store


def test_every_format_is_written_under_the_roadmap_and_phase(roadmap: Roadmap, store: Store, out: Path) -> None:
    paths = write_report(roadmap, 2, "html,pdf,md,json,csv,junit", out, store)
    endings = ["html", "pdf", "md", "json", "csv", "xml"]
    assert paths == [out / f"narrative-agent-phase-2.{ending}" for ending in endings]
    assert all(path.is_absolute() and path.stat().st_size > 500 for path in paths)
    assert sorted(os.listdir(out)) == sorted(path.name for path in paths)


def test_a_relative_folder_gives_absolute_paths(
    roadmap: Roadmap, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert write_report(roadmap, 2, ["csv"], "a/b", store) == [tmp_path / "a" / "b" / "narrative-agent-phase-2.csv"]


def test_an_unknown_format_names_the_known_ones_and_writes_nothing(roadmap: Roadmap, store: Store, out: Path) -> None:
    with pytest.raises(InputError, match=r"'docx'.*html, pdf, md, json, csv, junit"):
        write_report(roadmap, 2, "csv,docx", out, store)
    assert not out.exists()


def test_formats_are_read_as_people_write_them() -> None:
    assert parse_formats(" PDF, html ,pdf") == ["pdf", "html"]
    with pytest.raises(InputError, match="No report format"):
        parse_formats(" , ")


def test_an_unknown_roadmap_is_named(store: Store, out: Path) -> None:
    with pytest.raises(UnknownNameError, match="'nowhere'"):
        write_report("nowhere", 1, "csv", out, store)


def test_a_folder_that_is_a_file_is_refused(roadmap: Roadmap, store: Store, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("x")
    with pytest.raises(InputError, match="cannot be written to"):
        write_report(roadmap, 2, "csv", tmp_path / "taken", store)


def test_a_folder_that_may_not_be_written_is_refused(roadmap: Roadmap, store: Store) -> None:
    with pytest.raises(InputError, match="cannot be written to"):
        write_report(roadmap, 2, "csv", Path("/proc/phasegate"), store)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_keeps_the_old_files_and_leaves_no_piece(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out.mkdir()
    old = out / "old.csv"
    old.write_bytes(b"old")

    def open_full(path: Path, mode: str):
        path.touch()
        return open("/dev/full", "wb")

    with monkeypatch.context() as patch, pytest.raises(DiskFullError, match="No space left"):
        patch.setattr(Path, "open", open_full)
        write_files({old: b"new" * 10_000, out / "other.csv": b"new" * 10_000})
    assert old.read_bytes() == b"old"
    assert os.listdir(out) == ["old.csv"]


def test_an_older_report_is_replaced(roadmap: Roadmap, store: Store, out: Path) -> None:
    (path,) = write_report(roadmap, 2, "csv", out, store)
    path.write_text("stale")
    write_report(roadmap, 2, "csv", out, store)
    assert path.read_text().startswith("kpi,value,verdict")


def test_importing_reports_loads_no_drawing_library() -> None:
    code = "import sys, engine.reports; print([m for m in ('matplotlib', 'reportlab', 'jinja2', 'numpy') if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_all_formats_take_what_some_dozens_of_plain_charts_take(roadmap: Roadmap, store: Store, out: Path) -> None:
    write_report(roadmap, 2, "html", out, store)  # fonts and drawing libraries are loaded
    began = time.process_time()
    write_report(roadmap, 2, FORMATS, out, store)
    report = time.process_time() - began
    charts = [measure_chart() for _ in range(9)]
    assert report < 80 * statistics.median(charts), "24 to 39 of them when it was measured"


def measure_chart() -> float:
    """Seconds of processor time for one small chart: the yardstick of this machine."""
    began = time.process_time()
    figure = Figure(figsize=(6, 3))
    figure.subplots().plot(range(20))
    figure.savefig(io.BytesIO(), format="svg")
    return time.process_time() - began
