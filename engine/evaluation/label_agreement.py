"""How the automatic verdict agrees with what people say of the same answers, and people with each other."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.evaluation.agreement import KappaEstimate, cohen_kappa

Row = Mapping[str, Any]
VERDICTS = {"passed": "right", "failed": "wrong", "error": "wrong"}
DECIDED = ("right", "wrong")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorLabels:
    """What one person has said, and how far the automatic verdict agrees with it."""

    author: str
    right: int
    wrong: int
    unsure: int
    agreement: KappaEstimate


@dataclass(frozen=True, slots=True, kw_only=True)
class PairAgreement:
    """How far two persons agree over the cases that both of them decided."""

    authors: tuple[str, str]
    agreement: KappaEstimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """A case whose verdict a person contradicts. ``labels``: person to label."""

    case_id: str
    status: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelAgreement:
    """The labels of a run, summed up.

    Attributes:
        cases: cases with a label; ``decided`` of them say right or wrong, by the majority of their labels.
        verdict: the automatic verdict against that majority, over the decided cases that have a verdict.
        authors, pairs: each person against the verdict, each two persons against each other, in alphabetical order.
        disagreements: in the order of the suite.
    """

    cases: int
    decided: int
    verdict: KappaEstimate
    authors: tuple[AuthorLabels, ...]
    pairs: tuple[PairAgreement, ...]
    disagreements: tuple[Disagreement, ...]

    def as_json(self) -> dict[str, Any]:
        """The ``agreement`` of ``labels RUN --json``."""
        return {
            "cases": self.cases,
            "decided": self.decided,
            "verdict": self.verdict.as_json(),
            "authors": [
                {"author": a.author, "right": a.right, "wrong": a.wrong, "unsure": a.unsure}
                | {"agreement": a.agreement.as_json()}
                for a in self.authors
            ],
            "between": [{"authors": list(p.authors), "agreement": p.agreement.as_json()} for p in self.pairs],
            "disagreements": [
                {"case": d.case_id, "status": d.status, "labels": dict(d.labels)} for d in self.disagreements
            ],
        }


def measure_agreement(rows: Iterable[Row]) -> LabelAgreement:
    """Agreement over the labels of one run.

    Args:
        rows: case_id, status (of the case), author, label; in the order of the suite. ``unsure`` takes no side, and an
            unscored case has no verdict: neither counts towards an agreement. An error is a failure.
    """
    by_case: dict[str, dict[str, str]] = defaultdict(dict)
    statuses: dict[str, str] = {}
    for row in rows:
        by_case[row["case_id"]][row["author"]] = row["label"]
        statuses[row["case_id"]] = row["status"]
    sides = {case: side for case, labels in by_case.items() if (side := _majority(labels.values()))}
    names = sorted({author for labels in by_case.values() for author in labels})
    return LabelAgreement(
        cases=len(by_case),
        decided=len(sides),
        verdict=_against_verdict(sides, statuses),
        authors=tuple(_of_author(name, by_case, statuses) for name in names),
        pairs=tuple(_between(a, b, by_case) for a, b in itertools.combinations(names, 2)),
        disagreements=tuple(
            Disagreement(case_id=case, status=statuses[case], labels=labels)
            for case, labels in by_case.items()
            if _contradicts(labels.values(), VERDICTS.get(statuses[case]))
        ),
    )


def _majority(labels: Iterable[str]) -> str:
    """``right`` or ``wrong``, whichever more people say; empty for a tie or when nobody decided."""
    counts = Counter(labels)
    if counts["right"] == counts["wrong"]:
        return ""
    return "right" if counts["right"] > counts["wrong"] else "wrong"


def _contradicts(labels: Iterable[str], verdict: str | None) -> bool:
    return verdict is not None and any(label in DECIDED and label != verdict for label in labels)


def _against_verdict(sides: Mapping[str, str], statuses: Mapping[str, str]) -> KappaEstimate:
    judged = [(VERDICTS[statuses[case]], side) for case, side in sides.items() if statuses[case] in VERDICTS]
    return cohen_kappa([verdict for verdict, _ in judged], [side for _, side in judged])


def _of_author(name: str, by_case: Mapping[str, Mapping[str, str]], statuses: Mapping[str, str]) -> AuthorLabels:
    said = {case: labels[name] for case, labels in by_case.items() if name in labels}
    counts = Counter(said.values())
    decided = {case: label for case, label in said.items() if label in DECIDED}
    return AuthorLabels(
        author=name,
        right=counts["right"],
        wrong=counts["wrong"],
        unsure=counts["unsure"],
        agreement=_against_verdict(decided, statuses),
    )


def _between(a: str, b: str, by_case: Mapping[str, Mapping[str, str]]) -> PairAgreement:
    both = [
        (labels[a], labels[b]) for labels in by_case.values() if labels.get(a) in DECIDED and labels.get(b) in DECIDED
    ]
    return PairAgreement(authors=(a, b), agreement=cohen_kappa([x for x, _ in both], [y for _, y in both]))
