"""KPIs against their goals: over time, over phases, and the plan's time line."""

from __future__ import annotations

import textwrap
from datetime import timedelta
from typing import TYPE_CHECKING

from engine.charts.palette import (
    BAND,
    BLUE,
    GREY,
    ORANGE,
    VERDICT_COLOURS,
    VERDICT_SYMBOLS,
    VERDICT_WORDS,
    base_layout,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from engine.views.kpis import KpiSeries, PhaseGoals
    from engine.views.timeline import PlanView

INTERVAL_BORDER = {"width": 0}
LABEL_WIDTH = 26  # characters of a bar's label on one line
HALF_DAY = timedelta(hours=12)


def build_kpi_history(series: KpiSeries) -> go.Figure:
    """Measured values over time with their interval band, the goal as a line, phases' borders as dotted ones."""
    import plotly.graph_objects as go

    points = series.points
    when = [p.when for p in points]
    figure = go.Figure()
    if points:
        upper = [p.high if p.high is not None else p.value for p in points]
        lower = [p.low if p.low is not None else p.value for p in points]
        figure.add_scatter(x=when, y=upper, mode="lines", line=INTERVAL_BORDER, hoverinfo="skip")
        figure.add_scatter(
            x=when, y=lower, mode="lines", line=INTERVAL_BORDER, fill="tonexty", fillcolor=BAND, hoverinfo="skip"
        )
        error = {
            "type": "data",
            "symmetric": False,
            "array": [u - p.value for u, p in zip(upper, points, strict=True)],
            "arrayminus": [p.value - lo for lo, p in zip(lower, points, strict=True)],
            "color": BLUE,
            "thickness": 1.2,
            "width": 3,
        }
        figure.add_scatter(
            x=when,
            y=[p.value for p in points],
            mode="lines+markers",
            line={"color": BLUE},
            marker={
                "size": 10,
                "color": [VERDICT_COLOURS[p.verdict] for p in points],
                "symbol": [VERDICT_SYMBOLS[p.verdict] for p in points],
            },
            error_y=error,
            customdata=[(p.words, VERDICT_WORDS[p.verdict], p.n, p.run_id) for p in points],
            hovertemplate="%{customdata[0]} (%{customdata[1]})<br>n = %{customdata[2]}<br>run %{customdata[3]}<extra></extra>",
        )
    figure.add_hline(
        y=series.goal,
        line_color=ORANGE,
        line_dash="dash",
        line_width=2,
        annotation_text=f"goal {series.goal_words}",
        annotation_position="top left",
    )
    for border in series.borders:
        figure.add_vline(x=border.when, line_color=GREY, line_dash="dot", line_width=1)
        figure.add_annotation(
            x=border.when, y=1, yref="paper", text=border.label, showarrow=False, xanchor="left", font={"color": GREY}
        )
    figure.update_layout(base_layout(series.finding, height=290, y="" if series.as_percent else series.axis))
    if len(points) == 1:  # one moment alone would be drawn on an axis of microseconds
        figure.update_xaxes(range=[when[0] - HALF_DAY, when[0] + HALF_DAY])
    if series.as_percent:
        figure.update_yaxes(tickformat=".0%")
    return figure


def build_phase_comparison(rows: PhaseGoals) -> go.Figure:
    """The goal of each phase as a bar's end, the newest measured value as a symbol with its interval."""
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.add_bar(
        x=[p.label for p in rows.phases],
        y=[p.goal for p in rows.phases],
        marker_color="rgba(138, 150, 163, 0.28)",
        marker_line={"color": ORANGE, "width": 2},
        name="goal",
        customdata=[p.goal_words for p in rows.phases],
        hovertemplate="%{x}<br>goal %{customdata}<extra></extra>",
    )
    measured = [p for p in rows.phases if p.value is not None]
    figure.add_scatter(
        x=[p.label for p in measured],
        y=[p.value for p in measured],
        mode="markers",
        name="measured",
        marker={
            "size": 13,
            "color": [VERDICT_COLOURS[p.verdict] for p in measured],
            "symbol": [VERDICT_SYMBOLS[p.verdict] for p in measured],
        },
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [
                max(0.0, (p.high if p.high is not None else p.value or 0.0) - (p.value or 0.0)) for p in measured
            ],
            "arrayminus": [
                max(0.0, (p.value or 0.0) - (p.low if p.low is not None else p.value or 0.0)) for p in measured
            ],
            "color": BLUE,
        },
        customdata=[
            (
                p.value_words,
                VERDICT_WORDS[p.verdict] + (f", waived until {p.waived_until}" if p.waived_until else ""),
                p.n,
            )
            for p in measured
        ],
        hovertemplate="%{x}<br>measured %{customdata[0]} (%{customdata[1]}), n = %{customdata[2]}<extra></extra>",
    )
    figure.update_layout(
        base_layout(rows.finding, height=290, y="" if rows.as_percent else rows.axis, showlegend=True),
        legend={"orientation": "h", "yanchor": "top", "y": -0.12, "x": 0},
    )
    if rows.as_percent:
        figure.update_yaxes(tickformat=".0%")
    return figure


def build_timeline(plan: PlanView) -> go.Figure:
    """The plan: one bar per item, in dates or in days from the start; the gate's state as colour and word; today as a line."""
    import plotly.graph_objects as go

    bars = plan.bars
    figure = go.Figure()
    for bar in bars:
        label = f"<b>{_wrap(bar.label)}</b>" if bar.is_phase else _wrap(bar.label)
        figure.add_bar(
            y=[label],
            x=[bar.length],
            base=[bar.begins],
            orientation="h",
            marker_color=VERDICT_COLOURS.get(bar.verdict, GREY),
            opacity=1.0 if bar.is_phase else 0.55,
            text=[bar.words],
            textposition="auto",
            insidetextanchor="start",
            textangle=0,
            hovertemplate=f"{bar.label}<br>{bar.hover}<extra></extra>",
        )
    if plan.today:
        figure.add_vline(x=plan.today, line_color=BLUE, line_width=2)
        figure.add_annotation(
            x=plan.today, y=1, yref="paper", yanchor="bottom", text="today", showarrow=False, font={"color": BLUE}
        )
    height = 90 + 34 * max(2, len(bars))
    figure.update_layout(base_layout(plan.title, height=height, x=plan.axis, barmode="overlay"))
    figure.update_yaxes(autorange="reversed")
    if any(bar.dated for bar in bars):
        figure.update_xaxes(type="date")
    return figure


def _wrap(label: str) -> str:
    """A long label on two lines, so that a narrow screen keeps room for the bars."""
    return (
        "<br>".join(textwrap.wrap(label, LABEL_WIDTH, max_lines=2, placeholder=" …"))
        if len(label) > LABEL_WIDTH
        else label
    )
