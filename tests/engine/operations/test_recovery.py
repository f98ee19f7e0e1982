"""What is damaged on purpose is mended, said and kept."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.corpora import ingest_corpus
from engine.errors import IndexDamagedError
from engine.index import Catalog, ChunkTable
from engine.index.checking import IndexCheck
from engine.operations.health import Probe, run_probes, summarise
from engine.operations.health_checks import run_deep_checks, run_ready_checks
from engine.operations.metrics import close_recorder
from engine.operations.pressure import PressureWatch
from engine.operations.recovery import StoreWatch, recover_embedder, recover_index
from engine.pipeline import open_pipeline
from engine.settings import ROOT, PipelineSettings
from engine.store import Store, open_store
from engine.store.providers import ProviderStore
from engine.store.recoveries import RecoveryStore
from engine.store.requests import RequestStore
from tests.engine.operations.records import make_call

TEXTS = {
    "refunds.md": "# Refunds\n\nA defective item is refunded within 42 days of purchase.\n",
    "opening.txt": "The depot in Lindau opens at seven in the morning.\n",
}
QUESTION = "Within how many days is a defective item refunded?"


@pytest.fixture
def store(home: Path, tmp_path: Path) -> Iterator[Store]:
    """A store beside one ingested corpus."""
    folder = tmp_path / "depot"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text)
    ingest_corpus("depot", [folder], PipelineSettings())
    with open_store(home) as store:
        yield store
    close_recorder(home)


def table_folder(home: Path) -> Path:
    index = next(iter(Catalog(home / "lance").load("depot").indexes.values()))
    return home / "lance" / f"{index.table}.lance"


def damage(folder: Path, how: str) -> None:
    """Delete, overwrite or cut the files of a table."""
    part, _, action = how.partition(" ")
    files = [path for path in (folder / part).rglob("*") if path.is_file()]
    assert files
    for path in files:
        size = path.stat().st_size
        if action == "deleted":
            path.unlink()
        else:
            path.write_bytes(random.Random(1).randbytes(size if action == "garbled" else size // 2))


DAMAGES = ["data deleted", "data garbled", "data cut", "_versions deleted", "_versions garbled", "_indices deleted", "_indices garbled"]  # fmt: skip


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_index_is_noticed_and_mended_and_answers_as_before(how: str, store: Store, home: Path) -> None:
    settings = PipelineSettings()
    before = open_pipeline("depot", settings).answer(QUESTION)
    damage(table_folder(home), how)
    with pytest.raises(IndexDamagedError) as caught:
        open_pipeline("depot", settings).answer(QUESTION)
    mended = recover_index(store, "depot", settings, caught.value.message)
    assert mended.outcome == "recovered"
    assert "depot was damaged" in mended.words
    after = open_pipeline("depot", settings).answer(QUESTION)
    assert (after.text, after.citations) == (before.text, before.citations)
    kept = RecoveryStore(store).list_recoveries()
    wanted = "its words indexed again" if how.startswith("_indices") else "built again"
    assert [(row["component"], row["subject"], row["action"]) for row in kept] == [("index", "depot", wanted)]


def test_a_sound_index_is_left_alone(store: Store, home: Path) -> None:
    folder = table_folder(home)
    assert recover_index(store, "depot", PipelineSettings(), "a passing error").words == ""
    assert table_folder(home) == folder
    assert RecoveryStore(store).list_recoveries() == []


def test_where_a_source_is_gone_the_recovery_is_degraded_and_says_so(store: Store, home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "fees.md").write_text("A second copy costs five euros.\n")
    ingest_corpus("depot", [other], PipelineSettings())
    shutil.rmtree(other)
    damage(table_folder(home), "data deleted")
    mended = recover_index(store, "depot", PipelineSettings(), "gone")
    assert mended.outcome == "degraded"
    assert "1 of its 2 sources are no longer there" in mended.words


def test_where_all_sources_are_gone_the_error_is_clear_and_kept(store: Store, home: Path, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "depot")
    damage(table_folder(home), "data garbled")
    with pytest.raises(IndexDamagedError, match="none of its 1 sources is there any more") as caught:
        recover_index(store, "depot", PipelineSettings(), "garbled")
    assert "ingest FOLDER --corpus depot" in caught.value.hint
    assert RecoveryStore(store).list_recoveries()[0]["outcome"] == "failed"


def test_an_ingest_over_a_damaged_index_builds_it_anew(store: Store, home: Path, tmp_path: Path) -> None:
    damage(table_folder(home), "data garbled")
    assert ingest_corpus("depot", [tmp_path / "depot"], PipelineSettings()).documents == 2
    index = next(iter(Catalog(home / "lance").load("depot").indexes.values()))
    assert IndexCheck(ChunkTable(home / "lance", index.table)).probe() == 2


def test_deep_checks_find_the_damage_and_mend_it_when_asked(store: Store, home: Path) -> None:
    damage(table_folder(home), "data cut")
    found = {check.name: check for check in run_deep_checks(home)}
    assert found["index depot"].status == "fail"
    assert "health --repair" in found["index depot"].advice
    found = {check.name: check for check in run_deep_checks(home, repair=True)}
    assert (found["index depot"].status, "built again" in found["index depot"].reason) == ("ok", True)
    # How much memory this process holds, and how full its disk is, is not what is tested here.
    assert summarise([c for c in run_deep_checks(home) if c.name not in ("memory", "disk")]) == "ok"


def test_every_part_has_a_check_with_a_time_and_a_reason(store: Store, home: Path) -> None:
    from engine.providers.specs import ProviderSpec

    ProviderStore(store).save_provider(
        ProviderSpec(name="gone", model="openai/m", api_base="http://127.0.0.1:9"), "Ada"
    )
    ProviderStore(store).save_provider(
        ProviderSpec(name="busy", model="openai/m", api_base="http://127.0.0.1:9"), "Ada"
    )
    row = {name: getattr(call, name) for call in [make_call(provider="busy")] for name in call.__dataclass_fields__}
    RequestStore(store).add_rows("provider_calls", [{"call_id": "one", **row}])
    checks = run_deep_checks(home, api_url="http://127.0.0.1:9")
    states = {check.name: check.status for check in checks}
    assert states == {
        "store": "ok", "index depot": "ok", "embedder": "ok", "provider gone": "fail", "provider busy": "ok",
        "disk": states["disk"], "memory": states["memory"], "records": "ok", "api": "fail",
    }  # fmt: skip
    assert all(check.reason and check.latency_ms >= 0 for check in checks)
    assert [check.name for check in run_ready_checks(home) if check.status == "ok"] == ["store", "corpus"]


def test_a_check_that_hangs_fails_in_time_and_is_not_begun_twice(tmp_path: Path) -> None:
    import threading

    release, begun = threading.Event(), []

    def hang() -> tuple[str, str]:
        begun.append(1)
        release.wait(20)
        return "ok", "late"

    probes = [Probe(name="slow", check=hang, timeout_s=0.1), Probe(name="quick", check=lambda: ("ok", "well"))]  # type: ignore[arg-type, return-value]
    found = [run_probes(tmp_path, probes) for _ in range(2)]
    release.set()
    assert [(check.status, check.name) for check in found[0]] == [("fail", "slow"), ("ok", "quick")]
    assert "still waits" in found[1][0].reason
    assert len(begun) == 1


def test_a_damaged_graph_of_the_model_is_built_again(home: Path, models: Path, store: Store) -> None:
    (home / "models").unlink()
    shutil.copytree(models, home / "models")
    graph = next((home / "models").glob("minilm-exact-*.onnx"))
    sound = graph.read_bytes()
    graph.write_bytes(sound[:1000])
    assert "exact" in recover_embedder(store).words
    assert graph.read_bytes() == sound
    assert recover_embedder(store).words == ""
    assert [row["component"] for row in RecoveryStore(store).list_recoveries()] == ["embedder"]


def test_when_the_owner_of_the_store_is_killed_the_next_one_opens_it_and_says_so(home: Path) -> None:
    code = (
        "from engine.store import open_store; s = open_store(); print(s.role, flush=True); import time; time.sleep(60)"
    )
    environment = {**os.environ, "PHASEGATE_HOME": str(home), "PYTHONPATH": str(ROOT)}
    owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment)
    assert owner.stdout is not None
    assert owner.stdout.readline() == "owner\n"
    with open_store(home) as store:
        watch = StoreWatch(store)
        assert store.role == "client"
        owner.send_signal(signal.SIGKILL)
        owner.wait()
        watch.check()
        watch.check()
        assert store.role == "owner"
        kept = RecoveryStore(store).list_recoveries()
    assert [(row["component"], row["action"]) for row in kept] == [("store", "opened again, now as owner")]
    close_recorder(home)


def test_short_memory_clears_caches_once_and_a_low_disk_holds_writes_until_there_is_room(store: Store) -> None:
    done: list[object] = []
    figures = {"memory": 2000.0, "free": 50.0}
    watch = PressureWatch(
        store,
        lambda: done.append("cleared"),
        done.append,
        read_memory_mb=lambda: figures["memory"],
        read_free_gb=lambda: figures["free"],
    )
    watch.check()
    watch.check()
    assert done == ["cleared"]
    for free in (0.5, 1.1, 0.9, 1.3):
        figures["free"] = free
        watch.check()
    assert done == ["cleared", True, False]
    kept = [(row["component"], row["outcome"]) for row in RecoveryStore(store).list_recoveries()]
    assert sorted(kept) == [("disk", "degraded"), ("disk", "recovered"), ("memory", "degraded")]


def test_the_command_line_mends_and_prints_what_it_found(store: Store, home: Path, run_cli: object) -> None:
    damage(table_folder(home), "_indices deleted")
    done = run_cli("health", "--deep", "--json", home=home)  # type: ignore[operator]
    assert done.returncode == 4
    started = time.perf_counter()
    done = run_cli("health", "--repair", "--json", home=home)  # type: ignore[operator]
    assert (done.returncode, time.perf_counter() > started) == (0, True)
    found = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert "words indexed again" in found["index depot"]["reason"]
    assert run_cli("health", home=home).returncode == 0  # type: ignore[operator]
