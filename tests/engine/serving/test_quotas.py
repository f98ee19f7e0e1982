from __future__ import annotations

import pytest

from engine.errors import QuotaError
from engine.serving.quotas import READS_PER_ASK, Quotas, network_of


def count_allowed(quotas: Quotas, times: int, **who: object) -> int:
    allowed = 0
    for _ in range(times):
        try:
            quotas.check(**who)  # type: ignore[arg-type]
        except QuotaError:
            continue
        allowed += 1
    return allowed


def test_of_100_rapid_requests_from_one_address_the_quota_passes_and_the_rest_is_told_when_to_come_again() -> None:
    quotas = Quotas(requests_per_minute=60)
    assert count_allowed(quotas, 100, address="203.0.113.9") == 60
    assert quotas.refused == 40
    with pytest.raises(QuotaError, match="from this address: at most 60 a minute; retry after") as refused:
        quotas.check(address="203.0.113.9")
    assert 1 <= refused.value.retry_after_s <= 60
    assert count_allowed(quotas, 1, address="203.0.113.10") == 1


def test_a_user_has_a_quota_of_his_own_from_wherever_he_asks() -> None:
    quotas = Quotas(requests_per_minute=0, user_requests_per_minute=3)
    assert [count_allowed(quotas, 1, user="Ada", address=f"203.0.113.{n}") for n in range(5)] == [1, 1, 1, 0, 0]
    assert count_allowed(quotas, 1, user="Ben", address="203.0.113.1") == 1


def test_a_refused_request_counts_for_nobody() -> None:
    quotas = Quotas(requests_per_minute=5, user_requests_per_minute=2)
    assert count_allowed(quotas, 9, address="203.0.113.1", user="Ada") == 2
    assert count_allowed(quotas, 9, address="203.0.113.1", user="Ben") == 2
    assert count_allowed(quotas, 9, address="203.0.113.1") == 1


def test_reading_is_counted_apart_and_more_of_it_is_allowed() -> None:
    quotas = Quotas(requests_per_minute=2)
    assert count_allowed(quotas, 5, address="a") == 2
    assert count_allowed(quotas, 50, address="a", reading=True) == 2 * READS_PER_ASK


def test_nobody_and_no_limit_are_not_counted() -> None:
    assert count_allowed(Quotas(1, 1), 9) == 9
    assert count_allowed(Quotas(0, 0), 9, address="a", user="b") == 9


def test_an_ipv6_customer_counts_by_network_and_a_mapped_address_as_what_it_is() -> None:
    assert network_of("2001:db8:1:2::1") == network_of("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    assert network_of("::ffff:203.0.113.9") == network_of("203.0.113.9") == "203.0.113.9"
    assert network_of("testclient") == "testclient"


def test_a_minute_later_the_next_is_let_in_and_no_earlier() -> None:
    now = [0.0]
    quotas = Quotas(requests_per_minute=2, clock=lambda: now[0])
    assert count_allowed(quotas, 3, address="a") == 2
    now[0] = 59.0
    with pytest.raises(QuotaError) as refused:
        quotas.check(address="a")
    assert refused.value.retry_after_s == 1
    now[0] = 60.0
    assert count_allowed(quotas, 9, address="a") == 2


def test_any_number_of_addresses_takes_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.serving.quotas.MOST_KEYS", 50)
    now = [0.0]
    quotas = Quotas(requests_per_minute=1, clock=lambda: now[0])
    for number in range(200):
        quotas.check(address=f"a{number}")
    assert len(quotas._asked) <= 51
    assert count_allowed(quotas, 1, address="a199") == 0, "those who asked last are still known"
    now[0] = 61.0
    quotas.check(address="b")
    assert len(quotas._asked) == 1, "those of more than a minute ago are forgotten"
