"""Proposes cases with a chat model: it reads a passage and asks; what it claims is checked against the text."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.evaluation.locating import Locator
from engine.evaluation.target_replies import ForeignContext
from engine.providers.chain import ChatRequest, open_chain
from engine.providers.loop import run_async
from engine.suite_building.candidates import Candidate, clean
from engine.suite_building.generating import Generated, check_candidate
from engine.suite_building.words import CorpusWords
from engine.types import Document

PASSAGE = 6_000
PER_PASSAGE = 5
Progress = Callable[[int, int, str], None]
PROMPT = """You write test questions for a system that answers from documents. Read the passage and write {count} questions that a \
user of such a system would ask in their own words: some simple, some that need two sentences, some by paraphrase, and one that sounds \
as if the passage answered it although it does not.
Reply with one JSON object and nothing else:
{{"questions": [{{"question": "...", "answer": "...", "evidence": "...", "unanswerable": false}}]}}
"answer" is at most twelve words, copied word for word from the passage. "evidence" is the sentence or the sentences that hold it, copied \
word for word. For the unanswerable one both are empty and "unanswerable" is true. A question must make sense without the passage.

Document: {title}
Passage:
{text}"""


class _Question(BaseModel):
    model_config = ConfigDict(extra="ignore")
    question: str = Field(min_length=8, max_length=400)
    answer: str = ""
    evidence: str = ""
    unanswerable: bool = False


class _Reply(BaseModel):
    questions: list[dict[str, object]]


def ask_model(
    documents: Sequence[Document], count: int, model: str, *, progress: Progress | None = None, temperature: float = 0.4
) -> Generated:
    """Questions that a model writes over passages spread over the documents.

    A reply that is no such JSON, and a question whose evidence or answer does not stand in the document, is dropped and counted.

    Raises:
        ProviderError: the model cannot be asked at all (the first passage failed).
    """
    words, locator = CorpusWords(documents), Locator({d.id: d.text for d in documents})
    passages = _spread_passages(documents, -(-count // (PER_PASSAGE - 1)))
    found: list[Candidate] = []
    dropped: Counter[str] = Counter()
    considered, chain = 0, open_chain(model)
    for number, (document, start, end) in enumerate(passages):
        if progress:
            progress(number, len(passages), document.id)
        text = document.text[start:end]
        prompt = PROMPT.format(count=PER_PASSAGE, title=document.title, text=text)
        messages = ({"role": "user", "content": prompt},)
        reply = run_async(chain.complete(ChatRequest(messages=messages, temperature=temperature, purpose="propose")))
        questions = _parse(reply.text)
        if questions is None:
            dropped["reply was not the JSON asked for"] += 1
            continue
        considered += len(questions)
        for entry in questions:
            candidate, reason = _check(entry, document, model, locator, words)
            if candidate is None:
                dropped[reason] += 1
            else:
                found.append(candidate)
        if len(found) >= count:
            break
    return Generated(candidates=tuple(found[:count]), considered=considered, dropped=dict(dropped))


def _parse(text: str) -> list[dict[str, object]] | None:
    """The questions of a reply, fences and words around the object aside; None when there is none."""
    match = re.search(r"\{.*\}", text, re.S)
    if match is None:
        return None
    try:
        return _Reply.model_validate(json.loads(match.group())).questions
    except (ValueError, RecursionError):
        return None


def _check(
    entry: dict[str, object], document: Document, model: str, locator: Locator, words: CorpusWords
) -> tuple[Candidate | None, str]:
    try:
        asked = _Question.model_validate(entry)
    except ValidationError:
        return None, "a question without the fields asked for"
    question = clean(asked.question)
    if asked.unanswerable:
        swap = Candidate(question=question, answer="", document=document.id, start=0, end=0, origin="swap", useful=0.8)
        return swap, ""
    place = locator.locate(ForeignContext(text=asked.evidence, document=document.id))
    if place is None:
        return None, "evidence not in the document"
    candidate = Candidate(
        question=question, answer=clean(asked.answer), document=place.document, start=place.start, end=place.end, origin=model, useful=0.9
    )  # fmt: skip
    checked, reason = check_candidate(candidate, words)
    return checked, reason


def _spread_passages(documents: Sequence[Document], count: int) -> list[tuple[Document, int, int]]:
    """Passages of the documents in turn, from the beginning of each; rows of tables are left out."""
    waiting = [
        [(document, start, min(len(document.text), start + PASSAGE)) for start in range(0, len(document.text), PASSAGE)]
        for document in documents
        if document.content_type != "row" and len(document.text) > 200
    ]
    turns = [
        passage
        for turn in range(max(map(len, waiting), default=0))
        for passage in (w[turn] for w in waiting if len(w) > turn)
    ]
    return turns[: max(1, 2 * count)]
