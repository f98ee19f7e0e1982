"""What tells an attack on a model, and an instruction to one, from any other text: counted cues."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

READ_CHARACTERS = 20_000  # attacks state their business early; and time must not grow with what follows

_SELF = r"(?:your|you'?re|the|any|all|these|those|this|my|its)"
_CUES: dict[str, str] = {
    # Attacks on the rules that a model was given.
    "override": r"\b(?:ignore|disregard|forget|override|bypass|overlook|do not follow|don'?t follow|stop following|nevermind|never mind|instead of)\b"
    r"(?:\W+\w+){0,5}?\W+(?:instructions?|prompts?|directions?|rules?|guidelines|polic(?:y|ies)|commands?|context|everything|said|told|before|above|previous)\b",
    "just_print": r"\b(?:just|only|simply|and) (?:print|say|output|repeat|reply|respond|answer|write)\b",
    "from_now_on": r"\bfrom (?:now|this (?:point|moment)) on\b|\bfor the rest of (?:this|our|the) (?:conversation|chat)",
    "persona": r"\b(?:act|acting|behave|respond|answer|reply|speak|talk|role-?play|pretend|simulate|pose)\w* (?:\w+ ){0,3}?(?:as|like|to be|you are|that you)\b",
    "you_are_now": r"\byou (?:are|will be|shall be|become|have been)(?: now| going to| about to| transformed| free(?:d)?| fully)\b",
    "mode": r"\b(?:developer|dan|god|jailbreak|unrestricted|unfiltered|evil|dev|debug|admin|opposite|sudo|maintenance|aligned|unaligned)[ -]mode\b|\bmode (?:enabled|activated|on)\b",
    "dan": r"\b(?:DAN|STAN|DUDE|AIM|BasedGPT|AntiGPT|do anything now|jailbroken|jailbreak(?:ed|ing)?)\b",
    "unrestricted": r"\b(?:no|without|free (?:of|from)|any|bypass\w*|break\w* free|not bound|remov\w+|lack\w*|has no|have no|ignor\w+)\W+(?:\w+\W+){0,4}?(?:restrictions?|filters?|limit(?:ation)?s?"
    r"|censor(?:ship|ed)?|ethic(?:s|al)?|moral(?:s|ity)?|guidelines|rules|polic(?:y|ies)|confines|boundaries|warnings?|disclaimers?)\b",
    "unfiltered": r"\b(?:unfiltered|uncensored|unethical|amoral|immoral|illegal|unmoderated|uncensor|nsfw|profanity|swear(?:ing)?|curse words)\b",
    "refusal": r"\b(?:never (?:refuse|say no|decline|break character|apologi[sz]e)|(?:cannot|can'?t|can not|do not|don'?t|must not|will not|won'?t) (?:refuse|deny|decline|break character|say (?:no|that)|apologi[sz]e)"
    r"|stay in character|break(?:ing)? character|i(?:'m| am) sorry|as an ai|ai language model|under any circumstances|no matter what)\b",
    "vendor": r"\b(?:chat ?gpt|openai|gpt-?\d?|bard|claude|anthropic|llm|language model|ai model|al model|chatbot)\b",
    "secret": r"\b(?:system prompt|initial (?:prompt|instructions)|hidden (?:prompt|instructions|rules)|your (?:instructions|prompt|rules|guidelines|policy|programming|training))\b",
    "reveal": r"\b(?:reveal|show|print|repeat|leak|output|tell me|display|disclose|expose)\b(?:\W+\w+){0,4}\W+(?:prompt|instructions?|rules|configuration|secrets?|passwords?|api keys?)\b",
    "delimiters": r"<\|[^|]{1,30}\|>|\[/?(?:INST|SYS(?:TEM)?)\]|<<SYS>>|#{2,} ?(?:instruction|system|human|assistant|response)|^\s*(?:system|assistant|user|human) ?:|-{4,}|={4,}",
    "reply_prefix": r"\[[A-Z][^\]\n]{1,20}\] ?:|\b(?:start|begin|prefix|preface|end|prepend)(?:s|ning|ing)?\b(?:\W+\w+){0,8}?\W+with\b|\b(?:respond|reply|answer|output)\b(?:\W+\w+){0,3}\W+(?:with|as)\b",
    "remain": r"\b(?:stay a dan|tokens?|deducted|points|punish(?:ed|ment)|shut ?down|comply|obey|compliance|must always|always (?:answer|respond|reply|obey|end|start))\b",
    "fiction": r"\b(?:imagine|hypothetical|fictional|imaginary|story|novel|scenario|character|pretend)\b",
    "harm": r"\b(?:kill|murder|bombs?|meth|drugs?|weapons?|hate|racist|sexist|hack(?:ing)?|malware|steal|destroy|humans)\b",
    "shout": r"\b[A-Z]{4,}(?:\s+[A-Z]{2,}){2,}",
    "understood": r"\b(?:(?:if you )?understand|understood|acknowledge|say \"?(?:ok|yes|understood)|my first (?:question|prompt|request|command|order)|first (?:prompt|request|question) is)\b",
    # Instructions to whoever writes the reply.
    "your_reply": rf"\b(?:{_SELF}|in|each|every) (?:\w+ )?(?:reply|replies|response|responses|answers?|output|outputs|completion|codebase|implementation)\b|\bcode (?:block|excerpt|snippet|segment|fragment)\b",
    "reply_verbs": r"(?:^|[.!?:\n]\s*|\bthen |\band )(?:please )?(?:add|include|insert|incorporate|integrate|mention|suggest|recommend|promote|advertise|append|modify|alter|enhance|infuse|render|employ|embed|combine|replace|substitute|remove"
    r"|group|anagram|scramble|rearrange|misspell|swap|encode|encrypt|reverse|spell|convert|introduce|inject|tell|inform|urge|invite|direct|hint|ask)\b",
    "task_verbs": r"(?:^|[.!?:\n]\s*)(?:please )?(?:write|compose|draft|create|generate|translate|explain|describe|provide|summari[sz]e|analy[sz]e|list|give|name|identify|define|solve|calculate|compare|outline|design|develop|implement|find|tell"
    r"|rewrite|paraphrase|classify|determine|evaluate|discuss|demonstrate|show|offer|craft|make|prepare|plan|schedule|book|set|send|order|search|predict|recite|sing)\b",
    "asks": r"^\s*(?:who|what|when|where|why|how|which|is|are|can|could|do|does|did|will|would)\b[^.\n]{3,200}\?",
    "how_to_write": r"\b(?:without (?:any )?(?:spaces|vowels|punctuation|capital)|(?:every|each) (?:\w+ )?(?:word|letter|vowel|sentence)|in (?:base64|morse|rot13|binary|emoji|pig latin|all caps|reverse|uppercase|lowercase)|base ?64|cipher|emojis?"
    r"|letters? with|symbols?|phonetic|backwards)\b",
    "address": r"\b(?:www\.|https?://)|\b[\w-]{2,40}\.(?:com|net|org|xyz|io|site)\b",
}  # fmt: skip
_PATTERNS = {
    name: re.compile(pattern, re.M if name in ("dan", "shout") else re.I | re.M) for name, pattern in _CUES.items()
}
CUES: tuple[str, ...] = (*_CUES, "length", "lines", "you")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_YOU = frozenset(("you", "your", "yourself", "you're", "you’re", "u"))


def count_cues(text: str) -> list[float]:
    """A value for each of ``CUES``: log of one more than how often a cue stands in the text, and how long it is."""
    read = text[:READ_CHARACTERS]
    words = len(read.split()) or 1
    you = sum(word.lower() in _YOU for word in _WORD.findall(read))
    counts = [math.log1p(min(20, sum(1 for _ in pattern.finditer(read)))) for pattern in _PATTERNS.values()]
    return [*counts, math.log(words), math.log1p(read.count("\n")), you / (words + 5)]


# What a sentence of a document is told by: the cues that are about a reply, and how it stands among its neighbours.
SENTENCE_CUES: tuple[str, ...] = (
    "override", "just_print", "vendor", "secret", "reveal",
    "your_reply", "reply_verbs", "task_verbs", "how_to_write", "address",
)  # fmt: skip
SENTENCE_FEATURES: tuple[str, ...] = (
    *SENTENCE_CUES, "novel", "alone", "task_alone", "asks_alone", "reply_and_verb", "opens_plain", "short",
)  # fmt: skip
_CONTENT = re.compile(r"[^\W\d_]{4,}")
_OPENING = re.compile(r"\s*(?:[-*+•>#|]|\d{1,3}[.)])")


def list_content_words(text: str) -> list[str]:
    """Words of at least four letters, lower case."""
    return [word.lower() for word in _CONTENT.findall(text)]


# A sentence without any of these words is no instruction to whoever writes the reply.
_TOLD = re.compile(
    r"reply|replies|response|responses|answer|answers|output|codebase|implementation|completion|code|message"
    r"|text|ignore|disregard|forget|override|bypass|instructions|instruction|prompt|prompts|assistant|model|ai"
    r"|chatbot|chatgpt|system|from|act|pretend"
)
_TOLD_FIRST = re.compile(
    r"add|include|insert|incorporate|integrate|mention|suggest|recommend|promote|advertise|append|modify|alter"
    r"|enhance|infuse|render|employ|embed|combine|replace|substitute|remove|group|anagram|scramble|rearrange"
    r"|misspell|swap|encode|encrypt|reverse|spell|convert|introduce|inject|tell|inform|urge|invite|direct|hint"
    r"|ask|write|compose|draft|create|generate|translate|explain|describe|provide|summarize|summarise|analyze"
    r"|analyse|list|give|name|identify|define|solve|calculate|compare|outline|design|develop|implement|find"
    r"|rewrite|paraphrase|classify|determine|evaluate|discuss|demonstrate|show|offer|craft|make|prepare|plan"
    r"|schedule|book|send|order|search|predict|recite|sing|please|jumble|repeat|print|say|output|use|do|don't"
    r"|always|never|let|respond|reply|answer|who|what|when|where|why|how|which|is|are|can|could|does|did|will"
    r"|would|encourage|highlight|weave|blend|transform|shuffle|link|merge|omit|turn|change|utilize|utilise|apply"
    r"|emphasize|emphasise|share|sneak|slip"
)


_ASKING = re.compile(r"who|what|when|where|why|how|which|is|are|can|could|does|did|will|would")
_QUOTES = ('"', "'", "”", "’", "*", "»")


def is_candidate(sentence: str) -> bool:
    """Whether a sentence may be an instruction to whoever writes the reply: by its first word, or a word on replies."""
    words = [word.lower() for word in _WORD.findall(sentence[:1_000])]
    if len(words) < 3 or sentence.lstrip().startswith("#"):
        return False
    spoken = sentence.rstrip().endswith(_QUOTES)  # a line of somebody in the document
    opens = _TOLD_FIRST.fullmatch(words[0]) and not (spoken and _ASKING.fullmatch(words[0]))
    return bool(opens) or any(_TOLD.fullmatch(word) for word in words)


def count_sentence_cues(
    sentence: str, elsewhere: Mapping[str, int], document_words: int, *, alone: bool
) -> list[float]:
    """A value for each of ``SENTENCE_FEATURES``.

    Args:
        elsewhere: how often each content word stands in the whole document, the sentence included.
        document_words: how many content words the document has.
        alone: nothing else stands in its line.
    """
    read = sentence[:1_000]
    found = {name: float(bool(_PATTERNS[name].search(read))) for name in SENTENCE_CUES}
    own: dict[str, int] = {}
    for word in list_content_words(read):
        own[word] = own.get(word, 0) + 1
    strange = sum(1 for word, count in own.items() if elsewhere.get(word, 0) <= count)
    novel = strange / len(own) if own and document_words > 2 * len(own) else 0.0
    asks = float(bool(_PATTERNS["asks"].match(read)))
    return [
        *found.values(),
        novel,
        float(alone),
        found["task_verbs"] * novel * alone,
        asks * novel * alone,
        found["your_reply"] * max(found["reply_verbs"], found["task_verbs"], found["how_to_write"]),
        float(not _OPENING.match(read)),
        float(len(own) < 3),
    ]
