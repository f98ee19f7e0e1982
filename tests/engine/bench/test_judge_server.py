"""The benchmark's judge answers in the forms that it is asked for."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from engine.bench.judge_server import REPLIES
from engine.evaluation.measures.ragas_calls import find_out_of_range, load_schema

COLLECTIONS = "ragas.metrics.collections"
FORMS = {
    "NLIStatementOutput": f"{COLLECTIONS}.faithfulness.util:NLIStatementOutput",
    "StatementFaithfulnessAnswer": f"{COLLECTIONS}.noise_sensitivity.util:StatementFaithfulnessOutput",
    "ContextRecallOutput": f"{COLLECTIONS}.context_recall.util:ContextRecallOutput",
    "ContextPrecisionOutput": f"{COLLECTIONS}.context_precision.util:ContextPrecisionOutput",
    "AnswerRelevanceOutput": f"{COLLECTIONS}.answer_relevancy.util:AnswerRelevanceOutput",
    "ClaimDecompositionOutput": f"{COLLECTIONS}.factual_correctness.util:ClaimDecompositionOutput",
    "RubricVerdict": "engine.evaluation.measures.ragas_judged:RubricVerdict",
    "StatementGeneratorOutput": f"{COLLECTIONS}.faithfulness.util:StatementGeneratorOutput",
}


@pytest.mark.parametrize("mark", FORMS)
def test_each_canned_reply_has_its_form(mark: str) -> None:
    form: type[BaseModel] = load_schema(FORMS[mark])
    assert find_out_of_range(form.model_validate(REPLIES[mark])) == ""
