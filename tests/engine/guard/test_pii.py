"""Personal data is found by form and by context, and nothing else is taken for it."""

from __future__ import annotations

import itertools
import time

import pytest

from engine.guard.pii import find_personal_data, redact


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("Mail joe.o'neil+x@mail.example.org.", "Mail [EMAIL]."),
        ("Card 4111 1111 1111 1111 expires soon", "Card [CREDIT_CARD] expires soon"),
        ("amex 3782 822463 10005", "amex [CREDIT_CARD]"),
        ("IBAN DE89 3704 0044 0532 0130 00 is ours", "IBAN [IBAN] is ours"),
        ("My SSN is 123-45-6789", "My SSN is [US_SSN]"),
        ("my driver's license number is F162-8235-4012", "my driver's license number is [DRIVER_LICENSE]"),
        ("Passport no. C01X00T47", "Passport no. [PASSPORT]"),
        ("Please call me at 0494 92 82 32 today", "Please call me at [PHONE] today"),
        ("+49 30 901820", "[PHONE]"),
        ("(212) 555-0143", "[PHONE]"),
        ("from 192.168.10.7 and 2001:db8::1", "from [IP_ADDRESS] and [IP_ADDRESS]"),
        ("Deliver to 1600 Pennsylvania Avenue, Washington, DC 20500", "Deliver to [ADDRESS]"),
        ("My name is Rubija", "My name is [PERSON]"),
        ("Ask Mr. Pálffy or Mary Johnson", "Ask Mr. [PERSON] or [PERSON]"),
        ("born on 12.03.1987", "born on [DATE_OF_BIRTH]"),
        ("Authorization: Bearer abcdef0123456789", "Authorization: [SECRET]"),
        ("key sk-proj-abcdefghij0123456789", "key [SECRET]"),
        ("https://joe:hunter2@host.example/x", "[SECRET]host.example/x"),
    ],
)
def test_personal_data_is_replaced_by_its_type(text: str, redacted: str) -> None:
    assert redact(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "The order 4929 1234 5678 9012 was shipped",  # fails its check digit
        "Version 10.2.3.4 of the firmware",
        "IBAN DE89 3704 0044 0532 0130 01",
        "On 2024-03-01 at 12:30:45 the job ran",
        "What does chapter 12 of the Travel Policy say about 30 June 2026?",
        "Invoice 2024-000123 over 1,250.00 EUR",
        "Paris is the capital of France.",
        "",
    ],
)
def test_what_only_looks_alike_stays(text: str) -> None:
    assert redact(text) == text


def test_spans_are_in_order_do_not_overlap_and_give_their_text() -> None:
    text = "Dear John Smith, mail john@x.org or call 212-555-0143 at 12 Main Street, Springfield, IL 62704."
    spans = find_personal_data(text)
    assert [span.type for span in spans] == ["person", "email", "phone", "address"]
    assert all(a.end <= b.start for a, b in itertools.pairwise(spans))
    assert text[spans[1].start : spans[1].end] == "john@x.org"


@pytest.mark.parametrize(
    "piece", ["a", "1 ", "12-", "a@", "x@a.", "Aa ", "GB12 ", "1 Aa ", "12 Aa 12\n", "passport ", "::", "(1", "call 555-123-4567 ", "eyJaaaaaaaaaaaa."]
)  # fmt: skip
def test_time_grows_with_the_length_of_the_text(piece: str) -> None:
    def measure(length: int) -> float:
        text = (piece * length)[:length]
        best = float("inf")
        for _ in range(3):
            started = time.perf_counter()
            find_personal_data(text)
            best = min(best, time.perf_counter() - started)
        return best

    assert measure(24_000) < 16 * measure(6_000) + 0.05  # four times the text; a square would be sixteen
