"""Corpora: documents, chunks, what was skipped; ingest and upload."""

import streamlit as st

from engine.views.corpora import load_corpora
from pages.ui.corpora import draw_corpus, draw_document, draw_ingest_form, draw_list
from pages.ui.links import draw_step
from pages.ui.progress import draw_job_progress
from pages.ui.resources import get_store
from pages.ui.states import draw_title

store = get_store()
corpus, document, job = (st.query_params.get(name, "") for name in ("corpus", "document", "job"))

if corpus and document:
    draw_document(store, corpus, document)
elif corpus and not job:
    draw_corpus(store, corpus)
else:
    corpora = load_corpora(store)
    draw_title("Corpora", "Collections of documents that questions are answered from.")
    shown = [job] if job else []
    for job_id in [*shown, *(j for j, _ in corpora.jobs if j not in shown)]:
        progress = draw_job_progress(job_id)
        if progress.status == "finished" and corpus:
            draw_step("pages/corpora.py", f"Open {corpus}", "arrow_forward", {"corpus": corpus})
    draw_list(corpora)
    draw_ingest_form(corpora)
