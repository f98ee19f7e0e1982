from __future__ import annotations

import ast
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.context.coefficients import correction_path
from engine.corpora import ingest_corpus
from engine.pipeline import open_pipeline
from engine.providers.specs import ProviderSpec
from engine.serving.cache import AnswerCache, CacheKey
from engine.serving.identity import MAKES_ANSWERS, identify_scope, mark_cleared
from engine.serving.stage_caches import StageCaches
from engine.settings import ROOT, PipelineSettings
from tests.conftest import WriteFiles
from tests.engine.serving.answers import make_answer, no_vector

ASKED = "How many days may goods be returned?"


@pytest.fixture
def shop(home: Path, tmp_path: Path, write_files: WriteFiles) -> Path:
    texts = {
        f"{name}.md": f"# {name}\n\nThe {name} desk is open on weekdays.\n" for name in ("tea", "toys", "tools", "hats")
    }
    folder = write_files(
        tmp_path / "shop", {**texts, "returns.md": "# Returns\n\nGoods may be returned within 14 days.\n"}
    )
    ingest_corpus("shop", [folder], PipelineSettings())
    return folder


def split(scope: str) -> list[str]:
    return scope.split(".")


def test_a_changed_document_never_meets_an_old_answer_or_an_old_ranking(shop: Path) -> None:
    pipeline = open_pipeline("shop", PipelineSettings(), caches=StageCaches())
    cache = AnswerCache(None)

    def ask() -> tuple[str, str | None]:
        key = CacheKey(identify_scope(pipeline), "shop", ASKED)
        found = cache.find(key, lambda: pipeline.embed_question(ASKED))
        if found:
            return found.answer.text, found.tier
        answer = pipeline.answer(ASKED)
        cache.keep(key, lambda: pipeline.embed_question(ASKED), answer, answer.timings_ms["total"])
        return answer.text, None

    first = ask()
    assert "14 days" in first[0] and ask() == (first[0], "memory")
    (shop / "returns.md").write_text("# Returns\n\nGoods may be returned within 30 days.\n")
    ingest_corpus("shop", [shop], PipelineSettings())
    changed = ask()
    assert "30 days" in changed[0] and changed[1] is None
    assert cache.describe()["memory"]["stale"] == 1


def test_the_scope_changes_with_every_change_of_the_documents_and_with_nothing_else(shop: Path) -> None:
    pipeline = SimpleNamespace(corpus="shop", settings=PipelineSettings())
    scopes = [identify_scope(pipeline)]
    ingest_corpus("shop", [shop], PipelineSettings())
    assert identify_scope(pipeline) == scopes[0]
    for number in range(12):  # many versions: the newest must be told from their names
        (shop / "hats.md").write_text(f"# Hats\n\nThere are {number} hats.\n")
        ingest_corpus("shop", [shop], PipelineSettings())
        scopes.append(identify_scope(pipeline))
    assert len(set(scopes)) == len(scopes) and len({split(scope)[0] for scope in scopes}) == 1
    (shop / "hats.md").unlink()
    ingest_corpus("shop", [shop], PipelineSettings(), replace=True)
    assert identify_scope(pipeline) not in scopes


def test_settings_change_the_first_part_alone(shop: Path) -> None:
    one = identify_scope(SimpleNamespace(corpus="shop", settings=PipelineSettings()))
    other = identify_scope(SimpleNamespace(corpus="shop", settings=PipelineSettings(top_k=3)))
    assert split(one)[0] != split(other)[0] and split(one)[1] == split(other)[1]


def test_a_person_s_own_calibration_is_another_scope(shop: Path) -> None:
    pipeline = SimpleNamespace(corpus="shop", settings=PipelineSettings())
    before = identify_scope(pipeline)
    correction_path().write_text(json.dumps({"scale": 1.1, "shift": 0.0}))
    assert identify_scope(pipeline) != before


def test_prompt_and_models_change_the_scope_of_answers_that_a_model_makes() -> None:
    settings = PipelineSettings(provider="litellm", model="a")

    def scope(prompt: str = "one", settings: PipelineSettings = settings, **fields: object) -> str:
        templates = SimpleNamespace(**{name: SimpleNamespace(hash=prompt) for name in ("answer", "repair", "validate")})
        spec = ProviderSpec(**({"name": "a", "model": "x/y"} | fields))  # type: ignore[arg-type]
        chain = SimpleNamespace(specs=(spec,))
        return identify_scope(SimpleNamespace(corpus="c", settings=settings, templates=templates, chain=chain))

    found = {scope(), scope("two"), scope(model="x/z"), scope(api_base="http://localhost:1")}
    assert len(found) == 4 and len({split(one)[0] for one in found}) == 1
    assert scope(priority=3) == scope()
    extractive = PipelineSettings()
    assert scope("two", extractive) == scope("one", extractive)


def test_an_older_state_of_the_index_that_was_put_back_and_changed_otherwise_is_another_scope(
    shop: Path, home: Path, tmp_path: Path
) -> None:
    pipeline = SimpleNamespace(corpus="shop", settings=PipelineSettings())
    shutil.copytree(home / "lance", tmp_path / "copy")
    scopes, versions = [identify_scope(pipeline)], []
    for days in (30, 60):
        (shop / "returns.md").write_text(f"# Returns\n\nGoods may be returned within {days} days.\n")
        ingest_corpus("shop", [shop], PipelineSettings())
        scopes.append(identify_scope(pipeline))
        versions.append(open_pipeline("shop", PipelineSettings())._finder.table.version)
        shutil.rmtree(home / "lance")
        shutil.copytree(tmp_path / "copy", home / "lance")
    assert len({split(scope)[1] for scope in scopes}) == 3 and versions[0] == versions[1]


def test_all_code_that_answers_are_made_of_is_part_of_the_scope() -> None:
    """What the pipeline imports, by any way; the rest checks a question, stores, tells, imports or names things."""
    seen: dict[str, Path] = {}

    def visit(module: str) -> None:
        base = ROOT / module.replace(".", "/")
        path = base.with_suffix(".py") if base.with_suffix(".py").is_file() else base / "__init__.py"
        if module in seen or not path.is_file():
            return
        seen[module] = path
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("engine"):
                visit(str(node.module))
                for name in node.names:
                    visit(f"{node.module}.{name.name}")
            elif isinstance(node, ast.Import):
                for name in node.names:
                    visit(name.name if name.name.startswith("engine") else "")

    visit("engine.pipeline")
    makes = {path.relative_to(ROOT / "engine").parts[0] for path in seen.values()}
    others = {"corpus_names.py", "errors.py", "guard", "lean_imports.py", "state_folder.py", "store", "telemetry.py"}
    assert makes - others - {"__init__.py"} == set(MAKES_ANSWERS)


def test_a_corpus_without_an_index_and_one_that_never_was_have_a_scope() -> None:
    for corpus in ("none", "no/such", "x\0y"):
        assert "." in identify_scope(SimpleNamespace(corpus=corpus, settings=PipelineSettings()))


def test_clearing_reaches_the_memory_of_every_process_and_recovery_too(home: Path) -> None:
    def scopes() -> list[str]:
        return [identify_scope(SimpleNamespace(corpus=c, settings=PipelineSettings())) for c in ("shop", "other")]

    before = scopes()
    mark_cleared("shop")
    one = scopes()
    mark_cleared()
    both = scopes()
    assert split(one[0])[0] != split(before[0])[0] and one[1] == before[1]
    assert len({split(scope)[0] for scope in (*before, *one, *both)}) == 5
    cache = AnswerCache(None, semantic=False)
    cache.keep(CacheKey(before[0], "shop", ASKED), no_vector, make_answer(), 1.0)
    assert cache.find_stale(CacheKey(before[0], "shop", ASKED)) is not None
    assert cache.find_stale(CacheKey(both[0], "shop", ASKED)) is None
