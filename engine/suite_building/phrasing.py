"""Statements turned into questions, by the grammar that can be told from their words alone.

Only sentences of a plain build are taken: a subject, a verb that is known, and at the end what is asked for. Whatever is not
surely that is left; a question that reads badly costs a person more than one that is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.suite_building.candidates import lower_first
from engine.suite_building.grammar import (
    AMOUNT,
    BE,
    CLOCK,
    DAY,
    DURATION,
    HAVE,
    MODAL,
    NOT_SUBJECT,
    NUMBER,
    PRONOUNS,
    STOPS,
    TIME,
    UNIT,
    Phrased,
    hangs,
)
from engine.suite_building.persons import ask_named, ask_where, ask_who
from engine.suite_building.verbs import PAST, PRESENT

_WH_TIME = {
    "within": "Within what time", "in": "When", "for": "For how long", "by": "By when", "before": "Before when", "until": "Until when", "till": "Until when",
    "from": "From when", "since": "Since when", "after": "After how long", "every": "How often", "at": "At what time", "on": "On which day",
    "during": "When", "about": "When",
}  # fmt: skip


def phrase_sentence(sentence: str, people: frozenset[str] = frozenset()) -> Iterator[Phrased]:
    """The questions that one sentence answers. ``people`` are names that stand for persons."""
    sentence = sentence.strip()
    yield from ask_named(sentence, people)
    if not sentence[:1].isupper() or not sentence.endswith("."):
        return
    body = sentence[:-1]
    yield from ask_who(body, people)
    yield from ask_where(body, people)
    if STOPS.search(body) or body.count(",") > 1:  # what stands before the first stop is often a statement by itself
        body = re.split(r"[,;:—–(“‘\"]| - ", body)[0].strip()
    if not 5 <= len(body.split()) <= 32 or STOPS.search(body) or re.search(r"[.!?] [A-Z]", body) or hangs(body):
        return
    if NOT_SUBJECT.match(body):
        yield from _ask_there(body)
        return
    for ask in (_ask_complement, _ask_when, _ask_verb, _ask_why):
        yield from ask(body)


def _split(body: str, verbs: str) -> tuple[str, str, str] | None:
    """Subject, the first of the verbs, and the rest; None when the subject is not a plain one."""
    match = re.match(rf"(.{{2,90}}?) ({verbs}) (.+)$", body)
    if match is None:
        return None
    subject, verb, rest = match.groups()
    nested = re.search(
        r"\b(?:who|which|that|whose|if|when|because|where|while|is|are|was|were|has|have|had|can|must|may|will|do|does|did|should|no|bears)\b",
        subject,
    )
    verbal = any(word in PRESENT for word in subject.split()[1:]) or re.search(r"(?:,| and| or)$|^\W*\d+\b", subject)
    if nested or verbal or len(subject.split()) > 8 or "," in subject or PRONOUNS.search(subject):
        return None
    return subject, verb, rest


def _ask_complement(body: str) -> Iterator[Phrased]:
    """``The delivery fee is S$12`` to ``What is the delivery fee?``"""
    found = _split(body, BE)
    if found is None:
        return
    subject, verb, rest = found
    amount = re.match(rf"({AMOUNT}(?: (?:per|a|an|each|of|for|in|on|before|after|and|to) .{{2,50}})?)$", rest)
    if amount and not PRONOUNS.search(rest):
        money = re.match(r"(?:(?:at|up|about|only) \w+ )?[A-Z]{0,2}[$€£]", amount.group(1))
        fee = re.search(
            r"(?i)\b(?:fee|charge|price|cost|rate|deposit|limit|amount|surcharge|value|discount|order|total|minimum)s?\b",
            subject,
        )
        wh = "How much" if money and not fee else "What"
        yield Phrased(f"{wh} {verb} {lower_first(subject)}?", amount.group(1), subject, "number", 0.9)
        return
    named = re.match(r"(?:called|named|known as|nicknamed) (.{2,50})$", rest)
    if named:
        yield Phrased(f"What {verb} {lower_first(subject)} called?", named.group(1), subject, "fact", 0.9)
        return
    definition = re.match(r"((?:a|an|the) [^,]{8,110}?)(?:, .*)?$", rest)
    term = not re.match(rf"(?i){NUMBER}\b", subject) and re.match(
        r"(?:An? |The )?([A-Z0-9][\w./-]*(?: [\w./-]+){0,3}|[a-z][\w-]+(?: [\w-]+){0,2})$", subject
    )
    if (
        definition
        and term
        and verb in ("is", "are")
        and not PRONOUNS.search(definition.group(1))
        and len(definition.group(1).split()) >= 4
    ):
        yield Phrased(f"What {verb} {lower_first(subject)}?", definition.group(1), subject, "definition", 0.75)


def _ask_when(body: str) -> Iterator[Phrased]:
    """``Orders must be confirmed before 2.00 pm`` to ``Before when must orders be confirmed?``"""
    for verbs in (MODAL, BE, HAVE):
        found = _split(body, verbs)
        if found is None:
            continue
        subject, verb, rest = found
        if verb.endswith(" to") or (verb in ("has", "have", "had") and not re.match(r"been |\w+ed\b", rest)):
            continue
        match = re.match(
            rf"(.+?) (within|in|for|by|before|until|till|from|since|after|every|at|on) ({DURATION}|{TIME})((?: (?:after|of|before|from|to|until|and) .{{2,40}})?)$",
            rest,
        )
        if (
            match is None
            or PRONOUNS.search(match.group(1))
            or PRONOUNS.search(match.group(4))
            or match.group(1).count(",")
            or hangs(match.group(1))
        ):
            continue
        done, preposition, when, more = match.groups()
        timed = re.match(DURATION, when)
        wh = _WH_TIME[preposition]
        if preposition == "after" and not timed:
            wh = "After when"
        if preposition in ("at", "on", "in") and (timed or not re.match(CLOCK if preposition == "at" else TIME, when)):
            wh = "When"
        if preposition == "on" and not re.match(DAY, when):
            wh = "When"
        if preposition == "from" and more:
            wh = "When"
        yield Phrased(
            f"{wh} {verb} {lower_first(subject)} {done}?", f"{preposition} {when}{more}", subject, "number", 0.85
        )
        return


def _ask_verb(body: str) -> Iterator[Phrased]:
    """``A locker has between 18 and 76 doors`` to ``How many doors does a locker have?``"""
    verbs = "|".join(map(re.escape, sorted((*PRESENT, *PAST), key=len, reverse=True)))
    found = _split(body, verbs)
    if found is None or re.search(r"\b(?:to|not|never|also|only)$", found[0]):
        return
    subject, verb, rest = found
    past = verb in PAST
    if (
        past
        and not re.match(r"(?:The|An?) [a-z-]+(?: [a-z-]+)?$", subject)
        and not re.match(r"(?:The |An? )?[A-Z][\w'’.-]+(?: (?:[A-Z][\w'’.-]+|of|the|de|van))*$", subject)
    ):
        return
    auxiliary = "did" if past else "does"
    base = PAST[verb] if past else PRESENT[verb]
    counted = re.match(
        rf"((?:(?:at most|at least|up to|about|roughly|around|more than|less than|nearly|only|exactly|between) )?{NUMBER}(?: (?:to|or|and) {NUMBER})?) ((?:[a-z-]+ ){{0,2}}[a-z-]+s)\b((?: .{{2,60}})?)$",
        rest,
    )
    if (
        counted
        and not re.match(UNIT, counted.group(2))
        and not PRONOUNS.search(counted.group(3))
        and counted.group(3).count(",") == 0
    ):
        number, things, more = counted.groups()
        if not re.search(r" (?:and|or|but|which|who)\b", more):
            yield Phrased(
                f"How many {things} {auxiliary} {lower_first(subject)} {base}{more}?",
                f"{number} {things}",
                subject,
                "number",
                0.9,
            )
        return
    whole = re.match(rf"({AMOUNT})$", rest)
    if whole:
        wh = {"cost": "How much", "take": "How long", "last": "How long", "weigh": "How much"}.get(
            base, "How much" if not re.match(DURATION, rest) else "How long"
        )
        yield Phrased(f"{wh} {auxiliary} {lower_first(subject)} {base}?", whole.group(1), subject, "number", 0.9)
        return
    match = re.match(
        rf"(?:(.+?) )?(within|in|for|by|before|until|from|since|after|every|at|on) ({DURATION}|{TIME})$", rest
    )
    if (
        match
        and not PRONOUNS.search(match.group(1) or "")
        and (match.group(1) or "").count(",") == 0
        and not hangs(match.group(1) or "")
    ):
        done, preposition, when = match.groups()
        wh = _WH_TIME[preposition] if preposition not in ("at", "on", "after") else "When"
        yield Phrased(
            f"{wh} {auxiliary} {lower_first(subject)} {base}{' ' + done if done else ''}?",
            f"{preposition} {when}",
            subject,
            "number",
            0.85,
        )


def _ask_why(body: str) -> Iterator[Phrased]:
    """``The fee is waived because ...`` to ``Why is the fee waived?``"""
    halves = re.match(r"(.{12,110}?),? because ([^,]{12,110})$", body)
    if halves is None or re.match(r"of\b", halves.group(2)):
        return
    found = _split(halves.group(1), f"{BE}|{MODAL}")
    if found is None or PRONOUNS.search(found[2]) or found[1].endswith(" to") or "," in found[2]:
        return
    subject, verb, rest = found
    yield Phrased(f"Why {verb} {lower_first(subject)} {rest}?", halves.group(2), subject, "fact", 0.8)


def _ask_there(body: str) -> Iterator[Phrased]:
    """``There are eleven men in the crew`` to ``How many men are there in the crew?``"""
    match = re.match(
        rf"There (are|were) ((?:about |at least |at most |only |exactly |now )?{NUMBER}) ((?:[a-z-]+ )?(?:[a-z-]+s|men|women|people|children)) ((?:in|on|at|for|under|with) [^,]{{4,60}})$",
        body,
    )
    if match and not PRONOUNS.search(match.group(4)):
        verb, number, things, where = match.groups()
        yield Phrased(f"How many {things} {verb} there {where}?", f"{number} {things}", things, "number", 0.9)
