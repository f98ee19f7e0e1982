from __future__ import annotations

import numpy as np
import pytest

from engine.embedding.windows import WINDOW, place_windows, weigh_window


@pytest.mark.parametrize("tokens", [1, 253, 254, 255, 300, 414, 415, 5_000])
@pytest.mark.parametrize("stride", [127, 160, 254])
def test_every_token_lies_in_a_window_and_the_last_window_ends_with_the_document(tokens: int, stride: int) -> None:
    starts = place_windows(tokens, stride)
    covered = np.zeros(tokens, int)
    for start in starts:
        covered[start : start + WINDOW] += 1
    assert covered.min() >= 1
    assert starts[0] == 0 and starts[-1] == max(0, tokens - WINDOW)
    assert (np.diff(starts) <= stride).all()


def test_a_document_without_tokens_has_no_window() -> None:
    assert len(place_windows(0)) == 0


def test_a_token_weighs_more_the_further_it_stands_from_the_borders_of_its_window() -> None:
    inner = weigh_window(100, 1_000)
    assert inner.argmax() in (WINDOW // 2 - 1, WINDOW // 2) and inner[0] == inner[-1] == 1
    assert (inner == inner[::-1]).all()


def test_the_ends_of_the_document_are_no_borders() -> None:
    first, last, only = weigh_window(0, 1_000), weigh_window(746, 1_000), weigh_window(0, 40)
    assert first[0] == WINDOW and first[-1] == 1
    assert last[-1] == WINDOW and last[0] == 1
    assert (only == WINDOW).all() and len(only) == 40
