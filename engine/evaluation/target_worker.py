"""The process in which a Python callable answers.

``python -m engine.evaluation.target_worker FD_IN FD_OUT MODULE:FUNCTION``

Requests and replies are lines of JSON on two pipes of their own; what the callable prints goes to the log. Nothing but
the standard library is imported, so that the memory of this process is the callable's.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any

FIELDS = ("answer", "contexts", "retrieved", "abstained", "cost_usd", "tokens")
_PASSAGE = ("text", "page_content", "content", "document", "source", "start", "end", "score", "metadata", "id")


class ShapeError(Exception):
    """The callable returned something else than agreed."""


def main(arguments: Sequence[str]) -> None:
    """Import the callable, then answer until the pipe is closed."""
    fd_in, fd_out, reference = int(arguments[0]), int(arguments[1]), arguments[2]
    os.set_inheritable(fd_in, False)
    os.set_inheritable(fd_out, False)
    out = os.fdopen(fd_out, "w", encoding="utf-8")

    def send(message: Mapping[str, Any]) -> None:
        out.write(json.dumps(message) + "\n")
        out.flush()

    requests: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_read_requests, args=(fd_in, requests), daemon=True).start()
    try:
        function = load_callable(reference)
    except BaseException as error:  # an import runs any code
        traceback.print_exc()
        send({"failed": f"{type(error).__name__}: {error}" if _is_import(error) else type(error).__name__})
        return
    send({"ready": True})
    with asyncio.Runner() as runner:
        while True:
            send(answer(function, json.loads(requests.get()), runner))


def _read_requests(fd: int, requests: queue.SimpleQueue[str]) -> None:
    """Hands lines on; when the other end is gone this process ends, whatever the callable is doing."""
    with os.fdopen(fd, encoding="utf-8") as pipe:
        for line in pipe:
            requests.put(line)
    os._exit(0)


def load_callable(reference: str) -> Callable[..., Any]:
    """The callable of ``module:function``; a class is made an object first.

    Raises:
        ImportError, AttributeError, TypeError: there is none.
    """
    module, _, path = reference.partition(":")
    found: Any = importlib.import_module(module)
    for name in path.split("."):
        found = getattr(found, name)
    if inspect.isclass(found):
        found = found()
    if not callable(found):
        raise TypeError(f"{reference} is a {type(found).__name__}, which cannot be called")
    return found


def answer(function: Callable[..., Any], request: Mapping[str, Any], runner: asyncio.Runner) -> dict[str, Any]:
    """The reply to one request: values and seconds, or what went wrong."""
    history = [(asked, answered) for asked, answered in request["history"]]
    started = time.perf_counter()
    try:
        given = function(request["question"], **choose_keywords(function, request["question"], history))
        if inspect.isawaitable(given):
            given = runner.run(_await(given))
        seconds = time.perf_counter() - started
        reply = {"id": request["id"], "values": read_values(given), "seconds": seconds}
        json.dumps(reply)
        return reply
    except ShapeError as error:
        return {"id": request["id"], "shape": str(error)}
    except BaseException as error:  # also SystemExit: the callable may end itself, not its worker
        traceback.print_exc()
        sys.stderr.flush()
        return {"id": request["id"], "raised": type(error).__name__, "place": _find_place(error)}


async def _await(awaitable: Any) -> Any:
    return await awaitable


def choose_keywords(function: Callable[..., Any], question: str, history: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """``history`` and ``messages`` for a callable that has parameters of these names."""
    try:
        names = inspect.signature(function).parameters
    except (TypeError, ValueError):  # some builtins have none
        return {}
    messages = [
        {"role": role, "content": text}
        for asked, answered in history
        for role, text in (("user", asked), ("assistant", answered))
    ]
    offered = {"history": list(history), "messages": [*messages, {"role": "user", "content": question}]}
    return {name: value for name, value in offered.items() if name in names}


def read_values(given: Any) -> dict[str, Any]:
    """The fields of what a callable returned: text, a mapping, or an object with attributes.

    Raises:
        ShapeError: none of these.
    """
    if isinstance(given, str):
        return {"answer": given}
    if isinstance(given, Mapping):
        found = {name: given[name] for name in FIELDS if name in given}
        described = f"an object with the keys {', '.join(str(key)[:40] for key in list(given)[:8])}"
    else:
        found = {name: getattr(given, name) for name in FIELDS if hasattr(given, name)}
        described = "nothing" if given is None else f"a {type(given).__name__}"
    if "answer" not in found and found.get("abstained") is not True:
        raise ShapeError(
            f"expected text, an object with the key answer, or one with such an attribute; found {described}"
        )
    if found.get("contexts") is not None:
        found["contexts"] = [_read_passage(entry) for entry in _listed(found["contexts"], "contexts")]
    if found.get("retrieved") is not None:
        found["retrieved"] = [_read_passage(entry) for entry in _listed(found["retrieved"], "retrieved")]
    return {name: _plain(value, name) for name, value in found.items()}


def _read_passage(entry: Any) -> Any:
    """Text and mappings as they are; of other objects (LangChain's documents) the attributes that passages have."""
    if isinstance(entry, str | int | Mapping):
        return entry
    return {name: getattr(entry, name) for name in _PASSAGE if hasattr(entry, name)} or entry


def _listed(value: Any, name: str) -> list[Any]:
    if isinstance(value, str | bytes | Mapping) or not hasattr(value, "__iter__"):
        raise ShapeError(f"expected a list at {name}, found a {type(value).__name__}")
    return list(value)


def _plain(value: Any, name: str, depth: int = 0) -> Any:
    """What JSON can carry; numbers of NumPy as Python's. Of a passage's metadata the rest is left out."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if depth < 8 and isinstance(value, Mapping):
        kept = {str(key): item for key, item in value.items()}
        if name == "metadata":
            kept = {key: item for key, item in kept.items() if isinstance(item, str | int | float)}
        return {key: _plain(item, key, depth + 1) for key, item in kept.items()}
    if depth < 8 and isinstance(value, list | tuple | set | frozenset):
        return [_plain(item, name, depth + 1) for item in value]
    if hasattr(value, "item") and not getattr(value, "shape", ()):
        return value.item()
    raise ShapeError(f"expected text, numbers, lists and objects; found a {type(value).__name__} at {name}")


def _is_import(error: BaseException) -> bool:
    return isinstance(error, ImportError | AttributeError | TypeError | SyntaxError)


def _find_place(error: BaseException) -> str:
    """File and line of the callable's code where the error came up."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename != __file__]
    return f"{os.path.basename(frames[-1].filename)}, line {frames[-1].lineno}" if frames else ""


if __name__ == "__main__":
    main(sys.argv[1:])
