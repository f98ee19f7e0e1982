"""Settings, section Models: the providers in order, the form of one, its test."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from engine.provider_setup import move_provider, save_provider, switch_provider
from engine.store import Store
from engine.store.providers import ProviderStore
from engine.views.providers import (
    STATE_HELP,
    STATE_WORDS,
    ProviderCard,
    TrialWords,
    ask_provider,
    describe_answering,
    let_models_answer,
    list_presets,
    load_form_fields,
    load_provider_cards,
)
from pages.ui.markup import escape
from pages.ui.person import get_person
from pages.ui.states import draw_empty, shown_errors

WAIT_LABELS = {
    "connect_timeout_s": "Seconds to connect",
    "first_token_timeout_s": "Seconds to the first token",
    "total_timeout_s": "Seconds in all",
}
PRICE_LABELS = {
    "prompt_usd_per_million": "USD for a million tokens of prompt",
    "completion_usd_per_million": "USD for a million tokens of answer",
}
_TRIALS = "provider-trials"


def draw_models(store: Store) -> None:
    """The whole section."""
    cards = load_provider_cards(store)
    st.caption(
        "Models are asked in this order. The next one answers when one fails in a way that may pass; a wrong key "
        "stops and says so. When none answers, the answer is made by extraction and says so."
    )
    if cards:
        _draw_answering(store)
    for card in cards:
        _draw_card(store, card)
    if not cards:
        draw_empty(
            "No model is set up",
            "Answers are sentences of the documents, which needs none. A model on this machine (Ollama) or at a provider "
            "can be added below; nothing is asked of it before you say so.",
            icon="smart_toy",
        )
    _draw_form(store, cards)


def _draw_answering(store: Store) -> None:
    answering = describe_answering(store)
    if answering.by_model:
        st.caption(f":material/smart_toy: {escape(answering.words)}")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info(escape(answering.words), icon=":material/info:", width="stretch")
        if answering.can_begin and st.button("Let these models answer", icon=":material/smart_toy:"):
            with shown_errors():
                let_models_answer(store, get_person())
                st.rerun()


def _draw_card(store: Store, card: ProviderCard) -> None:
    with st.container(border=True, key=f"provider-{card.name}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            words, colour, icon = STATE_WORDS[card.state]
            st.markdown(
                f"**{escape(card.name)}** · {escape(card.model)} :{colour}-badge[:material/{icon}: {words}]",
                help=STATE_HELP[card.state],
                width="stretch",
            )
            _draw_order(store, card)
        key = f" · key in `{card.key}`" if card.key else ""
        st.caption(f"{escape(card.where)}{key} · {card.waits} · prices {card.prices}")
        st.caption(escape(card.figures))
        for line in card.history:
            st.caption(f":material/history: {escape(line)}")
        _draw_actions(store, card)
        trial: TrialWords | None = st.session_state.get(_TRIALS, {}).get(card.name)
        if trial is not None:
            draw_trial(trial)


def _draw_order(store: Store, card: ProviderCard) -> None:
    for label, icon, steps, stuck in (
        ("earlier", "arrow_upward", -1, card.first),
        ("later", "arrow_downward", 1, card.last),
    ):
        if st.button(
            label.capitalize(),
            icon=f":material/{icon}:",
            key=f"{label}-{card.name}",
            disabled=stuck,
            type="tertiary",
            help=f"Ask it {label}",
        ):
            with shown_errors():
                move_provider(store, card.name, steps, get_person())
                st.rerun()


def _draw_actions(store: Store, card: ProviderCard) -> None:
    with st.container(horizontal=True):
        if st.button("Test", icon=":material/play_arrow:", key=f"test-{card.name}", help="One small real call."):
            with st.spinner("Asking; the first time takes some seconds to load"), shown_errors():
                st.session_state.setdefault(_TRIALS, {})[card.name] = ask_provider(card.spec)
        label = "Switch off" if card.enabled else "Switch on"
        if st.button(label, icon=":material/power_settings_new:", key=f"switch-{card.name}"):
            with shown_errors():
                switch_provider(store, card.name, not card.enabled, get_person())
                st.rerun()
        with st.popover("Remove", icon=":material/delete:", key=f"remove-{card.name}"):
            st.markdown(f"Forget **{escape(card.name)}**? The records of its calls stay.")
            if st.button("Remove it", key=f"removed-{card.name}", type="primary"):
                with shown_errors():
                    ProviderStore(store).delete_provider(card.name, get_person())
                    st.rerun()


def draw_trial(trial: TrialWords) -> None:
    """What a test said."""
    if trial.error:
        st.error(f"{escape(trial.error)}\n\n{escape(trial.hint)}", icon=":material/error:")
        return
    st.success(escape(trial.title), icon=":material/check:")
    with st.container(horizontal=True):
        for label, value in trial.figures:
            st.markdown(f":small[{label}]  \n**{escape(value)}**", width="content")


def _draw_form(store: Store, cards: Sequence[ProviderCard]) -> None:
    st.markdown("##### Add or change one")
    known = {f"Change {card.name}": card for card in cards}
    left, right = st.columns(2)
    choices = ["Add a provider", *known]
    chosen = left.selectbox("What", choices, key="provider-edited", label_visibility="collapsed")
    card = known.get(chosen)
    preset = list_presets()[0]
    if card is None:
        preset = right.selectbox("Begin with", list_presets(), key="provider-preset", label_visibility="collapsed")
    found = load_form_fields(preset, card.spec if card else None, [known.name for known in cards])
    with st.form(f"provider-{chosen}-{preset}-{found['name']}", border=True):
        a, b = st.columns(2)
        name = card.name if card else a.text_input("Name", found["name"], help="What it is called here.")
        if card:
            a.text_input("Name", card.name, disabled=True, help="Runs and records name it.")
        model = b.text_input("Model", found["model"], help="As litellm names it: provider/model.")
        base = a.text_input(
            "Address", found["api_base"], placeholder="empty: the provider's own", help="Any OpenAI-compatible one."
        )
        key = b.text_input(
            "Variable of the key",
            found["api_key_env"],
            placeholder="such as OPENAI_API_KEY, or none",
            help="The name of an environment variable of this app. The key itself is never typed, shown or stored.",
        )
        waits = {}
        for column, (field, label) in zip(st.columns(3), WAIT_LABELS.items(), strict=True):
            waits[field] = column.number_input(label, 0.1, 3600.0, float(found[field]), step=1.0, format="%g")
        prices = {}
        for column, (field, label) in zip(st.columns(2), PRICE_LABELS.items(), strict=True):
            prices[field] = column.number_input(label, 0.0, None, found[field], placeholder="by litellm's table")
        if st.form_submit_button("Save", type="primary", icon=":material/save:"):
            with shown_errors():
                texts = {"model": model, "api_base": base, "api_key_env": key}
                save_provider(store, name, {**texts, **waits, **prices}, get_person(), new=card is None)
                st.toast(f"Saved. Test {escape(name)} now.", icon=":material/check:")
                st.rerun()
