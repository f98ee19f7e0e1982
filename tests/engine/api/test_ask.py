from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from starlette.types import Message

from engine.errors import (
    AccessError,
    IndexMismatchError,
    InputError,
    LimitError,
    PhasegateError,
    ProviderError,
    QuotaError,
    RefusedError,
    StoreLockedError,
)

pytestmark = pytest.mark.usefixtures("stocked")
QUESTION = {"question": "What is the refund policy for defective products?", "corpus": "customer-service"}


def read_events(text: str) -> list[tuple[str, dict[str, Any]]]:
    events = []
    for block in text.strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
        events.append((lines["event"], json.loads(lines["data"])))
    return events


def test_a_question_is_answered_as_the_command_answers_it(open_api: Any) -> None:
    api = open_api()
    reply = api.client.post("/api/ask", json=QUESTION)
    assert reply.status_code == 200, reply.text
    answer = reply.json()
    assert "replace" in answer["answer"] and answer["citations"] and not answer["abstained"]
    assert reply.headers["x-correlation-id"] == answer["correlation_id"]
    assert (reply.headers["cache-control"], reply.headers["x-content-type-options"]) == ("no-store", "nosniff")


@pytest.mark.parametrize("way", ["field", "header"])
def test_a_stream_sends_text_restarts_and_at_last_the_answer(open_api: Any, way: str) -> None:
    api = open_api()
    body = QUESTION | ({"stream": True} if way == "field" else {})
    headers = {"Accept": "text/event-stream"} if way == "header" else {}
    reply = api.client.post("/api/ask", json=body, headers=headers)
    assert reply.headers["content-type"].startswith("text/event-stream")
    events = read_events(reply.text)
    names = [name for name, _ in events]
    assert names[:2] == ["delta", "restart"] and names[-1] == "answer" and set(names[2:-1]) == {"delta"}
    said = "".join(data["text"] for name, data in events[2:-1] if name == "delta")
    assert said.split() == events[-1][1]["answer"].split()


def test_a_bad_body_is_400_with_the_field_that_is_wrong(open_api: Any) -> None:
    client = open_api().client
    who = {"question": "Who?", "corpus": "stories"}
    for body, field in (
        ({}, "question"),
        ({"question": "", "corpus": "stories"}, "question"),
        ({"question": "Who?"}, "corpus"),
        (who | {"preset": "best"}, "preset"),
        (who | {"settings": {"top_k": 0}}, "top_k"),
        (who | {"nonsense": 1}, "nonsense"),
        (who | {"corpus": "../etc"}, "corpus"),
        ([], ""),
    ):
        reply = client.post("/api/ask", json=body)
        assert reply.status_code == 400, reply.text
        error = reply.json()["error"]
        assert field in [entry["field"] for entry in error["fields"]]
        assert error["message"] and error["correlation_id"] == reply.headers["x-correlation-id"]


def test_what_is_no_json_is_400(open_api: Any) -> None:
    client = open_api().client
    for body in (
        b"",
        b"{",
        b"\xff\xfe{",
        b'{"question": NaN}',
        b"[" * 100_000,
        b"9" * 10_000,
        b'{"question": "\\ud800"}',
    ):
        reply = client.post("/api/ask", content=body, headers={"Content-Type": "application/json"})
        assert reply.status_code == 400 and reply.json()["error"]["fields"], body[:20]


def test_another_content_type_is_415(open_api: Any) -> None:
    client, body = open_api().client, json.dumps(QUESTION).encode()
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "text/plain;application/json",
        "",
    ):
        assert client.post("/api/ask", content=body, headers={"Content-Type": kind}).status_code == 415, kind


def test_a_body_that_says_it_is_too_large_is_413(open_api: Any) -> None:
    body = json.dumps({"question": "x" * 2_000_000, "corpus": "stories"}).encode()
    reply = open_api().client.post("/api/ask", content=body, headers={"Content-Type": "application/json"})
    assert reply.status_code == 413


def test_a_body_without_a_length_is_413_as_soon_as_it_is_too_large(open_api: Any) -> None:
    api, sent, replies = open_api(), [0], []

    async def receive() -> Message:
        sent[0] += 100_000
        return {"type": "http.request", "body": b"x" * 100_000, "more_body": True}

    async def send(message: Message) -> None:
        replies.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/api/ask", "query_string": b"", "scheme": "http", "http_version": "1.1",
        "headers": [(b"host", b"127.0.0.1:8501"), (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8501), "state": {},
    }  # fmt: skip
    asyncio.run(api.app(scope, receive, send))
    assert replies[0]["status"] == 413 and sent[0] == 1_100_000


def test_an_unknown_corpus_is_404(open_api: Any) -> None:
    reply = open_api().client.post("/api/ask", json={"question": "Who?", "corpus": "nope"})
    assert reply.status_code == 404
    assert reply.json()["error"]["fields"] == [{"field": "corpus", "problem": "there is no corpus of that name"}]


class Failing:
    def __init__(self, error: BaseException, after: int = 0) -> None:
        self._error, self._after = error, after

    async def answer_async(self, asked: Any) -> Any:
        raise self._error

    async def stream_async(self, asked: Any) -> Any:
        for _ in range(self._after):
            yield "text "
        raise self._error


ERRORS = [
    (InputError("no"), 400),
    (RefusedError("no"), 422),
    (IndexMismatchError("no"), 409),
    (QuotaError("no", retry_after_s=11.2), 429),
    (LimitError("no", retry_after_s=2.5), 503),
    (AccessError("no"), 403),
    (ProviderError("no"), 502),
    (StoreLockedError("no"), 503),
    (PhasegateError("no"), 500),
    (RuntimeError("a secret of the inside"), 500),
]


@pytest.mark.parametrize("stream", [False, True])
def test_every_error_has_its_status_also_when_a_stream_fails_before_its_first_text(open_api: Any, stream: bool) -> None:
    for error, status in ERRORS:
        reply = open_api(service=Failing(error)).client.post("/api/ask", json=QUESTION | {"stream": stream})
        assert reply.status_code == status
        assert "Traceback" not in reply.text and "secret" not in reply.text
        assert reply.json()["error"]["correlation_id"]
        if isinstance(error, LimitError):
            assert int(reply.headers["retry-after"]) >= error.retry_after_s


def test_a_stream_that_breaks_ends_with_an_error_event(open_api: Any) -> None:
    for error, status in ERRORS[-4:]:
        reply = open_api(service=Failing(error, after=2)).client.post("/api/ask", json=QUESTION | {"stream": True})
        assert reply.status_code == 200
        events = read_events(reply.text)
        assert [name for name, _ in events] == ["delta", "delta", "error"]
        assert events[-1][1]["status"] == status and "secret" not in reply.text


def test_a_full_queue_is_503_with_the_time_to_come_again(open_api: Any) -> None:
    api = open_api(concurrency=1, queue=0)

    async def play() -> None:
        async with api.service.admission.slot():
            reply = await asyncio.to_thread(lambda: api.client.post("/api/ask", json=QUESTION))
            assert reply.status_code == 503 and reply.headers["retry-after"] == "1"
            assert "Busy" in reply.json()["error"]["message"]

    asyncio.run(play())


def test_of_100_rapid_requests_from_one_address_those_over_the_quota_meet_429(open_api: Any) -> None:
    api = open_api(requests_per_minute=5)
    replies = [api.client.post("/api/ask", json=QUESTION) for _ in range(100)]
    assert [r.status_code for r in replies] == [200] * 5 + [429] * 95
    assert all(1 <= int(r.headers["retry-after"]) <= 60 for r in replies[5:])


def test_script_tags_and_sql_are_only_text(open_api: Any) -> None:
    api = open_api()
    for text in ("<script>alert(1)</script> refunds?", "'; DROP TABLE runs; -- refunds?", "\" OR ''='", "{{7*7}} %s"):
        reply = api.client.post("/api/ask", json={"question": text, "corpus": "customer-service"})
        assert reply.status_code == 200 and reply.json()["question"] == text
        assert reply.headers["content-type"] == "application/json"
        assert api.client.get("/api/runs").json() == {"runs": []}
        assert api.client.get("/api/runs/" + text.replace("/", "%2F")).status_code == 404


async def leave(api: Any, body: dict[str, Any], until: Any) -> list[Message]:
    """Ask, and close the connection once a condition holds."""
    content, sent, gone = json.dumps(body).encode(), [False], asyncio.Event()
    replies: list[Message] = []

    async def receive() -> Message:
        if not sent[0]:
            sent[0] = True
            return {"type": "http.request", "body": content, "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        replies.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/api/ask", "query_string": b"", "scheme": "http", "http_version": "1.1",
        "headers": [(b"host", b"127.0.0.1:8501"), (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8501), "state": {},
    }  # fmt: skip
    task = asyncio.create_task(api.app(scope, receive, send))
    async with asyncio.timeout(60):
        while not until(replies):
            await asyncio.sleep(0.001)
        gone.set()
        await task
    return replies


def test_a_client_that_goes_while_it_waits_ends_the_work(open_api: Any) -> None:
    api = open_api(concurrency=1)

    async def play() -> None:
        async with api.service.admission.slot():
            replies = await leave(api, QUESTION, lambda _: api.service.admission.describe().waiting == 1)
            assert (replies, api.service.cancelled, api.service.admission.describe().waiting) == ([], 1, 0)

    asyncio.run(play())


def test_a_client_that_goes_in_the_middle_of_a_stream_ends_it(open_api: Any) -> None:
    api = open_api()

    async def play() -> None:
        body = {
            "question": "Do defective products get replaced for ever?",
            "corpus": "customer-service",
            "stream": True,
        }
        replies = await leave(api, body, lambda replies: len(replies) > 4)
        assert api.service.cancelled == 1
        assert not any(message.get("more_body") is False for message in replies)

    asyncio.run(play())
