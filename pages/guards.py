"""Guards: what they find, what they take for it wrongly, and a text to try them on."""

import streamlit as st

from engine.views.guards import load_guards
from pages.ui.choosing import choose_section
from pages.ui.guards import draw_injection, draw_personal, draw_policy, draw_trial
from pages.ui.resources import get_store
from pages.ui.states import draw_title

draw_title("Guards", "Personal data and injected instructions: what is found, how surely, and what is done about it.")
view = load_guards(get_store())
draw_policy(view.policy)
section = choose_section(["Personal data", "Injection", "Try a text"])
if section == "Personal data":
    draw_personal(view)
elif section == "Injection":
    draw_injection(view)
else:
    draw_trial()
st.caption("Measure again: `python -m engine bench pii --data DIR` and `python -m engine bench injection --data DIR`.")
