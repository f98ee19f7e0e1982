"""Two scripted models on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.bench.scripted_model import ScriptedModel
from tests.engine.providers.asking import WORDS


@pytest.fixture
def server() -> Iterator[ScriptedModel]:
    """Says five words."""
    with ScriptedModel(reply=WORDS) as model:
        yield model


@pytest.fixture
def backup() -> Iterator[ScriptedModel]:
    """Says something else, so that one sees who answered."""
    with ScriptedModel(reply="the backup says so") as model:
        yield model
