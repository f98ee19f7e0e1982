from __future__ import annotations

from engine.chunking.adaptive import CHUNKER_OF
from tests.engine.chunking.documents import analyse, cut

STORY = "He walked down to the river, and she had gone before him. It was cold, and he thought of his mother. " * 12
TALK = "\n\n".join(["“Where is the key?” she asked.", "“I gave it to you,” he said, “on Monday.”"] * 14)
STEPS = (
    "## Restart the node\n\nSet `max_nodes: 5` in `config.yaml`, then run the command:\n\n```bash\nkubectl drain node-1\n"
    "kubectl delete pod web-0\n```\n\n1. Check the `metrics` endpoint of the API server.\n2. Verify that the alert is resolved.\n\n"
) * 4


def test_each_section_is_cut_by_the_chunker_of_its_kind() -> None:
    layout = analyse(f"{STORY}\n\n{TALK}\n\n{STEPS}")
    kinds = [section.kind for section in layout.sections]
    assert {"narrative", "dialogue", "technical", "code", "list"} <= set(kinds)
    chunks = cut(layout, chunker="adaptive", chunk_size=300, chunk_overlap=0)
    for whole in (
        "“Where is the key?” she asked.\n\n“I gave it to you,” he said, “on Monday.”",
        STEPS.split("\n\n")[2],
    ):
        inside = [c for c in chunks if whole[:12] in c.text]
        assert inside and all(whole in c.text or whole[:12] not in c.text for c in inside)


def test_a_text_of_one_kind_is_cut_as_its_chunker_alone_would() -> None:
    values = {"chunk_size": 400, "chunk_overlap": 100}
    for text, chunker in ((STORY, "narrative"), (TALK, "dialogue"), (STEPS, "structure")):
        layout = analyse(text)
        assert cut(layout, chunker="adaptive", **values) == cut(layout, chunker=chunker, **values)


def test_every_kind_of_section_has_a_chunker() -> None:
    assert set(CHUNKER_OF) == {"dialogue", "mixed", "narrative", "technical", "table", "code", "list"}
