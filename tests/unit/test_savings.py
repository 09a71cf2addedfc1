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
    Effect,
    Holding,
    Pricer,
    Range,
    Replication,
    effect,
    group_saving,
    loses_instant_access,
    saving,
    shipped_table,
)
from s3dedup.cost.savings import days_left

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
GB = 1 << 30
OLD = NOW - timedelta(days=1000)
PRICER = Pricer(shipped_table())

PLAIN = Holding(GB, "STANDARD", "us-east-1", OLD, versioned=False)
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
    held = Holding(GB, "STANDARD", "us-east-1", OLD, versioned=True, legal_hold=True)
    assert effect(held, FREE, NOW) is Effect.LOCKED


def test_a_retention_that_is_not_over_locks_whatever_else_is_unknown() -> None:
    kept = Holding(GB, "STANDARD", "us-east-1", OLD, versioned=True, retained_until=NOW + timedelta(seconds=1))
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


def test_an_old_object_saves_its_storage_and_costs_nothing_to_delete() -> None:
    found = saving(PLAIN, PLAIN, PRICER, NOW)
    assert (found.monthly_usd, found.saved_usd) == (Decimal("0.023"), Decimal("0.023"))
    assert found.early_delete_usd == found.days_left == 0


def test_a_young_object_in_infrequent_access_is_billed_for_the_rest_of_its_term() -> None:
    young = PLAIN._replace(storage_class="STANDARD_IA", modified=NOW - timedelta(days=18))
    found = saving(young, PLAIN, PRICER, NOW)
    assert found.days_left == 12
    assert found.early_delete_usd == Decimal("0.0125") * 12 / 30


def test_a_small_object_is_billed_for_its_minimum_size_when_deleted_early() -> None:
    small = PLAIN._replace(size=1, storage_class="GLACIER_IR", modified=NOW)
    found = saving(small, PLAIN, PRICER, NOW)
    assert found.early_delete_usd == (Decimal("0.004") * 128 / 1024 / 1024 * 90 / 30).quantize(Decimal("1E-12"))


def test_an_archived_object_is_billed_with_its_overhead_when_deleted_early() -> None:
    archived = PLAIN._replace(size=GB - 32 * 1024, storage_class="DEEP_ARCHIVE", modified=NOW)
    assert saving(archived, PLAIN, PRICER, NOW).early_delete_usd == Decimal("0.00099") * 6


@pytest.mark.parametrize("redundant", [REPLICA, FREE._replace(legal_hold=True), FREE._replace(version_id=None)])
def test_a_delete_that_frees_nothing_saves_and_costs_nothing_though_the_storage_costs(redundant: Holding) -> None:
    young = redundant._replace(storage_class="STANDARD_IA", modified=NOW)
    found = saving(young, FREE, PRICER, NOW)
    assert found.monthly_usd == Decimal("0.0125")
    assert found.saved_usd == found.early_delete_usd == 0
    assert found.days_left == 30


def test_a_delete_of_unknown_effect_saves_an_unknown_amount_though_the_storage_is_priced() -> None:
    found = saving(FREE._replace(legal_hold=None), FREE, PRICER, NOW)
    assert found.monthly_usd == Decimal("0.023")
    assert (found.saved_usd, found.early_delete_usd) == (None, None)


def test_where_the_price_is_unknown_all_that_rests_on_it_is() -> None:
    found = saving(PLAIN, PLAIN, Pricer(NO_PRICES), NOW)
    assert (found.monthly_usd, found.monthly_range, found.saved_usd) == (None, None, None)
    assert (found.early_delete_usd, found.days_left) == (None, None)


def test_where_the_price_is_unknown_a_locked_object_still_saves_nothing() -> None:
    assert saving(FREE._replace(legal_hold=True), FREE, Pricer(NO_PRICES), NOW).saved_usd == 0


def test_an_object_whose_access_tier_is_unknown_has_a_range_and_no_price() -> None:
    found = saving(PLAIN._replace(storage_class="INTELLIGENT_TIERING"), PLAIN, PRICER, NOW)
    assert (found.monthly_usd, found.saved_usd) == (None, None)
    assert found.monthly_range == Range(Decimal("0.0009925"), Decimal("0.0230025"))


def test_a_groups_saving_is_the_sum_of_its_objects_and_the_longest_of_their_terms() -> None:
    young = PLAIN._replace(storage_class="STANDARD_IA", modified=NOW)
    found = group_saving([PLAIN, young, FREE._replace(version_id=None)], PLAIN, PRICER, NOW)
    assert found.monthly_usd == Decimal("0.0585")
    assert found.saved_usd == Decimal("0.0355")
    assert found.early_delete_usd == Decimal("0.0125")
    assert found.days_left == 30
    assert found.monthly_range == Range(Decimal("0.0585"), Decimal("0.0585"))


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
    keeper, redundant = (PLAIN._replace(storage_class=name) for name in (of_keeper, of_redundant))
    assert loses_instant_access(redundant, keeper) is loses


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

maybe = st.none() | st.booleans()
holdings = st.builds(
    Holding,
    size=st.integers(0, 50 * 10**12),
    storage_class=st.sampled_from([*shipped_table().regions["us-east-1"].classes, "SOMETHING_NEW"]),
    region=st.sampled_from(["us-east-1", "xx-nowhere-1", None]),
    modified=st.integers(-2, 400).map(lambda days: NOW - timedelta(days=days)),
    versioned=maybe,
    version_id=st.sampled_from([None, "v1"]),
    legal_hold=maybe,
    retained_until=st.sampled_from([None, UNRETAINED, OLD, NOW + timedelta(days=1)]),
    replication=st.none() | st.sampled_from(Replication),
)
groups = st.lists(holdings, max_size=5)


@given(groups, holdings)
def test_no_amount_is_ever_below_nothing(redundant: list[Holding], keeper: Holding) -> None:
    found = group_saving(redundant, keeper, PRICER, NOW)
    for amount in (found.monthly_usd, found.saved_usd, found.early_delete_usd, found.days_left):
        assert amount is None or amount >= 0


@given(groups, holdings)
def test_no_more_is_saved_than_is_billed(redundant: list[Holding], keeper: Holding) -> None:
    found = group_saving(redundant, keeper, PRICER, NOW)
    if found.monthly_usd is not None and found.saved_usd is not None:
        assert found.saved_usd <= found.monthly_usd


@given(holdings, holdings)
def test_deleting_early_never_costs_more_than_the_whole_term(redundant: Holding, keeper: Holding) -> None:
    found, price = saving(redundant, keeper, PRICER, NOW), PRICER.of(redundant.storage_class, redundant.region)
    if found.early_delete_usd is not None and price is not None:
        assert found.early_delete_usd <= price.early_delete(redundant.size, price.rates.minimum_days)
        if found.monthly_usd is not None:
            assert found.early_delete_usd <= found.monthly_usd * 6 + Decimal("1E-11")


@given(groups, holdings)
def test_a_known_price_lies_within_its_range(redundant: list[Holding], keeper: Holding) -> None:
    found = group_saving(redundant, keeper, PRICER, NOW)
    if found.monthly_range is not None:
        assert found.monthly_range.low <= found.monthly_range.high
        assert found.monthly_usd is None or found.monthly_usd == found.monthly_range.low == found.monthly_range.high


@given(groups, holdings, holdings)
def test_one_unknown_amount_makes_the_sum_unknown(redundant: list[Holding], keeper: Holding, one: Holding) -> None:
    nowhere = one._replace(region="xx-nowhere-1", versioned=False)
    found = group_saving([*redundant, nowhere], keeper, PRICER, NOW)
    assert (found.monthly_usd, found.monthly_range, found.saved_usd) == (None, None, None)
    assert (found.early_delete_usd, found.days_left) == (None, None)
