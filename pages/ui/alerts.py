"""The parts of the Alerts screen."""

from __future__ import annotations

import streamlit as st

from engine.alerting import end_alert_silence, silence_alerts
from engine.operations.alert_rules import save_rule
from engine.operations.alerts import send_test_alert
from engine.operations.health_checks import run_deep_checks
from engine.operations.webhook import Webhook, save_webhook
from engine.store import Store
from engine.store.alerts import AlertStore
from engine.views.alerts import SILENCES, AlertsView, HealthView, OpenAlert, RuleRow, describe_health, load_alerts_view
from pages.ui.markup import escape, state_badge
from pages.ui.person import get_person
from pages.ui.states import draw_empty, shown_errors

ALERT_BADGES = {
    "firing": ":red-badge[:material/notifications_active: Firing]",
    "pending": ":orange-badge[:material/hourglass_top: Pending]",
    "quiet": ":green-badge[:material/check_circle: Quiet]",
    "off": ":gray-badge[:material/notifications_off: Off]",
}
WORST = {"ok": st.success, "warn": st.warning, "fail": st.error}
EVERY_S = 10


@st.fragment(run_every=EVERY_S)
def draw_alerts(store: Store, zone: str | None) -> None:
    """Open alerts, silences, and what is over; refreshed by itself."""
    view = load_alerts_view(store, zone)
    if not view.open:
        st.success(
            f"{view.headline} The rules are looked at every 15 seconds while the app runs.",
            icon=":material/check_circle:",
        )
    else:
        st.markdown(f"#### {view.headline}")
    for alert in view.open:
        with st.container(border=True):
            _draw_open(store, alert)
    _draw_silences(store, view)
    st.markdown("#### What is over")
    if not view.history:
        st.caption("No alert has fired and ended yet. What ended stays here for 90 days.")
        return
    columns = {
        "rule": "Rule",
        "severity": "Severity",
        "fired": "Fired",
        "lasted": "Lasted",
        "summary": st.column_config.TextColumn("What was wrong", width="large"),
        "taken": "Taken by",
    }
    st.dataframe(list(view.history), column_config=columns, hide_index=True)


def _draw_open(store: Store, alert: OpenAlert) -> None:
    st.markdown(f"{ALERT_BADGES[alert.state]} **{escape(alert.title)}** · {alert.severity}, {alert.since}")
    st.markdown(escape(alert.summary))
    for words, icon in (
        (alert.clearing, "trending_flat"),
        (alert.acknowledged, "person"),
        (alert.quiet, "notifications_off"),
    ):
        if words:
            st.caption(f":material/{icon}: {escape(words)}")
    if alert.told:
        st.caption(f":material/{'error' if alert.failed else 'send'}: {escape(alert.told)}")
    with st.container(horizontal=True), shown_errors():
        if not alert.acknowledged and st.button("I take care", key=f"ack-{alert.alert_id}", icon=":material/person:"):
            AlertStore(store).acknowledge(alert.alert_id, get_person())
            st.rerun()


def _draw_silences(store: Store, view: AlertsView) -> None:
    for silence in view.silences:
        with st.container(horizontal=True, vertical_alignment="center"), shown_errors():
            st.markdown(f":material/notifications_off: {escape(silence.words)}", width="stretch")
            if st.button("End it", key=f"end-{silence.silence_id}", type="tertiary"):
                end_alert_silence(store, silence.silence_id, get_person())
                st.rerun()
    with st.expander("Silence a rule", icon=":material/notifications_off:"), st.form("silence", border=False):
        st.caption("Nothing goes to the log and the webhook meanwhile; this screen shows the alert all the same.")
        columns = st.columns([3, 2, 4])
        rule = columns[0].selectbox("Rule", list(view.silence_choices), format_func=view.silence_choices.__getitem__)
        minutes = columns[1].selectbox("For", list(SILENCES), format_func=SILENCES.__getitem__)
        reason = columns[2].text_input("Reason", placeholder="Load test until noon")
        if st.form_submit_button("Silence", icon=":material/notifications_off:"):
            with shown_errors():
                silence_alerts(store, rule, minutes, reason, get_person())
                st.rerun()


def draw_rules(store: Store, view: AlertsView) -> None:
    """Every rule, and a form for the one that is chosen."""
    st.table([_build_cells(row) for row in view.rules], hide_index=True, border="horizontal")
    rules = {row.rule.name: row for row in view.rules}
    st.markdown("#### Change a rule")
    name = st.selectbox(
        "Rule", list(rules), format_func=lambda key: rules[key].rule.title, key="rule-changed", width=420
    )
    rule = rules[name].rule
    with st.form(f"rule-{name}"):
        fields = st.columns(4)
        threshold = fields[0].number_input(f"Threshold ({rule.unit})", value=float(rule.threshold), format="%g")
        clear = fields[1].number_input(
            f"Good again at ({rule.unit})",
            value=float(rule.clear),
            format="%g",
            help="Between the two nothing changes.",
        )
        hold = fields[2].number_input("Seconds until it fires", 0.0, value=float(rule.hold_s), format="%g")
        resolve = fields[3].number_input("Seconds until it is over", 0.0, value=float(rule.resolve_s), format="%g")
        enabled = st.checkbox("Look at this rule", rule.enabled)
        with st.container(horizontal=True):
            saved = st.form_submit_button("Save", type="primary", icon=":material/save:")
            reset = st.form_submit_button("Back to the shipped values", disabled=not rules[name].changed)
        if saved or reset:
            with shown_errors():
                values = {"threshold": threshold, "clear": clear, "hold_s": hold, "resolve_s": resolve}
                save_rule(store, name, {} if reset else {**values, "enabled": enabled}, get_person())
                st.rerun()


def _build_cells(row: RuleRow) -> dict[str, str]:
    return {
        "Rule": escape(row.rule.title) + (" :gray-badge[changed]" if row.changed else ""),
        "Fires when": escape(row.fires) + (f", {row.needs}" if row.needs else ""),
        "Over at": escape(row.clears),
        "State": ALERT_BADGES[row.state],
    }


def draw_webhook(store: Store, view: AlertsView) -> None:
    """Where alerts go, and a test."""
    kept = view.webhook or {"url": "", "token_env": "", "link": ""}
    if view.webhook is None:
        st.info(
            "Alerts go to this screen and to the log. Give an Alertmanager's address to be told elsewhere.",
            icon=":material/info:",
        )
    with st.form("webhook"):
        url = st.text_input("Address", kept["url"], placeholder="http://127.0.0.1:9093")
        st.caption("Alerts are posted to /api/v2/alerts there, unless the address has a path of its own.")
        columns = st.columns(2)
        token = columns[0].text_input(
            "Variable of a bearer token", kept["token_env"], help="The name of an environment variable of this app."
        )
        link = columns[1].text_input(
            "Address of this app",
            kept["link"],
            placeholder="http://phasegate.example:8501",
            help="Alerts lead back here.",
        )
        if st.form_submit_button("Save", type="primary", icon=":material/save:"):
            with shown_errors():
                made = Webhook(url=url.strip(), token_env=token.strip(), link=link.strip()) if url.strip() else None
                save_webhook(store, made, get_person())
                st.rerun()
    if view.webhook is not None and st.button("Send a test alert", icon=":material/send:"):
        with shown_errors(), st.spinner("Sending"):
            made = Webhook(url=kept["url"], token_env=kept["token_env"], link=kept["link"])
            send_test_alert(made)
            st.success(f"{escape(made.address)} took the test alert. It ends by itself after five minutes.")


def draw_recoveries(store: Store, view: AlertsView) -> None:
    """What broke and what was done about it."""
    if not view.recoveries:
        draw_empty(
            "Nothing had to be mended",
            "A damaged index that was built again, a store that was opened again, caches cleared for want of memory: "
            "each is kept here with its reason and how long it took.",
            icon="healing",
        )
        return
    columns = {
        "when": "When",
        "what": "What",
        "action": "What was done",
        "outcome": "Outcome",
        "took": "Took",
        "reason": st.column_config.TextColumn("Why", width="large"),
    }
    st.dataframe(list(view.recoveries), column_config=columns, hide_index=True)


def draw_health(store: Store) -> None:
    """Every part, when asked: checking loads the model."""
    with st.container(horizontal=True):
        checked = st.button("Check every part", type="primary", icon=":material/stethoscope:")
        repaired = st.button(
            "Check and mend", icon=":material/healing:", help="Builds damaged indexes and model graphs again."
        )
    if checked or repaired:
        with st.spinner("Checking store, indexes, model, providers, disk and memory"):
            st.session_state["health"] = describe_health(run_deep_checks(store.home, repair=repaired))
    found: HealthView | None = st.session_state.get("health")
    if found is None:
        st.caption("Store, each index, the embedding model, each provider, disk, memory and the records that wait.")
        return
    WORST[found.state](found.headline)
    for row in found.rows:
        left, middle, right = st.columns([4, 9, 2], gap="medium")
        left.markdown(f"{state_badge(row['state'])} {escape(row['name'])}")
        middle.markdown(escape(row["reason"]) + (f"  \n:gray[{escape(row['advice'])}]" if row["advice"] else ""))
        right.caption(row["latency"])
