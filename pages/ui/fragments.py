"""A fragment is drawn on the screen that is there, not on the one that asked for it."""

from __future__ import annotations

from dataclasses import replace

from streamlit.runtime.scriptrunner.script_runner import RerunData, ScriptRunner


def hold_fragments_to_the_shown_page() -> None:
    """Let a rerun of fragments never change the page; done once, before the app is served.

    The browser names its page when a fragment's timer or widget asks for a rerun. After ``st.switch_page`` such a request can
    come from the page before. Streamlit 1.67 announces that page again then: the browser takes it for a change of
    pages, empties the new one, and stops altogether (``Bad delta path index``) at the next part that is drawn into it.
    Here the request is answered on the page that the session drew last; a fragment that is no longer there is skipped, as
    ever. Repeated by ``tests/e2e/test_changing_screens.py``.
    """
    run_script = ScriptRunner._run_script

    def run_on_the_shown_page(self: ScriptRunner, rerun_data: RerunData) -> None:
        shown = self._pages_manager.current_page_script_hash
        if rerun_data.fragment_id_queue and shown:
            rerun_data = replace(rerun_data, page_script_hash=shown)
        run_script(self, rerun_data)

    ScriptRunner._run_script = run_on_the_shown_page
