"""Postal addresses: a street with its number, boxes of the post and of the military, and what follows them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.guard.pii_patterns import PersonalSpan

_CAP = r"[^\W\d_a-zß-öø-ÿ][\w'’.-]{0,30}"
_NAME = rf"{_CAP}(?: (?:(?:de|da|do|dos|di|la|le|du|e|of|the|von|van|der|nad) ){{0,2}}{_CAP}){{0,4}}"
_STREET = (
    r"(?:street|str|st|avenue|ave|road|rd|boulevard|blvd|lane|ln|drive|dr|court|ct|courts|place|pl|square|sq|terrace|parkway|pkwy"
    r"|highway|hwy|close|crescent|way|trail|circle|alley|row|quay|gardens|grove|hill|extensions?|plaza)"
)
_UNIT = r"(?:[,\s]{1,6}(?i:apt|apartment|suite|unit|flat|floor|room|building)\b\.? ?#?[\w-]{1,8}){1,3}"
_CITY = rf"(?:[,\s]{{1,8}}(?:{_NAME}|[A-Z]{{2}}\b)){{0,3}}"
_CODE = r"(?:[,\s]{1,8}(?:\d{2}-\d{3}|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|\d{4,6}(?:-\d{3,4})?))"
_TAIL = rf"(?:(?:{_UNIT})?{_CITY}{_CODE}|{_UNIT})?"
_LED = (
    r"(?i:\b(?:address(?:es)?|sent|send|deliver(?:ed)?|ship(?:ped)?|taxi|drops you off|meet me|return(?: it)?|live[sd]?|living|located|moved?"
    r"|reside[sd]?|home|following)\b[^\n\d]{0,24}?[:?\s]\s{0,3})"
)
_PATTERNS = (
    # 28245 Puruntie 82, 107 Igias Street, 1600 Pennsylvania Ave.
    (0.96, re.compile(rf"(?<![\w.-])\d{{1,6}}(?:-\d{{1,4}})?[A-Za-z]? (?:\d{{1,5}} )?{_NAME} (?i:{_STREET})\b\.?(?: (?:North|South|East|West|[NSEW])\b)?{_TAIL}")),
    (0.86, re.compile(rf"(?<![\w.-])\d{{2,6}} (?:\d{{1,5}} )?(?:ul\. )?{_NAME}(?: u\.| rkp\.| tee)? \d{{1,5}}\b\.?(?! ?(?:%|a\.?m|p\.?m|years|days)){_TAIL}")),
    (0.9, re.compile(rf"(?<![\w.-])\d{{1,6}} (?:{_NAME} ){{0,1}}P\.?\s?O\.? Box \d{{1,6}}\b[^\n,]{{0,24}}{_TAIL}")),
    (0.9, re.compile(rf"\bP\.?\s?O\.? Box \d{{1,6}}\b(?:[^\n,.]{{0,24}}{_TAIL})?", re.I)),
    (0.95, re.compile(r"\b(?:PSC \d{1,5},? Box \d{1,6}|Unit \d{1,5},? Box \d{1,6}|USS [A-Z]\w{1,30}|USNS [A-Z]\w{1,30}|USNV [A-Z]\w{1,30}|USCGC \w{1,30})\s{1,3}(?:A|F|D)PO,? A[AEP] \d{5}", re.I)),
    (0.8, re.compile(rf"\bcorner of {_NAME}(?: \d{{1,4}})? and {_NAME}(?: \d{{1,4}})?", re.I)),
    # Hauptstraße 5, Magasinsgatan 7, Via Franscini 71, sébet tér 19
    (0.75, re.compile(r"\b[^\W\d_]{2,30}(?:straße|strasse|gasse|weg|platz|gatan|vägen|gade|vej|veien|katu|tie|laan|straat|gracht|plein)\.? \d{1,4}[a-z]?\b", re.I)),
    (0.75, re.compile(rf"\b(?:Via|Rue|rue|Rua|Calle|Avenida|Avda\.|Av\.|Piazza|Piazzetta|Postbox|ul\.|Place|Boulevard) {_NAME},? \d{{1,5}}\b{_TAIL}")),
    (0.7, re.compile(rf"\b(?:apt|suite)\.? ?#?\d{{1,5}}\b(?:{_CITY}{_CODE})?", re.I)),
    (0.7, re.compile(rf"{_LED}(?P<value>\d{{1,6}} (?:\d{{1,5}} )?{_NAME}(?: \d{{1,5}})?{_TAIL})")),
)  # fmt: skip
_ZIPS = (
    (0.8, re.compile(r"\b(?:zip|postal|post)[ -]?codes?(?:\s{0,2}(?:is|:|=|number)){0,2}\s{0,2}(?P<value>[A-Z0-9][A-Z0-9 -]{2,9}\b)", re.I)),
    (0.75, re.compile(r"(?<=\b[A-Z]{2} )(?P<value>\d{5}(?:-\d{4})?)\b")),
    (0.75, re.compile(r"\b(?P<value>[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}|[A-Z]\d[A-Z] \d[A-Z]\d)\b")),
)  # fmt: skip


_DATED = re.compile(r"\d{1,2}(?:st|nd|rd|th)? (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\b", re.I)


def find_addresses(text: str) -> Iterator[PersonalSpan]:
    """Streets, boxes and postal codes; a postal code right behind a street is part of the address."""
    if not any(char.isdigit() for char in text) and "corner of" not in text.lower():
        return
    for score, pattern in _PATTERNS:
        for m in pattern.finditer(text):
            group = "value" if "value" in pattern.groupindex else 0
            if _DATED.match(text, m.start(group)):
                continue
            yield PersonalSpan("address", m.start(group), m.end(group), score)
    for score, pattern in _ZIPS:
        for m in pattern.finditer(text):
            if any(char.isdigit() for char in m["value"]):
                yield PersonalSpan("zip_code", m.start("value"), m.end("value"), score)
