"""Rows of decisions, and two people who sign at once."""

from __future__ import annotations

import datetime
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from engine.settings import ROOT
from engine.store import DecisionStore, Store, open_store

EVIDENCE = {"small": 1e-05, "tenth": 0.1, "whole": 1.0, "none": None, "words": "≥ é 'x'", "many": [1, 2.5e-17, 0.30000000000000004]}  # fmt: skip
SIGN = """
import sys
from pathlib import Path
from engine.store import DecisionStore, open_store
with open_store(Path(sys.argv[1])) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    DecisionStore(store).record_sign_off(roadmap="r", phase=1, who=sys.argv[2], role="", verdict="pass",
        policy="point", evidence_hash="h", evidence={"a": 1})
"""


def sign(store: Store, who: str, evidence_hash: str = "h", evidence: dict[str, Any] | None = None) -> str:
    signed = DecisionStore(store).record_sign_off(
        roadmap="r",
        phase=1,
        who=who,
        role="QA",
        verdict="pass",
        policy="point",
        evidence_hash=evidence_hash,
        evidence=evidence or {"a": 1},
    )
    return signed.sign_off_id


def test_evidence_comes_back_as_it_was_signed(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        sign(store, "Ann", evidence=EVIDENCE)
        (found,) = DecisionStore(store).list_sign_offs("r", 1)
    assert found.evidence == EVIDENCE
    assert [type(value) for value in found.evidence.values()] == [type(value) for value in EVIDENCE.values()]


def test_one_person_under_one_evidence_is_one_signature_and_two_people_are_two(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        assert sign(store, "Ann") == sign(store, "ann")
        sign(store, "Bob")
        sign(store, "Ann", "another hash")
        assert sorted(s.who for s in DecisionStore(store).list_sign_offs()) == ["Ann", "Ann", "Bob"]


def test_a_revoked_signature_stays_in_the_list_and_the_person_may_sign_again(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        decisions = DecisionStore(store)
        first = sign(store, "Ann")
        decisions.revoke_sign_off(first, "Bob", "the run was of another branch")
        decisions.revoke_sign_off(first, "Carl", "too late to say so")
        assert sign(store, "Ann") != first
        gone = decisions.find_sign_off(first)
        assert gone is not None and (gone.stands, gone.revoked_by) == (False, "Bob")
        assert sum(s.stands for s in decisions.list_sign_offs("r")) == 1


def test_many_threads_signing_at_once_leave_one_signature_for_each_person(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        start = threading.Barrier(8)

        def work(who: str) -> None:
            start.wait()
            sign(store, who)

        threads = [threading.Thread(target=work, args=(f"person {i % 4}",)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(s.who for s in DecisionStore(store).list_sign_offs()) == [f"person {i}" for i in range(4)]


def test_two_processes_signing_at_once_both_stand_and_the_same_person_is_one(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        people = ["Ann", "Bob", "Ann"]
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", SIGN, str(tmp_path), who],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=ROOT,
            )
            for who in people
        ]
        for process in processes:
            assert process.stdout is not None and process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in processes:
            process.communicate()
            assert process.returncode == 0
        assert sorted(s.who for s in DecisionStore(store).list_sign_offs()) == ["Ann", "Bob"]


def test_a_waiver_holds_to_the_end_of_its_day_and_the_newest_counts(tmp_path: Path) -> None:
    day = datetime.date(2026, 12, 1)
    with open_store(tmp_path) as store:
        decisions = DecisionStore(store)
        for who, expires in (("Ann", day), ("Bob", day - datetime.timedelta(days=5))):
            decisions.give_waiver(
                roadmap="r", phase=1, kpi="k", goal="> 1", who=who, reason="because of this", expires_on=expires
            )
        early = decisions.find_active_waivers("r", day - datetime.timedelta(days=5))
        assert early[1, "k"].who == "Bob"
        assert decisions.find_active_waivers("r", day)[1, "k"].who == "Ann"
        assert decisions.find_active_waivers("r", day + datetime.timedelta(days=1)) == {}
        decisions.withdraw_waivers("r", 1, "k", "Carl")
        assert decisions.find_active_waivers("r", day) == {}
        assert {w.withdrawn_by for w in decisions.list_waivers("r", 1)} == {"Carl"}


def test_a_tick_replaces_the_one_before_and_can_be_taken_back(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        decisions = DecisionStore(store)
        decisions.save_tick("r", "item", done=False, link="", note="", who="Ann")
        second = decisions.save_tick("r", "item", done=True, link="https://x.org", note="n", who="Bob", value=0.5)
        assert decisions.load_ticks("r") == {"item": second}
        decisions.delete_tick("r", "item")
        assert decisions.load_ticks("r") == {}


def test_confidence_is_kept_once_a_week_under_its_monday(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        decisions = DecisionStore(store)
        decisions.save_confidence("r", datetime.date(2026, 11, 20), 0.9, note="", who="Ann")
        decisions.save_confidence("r", datetime.date(2026, 11, 16), 0.92, note="", who="Bob")
        decisions.save_confidence("r", datetime.date(2026, 11, 9), 0.8, note="", who="Ann")
        weeks = decisions.list_confidence("r")
    assert [(w.week.isoformat(), w.value) for w in weeks] == [("2026-11-09", 0.8), ("2026-11-16", 0.92)]
