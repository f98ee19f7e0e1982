from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.embedding import weights
from engine.embedding.minilm import MiniLmEmbedder
from engine.embedding.weights import SHA256, check_weights, find_graph, find_model_folder
from engine.errors import DiskFullError, ModelFileError


@pytest.fixture
def fresh(tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder with its own copy of the fast graph."""
    folder = tmp_path / "home"
    (folder / "models").mkdir(parents=True)
    for path in models.glob("minilm-fast-*"):
        shutil.copy(path, folder / "models")
    monkeypatch.setenv("PHASEGATE_HOME", str(folder))
    return folder


def test_the_installed_weights_are_the_published_ones() -> None:
    check_weights(find_model_folder() / "model.safetensors")


def test_weights_with_one_other_byte_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / weights.PACKAGE
    shutil.copytree(find_model_folder(), package / "model")
    (package / "__init__.py").touch()
    path = package / "model" / "model.safetensors"
    with path.open("r+b") as file:
        file.seek(1_000_000)
        byte = file.read(1)
        file.seek(1_000_000)
        file.write(bytes([byte[0] ^ 1]))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, weights.PACKAGE, raising=False)
    monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path / "home"))
    with pytest.raises(ModelFileError, match=f"expected {SHA256[:16]}") as caught:
        find_graph("exact")
    assert "install" in caught.value.hint
    assert not list((tmp_path / "home").rglob("*.onnx"))


def test_a_graph_is_built_once(fresh: Path) -> None:
    path = find_graph("fast")
    before = path.stat().st_mtime_ns
    assert find_graph("fast") == path and path.stat().st_mtime_ns == before


@pytest.mark.parametrize("harm", ["flipped", "cut", "no manifest", "half a manifest"])
def test_a_damaged_graph_is_built_again(fresh: Path, harm: str) -> None:
    path = find_graph("fast")
    whole = path.read_bytes()
    if harm == "flipped":
        path.write_bytes(whole[:5000] + bytes([whole[5000] ^ 255]) + whole[5001:])
    elif harm == "cut":
        path.write_bytes(whole[:-1])
    elif harm == "no manifest":
        path.with_suffix(".json").unlink()
    else:
        path.with_suffix(".json").write_text('{"sha')
    assert find_graph("fast") == path
    assert hashlib.sha256(path.read_bytes()).hexdigest() == json.loads(path.with_suffix(".json").read_text())["sha256"]
    assert np.isfinite(MiniLmEmbedder("fast").embed(["works again"])).all()
    assert sorted(p.suffix for p in path.parent.iterdir()) == [".json", ".onnx"]


def test_a_graph_that_cannot_be_written_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "home").write_text("a file where a folder should be")
    monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path / "home"))
    with pytest.raises(DiskFullError, match="could not be written") as caught:
        find_graph("fast")
    assert "PHASEGATE_HOME" in caught.value.hint
