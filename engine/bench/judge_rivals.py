"""The same cases on the same judge server by ragas' own ``evaluate`` and by DeepEval, each in a process of its own.

ragas' ``evaluate`` is deprecated; it is what its users run today. DeepEval is no requirement of this project: it is
looked for in this environment, or in the one whose Python ``PHASEGATE_DEEPEVAL_PYTHON`` names.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

DEEPEVAL_PYTHON = "PHASEGATE_DEEPEVAL_PYTHON"
TIMEOUT_S = 600

_RAGAS = """
import json, os, sys, warnings
os.environ["RAGAS_DO_NOT_TRACK"] = "true"
warnings.simplefilter("ignore")
given = json.load(sys.stdin)
from langchain_openai import ChatOpenAI
from ragas import EvaluationDataset, evaluate
from ragas.llms import LangchainLLMWrapper
from ragas.metrics import Faithfulness
from ragas.run_config import RunConfig
llm = LangchainLLMWrapper(ChatOpenAI(model="judge", base_url=given["address"], api_key="none", max_retries=0))
result = evaluate(EvaluationDataset.from_list(given["cases"]), metrics=[Faithfulness(llm=llm)], llm=llm,
                  run_config=RunConfig(max_workers=given["concurrency"]), show_progress=False)
scores = [row["faithfulness"] for row in result.scores]
print(json.dumps({"scored": sum(s == s for s in scores)}))
"""

_DEEPEVAL = """
import json, os, sys
for name in ("DEEPEVAL_TELEMETRY_OPT_OUT", "ERROR_REPORTING_OPT_OUT", "DEEPEVAL_NO_INSPECT_PROMPT"):
    os.environ[name] = "1"
os.environ["DEEPEVAL_UPDATE_WARNING_OPT_IN"] = "0"
given = json.load(sys.stdin)
out, sys.stdout = sys.stdout, sys.stderr
from deepeval import evaluate
from deepeval.evaluate.configs import AsyncConfig, CacheConfig, DisplayConfig
from deepeval.metrics import FaithfulnessMetric
from deepeval.models import LocalModel
from deepeval.test_case import LLMTestCase
model = LocalModel(model="judge", base_url=given["address"], api_key="none")
cases = [LLMTestCase(input=c["user_input"], actual_output=c["response"], retrieval_context=c["retrieved_contexts"])
         for c in given["cases"]]
result = evaluate(cases, [FaithfulnessMetric(model=model, include_reason=False)],
                  async_config=AsyncConfig(max_concurrent=given["concurrency"]),
                  display_config=DisplayConfig(show_indicator=False, print_results=False, inspect_after_run=False),
                  cache_config=CacheConfig(write_cache=False))
scored = sum(m.score is not None for r in result.test_results for m in r.metrics_data)
print(json.dumps({"scored": scored}), file=out)
"""


def run_ragas(address: str, cases: list[dict[str, Any]], concurrency: int, folder: Path) -> dict[str, Any]:
    """Score faithfulness by ragas' ``evaluate``; ``scored`` cases, or the ``problem``."""
    return _run(sys.executable, _RAGAS, {"address": address, "cases": cases, "concurrency": concurrency}, folder)


def run_deepeval(address: str, cases: list[dict[str, Any]], concurrency: int, folder: Path) -> dict[str, Any]:
    """Score faithfulness by DeepEval; ``scored`` cases, or the ``problem``: mostly that it is not installed."""
    python = os.environ.get(DEEPEVAL_PYTHON) or (sys.executable if find_spec("deepeval") else "")
    if not python:
        return {"problem": f"not installed; {DEEPEVAL_PYTHON} may name the Python of an environment that has it"}
    return _run(python, _DEEPEVAL, {"address": address, "cases": cases, "concurrency": concurrency}, folder)


def _run(python: str, code: str, given: dict[str, Any], folder: Path) -> dict[str, Any]:
    env = {**os.environ, "OPENAI_API_KEY": "none"}
    try:
        done = subprocess.run(
            [python, "-c", code],
            input=json.dumps(given),
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            cwd=folder,
            env=env,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return {"problem": f"{type(error).__name__} of {python}"}
    if done.returncode:
        return {"problem": (done.stderr.strip().splitlines() or ["it failed"])[-1][:300]}
    return json.loads(done.stdout.strip().splitlines()[-1])
