"""The benchmarks that speak to a model: marked when a scripted server stands for it, and nothing simulated."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from engine.bench import cost, figures, latency, prompts, run_bench, streaming
from engine.bench.scripted_model import open_model
from engine.store import open_store
from engine.store.benchmarks import BenchmarkStore
from tests.conftest import RunCli


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (latency, prompts, streaming, cost):
        monkeypatch.setattr(module, "QUESTIONS", 6)
    monkeypatch.setattr(cost, "STREAM_REQUESTS", 40)
    monkeypatch.setattr(cost, "STREAM_QUESTIONS", 8)
    monkeypatch.setattr(latency, "COLD_STARTS", 1)
    monkeypatch.setattr(latency, "TEXTS", 8)


def test_without_a_model_a_scripted_server_stands_for_it_and_leaves_no_trace(home: Path) -> None:
    before = dict(os.environ)
    with open_model({}) as model:
        assert model.stand_in and model.settings.provider == "litellm"
        assert os.environ["HOSTED_VLLM_API_BASE"].startswith("http://127.0.0.1:")
    assert dict(os.environ) == before
    with open_model({"provider": "litellm", "model": "openai/one"}) as model:
        assert not model.stand_in and model.settings.model == "openai/one"


@pytest.mark.parametrize("name", ["prompts", "streaming", "cost"])
def test_what_spoke_to_no_real_model_is_marked(name: str, home: Path) -> None:
    result = run_bench(name, None, {})
    assert result["stand_in"] is True and "stand_in" not in result["figures"]
    assert json.loads(json.dumps(result)) == result
    if name == "streaming":
        streamed = result["figures"]["streamed"]
        assert streamed["pieces"] > 3 and streamed["whole_to_first"]["difference"]["value"] < 0
    if name == "prompts":
        shown = result["figures"]["brief"]["shipped_to_this"]["tokens"]["difference"]
        assert shown["value"] < 0 and shown["n"] == result["figures"]["questions"]
    if name == "cost":
        assert result["figures"]["balanced"]["usd_per_1000"]["status"] == "has no price"
        assert result["figures"]["balanced"]["prompt_tokens"]["value"] > 0
        cached = result["figures"]["with_cache"]
        assert result["figures"]["goals"]["cost_saved_by_caches"]["stand_in"]
        assert cached["usd_per_1000"]["saved_share"] > 0 and cached["model_asked"] < cached["requests"]


def test_latency_is_measured_on_the_engine_itself_in_pairs(home: Path, run_cli: RunCli, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "latency.json"
    done = run_cli("bench", "latency", "--set", "top_k=5", "--json", "--out", str(out), home=home)
    result = json.loads(done.stdout)
    assert done.returncode == 0 and result["stand_in"] is False
    found = result["figures"]
    assert found["cold_to_warm"]["saved_share"] > 0.5
    assert found["embedding_uncached_to_cached"]["difference"]["high"] < 0
    assert set(found["presets"]) == {"balanced_to_fast", "balanced_to_accurate"}
    assert found["default_to_given_settings"]["difference"]["n"] == 6
    assert json.loads(out.read_text())["bench_id"] == result["bench_id"]
    with open_store(home) as store:
        kept = BenchmarkStore(store).history("latency")
        assert [row["bench_id"] for row in kept] == [result["bench_id"]]
        assert kept[0]["settings"] == {"top_k": "5"} and kept[0]["figures"] == found


def test_a_benchmark_can_be_kept_out_of_the_history(home: Path, run_cli: RunCli) -> None:
    done = run_cli("bench", "streaming", "--no-record", home=home)
    assert done.returncode == 0 and "no data at a gate" in done.stdout
    with open_store(home) as store:
        assert BenchmarkStore(store).list_names() == []
    assert run_cli("bench", "nowhere", home=home).returncode == 2


def test_the_interval_of_a_pair_is_students_over_the_differences() -> None:
    before, after = [10.0, 12.0, 9.0, 11.0, 15.0], [8.0, 11.0, 9.5, 9.0, 12.0]
    found = figures.pair_figures(before, after)
    d = np.array(after) - np.array(before)
    low, high = stats.t.interval(0.95, 4, loc=d.mean(), scale=stats.sem(d))
    assert found["difference"]["value"] == pytest.approx(d.mean())
    assert (found["difference"]["low"], found["difference"]["high"]) == pytest.approx((low, high), abs=1e-4)
    rates = figures.pair_figures([1.0, 1.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0])["difference"]
    assert rates["low"] < 0 < rates["high"], "four pairs without a flip prove no equality"
