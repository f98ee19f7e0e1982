"""Where foreign contexts stand in the suite's documents; what cannot be found is not guessed."""

from __future__ import annotations

import pytest

from engine.evaluation.locating import LEAST_LIKENESS, Locator
from engine.evaluation.target_replies import ForeignContext

TEXT = (
    "# Refunds\n\nUnopened boxes may be *returned* within 42 days\nof delivery. “Opened” boxes — alas — stay sold, unless the "
    "seal was broken by our own courier, which the depot confirms in writing within a week.\n"
)
DOCUMENTS = {
    "policies/refunds.md": TEXT,
    "depot.md": "The depot opens at seven. It closes at six.\n",
    "old/depot.md": "The depot is closed.\n",
}


@pytest.fixture(scope="module")
def locator() -> Locator:
    return Locator(DOCUMENTS)


@pytest.mark.parametrize(
    ("text", "how", "found"),
    [
        ("The depot opens at seven.", "exact", "The depot opens at seven."),
        ("returned* within 42 days of   delivery.", "spaces", "returned* within 42 days\nof delivery."),
        ("UNOPENED BOXES MAY BE *RETURNED*", "spaces", "Unopened boxes may be *returned*"),
        ('may be returned within 42 days of delivery. "Opened" boxes - alas - stay sold', "marks",
         "may be *returned* within 42 days\nof delivery. “Opened” boxes — alas — stay sold"),
        ("stay sold, unless the seal was brokn by our own courier, which the depot confirmed in writing", "window", "stay sold"),
    ],
)  # fmt: skip
def test_a_context_is_found_by_the_strictest_way_that_finds_it(
    text: str, how: str, found: str, locator: Locator
) -> None:
    place = locator.locate(ForeignContext(text=text))
    assert place is not None
    assert place.how == how
    assert DOCUMENTS[place.document][place.start : place.end].startswith(found)
    assert place.likeness >= LEAST_LIKENESS


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "Returns are possible for six weeks after the parcel has come if nobody has opened the box.",
        "The harbour master signs all permits before noon and keeps a copy.",
        "so sold",
    ],
)
def test_another_text_is_not_located(text: str, locator: Locator) -> None:
    assert locator.locate(ForeignContext(text=text)) is None


def test_a_named_document_is_searched_alone(locator: Locator) -> None:
    assert locator.locate(ForeignContext(text="The depot opens at seven.", document="old/depot.md")) is None


def test_a_given_place_is_taken_when_the_text_stands_there(locator: Locator) -> None:
    given = ForeignContext(text="The depot", document="old/depot.md", start=0, end=9)
    assert locator.locate(given).how == "given"  # type: ignore[union-attr]
    wrong = ForeignContext(text="is closed", document="old/depot.md", start=0, end=9)
    place = locator.locate(wrong)
    assert place is not None
    assert (place.how, place.start) == ("exact", 10)


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("policies/refunds.md", "policies/refunds.md"),
        ("s3://bucket/v2/policies/refunds.md", "policies/refunds.md"),
        ("C:\\data\\refunds.md", "policies/refunds.md"),
        ("refunds", "policies/refunds.md"),
        ("/x/old/depot.md", "old/depot.md"),
        ("elsewhere.md", None),
    ],
)
def test_a_document_is_known_by_the_end_of_its_path(name: str, document: str | None, locator: Locator) -> None:
    assert locator.find_document(name) == document


def test_a_name_that_two_documents_have_is_no_document() -> None:
    assert Locator({"a/x.md": "1", "b/x.md": "2"}).find_document("x.md") is None


def test_positions_hold_where_lower_case_is_longer() -> None:
    text = "İİİ one  two three"
    place = Locator({"a": text}).locate(ForeignContext(text="ONE TWO"))
    assert place is not None
    assert text[place.start : place.end] == "one  two"
