"""The parts of the Compare screen: choosing runs, the finding, what stands behind it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from engine.charts.comparison import build_forest, build_latency_curves
from engine.store import Store
from engine.views.compare import CompareView, RunChoices, render_download
from pages.ui.charts import draw_chart
from pages.ui.choosing import choose_section
from pages.ui.compare_cases import draw_flips
from pages.ui.compare_measures import draw_measures, draw_power, draw_setup
from pages.ui.markup import escape

SECTIONS = ("Measures", "Flipped cases", "Latency", "What it can show")
DOWNLOADS = {"CSV": "csv", "Markdown": "md", "HTML": "html", "JSON": "json"}
KINDS = {"csv": "text/csv", "md": "text/markdown", "html": "text/html", "json": "application/json"}


def choose_runs(choices: RunChoices, asked: Sequence[str]) -> tuple[tuple[str, ...], float]:
    """The chosen runs, baseline first, and the tolerance as a share; both are kept in the link."""
    given = tuple(asked) or choices.suggested
    offered = list(dict.fromkeys((*given, *choices.offered)))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        picked = st.multiselect(
            "Runs",
            offered,
            default=given,
            format_func=lambda run: choices.offered.get(run, run),
            max_selections=5,
            placeholder="Two to five runs",
            key="compare-runs-" + ",".join(given),
        )
        baseline = picked[0] if picked else None
        if len(picked) > 1:
            baseline = st.selectbox(
                "Baseline",
                picked,
                key="compare-baseline-" + ",".join(given),
                width=230,
                help="Each other run is held against it.",
            )
        tolerance = _choose_tolerance()
    chosen = tuple(dict.fromkeys([*([baseline] if baseline else []), *picked]))
    if chosen != tuple(asked) and len(chosen) > 1:
        rest = {k: v for k, v in st.query_params.to_dict().items() if k not in ("run", "runs", "page")}
        st.query_params.from_dict(rest | {"runs": ",".join(chosen)})
        if chosen != given:
            st.rerun()
    return chosen, tolerance


def _choose_tolerance() -> float:
    """How much worse is no regression, as a share."""
    points = st.number_input(
        "Tolerance, points",
        0.0,
        50.0,
        0.0,
        0.5,
        key="tolerance",
        bind="query-params",
        width=150,
        help="A measure that is worse beyond chance, but by less than this, is no regression. 2 points are 0.02 of a score, and "
        "2 % of a latency.",
    )
    return float(points) / 100


def choose_place(chosen: Sequence[str]) -> int:
    """Which run is held against the baseline, from 1; asked only with three runs and more."""
    if len(chosen) < 3:
        return 1
    letters = "ABCDE"[: len(chosen)]
    picked = st.segmented_control(
        "Against the baseline A",
        list(letters[1:]),
        default="B",
        key="against",
        bind="query-params",
        required=True,
    )
    return letters.index(picked) if picked in letters[1:] else 1


def draw_comparison(store: Store, view: CompareView) -> None:
    """The finding first, then measures, cases, latency and power."""
    draw = {"error": st.error, "warning": st.warning, "success": st.success, "info": st.info}[view.tone]
    draw(f"**{escape(view.outcome)}.** {escape(view.sentence)}", icon=f":material/{view.icon}:")
    for words in view.warnings:
        st.caption(f":material/warning: {escape(words)}")
    _draw_cards(view)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        section = choose_section(SECTIONS)
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            _draw_downloads(store, view)
            st.page_link(
                "pages/reports.py",
                label="Report",
                icon=":material/description:",
                query_params={"kind": "Comparison", "runs": ",".join(card.run_id for card in view.cards)},
            )
    if section == "Measures":
        _draw_measures(view)
    elif section == "Flipped cases":
        draw_flips(store, view)
    elif section == "Latency":
        _draw_latency(view)
    else:
        draw_power(view)


def _draw_cards(view: CompareView) -> None:
    for column, card in zip(st.columns(len(view.cards), gap="small"), view.cards, strict=True):
        with column.container(border=True, height="stretch", gap="xsmall"):
            st.markdown(f"**{escape(card.title)}**")
            st.markdown(escape(card.success))
            st.caption(escape(card.words))
            st.page_link(
                "pages/runs.py", label=escape(card.run_id), icon=":material/science:", query_params={"run": card.run_id}
            )


def _draw_measures(view: CompareView) -> None:
    left, right = st.columns([5, 2], gap="medium")
    with left:
        draw_measures(view)
    with right:
        draw_setup(view)
    for group in view.forests:
        draw_chart(build_forest(group), f"forest-{group.key}")
    st.caption(escape(view.method))


def _draw_latency(view: CompareView) -> None:
    if not view.curves:
        st.info("No case of these runs has a latency.", icon=":material/timer_off:")
        return
    draw_chart(build_latency_curves(view.curves, view.latency_title), "latency-curves")
    st.caption(
        "Each line rises from the fastest case to the slowest; further left is faster. Half a per cent of the cases at either "
        "end is not drawn. The cases of a run share the state of the machine, so a difference counts only beyond what "
        "repeated runs differ by."
    )


def _draw_downloads(store: Store, view: CompareView) -> None:
    with st.popover("Download", icon=":material/download:"):
        for name, format in DOWNLOADS.items():
            st.download_button(
                f"{name} for a pull request" if format == "md" else name,
                lambda format=format: render_download(store, view, format),
                f"comparison-{view.run_a}.{format}",
                KINDS[format],
                key=f"download-{format}",
                on_click="ignore",
                icon=":material/download:",
            )
