"""Which object stays: every step of the precedence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3dedup.groups import Placed, group_id, keeper_first
from s3dedup.model import ListedObject


def placed(
    key: str = "key", modified: str = "2026-01-02T00:00:00.000Z", bucket: str = "b", version: str | None = None
) -> Placed:
    return bucket, ListedObject(key, 1, "", "STANDARD", modified, version)


@pytest.mark.parametrize(
    ("keeper", "other"),
    [
        pytest.param(placed("longer", "2026-01-01T00:00:00Z"), placed("k"), id="the-oldest"),
        pytest.param(placed("zz"), placed("aaa"), id="then-the-shortest-key"),
        pytest.param(placed("B"), placed("a"), id="then-the-first-in-byte-order-of-the-key"),
        pytest.param(placed(bucket="a"), placed(bucket="b"), id="then-of-the-bucket"),
        pytest.param(placed(version="1"), placed(version="2"), id="then-of-the-version"),
        pytest.param(placed(version=None), placed(version="0"), id="an-object-before-its-versions"),
        pytest.param(
            placed("longer", "2026-01-01T23:59:59Z"), placed("k", "2026-01-02T00:00:00+00:00"), id="times-not-texts"
        ),
        pytest.param(
            placed("longer", "2026-01-02T00:30:00+01:00"), placed("k", "2026-01-02T00:00:00Z"), id="times-across-zones"
        ),
        pytest.param(placed("zz"), placed("\U00010000"), id="length-in-bytes"),
    ],
)
def test_the_keeper_is(keeper: Placed, other: Placed) -> None:
    assert keeper_first([keeper, other])[0] == keeper
    assert keeper_first([other, keeper])[0] == keeper


@given(st.lists(st.builds(placed, st.text(max_size=3), bucket=st.sampled_from("ab"))), st.randoms())
def test_the_order_in_which_equal_objects_are_met_does_not_matter(objects: list[Placed], chance: object) -> None:
    shuffled = list(objects)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert keeper_first(shuffled) == keeper_first(objects)
    assert sorted(map(repr, keeper_first(objects))) == sorted(map(repr, objects))


def test_a_key_that_is_no_utf_8_is_no_obstacle() -> None:
    assert keeper_first([placed("\udcff"), placed("a")])[0] == placed("a")


def test_a_groups_name_is_short_stable_and_its_own() -> None:
    assert group_id(b"md5:1") == group_id(b"md5:1")
    assert group_id(b"md5:1") != group_id(b"md5:2")
    assert group_id(b"md5:1") == "e32aec6d3f778be3"
