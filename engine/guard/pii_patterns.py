"""Personal data that has a form of its own: addresses of machines and mail, numbers with check digits, numbers by context.

Every pattern is bounded, and begins only where a run of its characters begins, so that time grows with the text's length.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass

_BEFORE = 48  # characters in which a word such as "phone" makes a number a phone number


@dataclass(frozen=True, slots=True)
class PersonalSpan:
    """``text[start:end]`` is personal data of a type; ``score`` in (0, 1] is how sure that is."""

    type: str
    start: int
    end: int
    score: float


_EMAIL = re.compile(r"(?<![\w.+-])[\w.+'-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w-])")
_URL = re.compile(r"\b(?:https?|ftp)://[^\s<>\"']{1,2000}", re.I)
_CREDENTIALS = re.compile(r"\b[a-z][a-z0-9+.-]{1,15}://[^\s/@:]{1,80}:[^\s/@]{1,200}@", re.I)
_SECRET = re.compile(
    r"\b(?:sk-[\w-]{16,200}|gh[pousr]_\w{20,100}|AKIA[0-9A-Z]{16}|xox[abpr]-[\w-]{10,100}|AIza[\w-]{30,60}"
    r"|eyJ[\w-]{10,500}\.[\w-]{10,2000}\.[\w-]{10,500})\b"
    r"|\bBearer\s{1,3}[\w.~+/=-]{12,2000}"
    r"|\b(?:api[_ -]?key|password|passwd|secret|access[_ -]?token)\b[\"']?\s{0,2}[:=]\s{0,2}[\"']?(?P<value>(?=[^\s\"',;]{0,40}[^A-Za-z\s\"',;.])[^\s\"',;]{4,200})",
    re.I,
)
_IPV4 = re.compile(r"(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])")
_VERSION = re.compile(r"\b(?:v|ver|version|release)\.?\s{0,2}$", re.I)
_DIGITS = re.compile(r"(?<![\w.])\d(?:[ -]?\d){11,}(?!\w)")
_CARDED = re.compile(r"\b(?:cards?|cc|visa|mastercard|amex)\b", re.I)
_PRINTED = re.compile(
    r"(?<![\d-])(?:\d{12,19}|\d{4}([ -])(?:\d{4}\1\d{4}\1\d{1,4}(?:\1\d{1,3})?|\d{6}\1\d{4,5}))(?!\d)"
)
_NETWORKS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]|2[2-7])\d{14}|3[47]\d{13}|3(?:0[0-59]|[689]\d)\d{11}|(?:2131|1800)\d{11}|35\d{14}"
    r"|6(?:011|4[4-9]\d|5\d\d)\d{12}|62\d{14,17}|(?:50|5[6-9]|6\d)\d{10,17}"
)
_IBAN = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]{2})\d{2}(?=[ -]?[A-Za-z0-9])")
_IBAN_LENGTHS = {
    code: int(length)
    for code, length in re.findall(
        r"([A-Z]{2})(\d{2})",
        "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BR29BY28CH21CR22CY28CZ24DE22DK18DO28EE20EG29ES24FI18FO18FR27GB22GE22GI23GL18GR27"
        "GT28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MR27MT31MU30NL18NO15PK24"
        "PL28PS29PT25QA29RO24RS22SA24SC31SE24SI19SK24SM27SV28TL23TN24TR26UA29VA22VG24XK20",
    )
}
_SSN = re.compile(r"(?<![\w-])(?!000|666|9\d\d)\d{3}([- ])(?!00)\d{2}\1(?!0000)\d{4}(?![\w-])")
_LINK = r"(?:\s{0,3}(?:number|numbers|no\.?|num|nr\.?|id|code|#|is|was|are|:|=|-)){0,4}\s{0,3}[#\"']?"
_NUMBER = r"(?P<value>(?=[A-Za-z-]{0,6}\d)[A-Za-z0-9](?:[A-Za-z0-9-]{3,18}[A-Za-z0-9]))(?![\w-])"
_BY_CONTEXT = {
    "driver_license": re.compile(r"\b(?:driv(?:er|ing)(?:['’]?s)?['’]? licen[sc]e|DL\b)" + _LINK + _NUMBER, re.I),
    "passport": re.compile(r"\bpassport" + _LINK + _NUMBER, re.I),
    "medical_record": re.compile(
        r"\b(?:medical record|MRN|patient (?:id|number)|NHS|medicare|health insurance)" + _LINK + _NUMBER, re.I
    ),
    "us_ssn": re.compile(r"\b(?:ssn|social security)" + _LINK + r"(?P<value>\d{3}[- ]?\d{2}[- ]?\d{4})(?!\w)", re.I),
    "bank_account": re.compile(
        r"\b(?:bank account|account number|account no\.?|routing number|sort code|acct)"
        + _LINK
        + r"(?P<value>\d(?:[ -]?\d){4,20})(?!\w)",
        re.I,
    ),
    "date_of_birth": re.compile(
        r"\b(?:born(?: on)?|birth ?da(?:y|te)|date of birth|dob)(?:\s{0,3}(?:is|was|on|:|=|-)){0,3}\s{0,3}"
        r"(?P<value>\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{1,2}(?:st|nd|rd|th)?(?: of)? [A-Za-z]{3,9},? \d{4}"
        r"|[A-Za-z]{3,9} \d{1,2}(?:st|nd|rd|th)?,? \d{4})",
        re.I,
    ),
}
_AGE = re.compile(r"(?<![\w.])(\d{1,3})(?=[ -]?(?:years?|yrs?)[ -]olds?\b| ?y/o\b| ?yo\b)", re.I)
_TURNED = re.compile(r"\b(?:turn(?:ed|s|ing)?|aged?)(?: (?:of|is|was))? (\d{1,3})(?= years?\b| yrs?\b|[.,;!?]|$)", re.I)
_CALLABLE = re.compile(r"(?<![\w.(+-])(?:\+|00|\(\+?)?\d[\d ().\-/\t]{5,24}\d(?!\w)")
_CALLED = re.compile(
    r"\b(?:call(?:ed|ing|s)?|phone|telephone|tel|mobile|cell|cellphone|fax|text|whatsapp|dial|reach|ring|contact|hotline|sms"
    r"|messages? (?:to|at|on)|answering (?:at|on))\b",
    re.I,
)
_CALLED_AFTER = re.compile(r"\s?[-(]?\s?(?:office|fax|mobile|cell|home|work|tel)\b", re.I)
_NOT_CALLED = re.compile(
    r"\b(?:order|invoice|ticket|ref(?:erence)?|case|serial|isbn|issn|version|card|model|sku|article|account|tracking|licen[sc]e"
    r"|number of|page|id|section)\b[^\n]{0,12}$",
    re.I,
)
_AMERICAN = re.compile(r"(?<!\d)(?:\+?1[ .-]?)?(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .-])\d{3}[ .-]\d{4}(?!\d)")
_DATE = re.compile(r"\(?(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})")
# Countries whose rules a number with a leading zero is held against.
_REGIONS = ("GB", "DE", "FR", "CH", "IT", "AT", "NL", "BE", "SE", "AU", "ZA", "IN", "ES")


def find_patterned(text: str) -> Iterator[PersonalSpan]:
    """Everything that has a form of its own; spans may overlap."""
    if "@" in text:
        yield from (PersonalSpan("email", m.start(), m.end(), 0.99) for m in _EMAIL.finditer(text))
    if "://" in text:
        yield from (PersonalSpan("secret", m.start(), m.end(), 1.0) for m in _CREDENTIALS.finditer(text))
        yield from (PersonalSpan("url", m.start(), _trim(text, m), 0.9) for m in _URL.finditer(text))
    for m in _SECRET.finditer(text):
        group = "value" if m["value"] else 0
        yield PersonalSpan("secret", m.start(group), m.end(group), 0.9)
    if any(char.isdigit() for char in text):
        yield from _find_numbers(text)
    if ":" in text:
        yield from (PersonalSpan("ip_address", m.start(), m.end(), 0.9) for m in _IPV6.finditer(text) if _is_ip(m[0]))


def _find_numbers(text: str) -> Iterator[PersonalSpan]:
    for m in _IPV4.finditer(text):
        if not _VERSION.search(text, max(0, m.start() - 12), m.start()):
            yield PersonalSpan("ip_address", m.start(), m.end(), 0.95)
    for m in _DIGITS.finditer(text):
        yield from _find_cards(text, m.start(), m.end())
    for m in _IBAN.finditer(text):
        end = _end_of_iban(text, m.start(), m[1].upper())
        if end:
            yield PersonalSpan("iban", m.start(), end, 0.99)
    yield from (PersonalSpan("us_ssn", m.start(), m.end(), 0.9) for m in _SSN.finditer(text))
    for kind, pattern in _BY_CONTEXT.items():
        for m in pattern.finditer(text):
            yield PersonalSpan(kind, m.start("value"), m.end("value"), 0.95)
    for pattern in (_AGE, _TURNED):
        yield from (PersonalSpan("age", m.start(1), m.end(1), 0.8) for m in pattern.finditer(text) if int(m[1]) < 125)
    yield from _find_phones(text)


def _find_cards(text: str, start: int, end: int) -> Iterator[PersonalSpan]:
    """Cards among groups of digits: one run, or groups as they are printed; of a network, or behind the word card."""
    named = bool(_CARDED.search(text, max(0, start - _BEFORE), start))
    after = start
    for m in _PRINTED.finditer(text, start, end):
        digits = re.sub(r"\D", "", m[0])
        if (_NETWORKS.fullmatch(digits) or (named and m.start() == start)) and pass_luhn(digits):
            yield PersonalSpan("credit_card", m.start(), m.end(), 0.99 if len(digits) > 13 else 0.9)
            after = m.end()
    whole = re.sub(r"\D", "", text[start:end]) if after == start and end - start < 40 else ""
    if _NETWORKS.fullmatch(whole) and pass_luhn(whole):
        yield PersonalSpan("credit_card", start, end, 0.95)


def _find_phones(text: str) -> Iterator[PersonalSpan]:
    for m in _CALLABLE.finditer(text):
        number = m[0]
        digits = re.sub(r"\D", "", number)
        if _DATE.match(number):
            continue
        before = text[max(0, m.start() - _BEFORE) : m.start()]
        score = _score_phone(number, digits, before, text[m.end() : m.end() + 12]) if 7 <= len(digits) <= 16 else 0.0
        if score:
            yield PersonalSpan("phone", m.start(), m.end(), score)
        elif not _NOT_CALLED.search(before):  # several numbers in a row
            yield from (
                PersonalSpan("phone", a.start(), a.end(), 0.8) for a in _AMERICAN.finditer(text, m.start(), m.end())
            )


def _score_phone(number: str, digits: str, before: str, after: str) -> float:
    """How sure it is that a number is called, 0 when it is not; the words around it, then the rules of countries."""
    if _NOT_CALLED.search(before):
        return 0.0
    if _CALLED.search(before) or _CALLED_AFTER.match(after):
        return 0.9
    if _AMERICAN.fullmatch(number):
        return 0.85
    if number[0] in "+(" or (digits[0] == "0" and re.search(r"\d[ ()/.-]+\d", number)):
        return 0.75 if _is_valid_anywhere(number) else 0.0
    return 0.0


def _is_valid_anywhere(number: str) -> bool:
    import phonenumbers

    for region in (None,) if number.startswith("+") else _REGIONS:
        try:
            if phonenumbers.is_valid_number(phonenumbers.parse(number, region)):
                return True
        except phonenumbers.NumberParseException:
            continue
    return False


def pass_luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    total = 0
    for position, char in enumerate(reversed(digits)):
        value = int(char) * (1 + position % 2)
        total += value - 9 * (value > 9)
    return total % 10 == 0


def _end_of_iban(text: str, start: int, country: str) -> int:
    """Where an IBAN that starts here ends, 0 when it is none: length by country, remainder 1 by 97 (ISO 13616)."""
    length = _IBAN_LENGTHS.get(country, 0)
    characters, at = "", start
    while len(characters) < length and at < len(text):
        if text[at].isascii() and text[at].isalnum():
            characters += text[at].upper()
        elif text[at] not in " -":
            return 0
        at += 1
    whole = len(characters) == length > 0 and not (at < len(text) and text[at].isalnum())
    if not whole:
        return 0
    moved = characters[4:] + characters[:4]
    return at if int("".join(str(int(char, 36)) for char in moved)) % 97 == 1 else 0


def _is_ip(text: str) -> bool:
    try:
        return len(text) > 3 and bool(ipaddress.IPv6Address(text))
    except ValueError:
        return False


def _trim(text: str, match: re.Match[str]) -> int:
    return match.start() + len(match[0].rstrip(".,;:!?)]}"))
