"""A process that asks a judge's model for another process. One JSON object a line on stdin and stdout.

First comes the judge and how many calls may be in flight; the reply says that all is loaded. Then come questions
{"id", "prompt", "schema"} and go answers {"id", and what ``CallReply`` holds}, in any order. The end of stdin ends it.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
from dataclasses import asdict
from typing import Any

from engine.errors import PhasegateError
from engine.evaluation.judging.specs import JudgeSpec
from engine.evaluation.measures.ragas_calls import CallReply, ModelCaller

GARBAGE = 20_000  # new objects before a collection; a call makes some thousand that reference counts free
SWITCH_S = 0.0005  # litellm prepares each call in a thread, which would keep the event loop waiting for 5 ms
LINE = 64 * 1024 * 1024  # bytes in one line, at most


async def serve() -> None:
    """Answer until stdin ends."""
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what libraries print must not come between the replies
    reader = asyncio.StreamReader(limit=LINE)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    first = json.loads(await reader.readline())
    tasks: set[asyncio.Task[None]] = set()
    caller = ModelCaller(JudgeSpec(**first["judge"]), first["slots"])
    try:
        await caller.__aenter__()
    except PhasegateError as error:
        out.write(json.dumps({"error": error.message, "hint": error.hint}).encode() + b"\n")
        return
    try:
        gc.collect()
        gc.freeze()  # litellm's tables: a full collection over them takes 0.2 s, in which no call goes out
        gc.set_threshold(GARBAGE, 20, 50)
        sys.setswitchinterval(SWITCH_S)
        out.write(b"{}\n")
        while line := await reader.readline():
            task = asyncio.create_task(_answer(caller, json.loads(line), out))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
    finally:
        for task in tasks:
            task.cancel()
        await caller.__aexit__(None, None, None)


async def _answer(caller: ModelCaller, question: dict[str, Any], out: Any) -> None:
    try:
        reply = await caller.call(question["prompt"], question["schema"])
    except Exception as error:  # the top of a job: the other questions go on
        reply = CallReply(error=f"the call failed ({type(error).__name__})", may_pass=False)
    out.write(json.dumps({"id": question["id"], **asdict(reply)}).encode() + b"\n")


if __name__ == "__main__":
    asyncio.run(serve())
