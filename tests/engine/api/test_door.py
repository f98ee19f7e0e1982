from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from starlette.websockets import WebSocketDisconnect

from engine.api.access import is_loopback, read_policy
from engine.api.refusals import RefusalLog
from engine.api.sign_in import COOKIE, keep_inside
from engine.errors import InputError
from engine.store import AuditTrail
from engine.store.liveness import utc_now
from engine.store.tokens import TokenStore

EVERYWHERE = "0.0.0.0"
ASK = {"question": "", "corpus": "stories"}  # 400 once it is let in


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def make_token(api: Any, *scopes: str, name: str = "Ada") -> str:
    return TokenStore(api.store).create_token(name, scopes, "test")[0]


def test_out_of_the_box_this_machine_may_ask_and_read_but_not_change_settings(open_api: Any) -> None:
    api = open_api()
    assert api.client.get("/api/runs").status_code == 200
    assert api.client.post("/api/ask", json=ASK).status_code == 400
    refused = api.client.post("/api/config/rag", json={"top_k": 5})
    assert refused.status_code == 401 and "scope config" in refused.json()["error"]["message"]
    assert refused.headers["www-authenticate"] == "Bearer"


def test_what_a_proxy_passes_on_is_not_this_machine(open_api: Any) -> None:
    client = open_api().client
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Host"):
        assert client.get("/api/runs", headers={header: "203.0.113.9"}).status_code == 401, header


def test_another_machine_needs_a_token(open_api: Any) -> None:
    assert open_api(peer="203.0.113.9").client.get("/api/runs").status_code == 401


def test_once_a_token_exists_everybody_needs_one(open_api: Any) -> None:
    api = open_api()
    token = make_token(api, "read")
    assert api.client.get("/api/runs").status_code == 401
    assert api.client.get("/api/runs", headers=bearer(token)).status_code == 200
    assert TokenStore(api.store).list_tokens()[0].used_at is not None


def test_a_token_that_was_revoked_closes_the_api_instead_of_opening_it(open_api: Any) -> None:
    api = open_api()
    token = make_token(api, "read")
    TokenStore(api.store).revoke_token("Ada", "test")
    assert api.client.get("/api/runs").status_code == 401
    refused = api.client.get("/api/runs", headers=bearer(token))
    assert refused.status_code == 401 and refused.json()["error"]["message"] == "This token is revoked."


def test_a_token_that_has_run_out_is_refused(open_api: Any) -> None:
    api = open_api()
    token, record = TokenStore(api.store).create_token("Ada", ["read"], "test", days=1)
    past = utc_now() - timedelta(seconds=1)
    api.store.execute("UPDATE api_tokens SET expires_at = ? WHERE token_id = ?", (past, record.token_id))
    assert "expired" in api.client.get("/api/runs", headers=bearer(token)).json()["error"]["message"]


def test_anything_else_in_the_header_is_401(open_api: Any) -> None:
    api = open_api()
    make_token(api, "read")
    for header in ["Bearer wrong", "Bearer ", "Basic cGd0OnRlc3Q=", "", "Bearer \u00fc"]:
        sent = {"Authorization": header.encode("latin-1")}
        assert api.client.get("/api/runs", headers=sent).status_code == 401, header


@pytest.mark.parametrize(
    ("scope", "reply"),
    [("ask", (400, 403, 403)), ("read", (403, 200, 403)), ("config", (403, 403, 200)), ("screens", (403, 403, 403))],
)
def test_a_token_reaches_as_far_as_its_scopes(open_api: Any, scope: str, reply: tuple[int, ...]) -> None:
    api = open_api()
    headers = bearer(make_token(api, scope))
    asked = api.client.post("/api/ask", json=ASK, headers=headers)
    read = api.client.get("/api/runs", headers=headers)
    changed = api.client.post("/api/config/rag", json={"preset": "fast"}, headers=headers)
    assert (asked.status_code, read.status_code, changed.status_code) == reply


def test_what_a_foreign_page_sends_is_403_whatever_the_method(open_api: Any) -> None:
    api = open_api()
    token = bearer(make_token(api, "ask", "read", "config"))
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        for method in ("GET", "POST", "OPTIONS", "PUT", "DELETE"):
            for path in ("/api/runs", "/api/ask", "/metrics"):
                refused = api.client.request(method, path, headers=headers | token)
                assert refused.status_code == 403 and "access-control-allow-origin" not in refused.headers


def test_a_simple_request_that_a_form_can_send_is_not_taken(open_api: Any) -> None:
    api = open_api()
    reply = api.client.post("/api/ask", content=b'{"question": "x"}', headers={"Content-Type": "text/plain"})
    assert reply.status_code == 415


def test_a_page_of_ours_is_let_in(open_api: Any) -> None:
    headers = {"Origin": "http://127.0.0.1:8501", "Sec-Fetch-Site": "same-origin"}
    assert open_api().client.get("/api/runs", headers=headers).status_code == 200


def test_a_name_that_is_not_ours_is_403_so_that_rebinding_it_gains_nothing(open_api: Any) -> None:
    client = open_api().client
    for host in ("evil.example:8501", "127.0.0.1.evil.example", "", "localhost.evil.example", "a@localhost"):
        assert client.get("/api/runs", headers={"Host": host}).status_code == 403, host
    for host in ("localhost:8501", "[::1]:8501", "192.168.1.5", "LOCALHOST"):
        assert client.get("/api/runs", headers={"Host": host}).status_code == 200, host


def test_a_name_that_was_given_is_ours(open_api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHASEGATE_HOSTS", "gate.example.org, other")
    assert open_api().client.get("/api/runs", headers={"Host": "Gate.example.org"}).status_code == 200


def test_probes_are_answered_to_everybody(open_api: Any) -> None:
    api = open_api(EVERYWHERE, peer="203.0.113.9", requests_per_minute=1)
    assert [api.client.get("/api/health/live").status_code for _ in range(20)] == [200] * 20


def test_what_does_not_exist_is_404_and_a_wrong_method_405(open_api: Any) -> None:
    api = open_api()
    missing = api.client.get("/api/nothing")
    assert (missing.status_code, missing.json()["error"]["hint"]) == (404, "GET /api/openapi.json lists what there is.")
    wrong = api.client.delete("/api/ask", headers=bearer(make_token(api, "ask")))
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")


def test_requests_that_are_turned_away_count_too(open_api: Any) -> None:
    api = open_api(requests_per_minute=2)
    make_token(api, "read")
    statuses = [api.client.get("/api/runs", headers=bearer("guess")).status_code for _ in range(25)]
    assert statuses == [401] * 20 + [429] * 5


def test_a_flood_of_refusals_leaves_one_entry_of_each_kind(open_api: Any) -> None:
    api = open_api()
    make_token(api, "ask")
    for _ in range(50):
        api.client.get("/api/runs", headers=bearer("guess"))
        api.client.get("/api/runs", headers={"Origin": "https://evil.example"})
    entries = [e for e in AuditTrail(api.store).list_entries() if e["action"] == "access refused"]
    assert sorted(e["subject"] for e in entries) == ["api/access", "api/token"]
    assert entries[0]["after"]["address"] == "127.0.0.1"


def test_the_next_entry_says_how_many_went_unwritten() -> None:
    now = [0.0]
    log = RefusalLog(lambda: pytest.fail("not opened"), clock=lambda: now[0])
    assert [log.count("token") for _ in range(5)] == [0, None, None, None, None]
    now[0] += 601
    assert log.count("token") == 4


def test_off_loopback_everything_needs_a_token_the_screens_too(open_api: Any) -> None:
    api = open_api(EVERYWHERE)
    assert api.client.get("/api/runs").status_code == 401
    page = api.client.get("/runs?run=r1")
    assert page.status_code == 401 and "Sign in to Phasegate" in page.text
    assert 'value="/runs?run=r1"' in page.text and "default-src 'none'" in page.headers["content-security-policy"]
    with pytest.raises(WebSocketDisconnect) as closed, api.client.websocket_connect("/_stcore/stream"):
        pass
    assert closed.value.code == 1008


def test_one_signs_in_with_a_token_for_the_screens_and_out_again(open_api: Any) -> None:
    api = open_api(EVERYWHERE)
    token = make_token(api, "screens")
    entered = api.client.post("/sign-in", data={"token": token, "next": "/runs?run=r1"})
    assert (entered.status_code, entered.headers["location"]) == (303, "/runs?run=r1")
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie
    assert api.client.get("/runs").status_code == 404  # let in; there are no screens behind this app
    assert api.client.get("/api/runs").status_code == 401  # a cookie opens no route of the API
    assert api.client.get("/sign-out").headers["location"] == "/sign-in"
    assert api.client.get("/runs").status_code == 401


def test_a_token_without_the_scope_and_a_foreign_form_are_not_let_in(open_api: Any) -> None:
    api = open_api(EVERYWHERE)
    wrong = api.client.post("/sign-in", data={"token": make_token(api, "ask"), "next": "/"})
    assert wrong.status_code == 401 and "does not open the screens" in wrong.text
    good = {"token": make_token(api, "screens", name="Ben")}
    assert api.client.post("/sign-in", data=good, headers={"Origin": "https://evil.example"}).status_code == 403
    assert api.client.cookies.get(COOKIE) is None
    assert api.client.post("/sign-in", content=b"x" * 20_000).status_code == 413


def test_a_revoked_token_ends_the_visit(open_api: Any) -> None:
    api = open_api(EVERYWHERE)
    api.client.post("/sign-in", data={"token": make_token(api, "screens")})
    TokenStore(api.store).revoke_token("Ada", "test")
    api.app.middleware_stack.app._tokens._read_at = float("-inf")
    assert api.client.get("/runs").status_code == 401


def test_on_loopback_the_screens_are_open(open_api: Any) -> None:
    assert open_api().client.get("/runs").status_code == 404
    assert open_api().client.get("/runs", headers={"Host": "evil.example"}).status_code == 403


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/\\evil.example", "x", "/sign-out", "/a\nb", ""]
)
def test_signing_in_never_leads_off_this_server(target: str) -> None:
    assert keep_inside(target) == "/"


def test_the_page_shows_a_target_as_text(open_api: Any) -> None:
    page = open_api(EVERYWHERE).client.get('/"><script>alert(1)</script>')
    assert "<script>" not in page.text


def test_a_token_of_the_environment_opens_everything(open_api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHASEGATE_TOKEN", "a" * 32)
    api = open_api(EVERYWHERE, peer="203.0.113.9")
    assert api.client.get("/api/runs", headers=bearer("a" * 32)).status_code == 200
    assert api.client.post("/sign-in", data={"token": "a" * 32}).status_code == 303


def test_the_policy_follows_the_address_and_the_environment() -> None:
    assert [read_policy(a, {}).sign_in for a in ("127.0.0.1", "localhost", "::1", "0.0.0.0", "192.168.1.5", None)] == [
        False, False, False, True, True, True,
    ]  # fmt: skip
    assert read_policy("127.0.0.1", {"PHASEGATE_SIGN_IN": "on"}).sign_in
    assert not read_policy("0.0.0.0", {"PHASEGATE_SIGN_IN": "off"}).sign_in
    with pytest.raises(InputError, match="expected on or off"):
        read_policy("127.0.0.1", {"PHASEGATE_SIGN_IN": "maybe"})
    with pytest.raises(InputError, match="at least 24"):
        read_policy("127.0.0.1", {"PHASEGATE_TOKEN": "short"})
    assert is_loopback("::ffff:127.0.0.1") and is_loopback("127.9.9.9") and not is_loopback("localhost.evil.example")


def test_without_sign_in_off_loopback_the_screens_are_open_and_the_api_still_needs_a_token(
    open_api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHASEGATE_SIGN_IN", "off")
    api = open_api(EVERYWHERE)
    assert api.client.get("/runs").status_code == 404
    assert api.client.get("/api/runs").status_code == 401
