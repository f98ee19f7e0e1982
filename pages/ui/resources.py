"""What one app process opens once: the store, and a pipeline per corpus and settings."""

from __future__ import annotations

import streamlit as st

from engine.pipeline import RagPipeline
from engine.serving import runtime
from engine.serving.runtime import ServingRuntime
from engine.settings import PipelineSettings, home
from engine.store import Store, open_store
from engine.views.labs import LabShelf


def get_store() -> Store:
    """The store of ``PHASEGATE_HOME``."""
    return _open_store(str(home()))


@st.cache_resource(show_spinner=False)
def _open_store(folder: str) -> Store:
    return open_store()


def get_runtime() -> ServingRuntime:
    """What answers questions in this app: the same that its HTTP API asks."""
    return runtime.get_runtime()


def get_pipeline(corpus: str, settings: PipelineSettings) -> RagPipeline:
    """A warm pipeline; its index is built first where these settings have none."""
    opened = get_runtime().find_pipeline(corpus, settings)
    if opened is not None:
        return opened
    with st.spinner("Opening the corpus …"):
        return get_runtime().open_pipeline(corpus, settings)


def get_zone() -> str | None:
    """The person's time zone, as the browser says it."""
    return st.context.timezone


def get_labs() -> LabShelf:
    """The labs of this app: at most two, shared by all who look at them."""
    return _open_labs(str(home()))


@st.cache_resource(max_entries=1, show_spinner=False)
def _open_labs(folder: str) -> LabShelf:
    return LabShelf()
