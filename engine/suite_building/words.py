"""What a generator asks of a whole corpus: who is a person, which words are rare, in which documents a text stands."""

from __future__ import annotations

import bisect
import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from engine.suite_building.candidates import Place, clean, name_place
from engine.types import Document

_TITLED = re.compile(r"\b(?:Mr|Mrs|Miss|Dr|Captain|Father|Sister|Sergeant|Frau|Herr|Aunt|Uncle)\.? ([A-Z][\w'’]+)")
_SPOKE = re.compile(
    r"(?:said|asked|told|thought|answered|replied|cried) (?:the )?((?:[A-Z][\w'’]+ )?[A-Z][\w'’]+)|([A-Z][\w'’]+) (?:said|asked|told|thought|answered|replied|laughed|nodded|shrugged)\b"
)
_DID = re.compile(
    r"\b([A-ZÀ-Ž][\w'’]{2,}) (?:had|took|went|came|put|knew|sat|stood|told|gave|held|wrote|made|kept|brought|left|found|saw|says?|opened|walked|turned|read|signed|asked)\b"
)
_AT = re.compile(r"\b(?:in|at|near|into|from the|of the|the) ([A-ZÀ-Ž][\w'’]{2,})\b")
_FULL = re.compile(r"(?<![.!?\w] )(?<!^)\b([A-Z][a-zà-ž]+ [A-Z][a-zà-ž]{2,})\b")
_ARTICLES = ("a", "an", "the", "all", "any", "each", "every", "no", "our", "your", "their", "some")
_NOT_PEOPLE = frozenset(["He", "She", "You", "Nobody", "Somebody", "We", "It", "One", "Who", "Everybody", "Everyone", "Someone", "His", "Her", "My", "Your", "Our", "Their", "Then", "Now", "Here", "Father", "Mother", "Private", "Sergeant", "Captain", "People", "Men", "Women", "Nothing", "Something", "Always", "Never", "All", "Some", "Most", "Many", "Once", "Yes", "No", "Not", "Only", "Still", "Even", "Just", "Perhaps", "Later", "Today", "Master", "Old", "Chair", "Council", "Anyone", "Both", "Each", "Every", "Another", "Others", "The", "This", "That", "There", "They", "What", "When", "Where", "Which", "While", "With", "And", "But", "For", "God", "Lord", "Sir", "Madam", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"])  # fmt: skip


class CorpusWords:
    """The words of a corpus; built once."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self.texts = {document.id: document.text for document in documents}
        self._titles = {document.id: document.title for document in documents}
        folded = [_fold(text) for text in self.texts.values()]
        self._ids = list(self.texts)
        self._joined = " \0 ".join(f" {text} " for text in folded)
        self._starts = self._find_starts(folded)
        self._counts: dict[str, set[str]] = defaultdict(set)
        for name, text in zip(self._ids, folded, strict=True):
            for word in set(text.split()):
                self._counts[word].add(name.partition("#")[0])
        self.people = self._find_people()
        written = {word for text in self.texts.values() for word in re.findall(r"\w+", text)}
        inside = {word for text in self.texts.values() for word in re.findall(r"(?<=[a-z,] )[A-ZÀ-Ž]\w+", text)}
        self._names = {word for word in inside if word.lower() not in written}

    def holders_of(self, text: str) -> set[str]:
        """The documents that hold a text, case and punctuation aside, as whole words."""
        wanted, found, at = f" {_fold(text)} ", set(), -1
        while (at := self._joined.find(wanted, at + 1)) >= 0:
            found.add(self._ids[bisect.bisect_right(self._starts, at) - 1])
        return found

    def holds(self, text: str) -> bool:
        """Whether any document holds a text as whole words."""
        return f" {_fold(text)} " in self._joined

    def place_question(self, question: str, subject: str, document: Document) -> str:
        """The question, with the document named when its subject could be that of several."""
        first = subject.split(maxsplit=1)[0] if subject else ""
        if first in self._names and first.lower() not in _ARTICLES:  # a name keeps its capital
            question = question.replace(f" {first[:1].lower()}{subject[1:]}", f" {subject}", 1)
        telling = [w for w in _fold(subject).split() if len(w) > 3]
        rarest = min((len(self._counts.get(w, ())) for w in telling), default=99)
        named = bool(re.search(r"[A-Z]", subject[1:]) or re.search(r"\d", subject))
        bare = (bool(re.match(r"(?i)(?:the|an?) ", subject)) and len(subject.split()) <= 2) or (
            len(subject.split()) == 1 and not named
        )
        if not bare and (rarest <= 2 or (named and rarest <= 4)):
            return question
        title = name_place(Place(document=document.id, title=document.title))
        if any(
            word in _fold(question).split()
            for word in _fold(document.title).split()
            if len(word) > 4 and len(self._counts[word]) <= 3
        ):
            return question
        return f"According to {title}, {question[:1].lower()}{question[1:]}"

    def _find_starts(self, folded: Sequence[str]) -> list[int]:
        starts, at = [], 0
        for text in folded:
            starts.append(at)
            at += len(text) + 5
        return starts

    def _find_people(self) -> frozenset[str]:
        """Names that bear a title or speak, twice at least; and full names whose parts do."""
        found: Counter[str] = Counter()
        for text in self.texts.values():
            found.update(_TITLED.findall(text))
            found.update(name for pair in _SPOKE.findall(text) for name in pair if name)
            found.update(_DID.findall(text))
            found.subtract({name: 2 * times for name, times in Counter(_AT.findall(text)).items()})
        names = {name for name, times in found.items() if times >= 2 and name not in _NOT_PEOPLE}
        for text in self.texts.values():
            for full in _FULL.findall(clean(text)):
                if full.split()[-1] in names or full.split()[0] in names:
                    names.add(full)
        return frozenset(names)


def _fold(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
