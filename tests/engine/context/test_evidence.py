from __future__ import annotations

import numpy as np
import pytest

from engine.context.evidence import OWN_FEATURES, OwnEvidence, describe_own
from engine.context.questions import batch_questions, match_terms, weigh_terms
from engine.context.sentences import SentenceTable, Sign, describe_sentences, find_followers, hash_telling, hash_words
from engine.context.words import parse_question
from engine.embedding.lexicon import load_lexicon
from engine.types import SentenceArrays, WordLists


def make_table(texts: list[str], about: str = "") -> SentenceTable:
    """Sentences of one document, one behind the other."""
    ends = np.cumsum([len(t) + 1 for t in texts])
    spans = np.stack([ends - [len(t) + 1 for t in texts], ends - 1], axis=1)
    signs, words, names = describe_sentences(texts)
    document = np.zeros(len(texts), int)
    arrays = SentenceArrays(
        spans=spans, vectors=np.ones((len(texts), 4), np.float16) / 2, tokens=np.ones(len(texts), int), signs=signs, words=words, names=names
    )  # fmt: skip
    return SentenceTable(
        documents=("a",), document=document, arrays=arrays, follows=find_followers(document, spans),
        about=np.zeros(len(texts), int), about_words=WordLists.from_lists([hash_words(about)]),
    )  # fmt: skip


def describe(questions: list[str], texts: list[str], about: str = "") -> OwnEvidence:
    batch = batch_questions([parse_question(q) for q in questions])
    return describe_own(
        batch, np.ones((len(questions), 4), np.float32) / 2, make_table(texts, about), load_lexicon(hash_telling)
    )


@pytest.mark.parametrize(
    ("question", "yes", "no"),
    [
        ("How long does it take?", "It takes two weeks.", "It takes some patience."),
        ("How many boxes fit?", "Twelve boxes fit.", "Many boxes fit."),
        ("Who wrote the letter?", "It was Anna who wrote it.", "It was the neighbour."),
        ("Why was it late?", "It was late because of snow.", "It was late."),
        ("How much does a box cost?", "It costs $4.", "It is large."),
    ],
)
def test_a_sentence_is_known_to_hold_the_kind_asked_for(question: str, yes: str, no: str) -> None:
    kinds = describe([question, "Describe the box."], [yes, no]).features["kind"]
    assert kinds.tolist() == [[1.0, -1.0], [0.0, 0.0]]


def test_each_question_of_a_batch_gets_what_it_would_get_alone() -> None:
    questions = [
        "How long does a refund take?",
        "Who wrote E-4021?",
        "the of and",
        "Where is the blue box kept in winter?",
    ]
    texts = [
        "A refund takes two weeks.",
        "Error E-4021 was written by Anna Berg.",
        "# Boxes",
        "The blue box is in the cellar in winter.",
    ]
    together = describe(questions, texts, "Returns").features
    assert tuple(together) == OWN_FEATURES
    for i, question in enumerate(questions):
        alone = describe([question], texts, "Returns").features
        for name, values in alone.items():
            wanted = np.broadcast_to(together[name], (4, 4))[i]
            assert np.allclose(np.broadcast_to(values, (1, 4))[0], wanted, atol=1e-6), name


def test_wide_coverage_counts_neighbours_and_headings_but_not_what_lies_further() -> None:
    own = describe(["parcel giraffe"], ["It is a parcel.", "It is a box.", "It is a cup.", "It is a lamp."]).features
    assert (own["coverage"][0] > 0).tolist() == [True, False, False, False]
    assert (own["wide_coverage"][0] > 0).tolist() == [True, True, False, False], own
    headed = describe(["parcel giraffe"], ["It is a box.", "It is a cup."], "Giraffe").features["wide_coverage"][0]
    assert (headed > 0).all()


def test_weights_of_the_matched_terms_are_summed() -> None:
    batch = batch_questions([parse_question("green parcel")])
    masks = match_terms(
        batch, WordLists.from_lists([hash_words("green"), hash_words("parcel green"), hash_words("blue")])
    )
    sums = weigh_terms(masks, batch.weights)[0]
    assert sums[1] == pytest.approx(1.0) and 0 < sums[0] < 1 and sums[2] == 0


@pytest.mark.parametrize(
    ("text", "says"), [("# Refunds", False), ("|---|---|", False), ("**Note:**", False), ("Returns:", False), ("It takes 3 days.", True)]
)  # fmt: skip
def test_headings_rules_and_labels_say_nothing(text: str, says: bool) -> None:
    signs, _, _ = describe_sentences([text])
    assert bool(signs[0] & Sign.SAYS) == says


def test_a_word_of_like_meaning_covers_in_part_and_a_strange_one_not() -> None:
    soft = describe(["vehicle"], ["It is a car.", "It is a vehicle.", "It is a doctor."]).features["soft_coverage"][0]
    assert soft[1] == pytest.approx(1.0) and 0.1 < soft[0] < 1 and soft[2] < soft[0]
