"""Memory figures on synthetic series and on one real growing process."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from engine.operations.memory import LeakDetector, MemorySampler, read_cgroup_bytes, read_kernel_rss, theil_sen_slope

SECONDS = np.arange(240) * 0.5
NOISE = np.random.default_rng(3).normal(0, 2, len(SECONDS))


def _check(levels: np.ndarray, **settings: float) -> bool:
    return LeakDetector(**settings).check(SECONDS, levels).leaking


def test_flat_noisy_memory_is_no_leak() -> None:
    assert not _check(300 + NOISE)


def test_one_spike_far_above_the_threshold_is_no_leak() -> None:
    levels = 300 + NOISE
    levels[100:110] += 500
    assert not _check(levels)


def test_a_spike_at_the_very_end_is_no_leak() -> None:
    levels = 300 + NOISE
    levels[-3:] += 500
    assert not _check(levels)


def test_a_slow_climb_past_the_threshold_is_a_leak() -> None:
    verdict = LeakDetector().check(SECONDS, 300 + NOISE + np.linspace(0, 150, len(SECONDS)))
    assert verdict.leaking and "still climbing" in verdict.reason
    assert verdict.slope_mb_per_minute == pytest.approx(75, rel=0.05)


def test_a_steady_climb_below_the_threshold_is_a_leak_before_it_gets_there() -> None:
    verdict = LeakDetector().check(SECONDS, 300 + 0.2 * NOISE + np.linspace(0, 40, len(SECONDS)))
    assert verdict.leaking and "passes 100 MB in" in verdict.reason


def test_a_climb_that_begins_half_way_is_a_leak() -> None:
    assert _check(300 + NOISE + np.maximum(0, np.linspace(-200, 200, len(SECONDS))))


@pytest.mark.parametrize("where", [0.1, 0.5, 0.75, 0.9])
def test_one_step_that_stays_is_no_leak(where: float) -> None:
    levels = 300 + NOISE
    levels[int(where * len(levels)) :] += 180
    assert not _check(levels)


def test_a_warm_up_that_levels_off_is_no_leak() -> None:
    assert not _check(300 + NOISE + 180 * (1 - np.exp(-SECONDS / 10)))


def test_a_sawtooth_of_garbage_collection_is_no_leak() -> None:
    assert not _check(300 + NOISE + 80 * ((SECONDS % 20) / 20))


def test_a_higher_threshold_tolerates_the_same_climb() -> None:
    levels = 300 + NOISE + np.linspace(0, 150, len(SECONDS))
    assert not _check(levels, threshold_mb=200, min_seconds=600)


def test_too_few_samples_never_accuse() -> None:
    verdict = LeakDetector().check([0, 1, 2], [100, 400, 900])
    assert not verdict.leaking and "too few" in verdict.reason


def test_the_slope_is_the_line_s_own_despite_outliers() -> None:
    y = 3 * SECONDS + 7
    y[::9] += 1000
    assert theil_sen_slope(SECONDS, y) == pytest.approx(3, abs=0.05)


def test_a_process_that_really_grows_is_seen_leaking_with_an_accurate_figure() -> None:
    program = textwrap.dedent("""
        import json, time
        from engine.operations.memory import LeakDetector, MemorySampler
        held = []
        with MemorySampler(0.02, LeakDetector(threshold_mb=30)) as sampler:
            for _ in range(60):
                held.append(bytearray(b"x") * (1024 * 1024))
                time.sleep(0.02)
        print(json.dumps(sampler.report().as_json()))
    """)
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    import json

    report = json.loads(out)
    assert report["leak"]["leaking"] and 40 < report["growth_mb"] < 90
    assert report["peak_mb"] >= report["rss_mb"]
    if read_kernel_rss() is not None:
        assert report["accuracy"] > 0.98 and report["accuracy_samples"] >= 3


def test_without_the_kernel_s_file_accuracy_is_none_with_a_reason(tmp_path: Path) -> None:
    with MemorySampler(0.01, kernel_path=tmp_path / "absent") as sampler:
        pass
    report = sampler.report()
    assert report.accuracy is None and "absent" in report.reason and report.rss_mb > 1


def test_unreadable_control_groups_give_none(tmp_path: Path) -> None:
    (tmp_path / "memory.current").write_text("max")
    assert read_cgroup_bytes([tmp_path / "memory.current", tmp_path / "none"]) is None
