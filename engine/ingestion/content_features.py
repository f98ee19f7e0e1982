"""What tells dialogue, narrative and technical prose apart: a dozen plain measures of a text, each a share or a rate."""

from __future__ import annotations

import re
from collections import Counter

from engine.ingestion.speech import find_speech, find_turns, measure_unmarked_speech

# Where so little speech is marked, talk without marks is looked for.
UNMARKED_BELOW = 0.05

_CODE = re.compile(r"^[ \t]*(`{3,}|~{3,}).*?(?:^[ \t]*\1|\Z)|(?<!`)`[^`\n]+`(?!`)", re.M | re.S)
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_TECHNICAL_TOKEN = re.compile(
    r"`[^`\n]+`|\b\w+_\w+\b|\b[a-z]+[A-Z]\w+\b|\b(?:[A-Z][a-z]+){2,}\b|https?://\S+|\b\w+\(\)|[{}<>=|\\]|\s--?[a-z][\w-]*\b|/\w+/\w+"
    r"|\b\d+(?:\.\d+)?\s?(?:mm|cm|kg|g|ml|ms|s|MB|GB|KB|TB|MHz|GHz|V|W|A|°C|°F|min|bar|psi|rpm|px|km|Nm)\b|\b\d{1,3}(?:\.\d{1,3}){2,}\b"
    r"|\b[A-Z]{2,}\d*\b|\b\w+\.(?:py|sh|yaml|yml|json|conf|txt|log|io|com|go|js|sql|md|html)\b|[®™]"
)
_MARKED_LINE = re.compile(
    r"^[ \t]*(?:#{1,6}[ \t]|```|\$[ \t]|\||[-*][ \t]|\d+[.)][ \t]|\d{4}-\d\d-\d\d|[\w.]+[ \t]*[:=][ \t]*\S+[ \t]*$|GET |POST )",
    re.M,
)
_INSTRUCTION = re.compile(
    r"(?:^|[.:\n][ \t]+|\n)(?:[-*][ \t]+|\d+[.)][ \t]*)?(?:to )?(?:run|set|open|click|install|check|use|add|remove|press|turn|configure|restart"
    r"|enable|disable|select|replace|connect|ensure|verify|preheat|mix|stir|attach|tighten|insert|note|see|returns?|call|create|delete"
    r"|specify|apply|make sure|enter|choose|switch|clean|rinse|drain|measure|wait|do not|never|avoid|keep|follow|update|save|go to|log"
    r"|loosen|lift|lower|slide|push|pull|place|fit|cut|drill|heat|bake|boil|pour|whisk|fold|sand|glue|weld|solder|mount|align|adjust"
    r"|inspect|test|record|calibrate|charge|discharge|disconnect|unplug|plug|store|load|unload|download|upload|deploy|build|define"
    r"|declare|import|export|copy|paste|type|read|write|start|stop|allow|repeat|consult|refer to|contact|review|confirm|identify)\b",
    re.I,
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_JARGON = _words(
    "server servers database databases function functions parameter parameters configuration configure configured cluster clusters node nodes"
    " api apis request requests response responses default defaults value values error errors device devices method methods module modules"
    " install installed version versions memory timeout interface interfaces cable cables valve valves sensor sensors voltage procedure"
    " specification file files field fields index query queries alert alerts alerting metric metrics metadata container containers pod pods"
    " deployment deployments protocol protocols firmware algorithm compile variable variables argument arguments data dataset network"
    " user users client clients setting settings command commands script scripts component components process processes disk instance"
    " instances service services application applications app apps storage endpoint endpoints dashboard plugin template templates string"
    " strings object objects output input inputs label labels log logs logging monitoring runtime authentication authorization token tokens"
    " resource resources namespace config replica replicas backup package packages library libraries feature features option options"
    " flag flags format type types class classes browser url backend frontend host hosts port ports latency throughput bandwidth cpu"
    " bolt bolts screw screws nut nuts gasket bearing bearings shaft gear gears torque hose pump pumps filter filters pipe pipes tank motor"
    " engine piston brake lever bracket panel switch switches circuit circuits breaker fuse battery batteries charger wiring wire terminal"
    " connector socket relay coil current frequency signal amplifier resistor capacitor diameter thickness tolerance dimensions length width"
    " pressure temperature flow rate density viscosity concentration solution sample samples specimen reagent dose dosage tablet tablets"
    " calibration accuracy precision threshold ratio maximum minimum range unit units capacity load maintenance inspection procedure"
    " procedures installation assembly manual equipment machine operator safety adhesive coating steel aluminium plastic ingredients oven"
    " sensor model models warranty requirements standard standards compliance matrix vector linear equation compiler kernel driver drivers"
    " specified supported support supports enable enabled disable disabled automatically manually available example examples following via"
)
_PAST = _words(
    "was were had did said went came saw took made thought knew found felt stood looked turned began left sat ran told heard became kept"
    " held brought fell lay rose drew got gave seemed asked"
)
_PERSONS = _words("he she him her his hers himself herself")
_SELF = _words("i me my mine myself")
_DIRECT = _words(
    "i me my we us our you your yours yes no oh well please don't can't won't i'm you're it's that's what's i'll you'll i've let's"
)
_SPEECH_VERBS = _words(
    "said says say asked asks replied answered cried whispered shouted muttered told exclaimed murmured called added returned continued"
)
_RULES = _words("can must should may will using use used if when which each this these")
# A text that names its speakers is a transcript when this share of it is what they say.
TRANSCRIPT_SHARE = 0.5
# Share of words of address in speech from which on it is plainly people talking.
ADDRESS_RATE = 0.05
# speech: share of the characters that are direct speech; talk: the same as far as the speakers address anybody; talk_low:
# whether there is any, in steps; the others are rates per word or shares.
FEATURES = (
    "speech", "talk", "talk_low", "transcript", "opens_with_speech", "speech_verbs", "technical_tokens", "marked_lines",
    "instructions", "jargon", "past", "persons", "self", "rules",
)  # fmt: skip


def measure_features(text: str) -> list[float]:
    """The features of ``FEATURES`` in their order; the caller has made sure that the text has words."""
    prose = _CODE.sub(lambda m: " " * len(m.group()), text)
    turns = find_turns(prose)
    spoken = find_speech(prose, turns)
    said = "\n".join(prose[a:b] for a, b in spoken)
    speech = min(1.0, _count_ink(said) / (_count_ink(text) or 1))
    said_words = _count_words(said)
    address = _sum_known(said_words, _DIRECT) / (said_words.total() + 5)
    if speech < UNMARKED_BELOW and (unmarked := measure_unmarked_speech(prose)) > speech:
        speech, address = unmarked, ADDRESS_RATE
    transcript = float(bool(turns) and speech >= TRANSCRIPT_SHARE)
    talk = speech * max(transcript, min(1.0, address / ADDRESS_RATE))
    words = _count_words(prose)
    count = words.total() + 5
    past = _sum_known(words, _PAST) + 0.5 * sum(n for word, n in words.items() if len(word) > 4 and word.endswith("ed"))
    return [
        speech,
        talk,
        min(talk, 0.15),
        transcript,
        _opening_share(prose, spoken),
        _sum_known(words, _SPEECH_VERBS) / count,
        # What people talk about does not make a transcript technical.
        *((0.0,) * 4 if transcript else _measure_technical(text, prose, words)),
        past / count,
        _sum_known(words, _PERSONS) / count,
        _sum_known(words, _SELF) / count,
        0.0 if transcript else _sum_known(words, _RULES) / count,
    ]


def _measure_technical(text: str, prose: str, words: Counter[str]) -> tuple[float, float, float, float]:
    """Identifiers, units and code per word; the share of marked lines; instructions and terms per word."""
    lines = [line for line in text.splitlines() if line.strip()]
    count = words.total() + 5
    return (
        min(1.0, len(_TECHNICAL_TOKEN.findall(text)) / (len(text.split()) + 5)),
        min(1.0, len(_MARKED_LINE.findall(text)) / len(lines)) if len(lines) > 1 else 0.0,
        len(_INSTRUCTION.findall(prose)) / count,
        _sum_known(words, _JARGON) / count,
    )


def _count_ink(text: str) -> int:
    """Characters that are no white space."""
    return len("".join(text.split()))


def _count_words(text: str) -> Counter[str]:
    return Counter(_WORD.findall(text.lower().replace("’", "'")))


def _sum_known(words: Counter[str], known: frozenset[str]) -> int:
    return sum(n for word, n in words.items() if word in known)


def _opening_share(text: str, spoken: list[tuple[int, int]]) -> float:
    """Share of the speech that opens its paragraph or line."""
    total = sum(b - a for a, b in spoken)
    opening = sum(
        b - a for a, b in spoken if not (before := text[max(0, a - 3) : a]).strip() and (a < 3 or "\n" in before)
    )
    return opening / total if total else 0.0
