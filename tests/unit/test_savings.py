"""What deleting would truly save: each row of the rules, and what holds whatever the objects are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3dedup.cost import (
    NO_PRICES,
    UNRETAINED,
    ClassPrice,
    Holding,
    Pricer,
    Replication,
    Saving,
    at_last,
    effect,
    group_saving,
    loses_instant_access,
    saving,
    shipped_table,
)
from s3dedup.cost.savings import days_left, longest
from s3dedup.model import Effect

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
GB = 1 << 30
OLD = NOW - timedelta(days=1000)
PRICER = Pricer(shipped_table())

PLAIN = Holding(versioned=False)
FREE = PLAIN._replace(
    versioned=True,
    version_id="v1",
    legal_hold=False,
    retained_until=UNRETAINED,
    replication=Replication.NONE,
)
"""In a versioned bucket, and nothing in the way of deleting it by its version id."""
SOURCE, REPLICA = (FREE._replace(replication=part) for part in (Replication.SOURCE, Replication.REPLICA))


# --- the effect of a delete, row by row -----------------------------------------------------------------------------


def test_in_an_unversioned_bucket_a_delete_frees_whatever_else_is_unknown() -> None:
    assert effect(PLAIN, PLAIN, NOW) is Effect.FREES


def test_a_replica_is_intended() -> None:
    assert effect(REPLICA, FREE, NOW) is Effect.REPLICA


def test_a_source_is_intended_where_the_keeper_is_a_replica() -> None:
    assert effect(SOURCE, REPLICA, NOW) is Effect.REPLICA


def test_a_source_may_go_where_the_keeper_is_no_replica() -> None:
    assert effect(SOURCE, FREE, NOW) is Effect.FREES


def test_a_source_may_go_where_the_keepers_bucket_is_unversioned_and_so_holds_no_replica() -> None:
    assert effect(SOURCE, PLAIN, NOW) is Effect.FREES


def test_a_legal_hold_locks_whatever_else_is_unknown() -> None:
    held = Holding(versioned=True, legal_hold=True)
    assert effect(held, FREE, NOW) is Effect.LOCKED


def test_a_retention_that_is_not_over_locks_whatever_else_is_unknown() -> None:
    kept = Holding(versioned=True, retained_until=NOW + timedelta(seconds=1))
    assert effect(kept, FREE, NOW) is Effect.LOCKED


def test_a_retention_that_ends_now_locks_no_more() -> None:
    assert effect(FREE._replace(retained_until=NOW), FREE, NOW) is Effect.FREES


def test_a_locked_replica_is_a_replica_first() -> None:
    assert effect(REPLICA._replace(legal_hold=True), FREE, NOW) is Effect.REPLICA


def test_an_object_of_unknown_replication_is_unknown() -> None:
    assert effect(FREE._replace(replication=None), FREE, NOW) is Effect.UNKNOWN


def test_an_object_of_which_a_legal_hold_is_unknown_is_unknown() -> None:
    assert effect(FREE._replace(legal_hold=None), FREE, NOW) is Effect.UNKNOWN


def test_an_object_of_which_the_retention_is_unknown_is_unknown() -> None:
    assert effect(FREE._replace(retained_until=None), FREE, NOW) is Effect.UNKNOWN


def test_a_source_beside_a_keeper_of_unknown_replication_is_unknown() -> None:
    assert effect(SOURCE, FREE._replace(replication=None), NOW) is Effect.UNKNOWN


def test_with_a_version_id_a_delete_frees() -> None:
    assert effect(FREE, FREE, NOW) is Effect.FREES
    assert effect(FREE._replace(versioned=None), FREE, NOW) is Effect.FREES


def test_in_a_versioned_bucket_a_delete_without_a_version_id_frees_nothing() -> None:
    assert effect(FREE._replace(version_id=None), FREE, NOW) is Effect.NEEDS_VERSION


def test_without_a_version_id_and_where_versioning_is_unknown_the_effect_is_unknown() -> None:
    assert effect(FREE._replace(versioned=None, version_id=None), FREE, NOW) is Effect.UNKNOWN


# --- money ----------------------------------------------------------------------------------------------------------


def price(storage_class: str = "STANDARD") -> ClassPrice | None:
    return PRICER.of(storage_class, "us-east-1")


def test_an_old_object_saves_its_storage_and_costs_nothing_to_delete() -> None:
    found = saving(GB, OLD, Effect.FREES, price(), NOW)
    assert found == Saving(Decimal("0.023"), Decimal("0.023"), Decimal(0), 0)


def test_a_young_object_in_infrequent_access_is_billed_for_the_rest_of_its_term() -> None:
    found = saving(GB, NOW - timedelta(days=18), Effect.FREES, price("STANDARD_IA"), NOW)
    assert found.days_left == 12
    assert found.early_delete_usd == Decimal("0.0125") * 12 / 30


def test_a_small_object_is_billed_for_its_minimum_size_when_deleted_early() -> None:
    found = saving(1, NOW, Effect.FREES, price("GLACIER_IR"), NOW)
    assert found.early_delete_usd == (Decimal("0.004") * 128 / 1024 / 1024 * 90 / 30).quantize(Decimal("1E-12"))


def test_an_archived_object_is_billed_with_its_overhead_when_deleted_early() -> None:
    found = saving(GB - 32 * 1024, NOW, Effect.FREES, price("DEEP_ARCHIVE"), NOW)
    assert found.early_delete_usd == Decimal("0.00099") * 6


@pytest.mark.parametrize("by", [Effect.REPLICA, Effect.LOCKED, Effect.NEEDS_VERSION])
def test_a_delete_that_frees_nothing_saves_and_costs_nothing_though_the_storage_costs(by: Effect) -> None:
    assert saving(GB, NOW, by, price("STANDARD_IA"), NOW) == Saving(Decimal("0.0125"), Decimal(0), Decimal(0), 0)


def test_a_delete_of_unknown_effect_saves_an_unknown_amount_though_the_storage_is_priced() -> None:
    assert saving(GB, OLD, Effect.UNKNOWN, price(), NOW) == Saving(Decimal("0.023"), None, None, None)


def test_where_the_price_is_unknown_all_that_rests_on_it_is() -> None:
    assert saving(GB, OLD, Effect.FREES, Pricer(NO_PRICES).of("STANDARD", None), NOW) == Saving(None, None, None, None)


def test_where_the_price_is_unknown_a_locked_object_still_saves_nothing() -> None:
    assert saving(GB, OLD, Effect.LOCKED, None, NOW) == Saving(None, Decimal(0), Decimal(0), 0)


def test_an_object_whose_access_tier_is_unknown_has_no_price_and_no_term() -> None:
    assert saving(GB, NOW, Effect.FREES, price("INTELLIGENT_TIERING"), NOW) == Saving(None, None, Decimal(0), 0)


def test_a_groups_saving_is_the_sum_of_its_objects_and_the_longest_of_their_terms() -> None:
    old, young = saving(GB, OLD, Effect.FREES, price(), NOW), saving(GB, NOW, Effect.FREES, price("STANDARD_IA"), NOW)
    locked = saving(GB, NOW, Effect.LOCKED, price(), NOW)
    assert group_saving([old, young, locked]) == Saving(Decimal("0.0585"), Decimal("0.0355"), Decimal("0.0125"), 30)


def test_what_is_freed_within_a_minimum_term_is_freed_later() -> None:
    assert at_last(Effect.FREES, 1) is Effect.LATER


@pytest.mark.parametrize("days", [0, None])
def test_what_is_freed_without_a_term_or_with_an_unknown_one_is_freed(days: int | None) -> None:
    assert at_last(Effect.FREES, days) is Effect.FREES


@pytest.mark.parametrize("by", sorted(set(Effect) - {Effect.FREES, Effect.LATER}))
def test_what_is_not_freed_stays_what_it_is_whatever_its_term(by: Effect) -> None:
    assert at_last(by, 30) is by


def test_the_longest_of_some_terms_is_unknown_as_soon_as_one_is() -> None:
    assert (longest([]), longest([3, 12, 0]), longest([3, None])) == (0, 12, None)


@pytest.mark.parametrize(
    ("of_keeper", "of_redundant", "loses"),
    [
        ("GLACIER", "STANDARD", True),
        ("DEEP_ARCHIVE", "GLACIER_IR", True),
        ("GLACIER", "DEEP_ARCHIVE", False),
        ("STANDARD", "GLACIER", False),
        ("GLACIER_IR", "STANDARD", False),
    ],
)
def test_content_loses_instant_access_where_only_an_archived_copy_stays(
    of_keeper: str, of_redundant: str, *, loses: bool
) -> None:
    assert loses_instant_access([of_keeper], [of_redundant]) is loses


def test_content_keeps_instant_access_where_a_protected_copy_has_it() -> None:
    assert not loses_instant_access(["GLACIER", "STANDARD_IA"], ["STANDARD"])


def test_content_loses_instant_access_where_one_of_several_redundant_copies_has_it() -> None:
    assert loses_instant_access(["GLACIER"], ["DEEP_ARCHIVE", "STANDARD"])


@pytest.mark.parametrize(
    ("age", "left"),
    [
        (timedelta(0), 30),
        (timedelta(seconds=1), 30),
        (timedelta(days=1), 29),
        (timedelta(days=29, hours=23), 1),
        (timedelta(days=30), 0),
        (timedelta(days=400), 0),
        (timedelta(days=-3), 30),
    ],
)
def test_a_day_of_the_term_that_has_begun_counts_whole(age: timedelta, left: int) -> None:
    assert days_left(30, NOW - age, NOW) == left


def test_a_class_without_a_minimum_term_has_no_days_left() -> None:
    assert days_left(0, NOW, NOW) == 0


# --- whatever the objects are ---------------------------------------------------------------------------------------

regions, classes = ["us-east-1", "xx-nowhere-1", None], [*shipped_table().regions["us-east-1"].classes, "SOMETHING_NEW"]
sizes, ages = st.integers(0, 50 * 10**12), st.integers(-2, 400).map(lambda days: NOW - timedelta(days=days))
prices = st.builds(PRICER.of, st.sampled_from(classes), st.sampled_from(regions))
effects = st.sampled_from(sorted(set(Effect) - {Effect.LATER}))
savings = st.builds(saving, sizes, ages, effects, prices, st.just(NOW))


@given(st.lists(savings, max_size=5))
def test_no_amount_is_ever_below_nothing(every: list[Saving]) -> None:
    for amount in group_saving(every):
        assert amount is None or amount >= 0


@given(st.lists(savings, max_size=5))
def test_no_more_is_saved_than_is_billed(every: list[Saving]) -> None:
    found = group_saving(every)
    if found.monthly_usd is not None and found.saved_usd is not None:
        assert found.saved_usd <= found.monthly_usd


@given(sizes, ages, effects, prices)
def test_deleting_early_never_costs_more_than_the_whole_term(
    size: int, modified: datetime, by: Effect, of: ClassPrice | None
) -> None:
    found = saving(size, modified, by, of, NOW)
    if found.early_delete_usd is not None and of is not None:
        assert found.early_delete_usd <= of.early_delete(size, of.rates.minimum_days)
        if found.monthly_usd is not None:
            assert found.early_delete_usd <= found.monthly_usd * 6 + Decimal("1E-11")


@given(st.lists(savings, max_size=5))
def test_one_unknown_amount_makes_the_sum_unknown(every: list[Saving]) -> None:
    assert group_saving([*every, saving(GB, OLD, Effect.FREES, None, NOW)]) == Saving(None, None, None, None)
