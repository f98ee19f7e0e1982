"""What one app process opens once: the store, and a pipeline per corpus and settings."""

from __future__ import annotations

import streamlit as st

from engine.pipeline import RagPipeline, open_pipeline
from engine.settings import PipelineSettings, home
from engine.store import Store, open_store
from engine.views.labs import LabShelf


def get_store() -> Store:
    """The store of ``PHASEGATE_HOME``."""
    return _open_store(str(home()))


@st.cache_resource(show_spinner=False)
def _open_store(folder: str) -> Store:
    return open_store()


def get_pipeline(corpus: str, settings: PipelineSettings) -> RagPipeline:
    """A warm pipeline; its index is built first where these settings have none."""
    return _open_pipeline(str(home()), corpus, settings)


@st.cache_resource(max_entries=4, show_spinner="Opening the corpus …", hash_funcs={PipelineSettings: repr})
def _open_pipeline(folder: str, corpus: str, settings: PipelineSettings) -> RagPipeline:
    return open_pipeline(corpus, settings)


def get_zone() -> str | None:
    """The person's time zone, as the browser says it."""
    return st.context.timezone


def get_labs() -> LabShelf:
    """The labs of this app: at most two, shared by all who look at them."""
    return _open_labs(str(home()))


@st.cache_resource(max_entries=1, show_spinner=False)
def _open_labs(folder: str) -> LabShelf:
    return LabShelf()
