"""The shipped profiles: what each environment and each policy sets, and what every field means."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from engine.errors import SettingError, UnknownNameError

ENVIRONMENTS = ("dev", "staging", "prod")
POLICIES = ("cost_optimized", "balanced", "quality_optimized")
_SHORT = {"cost_optimized": "cost", "balanced": "balanced", "quality_optimized": "quality"}


@dataclass(frozen=True, slots=True)
class Tier:
    """A class of model: what it is called at litellm, and the variable that holds the key for it."""

    model: str
    key: str


TIERS = {
    "small": Tier("openai/gpt-3.5-turbo", "OPENAI_API_KEY"),
    "medium": Tier("openai/gpt-4o-mini", "OPENAI_API_KEY"),
    "large": Tier("openai/gpt-4o", "OPENAI_API_KEY"),
}
"""A saved provider that carries a tier's name takes its place; else the saved providers do, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How the engine serves.

    Attributes:
        tier: class of model that the policy asks for: small, medium or large.
        provider: ``extractive``, or ``litellm`` once a profile was chosen and its model can be reached.
        model: what the tier stands for: litellm names or saved providers, joined by commas; empty is all saved providers.
        validators: how many judgements every answer of a model has to pass.
        validators_max: how many when its quality control doubts it.
        consensus: share of the validators that must agree.
        memory_mb: resident memory above which caches give way and an alert fires.
        cache_answers: most answers that the memory tier keeps.
        cache_ttl_s: how long an answer is kept.
        semantic_cache: whether an answer serves a question that asks the same in other words.
        concurrency, queue, queue_wait_s: questions at once, waiting, and how long they wait.
        connections: open connections to providers.
        requests_per_minute: of one address.
        user_requests_per_minute: of one person or token.
        calls_per_second: pace of calls to providers when all is well; 0 is as fast as they answer.
        parallel_calls: calls of one batch that are under way at once.
        streaming: whether answers appear while they are written.
        batching: whether the calls of a batch go out together rather than one by one.
        redact_pii: where personal data is blacked out: logs, stored, answers.
        injection: what becomes of a question that looks like an attack: flag or refuse.
    """

    name: str
    environment: str
    policy: str
    tier: str
    provider: str = "extractive"
    model: str = ""
    validators: int = 2
    validators_max: int = 3
    consensus: float = 0.6
    memory_mb: int = 1024
    cache_answers: int = 2000
    cache_ttl_s: int = 900
    semantic_cache: bool = True
    concurrency: int = 10
    queue: int = 100
    queue_wait_s: float = 30.0
    connections: int = 20
    requests_per_minute: int = 60
    user_requests_per_minute: int = 120
    calls_per_second: float = 0.0
    parallel_calls: int = 8
    streaming: bool = True
    batching: bool = True
    redact_pii: tuple[str, ...] = ("logs",)
    injection: str = "flag"

    def __post_init__(self) -> None:
        if self.validators > self.validators_max:
            raise SettingError(
                f"validators {self.validators} must not exceed validators_max {self.validators_max}.",
                "Raise validators_max or lower validators.",
            )

    def as_dict(self) -> dict[str, Any]:
        """Field names and values, in order."""
        return dataclasses.asdict(self) | {"redact_pii": list(self.redact_pii)}


FIELDS = tuple(f.name for f in dataclasses.fields(Profile) if f.name not in ("name", "environment", "policy"))
"""What can be set one by one."""

_OF_ENVIRONMENT: dict[str, dict[str, Any]] = {
    "dev": {},
    "staging": {"redact_pii": ("logs", "stored"), "injection": "refuse"},
    "prod": {
        "memory_mb": 2048,
        "cache_answers": 10_000,
        "concurrency": 20,
        "queue": 200,
        "connections": 40,
        "redact_pii": ("logs", "stored", "answers"),
        "injection": "refuse",
    },
}
_OF_POLICY: dict[str, dict[str, Any]] = {
    "cost_optimized": {
        "tier": "small",
        "consensus": 0.5,
        "cache_ttl_s": 3600,
        "user_requests_per_minute": 60,
        "calls_per_second": 5.0,
        "parallel_calls": 5,
    },
    "balanced": {"tier": "medium"},
    "quality_optimized": {"tier": "large", "consensus": 0.7, "semantic_cache": False},
}
# Fewest and most validators; the document names dev_cost, dev_balanced, staging_quality, prod_balanced and prod_quality.
_VALIDATORS = {
    "dev_cost": (1, 2),
    "dev_balanced": (2, 3),
    "dev_quality": (3, 4),
    "staging_cost": (1, 2),
    "staging_balanced": (2, 3),
    "staging_quality": (3, 5),
    "prod_cost": (1, 3),
    "prod_balanced": (2, 4),
    "prod_quality": (3, 6),
}
SHIPPED = ("dev_cost", "dev_balanced", "staging_quality", "prod_balanced", "prod_quality")
"""The profiles that the document names; the other four combinations follow the same rules."""


def build_profile(environment: str, policy: str) -> Profile:
    """The shipped profile of an environment and a policy, before anything overrides it.

    Raises:
        UnknownNameError: no such environment or policy.
    """
    if environment not in ENVIRONMENTS:
        raise UnknownNameError(
            "environment", environment, ENVIRONMENTS, "It stands in PHASEGATE_ENV, MULTIAGENT_ENV or --env."
        )
    if policy not in POLICIES:
        raise UnknownNameError(
            "policy", policy, POLICIES, "It stands in PHASEGATE_POLICY, MULTIAGENT_POLICY or --policy."
        )
    name = f"{environment}_{_SHORT[policy]}"
    fewest, most = _VALIDATORS[name]
    values = _OF_ENVIRONMENT[environment] | _OF_POLICY[policy]
    return Profile(name=name, environment=environment, policy=policy, validators=fewest, validators_max=most, **values)


PROFILES = {profile.name: profile for profile in (build_profile(e, p) for e in ENVIRONMENTS for p in POLICIES)}

FIELD_WORDS = {
    "environment": "Where this installation runs; it decides memory, limits and what is redacted.",
    "policy": "What answers may cost; it decides the model and how its answers are checked.",
    "tier": "Class of model: small, medium or large. The table of tiers says which model that is.",
    "provider": "extractive answers with sentences of the documents; litellm asks a model.",
    "model": "The model behind the tier, or names given in its place; empty is all saved providers, in their order.",
    "validators": "How many judgements every answer of a model has to pass.",
    "validators_max": "How many judgements an answer has to pass that the quality control doubts.",
    "consensus": "Share of the validators that must agree.",
    "memory_mb": "Resident memory in MB above which caches give way and an alert fires.",
    "cache_answers": "Most answers that are kept in memory.",
    "cache_ttl_s": "Seconds that an answer is kept.",
    "semantic_cache": "Whether a kept answer serves a question that asks the same in other words.",
    "concurrency": "Questions that are answered at once.",
    "queue": "Questions that may wait for their turn; more are refused with a time to come again.",
    "queue_wait_s": "Seconds that a question waits at most.",
    "connections": "Open connections to providers.",
    "requests_per_minute": "Questions a minute from one address.",
    "user_requests_per_minute": "Questions a minute of one person or token.",
    "calls_per_second": "Pace of calls to providers when all is well; 0 is as fast as they answer.",
    "parallel_calls": "Calls of one batch that are under way at once.",
    "streaming": "Whether answers appear while they are written.",
    "batching": "Whether the calls of a batch go out together rather than one after another.",
    "redact_pii": "Where personal data is blacked out: logs, stored questions and answers, answers as they are shown.",
    "injection": "What becomes of a question that looks like an attack: flag marks it, refuse does not answer it.",
}
