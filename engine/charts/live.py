"""Traffic, latency, cache, spending and memory over a window. A selected interval leads to its requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.charts.palette import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION, base_layout

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from engine.views.live import LiveView

OUTCOME_COLOURS = {
    "answered": GREEN,
    "abstained": SKY,
    "degraded": ORANGE,
    "refused": PURPLE,
    "error": VERMILION,
    "cancelled": GREY,
}
_PATTERNS = {"degraded": "/", "refused": "x", "error": ".", "cancelled": "-"}
_LEGEND = {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0, "traceorder": "normal"}
HEIGHT = 240


def build_traffic(view: LiveView) -> go.Figure:
    """Requests of each interval, stacked by outcome; failures have a pattern as well as a colour."""
    figure = _start(view, view.words.traffic, "requests", legend=True)
    when = [point.when for point in view.points]
    for name, colour in OUTCOME_COLOURS.items():
        counts = [point.outcomes[name] for point in view.points]
        if not any(counts):
            continue
        figure.add_bar(
            x=when,
            y=counts,
            name=name,
            marker={"color": colour, "pattern_shape": _PATTERNS.get(name, ""), "pattern_size": 5, "line_width": 0},
            hovertemplate=f"%{{y}} {name}<br>%{{x|%d %b, %H:%M:%S}}<extra></extra>",
        )
    figure.update_layout(barmode="stack", bargap=0.1)
    return figure


def build_latency(view: LiveView) -> go.Figure:
    """p50, p95 and p99 of each interval, and where the alert stands; intervals without requests are gaps."""
    figure = _start(view, view.words.latency, "ms", legend=True)
    when = [point.when for point in view.points]
    for name, values, colour, dash in (
        ("p50", [point.p50 for point in view.points], GREEN, "solid"),
        ("p95", [point.p95 for point in view.points], BLUE, "solid"),
        ("p99", [point.p99 for point in view.points], GREY, "dot"),
    ):
        figure.add_scatter(
            x=when,
            y=values,
            name=name,
            mode="lines+markers",
            line={"color": colour, "width": 2, "dash": dash},
            marker={"size": 5},
            customdata=[point.requests for point in view.points],
            hovertemplate=f"{name} %{{y:.0f}} ms of %{{customdata}} requests<br>%{{x|%d %b, %H:%M:%S}}<extra></extra>",
        )
    _draw_limit(figure, view, "response_ms", "alert: mean above %g ms")
    return figure


def build_cache(view: LiveView) -> go.Figure:
    """Requests that a cache answered, and the others."""
    figure = _start(view, view.words.cache, "requests", legend=True)
    when = [point.when for point in view.points]
    rest = [point.requests - point.cached for point in view.points]
    figure.add_bar(x=when, y=[p.cached for p in view.points], name="from a cache", marker_color=SKY)
    figure.add_bar(x=when, y=rest, name="computed", marker={"color": BLUE, "pattern_shape": "/", "pattern_size": 5})
    figure.update_traces(hovertemplate="%{y} %{fullData.name}<br>%{x|%d %b, %H:%M:%S}<extra></extra>")
    figure.update_layout(barmode="stack", bargap=0.1)
    return figure


def build_tokens(view: LiveView) -> go.Figure:
    """Tokens of each interval."""
    return _bars(view, [float(point.tokens) for point in view.points], view.words.tokens, "tokens")


def build_cost(view: LiveView) -> go.Figure:
    """USD of each interval."""
    return _bars(view, [point.cost_usd for point in view.points], view.words.cost, "USD")


def build_memory(view: LiveView) -> go.Figure:
    """The most memory of each five minutes, a line for each process, and where the alert stands."""
    figure = _start(view, view.words.memory, "MB", legend=True)
    colours = (BLUE, ORANGE, GREEN, PURPLE, SKY, GREY)
    for number, process in enumerate(dict.fromkeys(point.process for point in view.memory)):
        own = [point for point in view.memory if point.process == process]
        figure.add_scatter(
            x=[point.when for point in own],
            y=[point.memory_mb for point in own],
            name=process,
            mode="lines+markers",
            line={"color": colours[number % len(colours)], "width": 2},
            customdata=[point.threads for point in own],
            hovertemplate="%{y:.0f} MB, %{customdata:.0f} threads<br>%{x|%d %b, %H:%M}<extra>" + process + "</extra>",
        )
    _draw_limit(figure, view, "memory_mb", "alert: above %g MB")
    return figure


def _bars(view: LiveView, values: list[float], title: str, unit: str) -> go.Figure:
    figure = _start(view, title, unit, legend=False)
    figure.add_bar(
        x=[point.when for point in view.points],
        y=values,
        marker_color=BLUE,
        hovertemplate=f"%{{y:.4g}} {unit}<br>%{{x|%d %b, %H:%M:%S}}<extra></extra>",
    )
    figure.update_layout(bargap=0.1)
    return figure


def _start(view: LiveView, title: str, unit: str, *, legend: bool) -> go.Figure:
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.update_layout(base_layout(title, height=HEIGHT, y=unit, showlegend=legend), legend=_LEGEND)
    figure.update_layout(dragmode="select", selectdirection="h", uirevision="live")
    figure.update_yaxes(rangemode="tozero")
    figure.update_xaxes(range=[view.points[0].when, view.over])
    return figure


def _draw_limit(figure: go.Figure, view: LiveView, name: str, words: str) -> None:
    """The threshold, where the values come near it; far away it would flatten them. A line is no trace: none can select it."""
    limit = view.limits.get(name)
    values = [y for trace in figure.data for y in (trace.y if trace.y is not None else ()) if y is not None]
    if limit is None or not values or max(values) < limit / 4:
        return
    figure.add_hline(
        y=limit,
        line={"color": ORANGE, "width": 1.5, "dash": "dash"},
        annotation={"text": words % limit, "font": {"size": 11}, "showarrow": False},
        annotation_position="top left",
    )
    figure.update_yaxes(range=[0, 1.15 * max(limit, *values)])
