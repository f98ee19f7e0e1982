"""The Prometheus families of serving, each with its labels; ``docs/guide/monitoring.md`` lists them by name.

No label carries what a person wrote: values come from fixed words or from names that an operator gave, and a label that
takes more than fifty of them says ``other`` from then on.
"""

from __future__ import annotations

from collections import defaultdict

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

from engine.store.requests import OUTCOMES

MOST_VALUES = 50
DOORS = ("screen", "api")
"""Where a served app is asked."""
ANSWER_TIERS = ("memory", "store", "semantic")
TIERS = (*ANSWER_TIERS, "vectors", "retrieval")
REQUEST_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
CHUNKS = (0, 1, 2, 5, 10, 20, 40, 80)
QUALITY = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
BREAKER_STATES = {"closed": 0, "half_open": 1, "open": 2}

disable_created_metrics()


class BoundedLabels:
    """Keeps the number of values of each label finite."""

    def __init__(self) -> None:
        self._seen: defaultdict[str, set[str]] = defaultdict(set)

    def take(self, label: str, value: str) -> str:
        """The value, or ``other`` once the label has had fifty different ones."""
        seen = self._seen[label]
        if value not in seen:
            if len(seen) >= MOST_VALUES:
                return "other"
            seen.add(value)
        return value


class ServingFamilies:
    """Counters and histograms that records go into."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(name, text, labels, registry=registry)

        def histogram(name: str, text: str, bounds: tuple[float, ...], *labels: str) -> Histogram:
            return Histogram(name, text, labels, buckets=bounds, registry=registry)

        seconds = REQUEST_SECONDS
        self.requests = counter("requests_total", "Questions by door and what became of them.", "door", "outcome")
        self.duration = histogram("request_duration_seconds", "From question to whole answer.", seconds, "door")
        self.first_text = histogram("phasegate_first_text_seconds", "From question to the first text.", seconds)
        self.retrieval = histogram("rag_retrieval_seconds", "Search for the chunks of a question.", seconds)
        self.chunks = histogram("rag_chunks_count", "Chunks retrieved for a question.", CHUNKS)
        self.quality = histogram("phasegate_context_quality", "Probability that the context supports.", QUALITY)
        self.tokens = counter("phasegate_tokens_total", "Tokens of all models, prompt or completion.", "kind")
        self.cost = counter("phasegate_cost_usd_total", "Known cost of all requests in USD.")
        self.hits = counter("cache_hits_total", "Found in the tier.", "tier")
        self.misses = counter("cache_misses_total", "Not found in the tier.", "tier")
        self.cache_events = counter("phasegate_cache_events_total", "All that a tier did.", "tier", "event")
        self.saved_seconds = counter("phasegate_cache_saved_seconds_total", "Time that hits saved.", "tier")
        self.saved_usd = counter("phasegate_cache_saved_usd_total", "Known cost that hits saved in USD.", "tier")
        self.calls = counter("phasegate_provider_calls_total", "Calls, ok or what failed.", "provider", "outcome")
        self.call_seconds = histogram("phasegate_provider_call_seconds", "One call to a model.", seconds, "provider")
        self.call_first = histogram(
            "phasegate_provider_first_token_seconds", "From call to first token.", seconds, "provider"
        )
        self.call_tokens = counter("phasegate_provider_tokens_total", "Tokens by provider.", "provider", "kind")
        self.call_cost = counter("phasegate_provider_cost_usd_total", "Known cost by provider in USD.", "provider")
        self.breaker_changes = counter("phasegate_breaker_changes_total", "Changes into a state.", "provider", "state")
        self.breaker = Gauge(
            "phasegate_breaker_state", "0 closed, 1 half open, 2 open.", ["provider"], registry=registry
        )
        self.recoveries = counter("phasegate_recoveries_total", "What was mended, or not.", "component", "outcome")
        self._begin_at_zero()

    def _begin_at_zero(self) -> None:
        """Make the series that are known beforehand: the first count of one that springs up is no increase to Prometheus."""
        for door in DOORS:
            self.duration.labels(door)
            for outcome in OUTCOMES:
                self.requests.labels(door, outcome)
        for tier in TIERS:
            for family in (self.hits, self.misses, self.saved_seconds, self.saved_usd):
                family.labels(tier)
        for kind in ("prompt", "completion"):
            self.tokens.labels(kind)
