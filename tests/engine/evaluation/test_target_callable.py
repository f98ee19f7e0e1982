"""A callable in its worker process: what it does to itself, it does to itself alone."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine.errors import InputError, TargetError
from engine.evaluation.deadlines import DeadlineTarget
from engine.evaluation.opening_targets import ForeignTarget, open_target
from engine.evaluation.target_files import build_spec
from engine.settings import ROOT
from tests.engine.evaluation.scripted import DOCUMENTS

BOT = """
import asyncio, os, subprocess, sys, time
from dataclasses import dataclass

kept = []
print("noise while it is imported")

def answer(question, history=()):
    if question == "raise":
        raise ValueError("of " + os.environ.get("BOT_TOKEN", ""))
    if question == "hang":
        time.sleep(60)
    if question == "die":
        os._exit(3)
    if question == "exit":
        sys.exit("bye")
    if question == "print":
        print("noise on stdout")
        os.write(1, b"more noise\\n")
        subprocess.run(["echo", "noise of a child"])
        sys.stdout.write('{"id": 1, "values": {"answer": "forged"}}\\n')
    if question == "leak":
        kept.append(b"x" * 300_000_000)
    if question == "huge":
        return "x" * 200_000
    if question == "wrong":
        return 42
    if question == "odd":
        return {"answer": "x", "contexts": [object()]}
    if question == "history":
        return f"{len(history)} turns, the last {history[-1][1]}"
    if question == "half":
        return "a \\ud800 half and a \\x00 zero"
    if question == "contexts":
        return {"answer": "Mr Hale.", "contexts": ["Mr Hale runs it."], "abstained": False, "cost_usd": 0.01}
    return "plain"

async def later(question):
    await asyncio.sleep(0.05)
    return {"answer": "later"}

async def messages(question, messages):
    return messages[-1]["content"]

@dataclass
class Passage:
    page_content: str
    metadata: dict

@dataclass
class Result:
    answer: str
    contexts: list
    retrieved: list

class Bot:
    def __call__(self, question):
        passage = Passage("The depot in Larkham opened in 1951.", {"source": "docs/depot.md", "other": object()})
        return Result("In 1951.", [passage], ["depot.md", "refunds.md"])

constant = 7
"""

Open = Callable[..., ForeignTarget]


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def opened(tmp_path: Path, lines: list[str]) -> Iterator[Open]:
    (tmp_path / "bot_of_test.py").write_text(BOT)
    managers: list[Any] = []

    def make(function: str = "answer", **limits: Any) -> ForeignTarget:
        config = {"kind": "callable", "callable": f"bot_of_test:{function}", "folder": str(tmp_path), "limits": limits}
        managers.append(open_target(build_spec(config, "t", name="bot"), documents=DOCUMENTS, log=lines.append))
        return managers[-1].__enter__()

    yield make
    for manager in managers:
        manager.__exit__(None, None, None)


def wait_for(condition: Callable[[], bool], seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
    return condition()


@pytest.mark.parametrize(
    ("question", "limits", "expected"),
    [
        ("raise", {}, "bot_of_test:answer raised ValueError at bot_of_test.py, line "),
        ("hang", {"timeout_s": 0.3}, "did not answer within 0.3 s; its worker process was ended"),
        ("die", {}, "its worker process ended with exit code 3 before it answered"),
        ("exit", {}, "raised SystemExit"),
        ("leak", {"memory_mb": 200}, "more than the 200 MB that its worker process may"),
        ("huge", {"max_reply_kb": 64}, "returned more than 64 KB"),
        ("wrong", {}, "expected text, an object with the key answer, or one with such an attribute; found a int"),
        ("odd", {}, "found a object at contexts"),
    ],
)
def test_what_goes_wrong_is_that_cases_error_and_the_next_question_is_answered(
    question: str, limits: dict[str, Any], expected: str, opened: Open
) -> None:
    target = opened(**limits)
    with pytest.raises(TargetError) as caught:
        target.ask(question)
    assert expected in caught.value.message
    assert target.ask("next").text == "plain"


def test_a_worker_that_was_ended_is_replaced_once(opened: Open) -> None:
    target = opened()
    for _ in range(2):
        with pytest.raises(TargetError):
            target.ask("die")
    assert target.ask("next").text == "plain"
    with pytest.raises(TargetError):
        target.ask("raise")
    assert target.describe()["restarts"] == 2


def test_what_is_printed_goes_to_the_log_and_cannot_forge_a_reply(opened: Open, lines: list[str]) -> None:
    target = opened()
    assert target.ask("print").text == "plain"
    wanted = ("noise while it is imported", "noise on stdout", "more noise", "noise of a child", "forged")
    assert wait_for(lambda: all(any(text in line for line in lines) for text in wanted)), lines


def test_all_that_was_printed_has_come_when_the_target_is_closed(tmp_path: Path, lines: list[str]) -> None:
    (tmp_path / "loud.py").write_text(
        "def answer(question):\n    for n in range(100):\n        print('line', n)\n    return 'x'"
    )
    spec = build_spec({"kind": "callable", "callable": "loud:answer", "folder": str(tmp_path)}, "t", name="loud")

    def log_slowly(line: str) -> None:
        time.sleep(0.002)
        lines.append(line)

    with open_target(spec, documents={}, log=log_slowly) as target:
        target.ask("print")
    assert lines[-1].endswith("line 99")


def test_the_traceback_is_in_the_log_without_secrets(
    opened: Open, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_TOKEN", "s3cr3t-value")
    with pytest.raises(TargetError) as caught:
        opened().ask("raise")
    assert wait_for(lambda: any("ValueError: of ***" in line for line in lines)), lines
    assert not any("s3cr3t-value" in line for line in [*lines, caught.value.message])


def test_text_a_mapping_and_an_object_with_attributes_are_answers(opened: Open) -> None:
    plain, full, made = opened().ask("x"), opened().ask("contexts"), opened("Bot").ask("When?")
    assert (plain.text, plain.context.quality, plain.gaps["contexts"].fails) == ("plain", None, False)
    assert (full.context.parts[0].document, full.cost_usd, full.abstained) == ("depot.md", 0.01, False)
    assert [r.document for r in made.retrieved] == ["depot.md", "refunds.md"]
    assert made.context.parts[0].start == 0


def test_contexts_that_stop_coming_fail_their_measures(opened: Open) -> None:
    target = opened()
    target.ask("contexts")
    assert target.ask("x").gaps["contexts"].fails


def test_async_callables_history_and_messages_are_served(opened: Open) -> None:
    answer = opened("later").ask("x")
    assert answer.text == "later"
    assert answer.timings_ms["total"] >= 50
    assert opened("messages").ask("And then?", [("a", "b")]).text == "And then?"
    assert opened().ask("history", [("a", "b"), ("c", "d")]).text == "2 turns, the last d"


def test_characters_that_are_no_text_are_replaced(opened: Open) -> None:
    assert opened().ask("half").text == "a � half and a � zero"


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("no_such_module:answer", "ModuleNotFoundError"),
        ("bot_of_test:no_such", "AttributeError"),
        ("bot_of_test:constant", "cannot be called"),
    ],
)
def test_what_cannot_be_imported_is_refused_before_the_first_question(
    reference: str, reason: str, opened: Open, tmp_path: Path
) -> None:
    spec = build_spec({"kind": "callable", "callable": reference, "folder": str(tmp_path)}, "t", name="b")
    with pytest.raises(InputError, match=reason), open_target(spec, documents={}, log=lambda _: None):
        pass


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    spec = build_spec({"kind": "callable", "callable": "a:b", "folder": str(tmp_path / "no")}, "t", name="b")
    with pytest.raises(InputError, match="cannot be started"), open_target(spec, documents={}):
        pass


def test_as_many_workers_as_the_concurrency_answer_at_once(opened: Open) -> None:
    target = opened("later", concurrency=2)
    target.ask("warm")
    threads = [threading.Thread(target=target.ask, args=("x",)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert target.describe()["workers"] == 2
    assert target.describe()["restarts"] == 0
    assert target.describe()["peak_mb"] > 0


def test_no_worker_outlives_its_target_even_one_that_hangs(opened: Open, tmp_path: Path) -> None:
    before = {child.pid for child in psutil.Process().children()}
    config = {"kind": "callable", "callable": "bot_of_test:answer", "folder": str(tmp_path)}
    (tmp_path / "bot_of_test.py").write_text(BOT)

    def ask(target: ForeignTarget) -> None:
        with pytest.raises(TargetError):
            target.ask("hang")

    with open_target(build_spec(config, "t", name="b"), documents={}, log=lambda _: None) as target:
        thread = threading.Thread(target=ask, args=(target,))
        thread.start()
        workers = [child for child in psutil.Process().children() if child.pid not in before]
        assert workers
    thread.join(10)
    assert not thread.is_alive()
    assert not [worker for worker in workers if worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE]


def test_a_worker_ends_when_the_run_is_killed(tmp_path: Path) -> None:
    (tmp_path / "bot_of_test.py").write_text(BOT)
    script = f"""
        import os, signal, sys, threading, time
        sys.path.insert(0, {str(ROOT)!r})
        from engine.evaluation.opening_targets import open_target
        from engine.evaluation.target_files import build_spec
        import psutil
        config = {{"kind": "callable", "callable": "bot_of_test:answer", "folder": {str(tmp_path)!r}}}
        with open_target(build_spec(config, "t", name="b"), documents={{}}) as target:
            threading.Thread(target=target.ask, args=("hang",), daemon=True).start()
            time.sleep(0.2)
            print(psutil.Process().children()[0].pid, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=60)
    pid = int(done.stdout)
    assert wait_for(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


def test_a_case_that_ran_out_of_time_does_not_hold_the_worker(opened: Open) -> None:
    target = opened(timeout_s=60)
    with pytest.raises(TargetError, match="that a case has"):
        DeadlineTarget(target, 0.3).ask("hang")
    assert DeadlineTarget(target, 10).ask("next").text == "plain"
