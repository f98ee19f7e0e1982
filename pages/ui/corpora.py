"""The parts of the Corpora screen: list, one corpus, one document, the form that ingests."""

from __future__ import annotations

import streamlit as st

from engine.corpora import shipped_corpora
from engine.errors import InputError
from engine.store import Store
from engine.views.corpora import CorpusList, load_corpus, load_document, save_uploads
from engine.views.words import ago, clock, count, duration, plural
from pages.ui.links import draw_step
from pages.ui.markup import escape
from pages.ui.progress import draw_facts
from pages.ui.resources import get_zone
from pages.ui.starting import start_ingest
from pages.ui.states import draw_empty, draw_title, shown_errors

FILE_TYPES = ["txt", "md", "html", "htm", "pdf", "docx", "csv", "json", "jsonl"]


def draw_list(corpora: CorpusList) -> None:
    """Every corpus as a card, then the sample corpora that wait."""
    if not corpora.cards and not corpora.jobs:
        draw_empty(
            "No corpus yet", "Ingest a sample corpus below, or give your own folder or files.", icon="library_books"
        )
    columns = st.columns(3) if len(corpora.cards) > 2 else st.columns(2)
    for i, card in enumerate(corpora.cards):
        with columns[i % len(columns)].container(border=True):
            st.markdown(f"#### {escape(card.name)}", anchors=False)
            st.markdown(
                f"**{count(card.documents)}** documents · **{count(card.chunks)}** chunks · **{count(card.characters)}** characters"
            )
            skipped = f" · {plural(card.skipped, 'file')} skipped" if card.skipped else ""
            st.caption(f"updated {ago(card.updated_at)}{skipped}", help=clock(card.updated_at, get_zone()))
            with st.container(horizontal=True, vertical_alignment="center"):
                draw_step("pages/corpora.py", "Documents", "list", {"corpus": card.name}, f"documents-{card.name}")
                st.page_link("pages/ask.py", label="Ask", icon=":material/forum:", query_params={"corpus": card.name})
    if corpora.waiting:
        st.markdown(
            "#### Sample corpora", help="Written for this project; each has a suite of questions with gold spans."
        )
        with st.container(horizontal=True):
            for name in corpora.waiting:
                if st.button(f"Ingest {name}", icon=":material/download:", key=f"ingest-{name}"):
                    begin_ingest(name, [str(shipped_corpora()[name])])


def draw_ingest_form(corpora: CorpusList) -> None:
    """A folder of this machine, or uploaded files, into a new corpus or one that is there."""
    st.markdown("#### Add documents", help=f"{', '.join(FILE_TYPES)}. What has not changed is not embedded again.")
    way = st.segmented_control(
        "From",
        ["A folder of this machine", "Upload files"],
        default="A folder of this machine",
        key="way",
        required=True,
        label_visibility="collapsed",
    )
    with st.form("ingest"):
        names = [card.name for card in corpora.cards]
        name = st.selectbox(
            "Corpus",
            names,
            index=None,
            accept_new_options=True,
            placeholder="Choose one or type a new name, such as handbook",
        )
        if way == "Upload files":
            files = st.file_uploader("Files", type=FILE_TYPES, accept_multiple_files=True) or []
            path = ""
        else:
            files = []
            path = st.text_input("Folder or file", placeholder="/home/me/handbook")
        if st.form_submit_button("Ingest", type="primary", icon=":material/download:"):
            with shown_errors():
                _check_form(name, path, len(files))
                folder = (
                    str(save_uploads(name or "", [(f.name, f.getvalue()) for f in files])) if files else path.strip()
                )
                begin_ingest(name or "", [folder])


def _check_form(name: str | None, path: str, files: int) -> None:
    if not (name or "").strip():
        raise InputError("The corpus has no name.", "Choose one of the list or type a new name.")
    if not path.strip() and not files:
        raise InputError("There is nothing to ingest.", "Give a folder or a file, or upload files.")


def begin_ingest(corpus: str, paths: list[str]) -> None:
    """Starts the ingest and shows its progress."""
    st.switch_page("pages/corpora.py", query_params={"corpus": corpus, "job": start_ingest(corpus, paths)})


def draw_corpus(store: Store, name: str) -> None:
    """One corpus: figures, documents, skipped files, where it comes from."""
    search = st.query_params.get("search", "")
    corpus = load_corpus(store, name, search)
    draw_step("pages/corpora.py", "All corpora", "arrow_back", {})
    draw_title(escape(corpus.name), f"Updated {ago(corpus.updated_at)}, in {duration(corpus.seconds)}.")
    for source in corpus.missing_sources:
        st.warning(
            f"{escape(source)} is no longer there; its documents leave the index at the next ingest.",
            icon=":material/warning:",
        )
    with st.container(horizontal=True):
        st.metric("Documents", count(corpus.total), border=True, width=170)
        st.metric("Chunks", count(corpus.chunks), border=True, width=170)
        st.metric("Characters", count(corpus.characters), border=True, width=170)
        st.metric("Skipped files", count(len(corpus.skipped)), border=True, width=170)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link("pages/ask.py", label="Ask this corpus", icon=":material/forum:", query_params={"corpus": name})
        if st.button(
            "Ingest again", icon=":material/refresh:", help="Reads all sources; embeds only what has changed."
        ):
            begin_ingest(name, [s for s in corpus.sources if s not in corpus.missing_sources])
    if corpus.skipped:
        with st.expander(
            f"{plural(len(corpus.skipped), 'file')} skipped, and why",
            icon=":material/report:",
            expanded=len(corpus.skipped) < 6,
        ):
            st.dataframe([dict(s) for s in corpus.skipped], hide_index=True)
    st.markdown("#### Documents", help="Select a cell to open the document with its chunk borders.")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text_input(
            "Search",
            key="search",
            bind="query-params",
            placeholder="Name or title",
            icon=":material/search:",
            label_visibility="collapsed",
            width=320,
        )
        st.caption(" · ".join(f"{count(n)} {kind}" for kind, n in corpus.types.items()))
    _draw_documents(corpus.documents, name)
    if corpus.matching > len(corpus.documents):
        st.caption(f"The first {len(corpus.documents)} of {corpus.matching}; search to see the others.")
    with st.expander("Where it comes from", icon=":material/folder:"):
        shown = {"Index fingerprint": corpus.index_fingerprint} | {
            n: str(v)
            for n, v in corpus.settings.items()
            if n in ("chunker", "chunk_size", "chunk_overlap", "chunk_unit", "embedder", "precision")
        }
        draw_facts({"Sources": ", ".join(corpus.sources), **shown})


def _draw_documents(documents: tuple, name: str) -> None:  # type: ignore[type-arg]
    if not documents:
        st.info("No document holds these words in its name or title.", icon=":material/search_off:")
        return
    rows = [
        {
            "document": d.document,
            "title": d.title,
            "type": d.content_type,
            "characters": d.characters,
            "chunks": d.chunks,
        }
        for d in documents
    ]
    event = st.dataframe(
        rows,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-cell",
        key=f"documents-{name}",
        height="content" if len(rows) < 16 else 560,
    )
    if event.selection.cells:
        st.switch_page(
            "pages/corpora.py",
            query_params={"corpus": name, "document": documents[event.selection.cells[0][0]].document},
        )


def draw_document(store: Store, corpus: str, document: str) -> None:
    """One document, coloured by chunk; what two chunks share is marked."""
    detail = load_document(store, corpus, document)
    draw_step("pages/corpora.py", f"All documents of {corpus}", "arrow_back", {"corpus": corpus})
    draw_title(
        escape(detail.title or detail.document),
        f"{escape(detail.document)} · {detail.content_type} · {plural(detail.characters, 'character')} · {plural(detail.chunks, 'chunk')}",
    )
    st.caption("Each chunk begins with its number; :blue-background[coloured text] lies in two chunks (the overlap).")
    with st.container(border=True):
        seen: set[int] = set()
        for part in detail.parts:
            fresh = [n for n in part.chunks if n not in seen]
            seen.update(fresh)
            label = "".join(f":orange-badge[chunk {n}] " for n in fresh)
            lines = [escape(line.strip()) for line in part.text.split("\n")]
            body = "  \n".join(f":blue-background[{line}]" if line and len(part.chunks) > 1 else line for line in lines)
            if label or body.strip():
                st.markdown(f"{label}\n\n{body}" if label else body)
    if detail.shown < detail.characters:
        st.caption(f"The first {detail.shown} of {detail.characters} characters.")
    st.caption(f"Source: {escape(detail.source)}")
