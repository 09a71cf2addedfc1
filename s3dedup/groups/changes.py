"""What became of duplicate groups from one run to another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import groupby

from s3dedup.model import Change, ChangeSum, GroupChange, GroupMark


def change_of(before: GroupMark | None, after: GroupMark | None) -> Change | None:
    """What became of a group.

    | copies before | copies after | change |
    |---|---|---|
    | none | some | new |
    | some | none | gone |
    | some | more | grown |
    | some | fewer | shrunk |
    | some | as many | None |

    Only copies count: by another choice of keepers other objects are redundant, and nothing has changed.
    """
    if before is None:
        return None if after is None else Change.NEW
    if after is None:
        return Change.GONE
    if before.copies == after.copies:
        return None
    return Change.GROWN if after.copies > before.copies else Change.SHRUNK


def changes(earlier: Iterable[GroupMark], later: Iterable[GroupMark]) -> Iterator[GroupChange]:
    """The groups that changed, in order of size. Both runs' groups must come in order of size; groups of one size may
    come in any, and of one size all are held in memory.
    """
    both = merge(((0, mark) for mark in earlier), ((1, mark) for mark in later), key=_size)
    for _, same in groupby(both, _size):
        runs: tuple[dict[str, GroupMark], ...] = ({}, {})
        for run, mark in same:
            runs[run][mark.id] = mark
        before, after = runs
        for name in sorted(before.keys() | after.keys()):
            was, now = before.get(name), after.get(name)
            change = change_of(was, now)
            if change is not None:
                yield _change(change, was, now)


def _size(marked: tuple[int, GroupMark]) -> int:
    return marked[1].size


def _change(change: Change, was: GroupMark | None, now: GroupMark | None) -> GroupChange:
    known = was or now
    assert known is not None  # noqa: S101  what changed was there, or is
    nothing = known._replace(copies=0, redundant=0)
    was, now = was or nothing, now or nothing
    return GroupChange(
        change, known.id, known.size, was.copies, now.copies, was.reclaimable_bytes, now.reclaimable_bytes
    )


def sum_changes(changed: Iterable[GroupChange]) -> dict[Change, ChangeSum]:
    """How many groups have each change, and what that makes of their reclaimable bytes."""
    groups: dict[Change, int] = defaultdict(int)
    reclaimable: dict[Change, int] = defaultdict(int)
    for each in changed:
        groups[each.change] += 1
        reclaimable[each.change] += each.reclaimable_after - each.reclaimable_before
    return {change: ChangeSum(groups[change], reclaimable[change]) for change in Change}
