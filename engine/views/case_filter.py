"""Which cases of a run a screen shows, as its address says it: the same on the table and on each case of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from engine.store import Store
from engine.store.cases import FLAGS, CaseQuery, find_against
from engine.views.words import sentence_list

PAGE_SIZE = 25
STATES = {"passed": "Passed", "failed": "Failed", "error": "Error", "unscored": "Unscored"}
SORTS = {
    "severity": "Failures first",
    "position": "Order of the suite",
    "-latency_ms": "Slowest first",
    "latency_ms": "Fastest first",
    "context_quality": "Lowest quality first",
    "-context_quality": "Highest quality first",
    "measure": "Measure, lowest first",
    "-measure": "Measure, highest first",
    "-labels": "Most labels first",
    "id": "Case, A to Z",
    "question": "Question, A to Z",
    "tags": "Tags, A to Z",
    "kind": "Kind",
    "-ended_at": "Ended last",
}
FLAG_WORDS = {
    "failing": ("Failing", "The case failed or ended with an error."),
    "flipped": ("Flipped", "It passes here and does not there, or the other way round."),
    "slow": ("Slow", "Slower than 95 of 100 cases of this run."),
    "low_quality": ("Low quality", "Context quality under 0.5, or among the lowest tenth of this run."),
    "disagreeing": ("Disagreeing", "A person contradicts the verdict, or two judges lie more than 0.5 apart."),
    "unlabelled": ("Unlabelled", "Nobody has said yet whether the answer is right."),
    "labelled": ("Labelled", "Somebody has said whether the answer is right."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFilter:
    """What is chosen on the screen; empty means all. ``against`` empty means the previous complete run."""

    states: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    tag: str = ""
    kind: str = ""
    text: str = ""
    against: str = ""
    measure: str = ""
    low: float | None = None
    high: float | None = None
    sort: str = "severity"
    page: int = 1

    @property
    def address(self) -> dict[str, str]:
        """The query parameters that bring this filter back, its page too; what is not chosen is left out."""
        given = {
            "flags": ",".join(self.flags),
            "states": ",".join(self.states),
            "tag": self.tag,
            "kind": self.kind,
            "find": self.text,
            "against": self.against,
            "measure": self.measure,
            "low": "" if self.low is None else f"{self.low:g}",
            "high": "" if self.high is None else f"{self.high:g}",
            "sort": "" if self.sort == "severity" else self.sort,
            "page": "" if self.page <= 1 else str(self.page),
        }
        return {name: value for name, value in given.items() if value}

    @property
    def words(self) -> str:
        """What the cases of this filter are called: ``failing and slow``; empty when nothing is chosen."""
        flags = [FLAG_WORDS[flag][0].lower() for flag in self.flags]
        chosen = [sentence_list(flags), sentence_list(STATES[state].lower() for state in self.states)]
        chosen += [f"with the tag {self.tag}" if self.tag else "", f"of kind {self.kind}" if self.kind else ""]
        chosen += [f"with “{self.text}”" if self.text else ""]
        if self.low is not None or self.high is not None:
            chosen.append(f"with {self.measure} from {self.low or 0:g} to {1 if self.high is None else self.high:g}")
        return ", ".join(part for part in chosen if part)

    @property
    def chosen(self) -> bool:
        """Whether anything narrows the list."""
        return bool(self.words)


def read_filter(params: Mapping[str, str]) -> CaseFilter:
    """The filter of an address. What it does not know is left out, so that an old link still opens."""
    measure = params.get("measure", "")
    sort = params.get("sort", "severity")
    low, high = (_read_number(params.get(name, "")) if measure else None for name in ("low", "high"))
    return CaseFilter(
        states=_read_names(params.get("states", ""), STATES),
        flags=_read_names(params.get("flags", ""), FLAGS),
        tag=params.get("tag", ""),
        kind=params.get("kind", ""),
        text=params.get("find", "").strip(),
        against=params.get("against", ""),
        measure=measure,
        low=low,
        high=high,
        sort=sort if sort in offer_sorts(measure) else "severity",
        page=max(1, int(_read_number(params.get("page", "")) or 1)),
    )


def offer_sorts(measure: str) -> dict[str, str]:
    """The orders that can be chosen: those by a measure once one is."""
    return {name: words for name, words in SORTS.items() if measure or not name.endswith("measure")}


def build_query(store: Store, run_id: str, chosen: CaseFilter) -> CaseQuery:
    """The query of a filter; the run to compare with is looked up where none is named or the named one is gone."""
    named = store.query("SELECT run_id FROM runs WHERE run_id = ?", (chosen.against,)) if chosen.against else []
    return CaseQuery(
        run_id=run_id,
        statuses=chosen.states,
        kind=chosen.kind,
        tag=chosen.tag,
        search=chosen.text,
        flags=chosen.flags,
        against=chosen.against if named else find_against(store, run_id) or "",
        measure=chosen.measure,
        low=chosen.low,
        high=chosen.high,
        sort=chosen.sort,
        page=chosen.page,
        page_size=PAGE_SIZE,
    )


def at_page(chosen: CaseFilter, page: int) -> CaseFilter:
    """The same filter at another page."""
    return replace(chosen, page=page)


def _read_names(text: str, offered: Mapping[str, object] | tuple[str, ...]) -> tuple[str, ...]:
    given = text.split(",")
    return tuple(name for name in offered if name in given)


def _read_number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < 1e9 else None
