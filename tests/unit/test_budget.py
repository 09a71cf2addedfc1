"""What may be spent: never more than the limits, and what was not spent after all can be spent by others."""

from __future__ import annotations

from decimal import Decimal

import pytest

from s3dedup.engine.budget import Budget, Expense, Limits

CHEAP = Expense(1, 10, Decimal("0.01"))


@pytest.mark.parametrize(
    "limits",
    [Limits(read=25), Limits(requests=2), Limits(usd=Decimal("0.025")), Limits(read=20, requests=9)],
    ids=["bytes", "requests", "usd", "the-tightest"],
)
def test_nothing_is_granted_beyond_a_limit(limits: Limits) -> None:
    budget = Budget(limits)
    assert budget.take([CHEAP])
    assert budget.take([CHEAP])
    assert not budget.take([CHEAP])
    assert budget.spent == CHEAP.plus(CHEAP)


def test_without_limits_everything_is_granted() -> None:
    assert Budget(Limits()).take([Expense(10**9, 10**18, None)])


def test_several_are_granted_together_or_not_at_all() -> None:
    budget = Budget(Limits(requests=2))
    assert not budget.take([CHEAP, CHEAP, CHEAP])
    assert budget.take([CHEAP, CHEAP])


def test_what_has_no_known_price_is_not_affordable_where_money_is_limited() -> None:
    budget = Budget(Limits(usd=Decimal(100)))
    assert not budget.take([Expense(1, 1, None)])
    assert budget.take([CHEAP]), "and what has one still is"


def test_what_was_granted_and_not_spent_can_be_spent_by_others() -> None:
    budget = Budget(Limits(requests=3, usd=Decimal("0.03")))
    granted = Expense(3, 30, Decimal("0.03"))
    assert budget.take([granted])
    budget.give_back(granted, CHEAP)
    assert budget.take([CHEAP, CHEAP])
    assert not budget.take([CHEAP])


def test_more_spent_than_granted_gives_nothing_back() -> None:
    budget = Budget(Limits(requests=3))
    assert budget.take([CHEAP])
    budget.give_back(CHEAP, Expense(3, 30, Decimal("0.03")))
    assert budget.take([CHEAP, CHEAP])
    assert not budget.take([CHEAP])


def test_effort_orders_what_is_free_of_charge_by_its_size() -> None:
    assert Expense(1, 10**6).effort < Expense(1, 10**9).effort < Expense(1, 10**9, Decimal(1)).effort
    assert Expense(1, 0, None).effort < Expense(2, 0, None).effort
