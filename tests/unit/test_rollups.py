"""What groups add up to: by bucket, by class, and the highest prefixes that are stored twice."""

from __future__ import annotations

import pickle
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3dedup.groups import Placed, RollUp
from s3dedup.groups.highest import prefix_pairs
from s3dedup.groups.pairs import PairTable, Weight, cut, heavy_places, place_of
from s3dedup.model import ListedObject, Location, PrefixPair, RollUps, Share

if TYPE_CHECKING:
    from collections.abc import Iterable

Group = tuple[list[Placed], int]


def placed(uri: str, size: int = 10, storage_class: str = "STANDARD") -> Placed:
    bucket, _, key = uri.partition("/")
    return bucket, ListedObject(key, size, "", storage_class, "2026-01-01T00:00:00Z")


def prices(objects: Iterable[Placed]) -> list[Decimal | None]:
    return [None if row.storage_class == "NEW" else Decimal(row.size) / 10 for _, row in objects]


def rolled_up(groups: Iterable[Group], listed: Iterable[Placed] = ()) -> RollUps:
    """The roll-ups of groups, and of what else was listed."""
    rollup = RollUp()
    every = list(listed)
    for objects, kept in groups:
        rollup.add(objects, prices(objects[kept:]))
        every += objects
    return rollup.finish({prefix: below(every, prefix) for prefix in rollup.prefixes()})


def below(every: list[Placed], prefix: Location) -> int:
    return sum(bucket == prefix.bucket and row.key.startswith(prefix.prefix) for bucket, row in every)


def twins(count: int, keeper: str, redundant: str) -> list[Group]:
    """So many groups of two: the keeper below one place and its twin below the other."""
    return [([placed(f"{keeper}{number}"), placed(f"{redundant}{number}")], 1) for number in range(count)]


def said(pairs: Iterable[PrefixPair]) -> list[tuple[str, str, int, int]]:
    """What a person reads: redundant, keeper, per cent, objects."""
    return [(pair.redundant, pair.keeper, round(100 * (pair.share or -1)), pair.objects) for pair in pairs]


# --- shares -----------------------------------------------------------------------------------------------------------


def test_each_bucket_has_its_members_and_what_is_redundant_of_them_what_saves_most_first() -> None:
    groups: list[Group] = [([placed("a/1", 10), placed("b/1", 10), placed("b/2", 10)], 1)]
    groups.append(([placed("b/3", 5), placed("a/3", 5)], 1))
    assert rolled_up(groups).buckets == (
        Share("b", 3, 25, 2, 20, Decimal(2)),
        Share("a", 2, 15, 1, 5, Decimal("0.5")),
    )


def test_each_class_has_its_members_and_money_is_unknown_where_that_of_one_object_is() -> None:
    groups: list[Group] = [
        ([placed("a/1"), placed("a/2", storage_class="NEW"), placed("a/3", storage_class="GLACIER")], 1)
    ]
    assert rolled_up(groups).classes == (
        Share("GLACIER", 1, 10, 1, 10, Decimal(1)),
        Share("NEW", 1, 10, 1, 10, None),
        Share("STANDARD", 1, 10, 0, 0, Decimal(0)),
    )


def test_what_is_protected_counts_as_a_member_and_not_as_redundant() -> None:
    found = rolled_up([([placed("a/1"), placed("b/1"), placed("c/1")], 2)])
    assert [(share.name, share.redundant_objects) for share in found.buckets] == [("c", 1), ("a", 0), ("b", 0)]
    assert [pair.redundant for pair in found.prefix_pairs] == ["s3://c"]


def test_without_groups_there_is_nothing_to_say() -> None:
    assert rolled_up([]) == RollUps()
    assert RollUp().prefixes() == []


# --- pairs ------------------------------------------------------------------------------------------------------------


def test_the_highest_prefix_is_named_and_not_each_of_its_directories() -> None:
    groups = [*twins(3, "b/data/x/", "a/backup/2025/x/"), *twins(4, "b/data/y/z/", "a/backup/2025/y/z/")]
    (pair,) = rolled_up(groups, [placed("a/other/1")]).prefix_pairs
    assert said([pair]) == [("s3://a/backup/", "s3://b/data/", 100, 7)]
    assert pair.whole
    assert (pair.reclaimable_bytes, pair.monthly_usd) == (70, Decimal(7))


def test_nearly_all_of_a_prefix_is_named_with_its_share_and_is_not_whole() -> None:
    found = rolled_up(twins(97, "b/data/", "a/backup/"), [placed(f"a/backup/own{number}") for number in range(3)])
    assert said(found.prefix_pairs) == [("s3://a", "s3://b/data/", 97, 97)]
    assert not found.prefix_pairs[0].whole


def test_relative_paths_need_not_match() -> None:
    groups = [([placed(f"b/data/{number % 3}/{number}"), placed(f"a/backup/flat-{number}")], 1) for number in range(9)]
    assert said(rolled_up(groups, [placed("a/1"), placed("b/1")]).prefix_pairs) == [
        ("s3://a/backup/", "s3://b/data/", 100, 9)
    ]


def test_a_stray_twin_elsewhere_does_not_hide_where_nearly_all_are() -> None:
    groups = [*twins(99, "b/data/", "a/backup/"), *twins(1, "b/stray/", "a/backup/s")]
    assert said(rolled_up(groups, [placed("a/1")]).prefix_pairs) == [
        ("s3://a/backup/", "s3://b/data/", 99, 99),
        ("s3://a/backup/", "s3://b/stray/", 1, 1),
    ]


def test_of_a_bucket_that_is_mostly_one_backup_the_backup_is_named() -> None:
    groups = [*twins(95, "b/data/", "a/backup/"), *twins(1, "b/data/p", "a/photos/")]
    found = rolled_up(groups, [placed(f"a/photos/own{number}") for number in range(4)])
    assert said(found.prefix_pairs)[0] == ("s3://a/backup/", "s3://b/data/", 100, 95)
    assert found.prefix_pairs[0].whole


def test_a_bucket_that_is_one_backup_and_nothing_else_is_named_itself() -> None:
    assert said(rolled_up(twins(5, "b/data/", "a/backup/2025/")).prefix_pairs) == [("s3://a", "s3://b/data/", 100, 5)]


def test_where_the_whole_has_no_single_twin_its_parts_are_named() -> None:
    groups = [*twins(5, "b/", "a/x/"), *twins(5, "c/", "a/y/")]
    assert said(rolled_up(groups).prefix_pairs) == [("s3://a/x/", "s3://b", 100, 5), ("s3://a/y/", "s3://c", 100, 5)]


def test_the_most_part_is_named_where_nothing_is_nearly_all() -> None:
    groups = [*twins(30, "b/data/x/", "a/mixed/x/"), *twins(30, "b/data/y/", "a/mixed/y/")]
    own = [placed(f"a/mixed/{part}/own-{number}") for part in "xy" for number in range(20)]
    found = rolled_up(groups, [*own, *(placed(f"a/lone/{number}") for number in range(900))])
    assert said(found.prefix_pairs) == [("s3://a/mixed/", "s3://b/data/", 60, 60)]


def test_scattered_duplicates_are_counted_by_buckets_as_low_as_all_of_them_lie() -> None:
    groups = twins(2, "b/data/", "a/x/")
    found = rolled_up(groups, [placed(f"a/x/own-{number}") for number in range(98)])
    assert said(found.prefix_pairs) == [("s3://a/x/", "s3://b/data/", 2, 2)]


def test_a_prefix_whose_keepers_lie_inside_it_is_not_said_to_be_elsewhere() -> None:
    """Deleting the whole of it would lose the content."""
    groups = twins(5, "a/x/original-", "a/x/copy-")
    found = rolled_up(groups)
    assert said(found.prefix_pairs) == [("s3://a/x/", "s3://a/x/", 50, 5)]
    assert not found.prefix_pairs[0].whole


def test_a_backup_in_the_same_bucket_is_named_beside_what_it_repeats() -> None:
    assert said(rolled_up(twins(5, "a/photos/2025/", "a/backup/")).prefix_pairs) == [
        ("s3://a/backup/", "s3://a/photos/2025/", 100, 5)
    ]


def test_a_name_that_begins_like_a_directory_does_not_lie_in_it() -> None:
    groups = [*twins(5, "b/", "a/back/"), *twins(5, "c/", "a/backup/")]
    assert {pair.redundant for pair in rolled_up(groups).prefix_pairs} == {"s3://a/back/", "s3://a/backup/"}


def test_keys_that_begin_with_a_slash_or_have_two_in_a_row_keep_them() -> None:
    groups = twins(3, "b/", "a//x//")
    assert said(rolled_up(groups, [placed("a/y")]).prefix_pairs) == [("s3://a//", "s3://b", 100, 3)]


def test_where_only_parts_of_a_bucket_were_listed_these_are_named_and_not_the_bucket() -> None:
    rollup = RollUp()
    every: list[Placed] = []
    for objects, kept in [*twins(5, "b/", "a/x/y/"), *twins(5, "c/", "a/z/")]:
        rollup.add(objects, prices(objects[kept:]))
        every += objects
    listed = [prefix for prefix in rollup.prefixes() if prefix.prefix]
    assert said(rollup.finish({prefix: below(every, prefix) for prefix in listed}).prefix_pairs) == [
        ("s3://a/x/", "s3://b", 100, 5),
        ("s3://a/z/", "s3://c", 100, 5),
    ]


def test_a_share_that_nobody_counted_is_unknown() -> None:
    rollup = RollUp()
    for objects, kept in twins(3, "b/data/", "a/backup/"):
        rollup.add(objects, prices(objects[kept:]))
    assert rollup.finish({}).prefix_pairs == (
        PrefixPair("s3://a", "s3://b/data/", None, 3, 30, Decimal(3), whole=False),
    )


def test_a_thousand_levels_of_directories_are_no_obstacle() -> None:
    deep = "x/" * 500
    found = rolled_up(twins(3, f"b/{deep}", f"a/{deep}"), [placed("a/1"), placed("b/1")])
    assert said(found.prefix_pairs) == [("s3://a/x/", f"s3://b/{'x/' * 32}", 100, 3)]


# --- bounds -----------------------------------------------------------------------------------------------------------


def pair_table(pairs: Iterable[tuple[str, str]], limit: int) -> PairTable:
    table = PairTable(limit)
    for redundant, keeper in pairs:
        table.add(placed(redundant), placed(keeper), 10, Decimal(1))
    return table


def test_beyond_its_limit_a_table_forgets_the_finest_directories_and_no_object() -> None:
    pairs = [(f"a/{number % 7}/{number}/o", f"b/{number % 7}/{number}/o") for number in range(1000)]
    weights = pair_table(pairs, 100).weights()
    assert set(weights) == {(f"a/{number}/", f"b/{number}/") for number in range(7)}
    assert Weight.of(weights.values()) == Weight(1000, 10_000, Decimal(1000))


def test_only_the_buckets_with_the_most_directories_lose_some() -> None:
    wide = [(f"a/{number}/o", f"b/{number}/o") for number in range(200)]
    weights = pair_table([("c/x/y/o", "d/x/y/o"), *wide], 100).weights()
    assert ("c/x/y/", "d/x/y/") in weights
    assert weights["a/", "b/"].objects == 200
    assert len(weights) <= 100


def test_more_pairs_of_buckets_than_the_limit_are_all_kept() -> None:
    pairs = [(f"a{number}/x/o", "b/x/o") for number in range(20)]
    assert set(pair_table(pairs, 5).weights()) == {(f"a{number}/", "b/") for number in range(20)}


@pytest.mark.parametrize(
    ("place", "depth", "expected"),
    [("b/x/y/", 0, "b/"), ("b/x/y/", 1, "b/x/"), ("b/x/y/", 2, "b/x/y/"), ("b/x/y/", 3, "b/x/y/"), ("b//y/", 1, "b//")],
)
def test_a_place_is_cut_to_a_depth(place: str, depth: int, expected: str) -> None:
    assert cut(place, depth) == expected
    assert place_of(placed(f"{place}key"), depth) == expected


def test_only_places_that_matter_are_to_be_counted_and_no_more_of_them_than_a_person_can_use() -> None:
    weights = {(f"a/{number}/", f"b/{number}/"): Weight(1, 10) for number in range(5000)}
    weights["a/big/", "b/big/"] = Weight(1000, 10)
    weights["a/heavy/", "b/heavy/"] = Weight(1, 10_000)
    assert heavy_places(weights) == ["a/", "a/big/", "a/heavy/", "b/", "b/big/", "b/heavy/"]


URIS = st.builds("/".join, st.lists(st.sampled_from(["x", "y", "zz", ""]), min_size=2, max_size=5)).map(
    lambda path: f"{'ab'[len(path) % 2]}/{path}"
)
GROUPS = st.lists(
    st.tuples(
        st.lists(
            st.builds(placed, URIS, st.just(10)), min_size=2, max_size=4, unique_by=lambda each: each[0] + each[1].key
        ),
        st.integers(1, 2),
    ),
    max_size=12,
)


@given(GROUPS, st.integers(1, 8))
def test_each_redundant_object_is_in_one_pair_whatever_the_limit(groups: list[Group], limit: int) -> None:
    table = PairTable(limit)
    for objects, kept in groups:
        for each in objects[kept:]:
            table.add(each, objects[0], 10, Decimal(1))
    weights = table.weights()
    every = [each for objects, _ in groups for each in objects]
    known = {place: max(1, sum(place_of(each).startswith(place) for each in every)) for place in heavy_places(weights)}
    pairs = prefix_pairs(weights, known)
    redundant = sum(len(objects[kept:]) for objects, kept in groups)
    assert sum(pair.objects for pair in pairs) == redundant
    assert sum(pair.reclaimable_bytes for pair in pairs) == 10 * redundant
    assert sum((pair.monthly_usd or Decimal(0) for pair in pairs), Decimal(0)) == redundant


@given(GROUPS)
def test_what_is_said_of_a_prefix_is_true(groups: list[Group]) -> None:
    every = [each for objects, _ in groups for each in objects]
    for pair in rolled_up(groups).prefix_pairs:
        redundant, keeper = Location.parse(pair.redundant), Location.parse(pair.keeper)
        twins_below = sum(
            below([each], redundant) and below([objects[0]], keeper)
            for objects, kept in groups
            for each in objects[kept:]
        )
        assert 0 < pair.objects <= twins_below
        assert pair.share == pair.objects / below(every, redundant)
        if pair.whole:
            assert below(every, redundant) == sum(below([each], redundant) for o, kept in groups for each in o[kept:])
            assert pair.redundant == pair.keeper or pair.share == 1


@given(GROUPS, st.integers(0, 12))
def test_merged_roll_ups_are_those_of_all_groups(groups: list[Group], split: int) -> None:
    parts = [RollUp(), RollUp()]
    for number, (objects, kept) in enumerate(groups):
        parts[number >= split].add(objects, prices(objects[kept:]))
    whole = pickle.loads(pickle.dumps(parts[1]))  # noqa: S301  what was made here
    whole.merge(parts[0])
    every = [each for objects, _ in groups for each in objects]
    assert whole.finish({prefix: below(every, prefix) for prefix in whole.prefixes()}) == rolled_up(groups)


@given(st.lists(st.tuples(URIS, URIS), max_size=30), st.integers(1, 5), st.integers(1, 5), st.integers(0, 30))
def test_tables_of_any_depth_can_be_merged(pairs: list[tuple[str, str]], limit: int, other: int, split: int) -> None:
    whole = pair_table(pairs[:split], limit)
    whole.merge(pair_table(pairs[split:], other))
    found, expected = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for (redundant, keeper), weight in whole.weights().items():
        found[redundant[0], keeper[0]] += weight.objects
    for redundant, keeper in pairs:
        expected[redundant[0], keeper[0]] += 1
    assert found == expected
