"""Two texts held against each other word by word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A run of words: in ``both``, only in the ``answer``, or only in the ``reference``."""

    text: str
    side: str


def find_differences(answer: str, references: Sequence[str]) -> tuple[Difference, ...]:
    """The answer against the reference that is most like it; none when less than half of that one is in it.

    Letter case and marks at a word's end make no difference.
    """
    words = answer.split()
    lowered = [_bare(word) for word in words]
    matchers = [
        (r.split(), SequenceMatcher(None, [_bare(word) for word in r.split()], lowered, autojunk=False))
        for r in references
    ]
    if not matchers:
        return ()
    reference, matcher = max(
        matchers, key=lambda pair: sum(b.size for b in pair[1].get_matching_blocks()) / max(1, len(pair[0]))
    )
    if sum(block.size for block in matcher.get_matching_blocks()) * 2 < len(reference):
        return ()  # too unlike: chance matches would be marked
    found: list[Difference] = []
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag != "equal" and a < b:
            found.append(Difference(text=" ".join(reference[a:b]), side="reference"))
        if c < d:
            found.append(Difference(text=" ".join(words[c:d]), side="both" if tag == "equal" else "answer"))
    return tuple(found)


def _bare(word: str) -> str:
    return word.lower().strip(".,;:!?")
