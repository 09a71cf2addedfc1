"""A plan as a whole: nothing goes twice, and no keeper goes."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from s3dedup.engine import crosscheck
from s3dedup.engine.crosscheck import Extent, cross_check
from s3dedup.errors import UsageError
from s3dedup.plan import PlanLine
from tests.plan.samples import item, line


def checked(lines: Sequence[PlanLine]) -> Extent:
    return cross_check(enumerate(lines, start=2))


def pair(keeper: str, redundant: str) -> PlanLine:
    return line(keeper=item(keeper), redundant=item(redundant))


@pytest.fixture(params=[1, 1 << 15], autouse=True)
def batch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was met is looked for on disk, or in memory."""
    monkeypatch.setattr(crosscheck, "BATCH", request.param)


def test_a_keeper_may_keep_for_several() -> None:
    assert checked([pair("a", "b"), pair("a", "c"), pair("d", "e")]) == Extent(3, 30)


def test_nothing_may_go_twice() -> None:
    complaint = "s3://b/b is redundant in line 2 and once more in line 4: leave one of them out."
    with pytest.raises(UsageError, match=f"^{re.escape(complaint)}$"):
        checked([pair("a", "b"), pair("c", "d"), pair("e", "b")])


@pytest.mark.parametrize(
    ("lines", "redundant", "keeper"),
    [
        ([pair("a", "b"), pair("b", "c")], 2, 3),
        ([pair("b", "c"), pair("a", "b")], 3, 2),
        ([pair("a", "b"), pair("b", "a")], 2, 3),
    ],
)
def test_no_keeper_may_go(lines: list[PlanLine], redundant: int, keeper: int) -> None:
    with pytest.raises(UsageError, match=f"is redundant in line {redundant} and the keeper in line {keeper}: "):
        checked(lines)


def test_objects_are_told_apart_by_endpoint_bucket_key_and_version() -> None:
    others = [
        item("b", endpoint="http://x"),
        item("b", bucket="c"),
        item("b", version_id="v"),
        item("b/"),
    ]
    keeper = item("b")
    assert checked([line(keeper=keeper, redundant=each) for each in others]).lines == 4


def test_an_empty_plan_makes_sense() -> None:
    assert checked([]) == Extent(0, 0)
