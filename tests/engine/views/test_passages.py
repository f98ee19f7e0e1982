from hypothesis import given
from hypothesis import strategies as st

from engine.views.passages import Mark, cut_passage, split_pieces

MARKS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 60), st.sampled_from(["gold", "cited"])).map(
        lambda t: Mark(start=min(t[:2]), end=max(t[:2]), name=t[2])
    ),
    max_size=5,
)


@given(text=st.text(max_size=50), marks=MARKS, offset=st.integers(0, 20))
def test_pieces_are_the_text_and_each_character_has_its_marks(text: str, marks: list[Mark], offset: int) -> None:
    pieces = split_pieces(text, marks, offset)
    assert "".join(p.text for p in pieces) == text
    found = [name for p in pieces for name in [p.marks] * len(p.text)]
    for i, names in enumerate(found):
        at = i + offset
        assert set(names) == {m.name for m in marks if m.start <= at < m.end}


def test_a_passage_is_cut_at_words_and_says_what_was_left_out() -> None:
    text = " ".join(f"word{i}" for i in range(100))
    start = text.index("word50")
    passage = cut_passage("a.md", text, [Mark(start=start, end=start + 6, name="cited")], around=20)
    shown = "".join(p.text for p in passage.pieces)
    assert text[passage.start : passage.end] == shown
    assert shown.split()[0].startswith("word") and shown.split()[-1].startswith("word")
    assert passage.before == passage.start and passage.after == len(text) - passage.end
    assert [p.text for p in passage.pieces if p.marks] == ["word50"]


def test_the_whole_document_on_request() -> None:
    passage = cut_passage("a.md", "one two three", [Mark(start=4, end=7, name="cited")], around=None)
    assert (passage.start, passage.end, passage.before, passage.after) == (0, 13, 0, 0)
