from starlette.applications import Starlette
from starlette.testclient import TestClient

from engine.api import ROUTES


def test_liveness_answers_without_touching_the_store() -> None:
    with TestClient(Starlette(routes=ROUTES)) as client:
        assert client.get("/api/health/live").json() == {"status": "ok"}
        assert client.post("/api/health/live").status_code == 405
