"""Ask a corpus a question and see why that answer."""

import uuid

import streamlit as st

from engine.errors import PhasegateError
from engine.serving.asked import Asked
from engine.views.answers import build_answer
from engine.views.ask import choose_settings, load_ask
from engine.views.words import plural
from pages.ui.answers import draw_answer, draw_contexts, draw_sources, draw_timings
from pages.ui.choosing import choose
from pages.ui.markup import escape
from pages.ui.passages import show_passage
from pages.ui.person import get_person
from pages.ui.progress import draw_facts
from pages.ui.resources import get_pipeline, get_runtime, get_store
from pages.ui.sessions import draw_conversations, draw_turns
from pages.ui.states import draw_empty, draw_error, draw_title, shown_errors
from pages.ui.streaming import draw_stopped, stream_answer

store = get_store()
choices = load_ask(store, st.query_params.get("corpus"))
draw_title("Ask", "One question, the answer with its sources, and what the engine did to find it.")
if not choices.corpora:
    draw_empty(
        "No corpus yet",
        "An answer comes out of documents. Ingest a sample corpus or your own files first.",
        page="pages/corpora.py",
        label="Ingest documents",
        icon="library_books",
    )
    st.stop()
if choices.note:
    st.warning(escape(choices.note), icon=":material/warning:")

with st.container(horizontal=True, vertical_alignment="bottom"):
    corpus = choose("Corpus", choices.corpora, key="corpus", default=choices.default, width=400) or choices.default
    preset = st.segmented_control(
        "Preset",
        choices.presets,
        default=choices.presets[0],
        key="preset",
        bind="query-params",
        required=True,
        help="fast reads little, accurate reads much; saved defaults come from the Settings screen. A preset with another "
        "chunk size builds its index at its first question.",
    )
    with st.popover("Conversations", icon=":material/forum:"):
        session = draw_conversations(store)
st.session_state.setdefault("question", st.query_params.get("q", ""))
picked = st.pills("Questions to try", choices.examples, key=f"example-{corpus}") if choices.examples else None
if picked and st.session_state.get("picked") != picked:
    st.session_state["question"] = picked
st.session_state["picked"] = picked
with st.form("ask", border=False):
    question = st.text_area("Question", key="question", height=80, placeholder="What would you like to know?")
    asked = st.form_submit_button("Ask", type="primary", icon=":material/send:", shortcut="Ctrl+Enter")
follow_up = False
if session:
    with st.expander("The conversation so far", icon=":material/history:"):
        earlier = draw_turns(store, session)
    follow_up = bool(earlier) and st.toggle(
        f"Follow-up to the {plural(len(earlier), 'question')} before",
        value=True,
        key="follow-up",
        help="What 'it' and 'they' mean is then taken from the earlier questions and answers.",
    )
settings = choose_settings(get_runtime(), preset)
draw_stopped()
if asked:
    st.session_state.pop("answered", None)
    session = session if follow_up else uuid.uuid4().hex[:12]
    place = st.empty()
    try:
        get_pipeline(corpus, settings)
        request = Asked(question=question, corpus=corpus, settings=settings, session=session, asker=get_person())
        with place.container():
            answer = stream_answer(get_runtime().service.stream(request), "ask")
        place.empty()
        st.session_state["answered"] = (corpus, settings, answer)
        st.query_params["session"] = session
        if len(question) < 500:
            st.query_params["q"] = question
    except PhasegateError as error:
        place.empty()
        draw_error(error)

answered = st.session_state.get("answered")
if answered and answered[0] == corpus:
    _, used, answer = answered
    view = build_answer(answer.as_json(), min_quality=used.min_quality)
    st.markdown(f"**{escape(view.question)}**" if len(view.question) < 400 else f"**{escape(view.question[:400])} …**")
    draw_answer(view, "ask")
    left, right = st.columns([3, 2], gap="medium")
    with left, shown_errors():
        st.markdown("#### Sources", help="Each sentence of the answer carries the number of its source.")
        draw_sources(view, "ask", show_passage(get_pipeline(corpus, used)))
    with right:
        st.markdown("#### Timings")
        draw_timings(view, "ask")
    st.markdown("#### What the engine read")
    draw_contexts(view)
    with st.expander("Ids, tokens and settings", icon=":material/tag:"):
        tokens = ", ".join(f"{name} {n}" for name, n in view.tokens.items())
        facts = {"Correlation id": view.correlation_id, "Answered by": view.provider, "Tokens": tokens}
        st.page_link(
            "pages/live.py",
            label="This request on Live: stages, calls, retries",
            icon=":material/monitoring:",
            query_params={"request": view.correlation_id},
        )
        draw_facts(facts | {"Context steps": "; ".join(view.steps) or "none needed", "Index": used.index_fingerprint})
