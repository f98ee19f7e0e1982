"""What is kept of a request's stages."""

from __future__ import annotations

from engine.telemetry import TRACE, Trace, trace_span


def test_a_trace_keeps_its_stages_in_order_and_only_what_is_notable_of_them() -> None:
    trace = Trace("c1")
    token = TRACE.set(trace)
    try:
        with trace_span("outer", {"tier": "none", "hit": False}):
            with trace_span("inner") as notes:
                notes["quality"], notes["passages"] = 0.018949585311148584, 3
            with trace_span("plain"):
                pass
    finally:
        TRACE.reset(token)
    outer, inner, plain = trace.as_json()
    assert [span["name"] for span in (outer, inner, plain)] == ["outer", "inner", "plain"]
    assert outer["attributes"] == {"tier": "none", "hit": False}
    assert inner["attributes"] == {"quality": 0.0189, "passages": 3}
    assert set(plain) == {"name", "start_ms", "ms"}
    assert outer["start_ms"] <= inner["start_ms"] and inner["ms"] <= outer["ms"]
