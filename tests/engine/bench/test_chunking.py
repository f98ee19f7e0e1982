from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.bench import chunking, tuning
from engine.errors import InputError

TEXT = (
    "The harbour closes at nine in the evening. The pilot boat is called Petrel. High water comes twice a day.\n\n"
    "A refund takes five working days. It goes to the card that was used. Postage is never refunded.\n\n"
    "Rye bread is baked on Tuesdays. A loaf weighs 750 grams. Orders are taken two days ahead.\n"
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "corpus.jsonl").write_text(json.dumps({"id": "d", "title": "", "text": TEXT}) + "\n")
    rows = []
    for i, gold in enumerate(
        ("The pilot boat is called Petrel.", "Rye bread is baked on Tuesdays.", "Postage is never refunded.")
    ):
        start = TEXT.index(gold)
        span = {"doc_id": "d", "start": start, "end": start + len(gold), "text": gold}
        rows.append(
            {"id": f"q{i}", "question": f"What is said of {gold.split()[1]} {gold.split()[-1]}?", "relevant": [span]}
        )
    (folder / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_chunking_is_measured_both_ways_beside_the_published_rows(
    data: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunking, "CLASSIC", (("fixed", 100, 0, "characters"),))
    monkeypatch.setattr(chunking, "NEAREST", 2)
    figures = chunking.measure(data, {"precision": "exact"})
    [row] = figures["classic"]
    assert row["chunks"] == 3 and 0 <= row["iou_late"] <= row["recall_late"] <= 1 and row["recall_separate"] > 0
    ours = figures["ours"]["at_most_400_tokens"]
    assert ours["tokens_most"] <= 400 and ours["recall_all"]["n"] == 3
    assert ours["recall_half_0"]["n"] + ours["recall_half_1"]["n"] == 3
    assert ours["recall_all"]["mean"] > 0.9
    assert figures["published"][0]["recall"] == 0.787


def test_chunking_finds_the_sets_of_a_folder_and_says_when_there_is_none(
    data: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunking, "CLASSIC", ())
    assert list(chunking.measure(data.parent, {})) == ["set"]
    (tmp_path / "nothing").mkdir()
    with pytest.raises(InputError, match=r"no queries\.jsonl"):
        chunking.measure(tmp_path / "nothing", {})
    with pytest.raises(InputError, match="needs --data"):
        chunking.measure(None, {})


def test_tuning_measures_the_lab_against_embedding_anew_in_one_run(
    data: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "CHUNKINGS", ((60, 0), (110, 0), (160, 0)))
    monkeypatch.setattr(tuning, "SLIDER_SIZES", range(60, 120, 20))
    monkeypatch.setattr(
        tuning, "GRID", {"chunk_size": (60, 110), "chunk_overlap": (0, 20), "top_k": (3,), "weight": (0.5,)}
    )
    figures = tuning.measure(data, {})
    assert {
        "p95_ms",
        "speedup",
        "tau",
        "sweep48_seconds",
        "bytes_per_token",
        "token_index_cost_ratio",
    } <= figures.keys()
    assert figures["slider_moves"] == 3 and figures["sweep48_chunkings"] == 4
    assert figures["sweep48_seconds_anew_extrapolated"] > figures["sweep48_seconds"]
    assert figures["bytes_per_token"] >= 768 + 8
    assert [row["chunking"] for row in figures["chunkings"]] == ["60/0", "110/0", "160/0"]
    assert -1 <= figures["tau_top5_iou"] <= 1
