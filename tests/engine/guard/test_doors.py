"""Every naughty string through every door: nothing crashes, nothing is executed, nothing is lost."""

from __future__ import annotations

import contextlib
import io
import json
import logging
from pathlib import Path

import pytest
from typer.testing import CliRunner

from engine.cli import app
from engine.corpora import ingest_corpus
from engine.corpus_names import check_corpus_name
from engine.errors import InputError, PhasegateError
from engine.guard.fields import check_header, check_session
from engine.guard.inert import FORMULA_STARTS, write_cell
from engine.guard.injection import find_instructions, score_injection
from engine.guard.pii import find_personal_data, redact
from engine.guard.redaction import redact_line
from engine.guard.validation import AskBody, check_body
from engine.pipeline import RagPipeline, open_pipeline
from engine.plain_text import replace_halves
from engine.settings import PipelineSettings, parse_assignments
from engine.store import open_store
from engine.store.sessions import SessionStore
from tests.engine.guard.naughty import OWN, load_naughty

LISTS = [
    pytest.param(OWN, id="own"),
    pytest.param(
        load_naughty(), id="public", marks=pytest.mark.skipif(not load_naughty(), reason="the data folder is not here")
    ),
]
MARK = "The blue depot opens at seven."
pytestmark = pytest.mark.filterwarnings("error::ResourceWarning")


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> RagPipeline:
    base = tmp_path_factory.mktemp("doors")
    (base / "docs").mkdir()
    (base / "docs" / "depot.md").write_text(f"# Depot\n\n{MARK} It closes at six.\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHASEGATE_HOME", str(base / "home"))
        ingest_corpus("depot", [base / "docs"], PipelineSettings())
        return open_pipeline("depot", PipelineSettings())


@pytest.mark.parametrize("strings", LISTS)
def test_question_is_answered_or_refused_by_the_rules_of_questions(strings: list[str], pipeline: RagPipeline) -> None:
    for text in strings[:: 1 + len(strings) // 200]:  # of the public list every third: each is a whole search
        if not text.strip():
            with pytest.raises(InputError):
                pipeline.answer(text)
            continue
        answer = pipeline.answer(text)
        assert answer.question == replace_halves(text)
        json.dumps(answer.as_json(), allow_nan=False)
    assert pipeline.answer("When does the blue depot open?").text.startswith("The blue depot opens")


@pytest.mark.parametrize("strings", LISTS)
def test_text_of_a_document_comes_back_as_it_was(
    strings: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path / "home"))
    folder = tmp_path / "docs"
    folder.mkdir()
    kept = [replace_halves(text).replace("\r\n", "\n") for text in strings if text.strip()]
    rows = [{"id": f"n{i}", "title": text[:80], "text": f"{text}\n\n{MARK} Number {i}."} for i, text in enumerate(kept)]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    report = ingest_corpus("naughty", [folder], PipelineSettings())
    assert report.documents == len(rows)
    opened = open_pipeline("naughty", PipelineSettings())
    for row in rows:
        assert opened.document_text(row["id"]) == row["text"]


@pytest.mark.parametrize("strings", LISTS)
def test_file_with_a_naughty_name_is_ingested_or_named_as_skipped(
    strings: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path / "home"))
    folder = tmp_path / "docs"
    folder.mkdir()
    made = 0
    for i, text in enumerate(strings):
        name = f"{i}{text.replace('/', '_')}.txt"
        with contextlib.suppress(OSError, ValueError, UnicodeEncodeError):  # no file may be called so
            (folder / name).write_text(f"{MARK} File {i}.", encoding="utf-8")
            made += 1
    report = ingest_corpus("names", [folder], PipelineSettings())
    assert report.documents + len(report.skipped) == made > len(strings) // 2
    assert open_pipeline("names", PipelineSettings()).answer("When does the blue depot open?").citations


@pytest.mark.parametrize("strings", LISTS)
def test_conversation_keeps_what_was_said_under_its_own_id(
    strings: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path))
    allowed = []
    for text in strings:
        with contextlib.suppress(InputError):
            allowed.append(check_session(text))
    allowed = list(dict.fromkeys(allowed))[:120]
    with open_store() as store:
        sessions = SessionStore(store)
        for session in allowed:
            sessions.record_turn(session, f"q {session}", f"a {session}", corpus="depot", owner="")
        for session in allowed:
            assert [tuple(turn)[:2] for turn in sessions.load_history(session)] == [(f"q {session}", f"a {session}")]
        assert store.query("SELECT count(*) AS n FROM turns")[0]["n"] == len(allowed)


@pytest.mark.parametrize("strings", LISTS)
def test_setting_is_refused_with_its_name_or_taken_as_text(strings: list[str]) -> None:
    for text in strings:
        for name in ("top_k", "mode", "min_similarity"):
            with contextlib.suppress(InputError):
                PipelineSettings().with_values(parse_assignments([f"{name}={text}"]))
        assert PipelineSettings().with_values({"prompt": replace_halves(text)}).prompt == replace_halves(text)


@pytest.mark.parametrize("strings", LISTS)
def test_body_header_and_name_are_taken_or_refused_as_input(strings: list[str]) -> None:
    for text in strings:
        with contextlib.suppress(InputError):
            assert check_body(AskBody, {"question": text, "corpus": "depot", "session": text}).question
        with contextlib.suppress(InputError):
            check_header("X-Request-Id", text)
        with contextlib.suppress(InputError):
            check_corpus_name(text)
        with pytest.raises(InputError):
            check_body(AskBody, {"question": "What?", "corpus": "depot", text: text})


@pytest.mark.parametrize("strings", LISTS)
def test_guards_judge_any_text_and_spreadsheets_run_none(strings: list[str]) -> None:
    for text in strings:
        assert 0 <= score_injection(text).probability <= 1
        for span in (*find_personal_data(text), *find_instructions(text)):
            assert 0 <= span.start < span.end <= len(text)
        assert isinstance(redact(text), str)
        assert not set(redact_line(text)) & {"\x1b", "\r", "\x00"}
        assert not write_cell(text).startswith(FORMULA_STARTS)


@pytest.mark.parametrize("strings", LISTS)
def test_log_holds_one_record_for_one_message(strings: list[str]) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("phasegate.test_doors")
    logger.addHandler(handler)
    logger.propagate = False
    for text in strings:
        logger.warning(
            redact_line(text).replace("%", "%%") if "%" in text else "%s",
            *(() if "%" in text else (redact_line(text),)),
        )
    logger.removeHandler(handler)
    assert stream.getvalue()


def test_command_line_answers_or_refuses_and_runs_nothing(
    pipeline: RagPipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path / "home"))
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "depot.md").write_text(MARK, encoding="utf-8")
    ingest_corpus("depot", [tmp_path / "docs"], PipelineSettings())
    runner = CliRunner()
    for text in OWN[::20]:
        for arguments in (
            ["ask", "--corpus", "depot", "--json", "--", text],
            ["runs", "--json", "--", text] if text.startswith("-") else ["runs", text],
        ):
            result = runner.invoke(app, arguments)
            assert result.exception is None or isinstance(result.exception, (SystemExit, PhasegateError)), (
                text,
                result,
            )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["docs", "home"]
