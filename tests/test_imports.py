"""Who may import whom: STYLE's table, held by reading every import statement, and by importing all of engine without streamlit."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ENGINE = sorted((ROOT / "engine").rglob("*.py"))
SCREENS = [ROOT / "Home.py", *sorted((ROOT / "pages").rglob("*.py"))]

# The package (or module) of ours that alone may import a third-party client.
HOMES = {
    "lancedb": "engine/index", "duckdb": "engine/store", "litellm": "engine/providers", "ragas": "engine/evaluation/measures/ragas.py",
    "plotly": "engine/charts", "tokenizers": "engine/embedding", "safetensors": "engine/embedding", "onnx": "engine/embedding",
    "reportlab": "engine/reports", "matplotlib": "engine/reports", "watchdog": "engine/operations", "pypdf": "engine/ingestion",
    "docx": "engine/ingestion", "bs4": "engine/ingestion", "charset_normalizer": "engine/ingestion", "typer": "engine/cli",
    "optuna": "engine/evaluation/sweep_search.py", "jmespath": "engine/evaluation",
    "prometheus_client": "engine/operations", "phonenumbers": "engine/guard",
}  # fmt: skip
# The ONNX runtime's second user is the benchmark that holds our embedder against a bare loop over it.
TWO_HOMES = {
    "onnxruntime": ("engine/embedding", "engine/bench/embed.py"),
    "tokenizers": ("engine/embedding", "engine/bench/embed.py"),
    "ragas": (
        *(f"engine/evaluation/measures/{name}.py" for name in ("ragas", "ragas_judged", "ragas_calls")),
        "engine/bench/measures.py",
    ),
    "instructor": ("engine/evaluation/measures/ragas_calls.py",),
    "aiohttp": ("engine/providers",),
    "cachetools": ("engine/serving", "engine/index"),
}
# The stages of the pipeline do not know each other; pipeline.py and corpora.py join them.
STAGES = ("ingestion", "chunking", "embedding", "index", "retrieval", "context", "generation", "conversation", "guard")
# What a text is made of (sentences, blocks, speech, sections) is asked by readers of a model's reply and by chunkers; it
# is knowledge of texts, not a stage's work.
SHARED = {f"engine.ingestion.{name}" for name in ("sentences", "structure", "speech", "sections")}
# What a package must not reach up to.
ABOVE = {
    "store": (
        "evaluation",
        "roadmap",
        "views",
        "reports",
        "cli",
        "api",
        "pipeline",
        "corpora",
        "runs",
        "operations",
        "charts",
    ),
    "roadmap": ("views", "reports", "cli", "api", "charts", "pipeline", "corpora"),
    "evaluation": ("views", "reports", "cli", "api", "charts", "roadmap", "pipeline", "corpora", "runs"),
    "operations": ("views", "reports", "cli", "charts", "roadmap"),
    "charts": ("store", "evaluation", "roadmap", "cli", "api", "pipeline", "corpora"),
    "views": ("cli", "api"),
    "providers": ("pipeline", "evaluation", "store", "views", "cli", "corpora"),
    "reports": ("cli", "api", "pipeline"),
}


@cache
def imports_of(path: Path) -> tuple[tuple[str, int], ...]:
    return tuple(_read_imports(path))


def _read_imports(path: Path) -> Iterator[tuple[str, int]]:
    """Every module that a file imports, at its top or later, and what it takes from a package; with the line."""
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            yield node.module or "", node.lineno
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def package_of(path: Path) -> str:
    return path.relative_to(ROOT / "engine").parts[0].removesuffix(".py")


def offenders(paths: list[Path], forbidden: object) -> list[str]:
    return sorted({
        f"{path.relative_to(ROOT)}:{line} imports {name}" for path in paths for name, line in imports_of(path) if forbidden(path, name)  # type: ignore[operator]
    })  # fmt: skip


def top(name: str) -> str:
    return name.split(".")[0]


def test_engine_never_imports_streamlit_or_the_pages() -> None:
    assert offenders(ENGINE, lambda _, name: top(name) in ("streamlit", "pages", "Home", "tests")) == []


@pytest.mark.parametrize("client", sorted(HOMES.keys() | TWO_HOMES.keys()))
def test_a_third_party_client_is_imported_in_one_place(client: str) -> None:
    homes = TWO_HOMES.get(client) or (HOMES[client],)
    allowed = [ROOT / home for home in homes]

    def elsewhere(path: Path, name: str) -> bool:
        return top(name) == client and not any(home == path or home in path.parents for home in allowed)

    assert offenders([*ENGINE, *SCREENS], elsewhere) == []


def test_stages_do_not_import_each_other() -> None:
    def crosses(path: Path, name: str) -> bool:
        parts = name.split(".")
        own = package_of(path)
        return (
            own in STAGES and parts[0] == "engine" and len(parts) > 1 and parts[1] in STAGES and parts[1] != own
            and ".".join(parts[:3]) not in SHARED
        )  # fmt: skip

    assert offenders(ENGINE, crosses) == []


def test_types_settings_and_errors_import_nothing_of_ours_but_each_other() -> None:
    words = {"types", "settings", "errors"}

    def reaches_out(path: Path, name: str) -> bool:
        return package_of(path) in words and top(name) == "engine" and name.split(".")[1] not in words

    assert offenders(ENGINE, reaches_out) == []


@pytest.mark.parametrize("package", sorted(ABOVE))
def test_a_package_does_not_reach_up(package: str) -> None:
    def reaches_up(path: Path, name: str) -> bool:
        parts = name.split(".")
        return package_of(path) == package and parts[0] == "engine" and len(parts) > 1 and parts[1] in ABOVE[package]

    assert offenders(ENGINE, reaches_up) == []


def test_stages_know_nothing_of_the_store_the_runs_and_the_screens() -> None:
    above = {
        "store",
        "evaluation",
        "roadmap",
        "views",
        "charts",
        "reports",
        "cli",
        "api",
        "operations",
        "runs",
        "pipeline",
        "corpora",
    }

    def reaches_up(path: Path, name: str) -> bool:
        parts = name.split(".")
        return package_of(path) in STAGES and parts[0] == "engine" and len(parts) > 1 and parts[1] in above

    assert offenders(ENGINE, reaches_up) == []


def test_screens_reach_the_store_and_the_stages_only_through_the_engines_functions() -> None:
    def reaches_below(_: Path, name: str) -> bool:
        parts = name.split(".")
        return parts[0] == "engine" and len(parts) > 1 and parts[1] in {*STAGES, "providers", "cli"}

    assert offenders(SCREENS, reaches_below) == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    empty = {"utils", "util", "helpers", "helper", "common", "manager", "handler", "misc"}
    assert [str(path) for path in [*ENGINE, *SCREENS] if path.stem in empty] == []


def test_all_of_engine_can_be_imported_where_streamlit_is_not() -> None:
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in ENGINE
        if path.name != "__main__.py"
    ]
    code = (
        "import sys; sys.modules['streamlit'] = None\n"
        "import importlib\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        "print(sorted(m for m in sys.modules if m.split('.')[0] == 'streamlit'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "['streamlit']"


def test_the_policy_of_the_door_is_read_without_what_answers_questions() -> None:
    code = "import sys, engine.api.access; print([m for m in ('lancedb', 'pandas', 'engine.pipeline') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert (done.stdout.strip(), done.stderr) == ("[]", ""), (
        "serve reads it before it starts the server, which imports all"
    )
