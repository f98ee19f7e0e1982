from __future__ import annotations

import datetime
import json
import subprocess
import sys

import pytest

from engine.errors import InputError, UnknownNameError
from engine.roadmap.gates import check_gate
from engine.roadmap.roadmaps import load_roadmap
from engine.roadmap.sign_offs import build_evidence, hash_evidence, review_sign_offs, revoke_sign_off, sign_phase
from engine.roadmap.waivers import give_waiver
from engine.settings import ROOT
from engine.store import AuditTrail, DecisionStore, Store
from tests.engine.roadmap.seeded import AddRun
from tests.engine.roadmap.test_gates import MEMORY, stories

ROADMAP = load_roadmap("narrative-agent")
TODAY = datetime.date(2026, 11, 20)


def evidence_hash(store: Store, today: datetime.date = TODAY) -> str:
    return hash_evidence(build_evidence(check_gate(ROADMAP, 2, store, today=today)))


@pytest.fixture
def passing(store: Store, add_run: AddRun) -> Store:
    """A store in which phase 2 passes."""
    add_run("r1", "stories", stories(), memory=MEMORY)
    return store


def test_a_passing_phase_is_signed_with_name_time_and_hash(passing: Store) -> None:
    signed = sign_phase(passing, ROADMAP, 2, who=" Ann  Lee ", role="PM", note="well done", today=TODAY)
    assert (signed.who, signed.role, signed.note, signed.verdict) == ("Ann Lee", "PM", "well done", "pass")
    assert signed.evidence_hash == evidence_hash(passing)
    run = signed.evidence["runs"][0]
    assert run["run_id"] == "r1" and len(run["suite_hash"]) == 64 and run["cases_hash"]
    (entry,) = AuditTrail(passing).list_entries("narrative-agent/2")
    assert (entry["who"], entry["action"]) == ("Ann Lee", "phase signed")


def test_the_hash_is_the_same_at_every_reading_and_in_every_process(passing: Store) -> None:
    evidence = build_evidence(check_gate(ROADMAP, 2, passing, today=TODAY))
    assert hash_evidence(evidence) == evidence_hash(passing)
    assert hash_evidence(json.loads(json.dumps(evidence))) == hash_evidence(dict(reversed(evidence.items())))
    code = "import json, sys; from engine.roadmap.sign_offs import hash_evidence; print(hash_evidence(json.load(sys.stdin)))"
    done = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(evidence), capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.strip() == hash_evidence(evidence)


def test_a_phase_that_fails_or_lacks_data_cannot_be_signed(store: Store, add_run: AddRun) -> None:
    with pytest.raises(InputError, match="7 goals 7 without data"):
        sign_phase(store, ROADMAP, 2, who="Ann")
    add_run("r1", "stories", stories(quality=0.8), memory=MEMORY)
    with pytest.raises(InputError, match="7 goals 1 missed"):
        sign_phase(store, ROADMAP, 2, who="Ann")
    assert DecisionStore(store).list_sign_offs() == []


def test_waived_goals_are_listed_in_what_is_signed(store: Store, add_run: AddRun) -> None:
    add_run("r1", "stories", stories(quality=0.8), memory=MEMORY)
    until = datetime.date(2026, 12, 1)
    give_waiver(store, ROADMAP, 2, "context_quality", who="Bob", reason="known and accepted", until=until, today=TODAY)
    sign_phase(store, ROADMAP, 2, who="Ann", today=TODAY)
    (reviewed,) = review_sign_offs(store, ROADMAP, 2, today=until)
    assert reviewed.current and reviewed.as_json()["waived"] == ["context_quality"]
    (late,) = review_sign_offs(store, ROADMAP, 2, today=until + datetime.timedelta(days=1))
    assert not late.current
    assert any("waiver no longer holds" in change for change in late.changes)
    assert any("the gate says fail" in change for change in late.changes)


def test_evidence_that_changed_since_it_was_seen_is_not_signed(passing: Store, add_run: AddRun) -> None:
    seen = build_evidence(check_gate(ROADMAP, 2, passing))
    add_run("r2", "stories", stories(passed=89), memory=MEMORY)
    with pytest.raises(InputError, match="has changed since you saw it.*run r2 is newer.*Nothing was signed"):
        sign_phase(passing, ROADMAP, 2, who="Ann", seen_hash=hash_evidence(seen), seen=seen)
    assert DecisionStore(passing).list_sign_offs() == []
    assert sign_phase(passing, ROADMAP, 2, who="Ann", seen_hash=evidence_hash(passing)).who == "Ann"


def test_the_same_person_twice_is_one_signature(passing: Store) -> None:
    first = sign_phase(passing, ROADMAP, 2, who="Ann")
    assert sign_phase(passing, ROADMAP, 2, who="ann", note="again") == first
    sign_phase(passing, ROADMAP, 2, who="Bob")
    assert [r.sign_off.who for r in review_sign_offs(passing, ROADMAP, 2)] == ["Bob", "Ann"]
    assert len(AuditTrail(passing).list_entries()) == 2


def test_a_later_run_is_named_as_the_difference(passing: Store, add_run: AddRun) -> None:
    sign_phase(passing, ROADMAP, 2, who="Ann")
    add_run("r2", "stories", stories(passed=88), memory=MEMORY)
    (reviewed,) = review_sign_offs(passing, ROADMAP, 2)
    assert reviewed.intact and not reviewed.current
    assert "suite stories: run r2 is newer" in reviewed.changes
    assert any("91.43 %, it was 92.86 %" in change for change in reviewed.changes)


def test_the_other_policy_is_reviewed_under_itself(store: Store, add_run: AddRun) -> None:
    add_run("r1", "stories", stories(passed=100, quality=0.99, latency=5.0), memory=MEMORY)
    for goal in check_gate(ROADMAP, 2, store, policy="strict").goals:
        until = datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=3)
        give_waiver(store, ROADMAP, 2, goal.kpi, who="Bob", reason="one figure has no interval", until=until)
    sign_phase(store, ROADMAP, 2, who="Ann", policy="strict")
    (reviewed,) = review_sign_offs(store, ROADMAP, 2, gate=check_gate(ROADMAP, 2, store))
    assert reviewed.current and reviewed.sign_off.policy == "strict"


def test_stored_evidence_that_was_tampered_with_is_seen(passing: Store) -> None:
    signed = sign_phase(passing, ROADMAP, 2, who="Ann")
    changed = json.loads(json.dumps(signed.evidence))
    changed["goals"][0]["value"] = 0.999
    passing.execute("UPDATE sign_offs SET evidence = ? WHERE sign_off_id = ?", (changed, signed.sign_off_id))
    (reviewed,) = review_sign_offs(passing, ROADMAP, 2)
    assert not reviewed.intact and not reviewed.current


def test_a_signature_is_revoked_with_a_reason_and_stays_visible(passing: Store) -> None:
    signed = sign_phase(passing, ROADMAP, 2, who="Ann")
    with pytest.raises(InputError, match="reason of at least"):
        revoke_sign_off(passing, signed.sign_off_id, who="Bob", reason="no")
    revoked = revoke_sign_off(passing, signed.sign_off_id, who="Bob", reason="it was the wrong branch")
    assert (revoked.stands, revoked.revoked_by) == (False, "Bob")
    with pytest.raises(InputError, match="Bob has revoked"):
        revoke_sign_off(passing, signed.sign_off_id, who="Carl", reason="it was the wrong branch")
    with pytest.raises(UnknownNameError):
        revoke_sign_off(passing, "nope", who="Carl", reason="it was the wrong branch")
    (reviewed,) = review_sign_offs(passing, ROADMAP, 2)
    assert not reviewed.current and reviewed.as_json()["revoke_reason"] == "it was the wrong branch"


def test_nobody_cannot_sign(passing: Store) -> None:
    with pytest.raises(InputError, match="Nobody is named"):
        sign_phase(passing, ROADMAP, 2, who="  ")
