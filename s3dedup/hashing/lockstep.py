"""Reads objects of one size side by side, range by range, and no further than their difference.

`lockstep` knows no store and no threads: it yields the ranges that it wants to know, is sent their digests, and returns
who is the same. Whoever drives it decides how much is read at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field

from s3dedup.hashing.grid import Grid

WINDOW = 8
"""At most this many ranges of one object are asked for at once."""


@dataclass(eq=False, slots=True)
class Contender:
    """A content that may have a twin. `name` is the driver's own; `digests` what is known of its ranges.

    A contender that cannot be read is `lost`: it is compared no further.
    """

    name: int
    digests: dict[int, bytes] = field(default_factory=dict)
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """The range `number` of a contender's content."""

    contender: Contender
    number: int


InDoubt = Callable[[Sequence[Contender]], Sequence[Contender]]
Lockstep = Generator[list[Wanted], None, list[list[Contender]]]


def lockstep(grid: Grid, contenders: Sequence[Contender], in_doubt: InDoubt) -> Lockstep:
    """Compare contents of one size. Yields what is to be read next (the driver fills in `digests`, or sets `lost`,
    before it goes on) and returns the sets of two or more contenders whose ranges are all equal.

    `in_doubt` picks from contenders that agree so far those that are not yet proven different by other evidence.
    """
    sets = [list(contenders)]
    for window in _windows(len(grid)):
        sets = [members for members in map(list, map(in_doubt, sets)) if len(members) > 1]
        if not sets:
            return []
        wanted = [
            Wanted(contender, number)
            for members in sets
            for number in window
            for contender in members
            if number not in contender.digests
        ]
        if wanted:
            yield wanted
        sets = [part for members in sets for part in _split(members, window)]
    return [members for members in sets if len(members) > 1]


def _windows(ranges: int) -> list[range]:
    """The first range, the last, then more and more at once: who agrees that far is likely to agree to the end."""
    windows, position, width = [], 0, 1
    while position < ranges:
        stop = min(position + width, ranges)
        windows.append(range(position, stop))
        width = 1 if position == 0 else min(width * 2, WINDOW)
        position = stop
    return windows


def _split(members: list[Contender], window: range) -> list[list[Contender]]:
    """Part members whose digests differ within the window; the lost ones leave."""
    parts: dict[tuple[bytes, ...], list[Contender]] = defaultdict(list)
    for member in members:
        if not member.lost:
            parts[tuple(member.digests[number] for number in window)].append(member)
    return list(parts.values())
