"""The suite editor in a real browser: a selection of the mouse and of the keyboard becomes the gold span, to the character."""

from __future__ import annotations

import json
import urllib.parse
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_screens import await_drawn, click, open_at

# Characters of two UTF-16 units, CRLF line ends and a tab stand before what is selected.
TEXT = "# Rules \U0001f510\r\n\r\nThe \U0001f9ea lab\topens at seven.\r\n\r\n\U0001d4b3 A broken seal is reported within 42 days of purchase.\r\n"
GOLD = "A broken seal is reported within 42 days of purchase."


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "rules.md").write_bytes(TEXT.encode())
    (tmp_path / "docs" / "long.txt").write_text(
        "A line of a long document, \U0001f600 with a sign.\n" * 4500, encoding="utf-8"
    )
    (tmp_path / "suite.yaml").write_text(
        "name: rules\ntitle: Rules\nlicence: CC0-1.0\ncorpus: docs\n", encoding="utf-8"
    )
    first = {"id": "open", "kind": "qa", "question": "When does the lab open?", "answers": ["seven"]}
    (tmp_path / "cases.jsonl").write_text(json.dumps(first) + "\n", encoding="utf-8")
    return tmp_path


def text_of(document: str) -> str:
    return document.replace("\r\n", "\n")


def cases_of(suite: Path) -> dict[str, dict[str, object]]:
    lines = (suite / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    return {case["id"]: case for case in map(json.loads, lines)}


def open_editor(page: Page, suite: Path, **query: str) -> None:
    open_at(page, "/suite_editor?" + urllib.parse.urlencode({"suite": str(suite), **query}))


def fill(page: Page, label: str, value: str) -> None:
    field = page.get_by_label(label, exact=True)
    field.fill(value)
    field.press("Control+Enter" if label != "Id" else "Enter")
    await_drawn(page)


def choose_document(page: Page, name: str) -> None:
    box = page.get_by_role("combobox", name="Document")
    box.click()
    box.fill(name)
    page.get_by_role("option", name=name).click()
    expect(page.get_by_role("textbox", name=f"Text of {name}")).to_be_visible()
    await_drawn(page)


def drag_over(page: Page, words: str) -> None:
    """Press the mouse before the words, move it behind them, let go."""
    box = page.evaluate(
        """words => {
            const root = document.querySelector('.pg-doc-text')
            const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
            for (let node = walker.nextNode(); node; node = walker.nextNode()) {
                const at = node.data.indexOf(words)
                if (at < 0) continue
                const range = document.createRange()
                range.setStart(node, at); range.setEnd(node, at + words.length)
                node.parentElement.scrollIntoView({block: 'nearest'})
                const r = [...range.getClientRects()], a = r[0], b = r[r.length - 1]
                return [a.left + 0.5, a.top + a.height / 2, b.right - 0.5, b.top + b.height / 2]
            }
        }""",
        words,
    )
    page.mouse.move(box[0], box[1])
    page.mouse.down()
    page.mouse.move((box[0] + box[2]) / 2, box[3], steps=4)
    page.mouse.move(box[2], box[3], steps=4)
    page.mouse.up()


def test_what_the_mouse_selects_is_the_gold_span_to_the_character(page: Page, suite: Path) -> None:
    open_editor(page, suite, case="new")
    fill(page, "Id", "seal")
    fill(page, "Question", "Within how many days is a broken seal reported?")
    choose_document(page, "rules.md")
    drag_over(page, GOLD)
    click(page, "Make it a gold span")
    expect(page.locator(".pg-gold")).to_have_text(GOLD)
    drag_over(page, "within 42 days")
    click(page, "Gold span and answer")
    expect(page.get_by_label("Answers, one a line", exact=True)).to_have_value("within 42 days")
    click(page, "^.*Save")
    expect(page.get_by_text("2 cases of 2")).to_be_visible()
    case = cases_of(suite)["seal"]
    spans = [text_of(TEXT)[s["start"] : s["end"]] for s in case["relevant"]]  # type: ignore[index,attr-defined]
    assert spans == [GOLD, "within 42 days"]
    assert case["answers"] == ["within 42 days"]


def test_the_keyboard_alone_selects_a_gold_span(page: Page, suite: Path) -> None:
    open_editor(page, suite, case="open")
    choose_document(page, "rules.md")
    text = page.get_by_role("textbox", name="Text of rules.md")
    text.focus()
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+End")
    page.keyboard.type("x")  # the text cannot be changed
    page.keyboard.press("Enter")
    expect(page.locator(".pg-gold")).to_have_text("The \U0001f9ea lab\topens at seven.")
    click(page, "^.*Save")
    expect(page.get_by_text("1 case of 1")).to_be_visible()
    span = cases_of(suite)["open"]["relevant"][0]  # type: ignore[index]
    assert text_of(TEXT)[span["start"] : span["end"]] == "The \U0001f9ea lab\topens at seven."


def test_a_document_of_200_kb_is_selected_from_at_its_end(page: Page, suite: Path) -> None:
    open_editor(page, suite, case="open")
    choose_document(page, "long.txt")
    text = page.get_by_role("textbox", name="Text of long.txt")
    text.focus()
    page.keyboard.press("Control+End")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Home")
    page.keyboard.press("Shift+End")
    page.keyboard.press("Enter")
    expect(page.locator(".pg-gold")).to_have_text("A line of a long document, \U0001f600 with a sign.")
    click(page, "^.*Save")
    expect(page.get_by_text("1 case of 1")).to_be_visible()
    span = cases_of(suite)["open"]["relevant"][0]  # type: ignore[index]
    whole = (suite / "docs" / "long.txt").read_text(encoding="utf-8")
    assert span["end"] > len(whole) - 100
    assert whole[span["start"] : span["end"]] == "A line of a long document, \U0001f600 with a sign."


def test_two_people_who_edit_lose_nothing(page: Page, suite: Path) -> None:
    open_editor(page, suite, case="open")
    fill(page, "Question", "At what time does the lab open?")
    added = json.dumps({"id": "other", "kind": "qa", "question": "Who?", "answers": ["me"]})
    with (suite / "cases.jsonl").open("a", encoding="utf-8") as file:
        file.write(added + "\n")
    click(page, "^.*Save")
    expect(page.get_by_text("1 added \\(other\\)".replace("\\", ""))).to_be_visible()
    expect(page.get_by_label("Question", exact=True)).to_have_value("At what time does the lab open?")
    click(page, "^.*Save")
    expect(page.get_by_text("2 cases of 2")).to_be_visible()
    assert cases_of(suite)["open"]["question"] == "At what time does the lab open?"
    assert "other" in cases_of(suite)


def test_proposed_cases_enter_the_suite_by_key(page: Page, suite: Path) -> None:
    open_editor(page, suite, show="Generate")
    click(page, "Propose")
    expect(page.get_by_text("Proposal 1 of")).to_be_visible()
    expect(page.get_by_role("button", name="Reject Shortcut")).to_be_visible()
    await_drawn(page)
    page.keyboard.press("Alt+a")
    expect(page.get_by_text("2 cases")).to_be_visible()
    assert len(cases_of(suite)) == 2
