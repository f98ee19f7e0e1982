"""Word lists by which two questions are held against each other. English, short, made by hand; no word of any data set.

A word that stands in no list counts in full: a question with another one is another question.
"""

from __future__ import annotations

import re

# What people put before or behind a question without asking anything else.
_ASKED = r"(?:tell|show|explain|say|give|let)(?: (?:to )?(?:me|us))?(?: know)?(?: please)?(?: about)?"
LEAD = re.compile(
    rf"^(?:(?:hi|hello|hey|ok|okay|so|well|and|yes|no|oh|i see|i mean|i meant|by the way|btw|thanks|thank you|please|quick question)\b[\s,.!:-]*)*"
    rf"(?:(?:can|could|would|will) (?:you|someone|anyone|anybody) (?:please |kindly |perhaps |maybe )?{_ASKED}"
    rf"|(?:please |kindly ){_ASKED}|(?:tell|show) (?:me|us)(?: about)?"
    rf"|(?:i|we)(?: would|['’]d)? (?:just )?(?:like|want|need|wish) to (?:know|find out|ask|learn|understand)(?: about)?"
    rf"|(?:i|we)(?: am| are| was|['’]m|['’]re)? (?:just )?wonder(?:ing)?(?: about)?"
    rf"|do (?:you|we|they) (?:happen to )?know|(?:does )?any(?:one|body) knows?|any idea)?[\s,:-]*",
    re.I,
)
TRAIL = re.compile(
    r"[\s,.!?;:-]*(?:\b(?:please|pls|thanks|thank you|thx|exactly|by the way|btw)\b[\s,.!?;:-]*)*$", re.I
)
CONTRACTIONS = (
    (re.compile(r"\b(ca)n['’]t\b", re.I), r"\1n not"),
    (re.compile(r"\bwon['’]t\b", re.I), "will not"),
    (re.compile(r"\bshan['’]t\b", re.I), "shall not"),
    (re.compile(r"\bcannot\b", re.I), "can not"),
    (re.compile(r"n['’]t\b", re.I), " not"),
    (re.compile(r"\b(what|who|where|when|why|how|that|it|there|here)['’]s\b", re.I), r"\1 is"),
    (re.compile(r"['’]re\b", re.I), " are"),
    (re.compile(r"['’]ve\b", re.I), " have"),
    (re.compile(r"['’]ll\b", re.I), " will"),
    (re.compile(r"['’]m\b", re.I), " am"),
    (re.compile(r"['’]s\b", re.I), ""),
)
# Words that may be missing in one of the two questions.
FREE = frozenset(
    """a an the of there that am is are be been being was were do does did has have had main current currently exactly actually
    really usually typically generally normally overall just simply ever now also particular specific certain given""".split()  # noqa: SIM905
)
# Words of one class: one question may lack them, but where both have some that differ, they ask different things.
PLACES = frozenset(("in", "on", "at", "for", "to", "about", "regarding", "concerning"))
PERSONS = {
    **dict.fromkeys(("i", "me", "my", "mine", "we", "us", "our", "ours"), "asker"),
    **dict.fromkeys(("you", "your", "yours"), "asked"),
}
TENSES = {
    **dict.fromkeys(("am", "is", "are", "do", "does", "has", "have"), "present"),
    **dict.fromkeys(("was", "were", "did", "had"), "past"),
}
# One group a line: each of its words may stand for the others.
_SYNONYMS = """buy purchase|price cost|begin start commence|end finish|large big|small little|fix repair|quick fast|show display
movie film|car automobile|doctor physician|job occupation|kid child|kids children|phone telephone|photo photograph picture
error failure fault|delete remove erase|choose select pick|allow permit|need require|get obtain|happen occur|create make
make create|reply respond|shut close|illness sickness disease|lawyer attorney|tv television|app application|config configuration
docs documentation|info information details|max maximum|min minimum|approx approximately|firm company|dispatch ship
delivery shipping|hard difficult|usa us america|uk britain|organisation organization|colour color|favourite favorite
centre center|theatre theater|licence license|cheque check|programme program|behaviour behavior|labour labor|neighbour neighbor
defence defense|metre meter|grey gray|travelling traveling|cancelled canceled|analyse analyze|organise organize|recognise recognize
characterise characterize|specialise specialize|could can|ought should|which what|whom who|whilst while|amongst among|until till
one-time onetime|e-mail email|web-site website|db database|pic picture|ad advertisement|mins minutes|secs seconds|hrs hours
1 one|2 two|3 three|4 four|5 five|6 six|7 seven|8 eight|9 nine|10 ten|11 eleven|12 twelve|100 hundred|1000 thousand"""
SYNONYMS: dict[str, str] = {}
for _group in _SYNONYMS.replace("\n", "|").split("|"):
    _first, *_others = _group.split()
    for _word in _others:
        SYNONYMS.setdefault(_word, SYNONYMS.get(_first, _first))
# Said in several words, and what stands for it in fewer, taken in order. ``do`` says that a question is of the present.
PHRASES = (
    (re.compile(r"\bhow do (?:i|you|we|one|people) (?:go about )?"), "how do to "),
    (re.compile(r"\bhow (?:can|could|should|would|may|might) (?:i|you|we|one|people)\b"), "how do to"),
    (re.compile(r"\b(?:what is|tell me) the (?:number|total number|count|amount) of\b"), "how many"),
    (re.compile(r"\bhow much time\b|\bwhat length of time\b"), "how long"),
    (re.compile(r"\b(?:at|in|on|during) (?:what|which) (time|year|date|day|month)\b"), r"what \1"),
    (re.compile(r"\b(?:for what reason|what is the reason(?: why)?|how come)\b"), "why"),
    (re.compile(r"\b(?:in|at) (?:what|which) place\b"), "where"),
    (re.compile(r"\bwhich (?:person|people)\b|\bwhat (?:person|people)\b"), "who"),
    (re.compile(r"\bwhat (?:does|do) (.+?) (?:mean|stand for)$"), r"what is \1"),
    (re.compile(r"\bwhat is (?:the )?(?:meaning|definition) of\b"), "what is"),
    (re.compile(r"\bis it (possible|allowed) to\b"), "can i"),
    (re.compile(r"\bam i (?:able|allowed) to\b|\bare we (?:able|allowed) to\b"), "can i"),
    (re.compile(r"\bthe names? of\b|\b(?:named|called|known as|referred to as|termed)\b"), "name"),
    (re.compile(r"\bunited states(?: of america)?\b|\bu\.s\.a?\.?(?=\s|$)"), "us-country"),
)
