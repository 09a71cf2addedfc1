"""The fixed grid on which objects are read: a short first range, the last range, then the rest.

Two objects of one size have the same grid, in this run and in every other, so digests of ranges can be kept and
compared. The first and the last range are short because they tell most objects apart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

WHOLE = 1 << 20
"""Objects up to this size (bytes) are one range: one GET costs more than these bytes."""
EDGE = 1 << 16
STEP = 8 << 20
MOST = 10_000
"""At most about this many ranges an object: S3 objects reach 50 TB, and each range is a record."""


class Range(NamedTuple):
    """Bytes `start` (inclusive) to `stop` (exclusive)."""

    start: int
    stop: int


class Grid:
    """The ranges of an object of `size` bytes, numbered in the order in which they are read."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._step = STEP
        while size > self._step * MOST:
            self._step *= 2
        middle = size - 2 * EDGE
        self._count = 1 if size <= WHOLE else 2 + -(-middle // self._step)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> Range:
        if not 0 <= number < self._count:
            raise IndexError(number)
        if self._count == 1:
            return Range(0, self.size)
        if number == 0:
            return Range(0, EDGE)
        if number == 1:
            return Range(self.size - EDGE, self.size)
        start = EDGE + (number - 2) * self._step
        return Range(start, min(start + self._step, self.size - EDGE))


def fingerprint(algorithm: str, digests: Mapping[int, bytes]) -> bytes:
    """The digest of a whole content: that of its ranges' digests, in the grid's order."""
    return hashlib.new(algorithm, b"".join(digests[number] for number in range(len(digests)))).digest()
