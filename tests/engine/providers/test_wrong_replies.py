"""What a provider can do wrong: each ends in an error of the table, which stops or lets the next provider try."""

from __future__ import annotations

import pytest

from engine.bench.scripted_model import ScriptedModel
from engine.errors import ProviderError
from engine.providers.chain import ModelChain
from tests.engine.providers.asking import ONCE, QUICK, WAYS, WORDS, ask


@pytest.mark.parametrize("model", WAYS)
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(
    ("fault", "kind", "fails_over"),
    [
        ("400", "BadRequestError", False),
        ("401", "AuthenticationError", False),
        ("expired", "AuthenticationError", False),
        ("402", "PaymentRequiredError", False),
        ("403", "PermissionDeniedError", False),
        ("404", "NotFoundError", False),
        ("429", "RateLimitError", True),
        ("503", "ServiceUnavailableError", True),
        ("504", "Timeout", True),
        ("html", "APIResponseValidationError", True),
        ("text", "APIResponseValidationError", True),
        ("drop", "APIConnectionError", True),
        ("empty", "EmptyAnswer", True),
    ],
)
def test_what_a_provider_does_wrong_is_an_error_of_the_table(
    server: ScriptedModel, model: str, streamed: bool, fault: str, kind: str, fails_over: bool
) -> None:
    server.script.steady = fault
    with pytest.raises(ProviderError) as caught:
        ask(ModelChain([server.make_spec(model=model)], retries=ONCE), streamed)
    assert (caught.value.kind, caught.value.fails_over) == (kind, fails_over)
    assert caught.value.hint and "Bearer" not in caught.value.message and len(server.calls) == 1


@pytest.mark.parametrize("model", WAYS)
def test_half_of_a_reply_is_no_reply(server: ScriptedModel, model: str) -> None:
    chain = ModelChain([server.make_spec(model=model)], retries=ONCE)
    server.script.faults[:] = ["half", "half", "break:2", "cut:2", "error:2"]
    kinds = []
    for streamed in (False, *[True] * 4):
        with pytest.raises(ProviderError) as caught:
            ask(chain, streamed)
        kinds.append(caught.value.kind)
    assert kinds == ["APIResponseValidationError", *["BrokenStream"] * 4]


@pytest.mark.parametrize("model", WAYS)
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_a_reply_that_stopped_at_the_models_limit_says_so(server: ScriptedModel, model: str, streamed: bool) -> None:
    chain = ModelChain([server.make_spec(model=model)], retries=ONCE)
    server.script.faults[:] = ["length:3", "ok"]
    short, whole = ask(chain, streamed)[-1], ask(chain, streamed)[-1]
    assert (short.truncated, len(short.text.split())) == (True, 3)
    assert not whole.truncated and whole.text.startswith(short.text)


def test_a_wrong_key_stops_the_chain_and_says_why_the_next_was_not_asked(
    server: ScriptedModel, backup: ScriptedModel
) -> None:
    server.script.steady = "401"
    with pytest.raises(ProviderError, match=r"first: .*refused the key.* second was not asked") as caught:
        ask(ModelChain([server.make_spec("first"), backup.make_spec("second")], retries=QUICK))
    assert not caught.value.fails_over and not backup.calls and len(server.calls) == 1


def test_an_unset_variable_of_the_key_is_named_and_nothing_is_sent(server: ScriptedModel) -> None:
    with pytest.raises(ProviderError, match="NO_SUCH_KEY_HERE is not set") as caught:
        ask(ModelChain([server.make_spec(api_key_env="NO_SUCH_KEY_HERE")]))
    assert not caught.value.fails_over and not server.calls


def test_when_none_answers_the_error_says_what_each_said(server: ScriptedModel, backup: ScriptedModel) -> None:
    server.script.steady, backup.script.steady = "503", "empty"
    with pytest.raises(ProviderError, match="No provider answered. first: .*not available.* second: .*empty") as caught:
        ask(ModelChain([server.make_spec("first"), backup.make_spec("second")], retries=QUICK))
    assert caught.value.fails_over


@pytest.mark.parametrize("model", ["hosted_vllm/m", "ollama_chat/m"])
def test_a_key_that_has_expired_is_told_from_a_bad_request_whatever_its_status(
    server: ScriptedModel, backup: ScriptedModel, model: str
) -> None:
    server.script.steady = "expired:400"
    with pytest.raises(ProviderError, match="refused the key") as caught:
        ask(ModelChain([server.make_spec("first", model=model), backup.make_spec("second")], retries=QUICK))
    assert "expired" in caught.value.hint and not backup.calls and len(server.calls) == 1


def test_a_key_that_expires_stops_until_it_is_mended_and_closes_no_breaker(server: ScriptedModel) -> None:
    chain = ModelChain([server.make_spec()], retries=QUICK)
    assert ask(chain)[0].text == WORDS
    server.script.steady = "expired"
    for _ in range(6):
        with pytest.raises(ProviderError, match="refused the key"):
            ask(chain)
    [told] = chain.describe()
    assert (told["state"], told["ok"], told["failed"]) == ("closed", 1, 6) and "refused" in told["last_failure"]
    server.script.steady = "ok"
    assert ask(chain)[0].text == WORDS, "nobody has to wait for a cool-down after the key was mended"


@pytest.mark.parametrize("model", WAYS)
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_a_failure_that_is_told_under_status_200_goes_to_the_next(
    server: ScriptedModel, backup: ScriptedModel, model: str, streamed: bool
) -> None:
    server.script.steady = "error"
    items = ask(
        ModelChain([server.make_spec("first", model=model), backup.make_spec("second")], retries=ONCE), streamed
    )
    assert items[-1].provider == "second" and all(isinstance(item, str) for item in items[:-1])


def test_a_page_of_html_from_all_of_them_names_the_address_as_what_to_check(
    server: ScriptedModel, backup: ScriptedModel
) -> None:
    server.script.steady = backup.script.steady = "html"
    with pytest.raises(ProviderError, match="No provider answered.* cannot be read") as caught:
        ask(ModelChain([server.make_spec("first"), backup.make_spec("second")], retries=QUICK))
    assert "address" in caught.value.hint and "<html>" not in caught.value.message
