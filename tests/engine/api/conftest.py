"""The API over a real store and a real pipeline, on loopback as a program meets it."""

from __future__ import annotations

import asyncio
import dataclasses
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from engine.api.access import Caller
from engine.api.door import guard_doors
from engine.api.parts import ApiParts
from engine.api.routes import build_routes
from engine.guard.validation import AskBody
from engine.serving.admission import Admission
from engine.serving.quotas import Quotas
from engine.settings import PipelineSettings
from engine.store import Store, open_store
from engine.types import Answer, Restarted


class PipelineService:
    """Answers by the engine's own pipeline, within limits; what serving adds to it is left out."""

    def __init__(self, quotas: Quotas, admission: Admission) -> None:
        self.quotas, self.admission = quotas, admission
        self.asked: list[tuple[AskBody, Caller]] = []
        self.cancelled = 0
        self.begun = 0
        self._pipelines: dict[str, Any] = {}

    async def answer_async(self, asked: tuple[AskBody, Caller]) -> Answer:
        """The answer, once a slot is free."""
        body, caller = asked
        self.asked.append(asked)
        self.quotas.check(address=caller.address, user=caller.name)
        self.begun += 1
        try:
            async with self.admission.slot():
                return await asyncio.to_thread(self._answer, body)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise

    async def stream_async(self, asked: tuple[AskBody, Caller]) -> AsyncIterator[str | Restarted | Answer]:
        """Words, a fresh start, words again, the answer."""
        answer = await self.answer_async(asked)
        try:
            yield "void "
            yield Restarted("another provider took over")
            for word in answer.text.split():
                yield word + " "
                await asyncio.sleep(0)
            if "for ever" in asked[0].question:
                await asyncio.Event().wait()
            yield answer
        except asyncio.CancelledError:
            self.cancelled += 1
            raise

    def _answer(self, body: AskBody) -> Answer:
        from engine.pipeline import open_pipeline

        pipeline = self._pipelines.setdefault(body.corpus, open_pipeline(body.corpus, PipelineSettings()))
        return dataclasses.replace(pipeline.answer(body.question), correlation_id="0123456789abcdef")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Api:
    """A served API."""

    client: TestClient
    service: Any
    store: Store
    app: Starlette


OpenApi = Callable[..., Api]


@pytest.fixture
def stocked(home: Path, library: Path) -> Path:
    """A home in which corpora have been ingested."""
    (home / "lance").symlink_to(library / "lance")
    return home


@pytest.fixture
def open_api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenApi]:
    """Serves the API on an address; ``peer`` is where requests come from."""
    if "PHASEGATE_HOME" not in os.environ or not os.environ["PHASEGATE_HOME"].startswith(str(tmp_path)):
        monkeypatch.setenv("PHASEGATE_HOME", str(tmp_path / "home"))
    stores: list[Store] = []

    def serve(
        address: str = "127.0.0.1",
        peer: str = "127.0.0.1",
        base_url: str = "http://127.0.0.1:8501",
        service: Any = None,
        **limits: Any,
    ) -> Api:
        store = open_store()
        stores.append(store)
        quotas = Quotas(limits.get("requests_per_minute", 1000), limits.get("user_requests_per_minute", 1000))
        admission = Admission(limits.get("concurrency", 10), limits.get("queue", 100))
        service = service or PipelineService(quotas, admission)
        parts = ApiParts(
            store=lambda: store,
            quotas=lambda: quotas,
            service=lambda: service,
            build_asked=lambda body, caller, _: (body.resolve_settings() and body, caller),
        )
        app = Starlette(routes=build_routes(parts), middleware=guard_doors(address, parts))
        client = TestClient(app, base_url, client=(peer, 50000), follow_redirects=False, raise_server_exceptions=False)
        return Api(client=client, service=service, store=store, app=app)

    yield serve
    for store in stores:
        store.close()
