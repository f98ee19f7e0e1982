from __future__ import annotations

from engine.evaluation.label_agreement import measure_agreement


def row(case_id: str, status: str, author: str, label: str) -> dict[str, str]:
    return {"case_id": case_id, "status": status, "author": author, "label": label}


ROWS = [
    row("a", "passed", "ann", "right"), row("a", "passed", "bob", "right"),
    row("b", "passed", "ann", "wrong"), row("b", "passed", "bob", "wrong"),
    row("c", "failed", "ann", "wrong"), row("c", "failed", "bob", "right"),
    row("d", "error", "ann", "wrong"),
    row("e", "unscored", "ann", "right"),
    row("f", "failed", "bob", "unsure"),
]  # fmt: skip


def test_the_verdict_is_held_against_what_most_people_say() -> None:
    found = measure_agreement(ROWS)
    assert (found.cases, found.decided) == (6, 4)  # c is a tie, f undecided
    assert (found.verdict.n, found.verdict.agreed) == (3, 2)  # a, d agree, b does not, e has no verdict


def test_each_person_is_held_against_the_verdict_and_against_each_other() -> None:
    found = measure_agreement(ROWS)
    ann, bob = found.authors
    assert (ann.author, ann.right, ann.wrong, ann.unsure, ann.agreement.n, ann.agreement.agreed) == (
        "ann",
        2,
        3,
        0,
        4,
        3,
    )
    assert (bob.author, bob.right, bob.wrong, bob.unsure, bob.agreement.n, bob.agreement.agreed) == (
        "bob",
        2,
        1,
        1,
        3,
        1,
    )
    [pair] = found.pairs
    assert (pair.authors, pair.agreement.n, pair.agreement.agreed) == (("ann", "bob"), 3, 2)


def test_the_cases_that_a_person_contradicts_are_named() -> None:
    found = measure_agreement(ROWS)
    assert [(d.case_id, dict(d.labels)) for d in found.disagreements] == [
        ("b", {"ann": "wrong", "bob": "wrong"}),
        ("c", {"ann": "wrong", "bob": "right"}),
    ]
    assert found.as_json()["disagreements"][0] == {
        "case": "b", "status": "passed", "labels": {"ann": "wrong", "bob": "wrong"},
    }  # fmt: skip


def test_without_labels_there_is_nothing_to_agree_on() -> None:
    found = measure_agreement([])
    assert (found.cases, found.verdict.n, found.verdict.kappa, found.authors, found.pairs) == (0, 0, None, (), ())
