from __future__ import annotations

from tests.engine.chunking.documents import chunk, texts_of

PROSE = "The service answers every call from one queue, and it never drops one. " * 4
LIST = "\n".join(f"- item number {i} of the list" for i in range(8))
CODE = "```bash\n" + "\n".join(f"kubectl get pods -n team-{i}" for i in range(6)) + "\n```"
TABLE = "| size | price |\n|---|---|\n" + "\n".join(f"| S{i} | {i}.50 |" for i in range(30))


def pieces(text: str, size: int = 400, chunker: str = "structure") -> list[str]:
    return texts_of(text, chunker=chunker, chunk_size=size, chunk_overlap=0)


def test_lists_and_code_are_kept_whole_with_the_line_that_leads_up_to_them() -> None:
    for block in (LIST, CODE):
        found = pieces(f"{PROSE}\n\nDo this:\n\n{block}\n\n{PROSE}")
        assert any(piece.startswith("Do this:") and block in piece for piece in found)


def test_a_block_is_kept_with_the_heading_above_it() -> None:
    found = pieces(f"# A\n\n{PROSE}\n\n## B\n\n{LIST}\n\n{PROSE}", 350)
    assert any(piece.startswith("## B") and LIST in piece for piece in found)


def test_a_list_larger_than_a_chunk_is_cut_between_items() -> None:
    found = pieces(LIST * 4, 100)
    assert len(found) > 5 and all(piece.startswith("- item") and piece.endswith("list") for piece in found)


def test_a_table_is_never_cut_within_a_row_and_its_header_goes_with_each_part() -> None:
    for chunker in ("structure", "table", "adaptive"):
        found = chunk(f"# Prices\n\n{TABLE}", chunker=chunker, chunk_size=120, chunk_overlap=0)
        lines = [line for c in found for line in c.text.splitlines()]
        assert set(lines) <= {"# Prices", "", *TABLE.splitlines()}
        assert {c.heading for c in found[1:]} == {"Prices > size | price"}


def test_overlap_of_a_table_begins_with_a_row() -> None:
    found = texts_of(TABLE, chunker="table", chunk_size=120, chunk_overlap=50)
    assert all(piece.startswith("| ") for piece in found) and sum(map(len, found)) > len(TABLE)


def test_a_row_of_a_csv_file_is_one_chunk_and_cut_between_cells_when_it_is_larger() -> None:
    row = "; ".join(f"column {i}: the value of it" for i in range(12))
    for chunker in ("table", "structure", "adaptive"):
        values = {"content_type": "row", "chunker": chunker, "chunk_overlap": 0}
        assert len(chunk(row, chunk_size=1000, **values)) == 1
        found = chunk(row, chunk_size=120, **values)
        assert len(found) > 2 and all(c.text.startswith("column") for c in found)


def test_nothing_is_held_back_for_a_block_that_would_not_fit_anyway() -> None:
    code = "```\n" + "\n".join(f"line {i} of the code" for i in range(40)) + "\n```"
    assert len(pieces(f"A line of text.\n\n{code}", 300)[0]) > 200
