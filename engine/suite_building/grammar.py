"""Words and patterns by which the parts of a sentence are told: numbers, times, persons, what no subject begins with."""

from __future__ import annotations

import re
from dataclasses import dataclass

NUMBER = r"(?:\d[\d,. ]*\d|\d|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|half)(?:[- ](?:one|two|three|four|five|six|seven|eight|nine|hundred|thousand|million|dozen))*"
UNIT = r"(?:second|minute|hour|day|week|month|year|night|calendar day|working day|business day)s?"
DURATION = rf"(?:(?:at most|at least|up to|about|roughly|around|some|more than|less than|nearly|almost|over|under) )?{NUMBER}(?: (?:to|or|and) {NUMBER})?(?: (?:calendar|working|business|full|ordinary))? {UNIT}"
MONTH = r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
DAY = r"(?:Mondays?|Tuesdays?|Wednesdays?|Thursdays?|Fridays?|Saturdays?|Sundays?|weekends|weekdays|public holidays)"
CLOCK = r"(?:\d{1,2}[.:]\d{2}(?: ?[ap]\.?m\.?)?|\d{1,2} ?[ap]\.?m\.?|noon|midnight)(?: UTC| CET)?"
DATE = rf"(?:(?:the )?\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {MONTH}(?: (?:1[5-9]|20)\d\d)?|{MONTH}(?: \d{{1,2}},?)?(?: (?:1[5-9]|20)\d\d)?|(?:1[5-9]|20)\d\d(?:-\d\d-\d\d)?)"
TIME = rf"(?:{CLOCK}|{DATE}|{DAY})(?:,? (?:on |of )?(?:{DATE}|{DAY}|{CLOCK}))*"
AMOUNT = rf"(?:(?:at most|at least|up to|about|roughly|around|more than|less than|nearly|over|under|exactly|only) )?(?:[A-Z]{{0,2}}[$€£] ?\d[\d,.]*\d|[A-Z]{{0,2}}[$€£] ?\d|\d[\d,.]* ?(?:%|per cent|percent|°C|degrees|kg|g|mm|cm|km|m|GB|TB|MB|KB|ms|gsm|litres?|metres?|miles|fathoms|bushels|pounds|inch(?:es)?)\b|{DURATION})"

TITLE = (
    r"(?:Mr|Mrs|Miss|Dr|Captain|Father|Sister|Sergeant|Master|Frau|Herr|Señor|Señora|Aunt|Uncle|Doctor|Professor)\.? "
)
PERSON = rf"(?:{TITLE})?[A-ZÀ-Ž][\w'’-]+(?: (?:de |van |von |da )?[A-ZÀ-Ž][\w'’-]+){{0,2}}"
SPEECH = (
    "said",
    "asked",
    "thought",
    "told",
    "let",
    "called",
    "answered",
    "replied",
    "laughed",
    "looked",
    "shrugged",
    "nodded",
    "seemed",
    "wanted",
)
DONE = ("was", "had", "keeps", "owns", "leads")
BE = r"is|are|was|were"
MODAL = r"must|can|cannot|may|will|should|shall|would|could|might|has to|have to|had to"
HAVE = r"has|have|had"
NOT_SUBJECT = re.compile(
    r"(?i)^(?:it|he|she|they|this|that|these|those|there|we|i|you|which|who|what|here|if|when|while|because|although|though|since|"
    r"after|before|as|but|and|so|or|however|also|then|only|even|once|until|unless|both|all|some|one|two|each|every|another|other|others|"
    r"most|many|such|nobody|nothing|everything|everyone|anyone|anything|see|note|please|in|on|at|for|from|with|without|by|to|of|his|her|"
    r"its|their|our|my|your|not|no|now|never|yet|still|just|thus|instead|otherwise|yes|perhaps|maybe|today|later|more|less|whatever|"
    r"whoever|somebody|someone|where|how|why|whether|usually|often|sometimes|nearly|almost|else|anything|the (?:same|former|latter|other|first|second|"
    r"next|last|rest|third|one|ones|others|latter|above|following|result|reason|answer|point|thing))\b"
)
STOPS = re.compile(r"[\"“”‘«»;:!?()\[\]|{}<>=]|(?<!\w)'|--| - | — |—| – |\.\.\.|…|\n")
PRONOUNS = re.compile(
    r"(?i)\b(?:it|its|he|him|his|she|her|hers|they|them|their|theirs|this|that|these|those|we|us|our|i|me|my|you|your|such|here|there|"
    r"above|below|former|latter|other|another|same|himself|herself|itself|themselves|myself|otherwise|too|also)\b"
)
# The same but for what may point back at the subject itself.
REFERS = re.compile(
    r"(?i)\b(?:it|its|he|him|she|they|them|their|theirs|this|that|these|those|we|us|our|i|me|my|you|your|such|here|there|another|same|too|also)\b"
)


@dataclass(frozen=True, slots=True)
class Phrased:
    """A question, its answer as it stands in the sentence, what it is about and of which kind it is."""

    question: str
    answer: str
    subject: str
    origin: str
    useful: float


def hangs(text: str) -> bool:
    """Whether a piece ends in a word that wants another."""
    return bool(
        re.search(
            r"(?i)\b(?:and|or|but|the|a|an|of|to|not|than|as|more|less|least|most|is|are|be|been|with|for|at|in|on|from|by|only|about|up|down|out|between)$",
            text,
        )
        and not re.search(
            r"(?i)(?:sent|given|taken|switched|turned|put|set|signed|locked) (?:up|down|out|on|in)$", text
        )
    )
