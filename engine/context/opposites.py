"""Words that turn a statement round: negations, and pairs of words that exclude each other."""

from __future__ import annotations

import re
from functools import lru_cache

from engine.context.words import stem

NEGATION = re.compile(
    r"\b(?:not|no|never|none|neither|nor|without|cannot|unable|fail\w*|refus\w*|except|unlike|instead|lack\w*"
    r"|reject\w*)\b|n['’]t\b",
    re.I,
)
_PAIRS = """increase/decrease rise/fall high/low higher/lower highest/lowest large/small larger/smaller largest/smallest
    big/little biggest/smallest more/less most/least many/few before/after first/last early/late earlier/later begin/end
    start/stop north/south northern/southern east/west eastern/western male/female man/woman men/women king/queen
    father/mother son/daughter win/lose won/lost positive/negative inside/outside internal/external major/minor
    maximum/minimum upper/lower above/below old/new older/newer public/private legal/illegal strong/weak stronger/weaker
    hot/cold rich/poor wealthy/poor good/bad better/worse best/worst easy/difficult simple/complex fast/slow faster/slower
    support/oppose allow/prevent accept/reject agree/disagree success/failure gain/loss modern/ancient primary/secondary
    same/different common/rare majority/minority arrive/leave enter/exit import/export open/close possible/impossible
    dependent/independent attack/defend buy/sell create/destroy build/destroy love/hate friend/enemy victory/defeat
    right/left long/short longest/shortest thick/thin heavy/light young/old hard/soft wet/dry"""


@lru_cache(maxsize=1)
def load_opposites() -> dict[str, frozenset[str]]:
    """Stems by the stems that exclude them."""
    table: dict[str, set[str]] = {}
    for pair in _PAIRS.split():
        a, b = (stem(word) for word in pair.split("/"))
        table.setdefault(a, set()).add(b)
        table.setdefault(b, set()).add(a)
    return {word: frozenset(others) for word, others in table.items()}
