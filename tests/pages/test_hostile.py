"""Documents, answers, ids and questions that hold mark-up stay text on every screen; a box takes any string."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine.corpora import ingest_corpus, record_ingest
from engine.plain_text import replace_halves
from engine.runs import RunRequest, run_request
from engine.serving.asked import Asked
from engine.serving.runtime import ServingRuntime
from engine.settings import PipelineSettings
from engine.store import PreferenceStore, open_store
from engine.store.sessions import SessionStore
from tests.engine.guard.naughty import OWN
from tests.pages.conftest import open_page

EVIL = "<script>alert(1)</script> ![x](http://evil.example/p.png) [y](javascript:alert(2)) :red[z] `</code>` $x^2$"
CASE = "case ![x](http://evil.example/p.png) `<script>`"
FILE = "![x](evil) [y](javascript:a) <script>.md"
# Mark-up of ours is made of letters, icons and colours; these would be somebody else's.
LIVE = (
    re.compile(r"(?<!\\)!\[x\]\("),
    re.compile(r"(?<![\\!])\[y\]\("),
    re.compile(r"(?<!\\)<script", re.I),
    re.compile(r"(?<![\\\w]):red\[z"),
    re.compile(r"(?<!\\)\$x"),
)
SCREENS = [
    ("ask", {}), ("corpora", {}), ("corpora", {"corpus": "hostile"}), ("corpora", {"corpus": "hostile", "document": FILE}), ("overview", {}),
    ("suites", {}), ("runs", {}), ("runs", {"run": "run-hostile"}), ("runs", {"run": "run-hostile", "case": CASE}),
    ("runs", {"run": "run-hostile", "show": "Tags"}), ("reports", {"kind": "Run", "run": "run-hostile"}),
    ("validation", {}), ("readiness", {}), ("calibration", {}), ("live", {"list": "1"}), ("live", {"request": "hostile-request"}),
    ("ask", {"corpus": "hostile", "session": EVIL, "q": EVIL}), ("suite_editor", {"suite": "hostile"}), ("guards", {"show": EVIL}),
]  # fmt: skip


@pytest.fixture(scope="module")
def hostile_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose documents, file names, cases, tags and conversations hold mark-up."""
    base = tmp_path_factory.mktemp("hostile")
    corpus, suite = base / "corpus", base / "suite"
    corpus.mkdir()
    suite.mkdir()
    (corpus / FILE).write_text(f"# Depot {EVIL}\n\nThe blue depot {EVIL} opens at seven.\n", encoding="utf-8")
    header = f"name: hostile\ntitle: {json.dumps(EVIL)}\ndescription: {json.dumps(EVIL)}\nlicence: CC0-1.0\ncorpus: {corpus}\n"
    (suite / "suite.yaml").write_text(header + "pass:\n  success_rate: 0.9\nmeasures: [correct, recall@5]\n")
    case = {"id": CASE, "kind": "qa", "question": f"When does the blue depot {EVIL} open?", "answers": [EVIL], "tags": [EVIL],
            "relevant": [{"document": FILE}]}  # fmt: skip
    (suite / "cases.jsonl").write_text(json.dumps(case) + "\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHASEGATE_HOME", str(base / "home"))
        with open_store() as store:
            settings = PipelineSettings()
            record_ingest(store, ingest_corpus("hostile", [corpus], settings), settings)
            run_request(store, RunRequest(suite=str(suite), overrides={}, run_id="run-hostile"))
            SessionStore(store).record_turn(EVIL, EVIL, EVIL, corpus="hostile", owner=EVIL)
            with ServingRuntime(open_store()) as runtime:
                asked = Asked(question=f"When does the blue depot {EVIL} open?", corpus="hostile", settings=settings,
                              asker=EVIL, correlation_id="hostile-request")  # fmt: skip
                runtime.service.answer(asked)
    return base / "home"


@pytest.fixture
def hostile(hostile_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PHASEGATE_HOME", str(hostile_home))
    return hostile_home


def list_markdown(app: AppTest) -> Iterator[str]:
    """Every text of the screen that the browser renders as Markdown: bodies, labels and helps."""
    for block in (app.main, app.sidebar):
        for node in _walk(block):
            proto = getattr(node, "proto", None)
            assert not getattr(proto, "allow_html", False)
            for name in ("body", "label", "help"):
                text = getattr(proto, name, "")
                if isinstance(text, str) and text and node.type not in ("code", "text"):
                    yield text


def _walk(block: object) -> Iterator[object]:
    for child in getattr(block, "children", {}).values():
        yield child
        yield from _walk(child)


@pytest.mark.parametrize(("page", "query"), SCREENS, ids=[f"{page}-{'-'.join(query)}" for page, query in SCREENS])
def test_mark_up_of_documents_answers_and_ids_stays_text(page: str, query: dict[str, str], hostile: Path) -> None:
    app = open_page(page, **query)
    assert not app.exception
    for text in list_markdown(app):
        bare = re.sub(r"(?<!\\)`[^`\n]*`", "", text)  # code is text already
        assert [rule.pattern for rule in LIVE if rule.search(bare)] == [], text


def test_question_box_takes_any_string_and_shows_it_as_text(hostile: Path) -> None:
    app = open_page("ask", corpus="hostile")
    for text in (EVIL, *OWN[::16]):
        app.text_area(key="question").set_value(text)
        next(button for button in app.button if button.label == "Ask").click().run()
        assert not app.exception, text
        for shown in list_markdown(app):
            bare = re.sub(r"(?<!\\)`[^`\n]*`", "", shown)
            assert [rule.pattern for rule in LIVE if rule.search(bare)] == [], shown


ODD = (EVIL, "'; DROP TABLE runs; --", "%_\\", "\x00", "a" * 3000, "[", "田中", "1e400", "{{7*7}}")


@pytest.mark.parametrize(
    ("page", "query", "key"),
    [("runs", {"run": "run-hostile"}, "case-find"), ("runs", {}, "text"), ("live", {"list": "1"}, "words"),
     ("corpora", {"corpus": "hostile"}, "search"), ("settings", {"show": "Audit trail"}, "trail-words")],
    ids=["cases", "runs", "live", "documents", "trail"],
)  # fmt: skip
def test_search_box_takes_any_string(page: str, query: dict[str, str], key: str, hostile: Path) -> None:
    app = open_page(page, **query)
    for text in ODD:
        app.text_input(key=key).set_value(text).run()
        assert not app.exception, text
    assert app.text_input(key=key).set_value("").run().text_input(key=key).value == ""


def test_text_that_is_tried_is_shown_as_text_whatever_it_is(hostile: Path) -> None:
    app = open_page("guards", show="Try a text")
    for text in (*ODD, *OWN[::20]):
        app.text_area(key="guards-text").set_value(replace_halves(text)).run()
        assert not app.exception, text
        assert [rule.pattern for rule in LIVE for shown in list_markdown(app) if rule.search(shown)] == [], text


def test_settings_take_any_string_or_say_what_is_wrong(hostile: Path) -> None:
    app = open_page("settings")
    boxes = [box.key for box in app.text_input if (box.key or "").startswith("field-")]
    assert len(boxes) >= 2
    for text in ODD[::2]:
        for key in boxes:
            app.text_input(key=key).set_value(text)
        next(button for button in app.button if button.label == "Save").click().run()
        assert not app.exception, text
    with open_store() as store:
        PreferenceStore(store).delete_preference("pipeline")


def test_these_screens_do_show_what_is_hostile(hostile: Path) -> None:
    shown = [text for page, query in SCREENS[2:4] for text in list_markdown(open_page(page, **query))]
    assert sum("evil" in text for text in shown) >= 2
