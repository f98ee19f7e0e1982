"""Every naughty string through the HTTP API, over the app's own service: an answer or a refusal that names the field."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from urllib.parse import quote

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from engine.api.door import guard_doors
from engine.api.parts import serve_parts
from engine.api.routes import build_routes
from engine.corpora import ingest_corpus
from engine.plain_text import replace_halves
from engine.serving.quotas import Quotas
from engine.serving.runtime import close_runtimes, get_runtime
from engine.settings import PipelineSettings
from tests.engine.guard.naughty import OWN, load_naughty

PUBLIC = load_naughty()[::3]  # the whole of it goes through the same rules in test_doors.py
LISTS = [
    pytest.param(OWN, id="own"),
    pytest.param(PUBLIC, id="public", marks=pytest.mark.skipif(not PUBLIC, reason="the data folder is not here")),
]
GOOD = {"question": "When does the blue depot open?", "corpus": "depot"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    base = tmp_path_factory.mktemp("api-doors")
    (base / "docs").mkdir()
    (base / "docs" / "depot.md").write_text("# Depot\n\nThe blue depot opens at seven.\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHASEGATE_HOME", str(base / "home"))
        ingest_corpus("depot", [base / "docs"], PipelineSettings())
        get_runtime().quotas = Quotas(1_000_000, 1_000_000)
        parts = serve_parts()
        app = Starlette(routes=build_routes(parts), middleware=guard_doors("127.0.0.1", parts))
        yield TestClient(app, "http://127.0.0.1:8501", client=("127.0.0.1", 5000), raise_server_exceptions=False)
        close_runtimes()


def post(client: TestClient, body: object, name: bytes = b"x-request-id", value: bytes = b"1") -> tuple[int, dict]:
    headers = [(b"content-type", b"application/json"), (name, value)]
    reply = client.post("/api/ask", content=json.dumps(body), headers=headers)
    assert reply.status_code < 500, (reply.status_code, reply.text[:300])
    return reply.status_code, reply.json()


def name_fields(reply: dict) -> set[str]:
    return {entry["field"] for entry in reply["error"]["fields"]}


@pytest.mark.parametrize("strings", LISTS)
def test_body_is_answered_or_its_wrong_field_is_named(strings: Sequence[str], client: TestClient) -> None:
    for text in strings:
        wrong = {"corpus": text, "question": text, "settings": {"mode": text}, "preset": "balanced", f"x{text}": text}
        status, reply = post(client, wrong)
        assert status == 400 and (replace_halves(text) != text or f"x{text}"[:80] in name_fields(reply)), text
    for text in strings[::8]:
        status, reply = post(client, {**GOOD, "session": text})
        assert status == 200 or name_fields(reply) == {"session"}, text
        status, reply = post(client, {**GOOD, "preset": text})
        assert status == 400 and name_fields(reply) == {"preset"}, text
        assert post(client, {**GOOD, "settings": {"mode": text}})[0] == 400
        assert post(client, {**GOOD, "settings": {text: 1}})[0] == 400


def test_question_comes_back_as_it_was_asked(client: TestClient) -> None:
    for text in OWN[::2]:
        status, reply = post(client, {**GOOD, "question": text})
        assert (status, reply.get("question")) == (200, replace_halves(text)) or (status == 400 and not text.strip())


@pytest.mark.parametrize("strings", LISTS)
def test_header_and_address_are_harmless(strings: Sequence[str], client: TestClient) -> None:
    names = (b"x-request-id", b"user-agent", b"cookie", b"origin", b"authorization", b"accept", b"x-forwarded-for")
    for text in strings:
        raw = text.encode("utf-8", "replace")
        sent = [(name, raw) for name in names] if not set(raw) & set(b"\r\n\0") else []
        encoded = quote(raw, safe="")
        assert client.get(f"/api/runs/{encoded}?limit={encoded}", headers=sent).status_code < 500, text
        assert client.post("/api/ask", content=raw, headers={"content-type": "application/json"}).status_code == 400
