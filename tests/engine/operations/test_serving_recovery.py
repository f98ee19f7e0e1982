"""A question meets a broken part: it is answered, or gets a clear error, and what happened is kept."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import IndexDamagedError
from engine.index.rows import ROWS
from engine.serving.asked import Asked
from engine.serving.runtime import ServingRuntime
from engine.settings import PipelineSettings
from engine.store import Store, open_store
from engine.store.recoveries import RecoveryStore
from engine.types import Answer
from tests.engine.operations.test_recovery import QUESTION, damage, store, table_folder  # noqa: F401

ASKERS = 20
OTHER = "After how many days is a defective item no longer refunded?"


@pytest.fixture
def runtime(store: Store, home: Path) -> Iterator[ServingRuntime]:  # noqa: F811
    with ServingRuntime(open_store(home)) as runtime:
        yield runtime


def ask(runtime: ServingRuntime, question: str = QUESTION) -> Answer:
    return runtime.service.answer(Asked(question=question, corpus="depot", settings=PipelineSettings(), cache=False))


@pytest.mark.parametrize("how", ["data garbled", "data cut", "_versions deleted"])
def test_the_next_question_mends_the_index_and_says_so_and_the_one_after_is_as_before(
    how: str, runtime: ServingRuntime, home: Path
) -> None:
    ask(runtime)
    damage(table_folder(home), how)
    ROWS.clear()  # chunks in memory are whole, and answer without a look at the files
    mended = ask(runtime, OTHER)  # the first one's ranking is still in a cache, which needs no index
    assert "42 days" in mended.text
    assert "The index of depot was damaged" in mended.degraded[0]
    assert ask(runtime, f"{OTHER} Really?").degraded == ()
    assert len(RecoveryStore(runtime.store).list_recoveries()) == 1


def test_of_many_who_ask_while_the_index_is_damaged_every_one_is_answered_and_one_builds(
    runtime: ServingRuntime, home: Path
) -> None:
    ask(runtime)
    damage(table_folder(home), "data deleted")
    answers: list[Answer] = []
    askers = [
        threading.Thread(target=lambda n=n: answers.append(ask(runtime, f"{OTHER} ({n})"))) for n in range(ASKERS)
    ]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert len(answers) == ASKERS
    assert all("42 days" in answer.text for answer in answers)
    assert len(RecoveryStore(runtime.store).list_recoveries()) == 1


def test_where_nothing_can_be_built_the_asker_gets_a_clear_error(
    runtime: ServingRuntime, home: Path, tmp_path: Path
) -> None:
    ask(runtime)
    for path in (tmp_path / "depot").iterdir():
        path.unlink()
    (tmp_path / "depot").rmdir()
    damage(table_folder(home), "data deleted")
    with pytest.raises(IndexDamagedError, match="could not be built again"):
        ask(runtime, OTHER)
