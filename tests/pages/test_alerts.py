"""Operate › Alerts: open alerts, rules, webhook, recoveries, health."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from engine.operations.alert_rules import load_rules
from engine.operations.alert_states import Reading
from engine.operations.alerts import AlertEvaluator
from engine.operations.recovery import record_recovery
from engine.store import open_store
from engine.store.alerts import AlertStore
from engine.store.liveness import utc_now
from tests.pages.conftest import open_page, words_of


def fire_alert(rule: str = "error_rate", *values: float) -> None:
    """A firing alert, by the evaluator itself; ``values`` follow, a second apart."""
    with open_store() as store:
        for seconds, value in enumerate((0.25, 0.25, *values)):
            now = utc_now() + timedelta(seconds=70 * min(seconds, 1) + seconds - 80)
            readings = {rule: Reading(value=value, samples=100)}
            evaluator = AlertEvaluator(store, lambda _, found=readings: found, lambda moment=now: moment)
            assert evaluator.evaluate()
            evaluator.close()


def test_without_alerts_the_screen_says_that_nothing_is_wrong(empty_home: Path) -> None:
    words = words_of(open_page("alerts"))
    assert "Nothing is wrong." in words
    assert "No alert has fired and ended yet" in words


def test_a_firing_alert_is_shown_taken_and_silenced(empty_home: Path) -> None:
    fire_alert()
    app = open_page("alerts")
    words = words_of(app)
    assert "1 alert fires." in words
    assert "25\\.0 % over 100 requests, expected at most 5\\.0 %\\." in words
    next(button for button in app.button if button.label == "I take care").click().run()
    assert "takes care of it" in words_of(app)
    next(field for field in app.text_input if field.label == "Reason").set_value("a load test")
    next(button for button in app.button if button.label == "Silence").click().run()
    assert not app.exception
    assert "a load test" in words_of(app)
    with open_store() as store:
        assert AlertStore(store).list_silences()[0]["rule"] == "*"


def test_the_worst_alert_stands_first_and_one_that_is_good_again_says_so(empty_home: Path) -> None:
    fire_alert("context_quality")
    fire_alert("success_rate", 0.99)
    words = words_of(open_page("alerts"))
    assert "2 alerts fire." in words
    assert words.index("critical") < words.index("warning")
    assert "Good again just now; over when it stays so for 5 min" in words
    assert "25\\.0 % over 100 requests, expected at least 85\\.0 %" in words, "what was wrong stays to be read"


def test_a_silence_without_a_reason_is_refused_on_the_spot(empty_home: Path) -> None:
    app = open_page("alerts")
    next(button for button in app.button if button.label == "Silence").click().run()
    assert "A silence needs a reason" in words_of(app)


def test_a_threshold_is_changed_on_the_screen_and_put_back(empty_home: Path) -> None:
    app = open_page("alerts", show="Rules")
    assert "below 85\\.0 % for 1 min, at least 20 requests" in words_of(app)
    app.number_input[0].set_value(0.8)
    next(button for button in app.button if button.label == "Save").click().run()
    assert not app.exception
    with open_store() as store:
        assert load_rules(store)["success_rate"].threshold == 0.8
    next(button for button in app.button if button.label == "Back to the shipped values").click().run()
    with open_store() as store:
        assert load_rules(store)["success_rate"].threshold == 0.85


def test_a_webhook_that_is_no_address_is_refused_and_a_good_one_gets_a_test_button(empty_home: Path) -> None:
    app = open_page("alerts", show="Webhook")
    app.text_input[0].set_value("nowhere")
    next(button for button in app.button if button.label == "Save").click().run()
    assert "expected http" in words_of(app)
    app.text_input[0].set_value("http://127.0.0.1:9")
    next(button for button in app.button if button.label == "Save").click().run()
    next(button for button in app.button if button.label == "Send a test alert").click().run()
    assert "could not be reached" in words_of(app)


def test_what_mended_itself_is_listed(empty_home: Path) -> None:
    assert "Nothing had to be mended" in words_of(open_page("alerts", show="Recoveries"))
    with open_store() as store:
        record_recovery(
            store, component="index", subject="depot", action="built again", outcome="recovered", reason="x", ms=1200
        )
    app = open_page("alerts", show="Recoveries")
    assert app.dataframe[0].value["action"][0] == "built again"


def test_every_part_is_checked_on_request(empty_home: Path) -> None:
    app = open_page("alerts", show="Health")
    next(button for button in app.button if button.label == "Check every part").click().run(timeout=60)
    assert "parts" in words_of(app)
    assert "disk" in words_of(app)
