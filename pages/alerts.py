"""Alerts: what is wrong, who takes care, which rules say so, what was mended, how each part is."""

from engine.views.alerts import load_alerts_view
from pages.ui.alerts import draw_alerts, draw_health, draw_recoveries, draw_rules, draw_webhook
from pages.ui.choosing import choose_section
from pages.ui.resources import get_store, get_zone
from pages.ui.states import draw_title

store = get_store()
draw_title("Alerts", "What is wrong with the running system, who takes care of it, and what mended itself.")
section = choose_section(["Alerts", "Rules", "Webhook", "Recoveries", "Health"])
if section == "Alerts":
    draw_alerts(store, get_zone())
elif section == "Health":
    draw_health(store)
else:
    view = load_alerts_view(store, get_zone())
    {"Rules": draw_rules, "Webhook": draw_webhook, "Recoveries": draw_recoveries}[section](store, view)
