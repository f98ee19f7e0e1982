"""``POST /api/ask``: one question, answered at once or as a stream. A client that goes ends the work."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.api.bodies import read_body
from engine.api.parts import ApiParts, in_thread
from engine.api.replies import reply_json
from engine.api.streams import EventStream, Feed, finish_unless_gone
from engine.guard.validation import AskBody
from engine.types import Answer


def build_ask_routes(parts: ApiParts) -> list[Route]:
    """The route over a service."""

    async def ask(request: Request) -> Response:
        body = await read_body(request, AskBody)
        asked = await in_thread(lambda: parts.build_asked(body, request.state.caller, request.state.correlation_id))
        service = parts.service()
        if not body.stream and "text/event-stream" not in request.headers.get("accept", ""):
            answer = await finish_unless_gone(service.answer_async(asked), request.receive)
            return reply_json(answer.as_json(), headers={"X-Correlation-Id": answer.correlation_id})
        feed = Feed(service.stream_async(asked))
        try:
            # What fails before the first piece of text has a status of its own, like an answer that is not streamed.
            first = await finish_unless_gone(feed.take(), request.receive)
        except BaseException:
            await feed.close()
            raise
        stream = EventStream(first, feed, request.state.correlation_id)
        if isinstance(first, Answer):
            stream.headers["X-Correlation-Id"] = first.correlation_id
        return stream

    return [Route("/api/ask", ask, methods=["POST"])]
