"""One sweep: its best setting against unseen questions, charts, every trial, what made it."""

from __future__ import annotations

import streamlit as st

from engine.charts.sweeps import build_front_chart, build_importance_chart, build_parallel_chart
from engine.store import Store
from engine.sweep_results import save_best
from engine.views.sweeps import MEASURE_WORDS, SweepDetail, load_sweep_detail, render_json
from engine.views.tables import build_csv
from engine.views.words import plural
from pages.ui.charts import draw_chart
from pages.ui.choosing import choose_section
from pages.ui.markup import escape, state_badge
from pages.ui.person import get_person
from pages.ui.progress import draw_facts
from pages.ui.resources import get_zone
from pages.ui.starting import resume_sweep
from pages.ui.states import draw_title, shown_errors

SECTIONS = ("Best", "Charts", "Trials", "What made it")


def draw_sweep(store: Store, sweep_id: str) -> None:
    """The screen of a sweep that has ended, however it ended."""
    sweep = load_sweep_detail(store, sweep_id, get_zone())
    draw_title(escape(sweep.title), f"`{sweep.sweep_id}` · {escape(sweep.caption)}")
    st.markdown(f"{state_badge(sweep.status)} &nbsp; **{escape(sweep.headline)}** {escape(sweep.explanation)}")
    if sweep.error:
        st.error(escape(sweep.error), icon=":material/error:")
    if sweep.resume_command:
        _draw_resume(sweep)
    if not sweep.scored:
        st.info("No setting was scored.", icon=":material/info:")
        return
    for column, tile in zip(st.columns(len(sweep.tiles), gap="xsmall"), sweep.tiles, strict=True):
        with column.container(border=True, height="stretch", gap="xsmall"):
            st.metric(tile.label, tile.value, help=tile.help)
            st.caption(tile.note)
    section = choose_section(SECTIONS)
    if section == "Best":
        _draw_best(store, sweep)
    else:
        {"Charts": _draw_charts, "Trials": _draw_trials, "What made it": _draw_facts}[section](sweep)


def _draw_resume(sweep: SweepDetail) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Resume", icon=":material/play_arrow:", type="primary"):
            with shown_errors():
                resume_sweep(sweep.reference, sweep.sweep_id)
                st.rerun()
        st.code(sweep.resume_command, language="bash")


def _draw_best(store: Store, sweep: SweepDetail) -> None:
    for note in sweep.notes:
        st.caption(f":material/info: {escape(note)}")
    left, right = st.columns([1, 2], gap="medium")
    with left:
        st.markdown("##### What the best setting changes")
        if sweep.changes:
            draw_facts({name: f"{old} → {new}" for name, (old, new) in sweep.changes.items()})
        else:
            st.markdown("Nothing: it is the one that the sweep started from.")
        with st.container(horizontal=True, vertical_alignment="center"):
            if sweep.saved:
                st.markdown(":green-badge[:material/check: Saved as the defaults]")
            elif st.button(
                "Save as defaults",
                icon=":material/save:",
                type="primary",
                help="Ask starts from them, and Suites offers them. The Settings screen shows them with this evidence.",
            ):
                with shown_errors():
                    save_best(store, sweep.sweep_id, get_person())
                    st.toast("Saved with this sweep as its evidence.", icon=":material/check:")
                    st.rerun()
            st.page_link(
                "pages/tuning.py", label="Open in the Tuning lab", icon=":material/tune:", query_params=sweep.tuning
            )
    with right:
        st.markdown(
            "##### Best against where it started, on the held-out questions",
            help="Paired by question. Interval by bootstrap, p by a sign-flip permutation test, not corrected for the number "
            "of measures: the one that the sweep chose by is the test, the others describe.",
        )
        column = st.column_config
        st.dataframe(
            sweep.comparison,
            hide_index=True,
            placeholder="–",
            height="content",
            column_config={
                "measure": column.TextColumn("Measure"),
                "best": column.TextColumn("Best"),
                "start": column.TextColumn("Start"),
                "difference": column.TextColumn("Difference"),
                "interval": column.TextColumn("95 % interval"),
                "p": column.TextColumn("p"),
                "verdict": column.TextColumn("Beyond chance"),
                "questions": column.TextColumn("+ / = / −", help="Questions that became better, stayed, became worse."),
            },
        )


def _draw_charts(sweep: SweepDetail) -> None:
    for column, front in zip(st.columns(2, gap="medium"), sweep.fronts, strict=True):
        with column:
            draw_chart(build_front_chart(front), f"front-{front.key}")
    if sweep.importance:
        draw_chart(build_importance_chart(sweep.importance, sweep.importance_title), "importance")
        st.caption(
            "Share of the variance over the trials that an additive fit loses without the setting. It says what mattered "
            "within the values tried, not beyond."
        )
    else:
        st.info(escape(sweep.importance_title), icon=":material/info:")
    if sweep.axes:
        draw_chart(build_parallel_chart(sweep.axes, sweep.axes_title), "parallel")
        st.caption(f"A line is a setting; blue has a high {sweep.goal}, red a low one. Drag along an axis to select.")


def _draw_trials(sweep: SweepDetail) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        skipped = f", {plural(sweep.skipped, 'impossible one')} skipped" if sweep.skipped else ""
        st.caption(
            f"{plural(len(sweep.trials) - sweep.skipped, 'setting')}{skipped}. Means on the half that chooses; sort by any "
            "column."
        )
        with st.container(horizontal=True, width="content"):
            _draw_downloads(sweep)
    if sweep.reasons:
        with st.expander(
            f"Why {plural(sweep.skipped, 'setting was', 'settings were')} skipped", icon=":material/block:"
        ):
            st.markdown("\n".join(f"- {escape(reason)}" for reason in sweep.reasons))
    column = st.column_config
    measures = {
        name: column.NumberColumn(name, format="%.0f" if name == "tokens" else "%.3f", help=MEASURE_WORDS[name])
        for name in sweep.measures
    }
    st.dataframe(
        sweep.trials,
        hide_index=True,
        placeholder="–",
        height="content" if len(sweep.trials) < 16 else 560,
        column_order=[
            *("mark", *sweep.varied, *sweep.measures, "latency_ms", "chunks", "seconds", "number"),
        ],
        column_config={
            "mark": column.TextColumn(
                "", width=90, help="★ best, ◆ on the Pareto front of the measure and tokens, ● start."
            ),
            **measures,
            "latency_ms": column.NumberColumn("latency", format="%.1f ms", help="Predicted, of one question."),
            "chunks": column.NumberColumn("chunks"),
            "seconds": column.NumberColumn("took", format="%.2f s"),
            "number": column.NumberColumn("trial"),
        },
    )


def _draw_downloads(sweep: SweepDetail) -> None:
    files = (
        ("CSV", build_csv(sweep.trials), "csv", "text/csv"),
        ("JSON", render_json(sweep), "json", "application/json"),
    )
    for name, content, ending, kind in files:
        st.download_button(
            f"Download as {name}",
            content,
            f"{sweep.sweep_id}.{ending}",
            kind,
            icon=":material/download:",
            key=f"download-{ending}",
            on_click="ignore",
        )


def _draw_facts(sweep: SweepDetail) -> None:
    st.code(sweep.command, language="bash", wrap_lines=True)
    draw_facts(sweep.facts)
