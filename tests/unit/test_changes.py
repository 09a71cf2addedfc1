"""What became of groups from one run to another: every row of the table, and streams held against plain sets."""

from __future__ import annotations

from collections import Counter
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3dedup.groups import change_of, changes, sum_changes
from s3dedup.model import Change, ChangeSum, GroupChange, GroupMark


def mark(copies: int, redundant: int | None = None, name: str = "a", size: int = 10) -> GroupMark:
    return GroupMark(size, name, copies, copies - 1 if redundant is None else redundant)


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        pytest.param(None, mark(2), Change.NEW, id="new"),
        pytest.param(mark(2), None, Change.GONE, id="gone"),
        pytest.param(mark(2), mark(3), Change.GROWN, id="grown"),
        pytest.param(mark(3), mark(2), Change.SHRUNK, id="shrunk"),
        pytest.param(mark(3), mark(3), None, id="unchanged"),
        pytest.param(mark(3, 2), mark(3, 0), None, id="unchanged-whoever-is-kept"),
        pytest.param(None, None, None, id="never-there"),
    ],
)
def test_a_group_is(before: GroupMark | None, after: GroupMark | None, change: Change | None) -> None:
    assert change_of(before, after) == change


def test_changes_come_in_order_of_size_with_what_they_make_of_the_reclaimable_bytes() -> None:
    earlier = [mark(2, name="gone", size=5), mark(4, name="less"), mark(2, name="same"), mark(2, name="more", size=20)]
    later = [mark(2, name="same"), mark(3, name="less"), mark(5, 3, name="more", size=20), mark(2, name="new", size=30)]
    found = list(changes(earlier, later))
    assert found == [
        GroupChange(Change.GONE, "gone", 5, 2, 0, 5, 0),
        GroupChange(Change.SHRUNK, "less", 10, 4, 3, 30, 20),
        GroupChange(Change.GROWN, "more", 20, 2, 5, 20, 60),
        GroupChange(Change.NEW, "new", 30, 0, 2, 0, 30),
    ]
    assert sum_changes(found) == {
        Change.NEW: ChangeSum(1, 30),
        Change.GROWN: ChangeSum(1, 40),
        Change.SHRUNK: ChangeSum(1, -10),
        Change.GONE: ChangeSum(1, -5),
    }


def test_nothing_changed_is_said_with_zeros() -> None:
    assert list(changes([mark(2)], [mark(2)])) == []
    assert sum_changes([]) == dict.fromkeys(Change, ChangeSum(0, 0))


def test_runs_are_read_as_they_are_compared_and_not_held() -> None:
    endless = (mark(2, size=size) for size in count(1))
    found = changes(endless, (mark(2, size=size) for size in count(2)))
    assert next(found).change == Change.GONE


RUNS = st.dictionaries(
    st.tuples(st.integers(1, 4), st.sampled_from("abcd")), st.tuples(st.integers(2, 4), st.integers(0, 1))
).map(lambda run: [mark(copies, copies - 1 - kept, name, size) for (size, name), (copies, kept) in sorted(run.items())])


@given(RUNS, RUNS)
def test_the_changes_are_those_of_the_two_sets_of_groups(earlier: list[GroupMark], later: list[GroupMark]) -> None:
    was, now = ({(each.size, each.id): each.copies for each in run} for run in (earlier, later))
    found = list(changes(earlier, later))
    expected = Counter(
        "new" if name not in was else "gone" if name not in now else "grown" if now[name] > was[name] else "shrunk"
        for name in was.keys() | now.keys()
        if was.get(name) != now.get(name)
    )
    assert Counter(str(each.change) for each in found) == expected
    assert {(each.size, each.id): each.copies_after - each.copies_before for each in found} == {
        name: now.get(name, 0) - was.get(name, 0) for name in was.keys() | now.keys() if was.get(name) != now.get(name)
    }
    assert [each.size for each in found] == sorted(each.size for each in found)
    backwards = list(changes(later, earlier))
    assert Counter(each.change for each in backwards)[Change.GONE] == expected["new"]
