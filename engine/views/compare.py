"""The Compare screen: the finding, measures, what changed, flipped cases, latencies, what so many cases can show."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.evaluation.comparing import MOST_RUNS, Comparison, MeasureDifference, PairComparison, RunSide, compare_runs
from engine.evaluation.comparing.wording import OUTCOME_WORDS
from engine.reports.comparison import build_comparison_report, render_comparison
from engine.reports.comparison_rows import method_words, one_sided_words, run_words
from engine.store import RunStore, Store
from engine.store.comparisons import ComparisonStore
from engine.views.compare_rows import (
    ForestGroup,
    LatencyCurve,
    build_changes,
    build_curves,
    build_forests,
    build_measures,
    build_power,
    describe_latency,
)
from engine.views.run_states import STATE_WORDS
from engine.views.words import clock, count, percent, plural

OFFERED = 200
FLIPS_A_PAGE = 10
KEPT = 6
ANSWER_SHOWN = 600
FLIP_KINDS = {"worse": "From pass to fail", "better": "From fail to pass"}
TONES = {
    "worse": ("error", "trending_down"),
    "worse_within_tolerance": ("warning", "trending_down"),
    "better": ("success", "trending_up"),
    "no_difference": ("info", "drag_handle"),
    "no_data": ("warning", "help"),
}
_kept: OrderedDict[tuple[Any, ...], Comparison] = OrderedDict()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChoices:
    """Runs to choose from, newest first: words by id. ``waiting`` are runs that have not ended."""

    offered: Mapping[str, str]
    waiting: int
    suggested: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCard:
    """One of the compared runs."""

    label: str
    run_id: str
    title: str
    success: str
    words: str
    is_baseline: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareView:
    """One run against the baseline, ready to be drawn.

    Attributes:
        pairs: words by place, to choose which run is held against the baseline.
        changed: settings that differ; ``setup`` is all of them.
        flips: cases by kind, counted over the whole run.
    """

    cards: tuple[RunCard, ...]
    pairs: Mapping[int, str]
    place: int
    outcome: str
    tone: str
    icon: str
    sentence: str
    warnings: tuple[str, ...]
    label_a: str
    label_b: str
    run_a: str
    run_b: str
    measures: tuple[Mapping[str, Any], ...]
    measures_title: str
    forests: tuple[ForestGroup, ...]
    changed: tuple[Mapping[str, str], ...]
    setup: tuple[Mapping[str, str], ...]
    flips: Mapping[str, int]
    one_sided: tuple[str, ...]
    curves: tuple[LatencyCurve, ...]
    latency_title: str
    power: tuple[Mapping[str, Any], ...]
    power_words: str
    method: str
    comparison: Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """One case that flipped."""

    case_id: str
    question: str
    answer_a: str
    answer_b: str
    state_a: str
    state_b: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipPage:
    """One page of flipped cases."""

    flips: tuple[Flip, ...]
    pages: int
    page: int
    caption: str


def load_choices(store: Store, zone: str | None = None) -> RunChoices:
    """Runs that have ended, newest first, and two of one suite to begin with."""
    rows = RunStore(store).list_runs(OFFERED)
    ended = [row for row in rows if row["status"] != "running"]
    offered = {
        row[
            "run_id"
        ]: f"{row['run_id']} · {percent(row['success_rate']['value'])} of {count(row['success_rate']['n'])} · "
        f"{row['suite']}, {clock(row['started_at'], zone)}"
        for row in ended
    }
    newest: dict[str, str] = {}
    suggested: tuple[str, ...] = ()
    for row in ended:
        if row["suite"] in newest:
            suggested = (row["run_id"], newest[row["suite"]])
            break
        newest[row["suite"]] = row["run_id"]
    return RunChoices(offered=offered, waiting=len(rows) - len(ended), suggested=suggested)


def load_comparison(store: Store, run_ids: Sequence[str], *, tolerance: float = 0.0, place: int = 1) -> CompareView:
    """The run at ``place`` (1 is the first after the baseline) against the baseline.

    Raises:
        InputError: not two to five different runs that have ended, or no case in common.
        UnknownNameError: no such run.
    """
    found = _compare(store, run_ids, tolerance)
    place = min(max(1, place), len(found.pairs))
    pair = found.pairs[place - 1]
    tone, icon = TONES[pair.outcome]
    setup = build_changes(pair)
    curves = build_curves(ComparisonStore(store), found.runs)
    return CompareView(
        cards=tuple(_build_card(run, run is found.runs[0]) for run in found.runs),
        pairs={i + 1: f"{p.b.label} against {p.a.label}" for i, p in enumerate(found.pairs)},
        place=place,
        outcome=_title(pair),
        tone=tone,
        icon=icon,
        sentence=pair.sentence,
        warnings=(*pair.warnings, *(_warn_same(pair),) * pair.same_setup),
        label_a=pair.a.label,
        label_b=pair.b.label,
        run_a=pair.a.run_id,
        run_b=pair.b.run_id,
        measures=build_measures(pair),
        measures_title=_count_findings(pair),
        forests=build_forests(pair),
        changed=tuple(row for row in setup if row[pair.a.label] != row[pair.b.label]),
        setup=setup,
        flips=pair.flips,
        one_sided=tuple(one_sided_words(pair)),
        curves=curves,
        latency_title=describe_latency(pair),
        power=build_power(pair),
        power_words=_describe_power(pair),
        method=method_words(pair),
        comparison=found,
    )


def load_flips(store: Store, view: CompareView, kind: str, page: int) -> FlipPage:
    """One page of the cases that flipped, in suite order."""
    total = view.flips[kind]
    pages = max(1, -(-total // FLIPS_A_PAGE))
    page = min(max(1, page), pages)
    first = (page - 1) * FLIPS_A_PAGE
    rows = ComparisonStore(store).find_flips(view.run_a, view.run_b, kind, FLIPS_A_PAGE, first)
    flips = tuple(
        Flip(
            case_id=row["case_id"],
            question=row["question"],
            answer_a=_shorten(row["answer_a"]),
            answer_b=_shorten(row["answer_b"]),
            state_a=row["status_a"],
            state_b=row["status_b"],
        )
        for row in rows
    )
    caption = f"Cases {first + 1} to {first + len(flips)} of {count(total)}." if flips else ""
    return FlipPage(flips=flips, pages=pages, page=page, caption=caption)


def render_download(store: Store, view: CompareView, format: str) -> bytes:
    """The comparison of all chosen runs as a file."""
    return render_comparison(build_comparison_report(store, view.comparison), format)


def read_run_ids(runs: Sequence[str], listed: str) -> tuple[str, ...]:
    """Ids of a link: ``run=a&run=b`` or ``runs=a,b``, each once, at most five."""
    names = [name.strip() for name in (*runs, *listed.split(","))]
    return tuple(dict.fromkeys(name for name in names if name))[:MOST_RUNS]


def _compare(store: Store, run_ids: Sequence[str], tolerance: float) -> Comparison:
    """Kept until a run changes, so that turning a page does not compute it again."""
    stamps = store.query(
        "SELECT r.run_id, r.status, r.heartbeat_at, r.ended_at, s.n, s.mark FROM runs r LEFT JOIN"
        " (SELECT run_id, count(value) AS n, round(sum(value * (rowid % 997 + 1)), 3) AS mark FROM scores"
        " WHERE list_contains(?, run_id) GROUP BY run_id) s"
        " USING (run_id) WHERE list_contains(?, run_id) ORDER BY r.run_id",
        (list(run_ids), list(run_ids)),
    )
    runs = store.query("SELECT count(*) AS n, max(ended_at) AS newest FROM runs WHERE status = 'finished'")
    key = (str(store.home), tuple(run_ids), tolerance, str(stamps), str(runs))
    if key in _kept:
        _kept.move_to_end(key)
        return _kept[key]
    found = _kept[key] = compare_runs(store, run_ids, tolerance=tolerance)
    while len(_kept) > KEPT:
        _kept.popitem(last=False)
    return found


def _build_card(run: RunSide, is_baseline: bool) -> RunCard:
    judged = run.ended - run.unscored
    return RunCard(
        label=run.label,
        run_id=run.run_id,
        title=f"{run.label} · {run.suite}" + (" · baseline" if is_baseline else ""),
        success=f"{percent(run.passed / judged if judged else None)} of {plural(judged, 'case')} passed",
        words=f"{STATE_WORDS.get(run.status, run.status)}. {run_words(run)}.",
        is_baseline=is_baseline,
    )


def _title(pair: PairComparison) -> str:
    if pair.worse and pair.better:
        tolerated = "" if pair.regressions else ", within the tolerance"
        return (
            f"{pair.b.label} is worse in {plural(len(pair.worse), 'measure')}{tolerated}, better in {len(pair.better)}"
        )
    if pair.worse:
        return f"{pair.b.label} is {OUTCOME_WORDS[pair.outcome]}"
    words = {"better": f"{pair.b.label} is better beyond chance", "no_data": "Nothing to compare"}
    return words.get(pair.outcome, f"No difference of {pair.b.label} from {pair.a.label} beyond chance")


def _shorten(answer: str | None) -> str:
    if not answer:
        return "no answer"
    return answer if len(answer) <= ANSWER_SHOWN else answer[: ANSWER_SHOWN - 1].rstrip() + "…"


def _warn_same(pair: PairComparison) -> str:
    return (
        f"{pair.b.label} repeats {pair.a.label}: same suite, settings, target and code. What differs between them is noise, or "
        "a change that no run records."
    )


def _count_findings(pair: PairComparison) -> str:
    better, worse = len(pair.better), len(pair.worse)
    rest = sum(m.n > 0 for m in pair.measures) - better - worse
    return f"{plural(worse, 'measure')} worse, {better} better, {rest} without a finding"


def _describe_power(pair: PairComparison) -> str:
    tested = [m for m in pair.measures if m.is_tested]
    short: list[MeasureDifference] = [m for m in tested if m.verdict == "no_difference" and m.more_cases]
    lead = next((m for m in pair.measures if m.measure == "success_rate" and m.detectable is not None), None)
    words = (
        f"{plural(lead.n, 'paired case')} show a difference of about {100 * (lead.detectable or 0):.1f} points of success rate in "
        "four comparisons of five. " if lead else ""
    )  # fmt: skip
    return words + (
        f"For {plural(len(short), 'measure')} what was seen would need more cases to be told from chance."
        if short
        else "No measure waits for more cases."
    )
