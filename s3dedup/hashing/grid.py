"""The fixed grid on which objects are read: a short first range, the last range, then the rest.

Two objects of one size have the same grid, in this run and in every other, so digests of ranges can be kept and
compared. The first and the last range are short because they tell most objects apart. The others end at multiples of
their length, as the parts of most multipart uploads do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

WHOLE = 1 << 20
"""Objects up to this size (bytes) are one range: one GET costs more than these bytes."""
EDGE = 1 << 16
STEP = 8 << 20
MOST = 10_000
"""At most about this many ranges an object: S3 objects reach 50 TB, and each range is a record."""
WINDOW = 8
"""At most this many ranges of one object are read before they are compared. A power of two."""


class Range(NamedTuple):
    """Bytes `start` (inclusive) to `stop` (exclusive)."""

    start: int
    stop: int


class Grid:
    """The ranges of an object of `size` bytes, numbered in the order in which they are read."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.step = STEP
        while size > self.step * MOST:
            self.step *= 2
        self._end = size - EDGE
        self._count = 1 if size <= WHOLE else 2 + -(-self._end // self.step)

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
            return Range(self._end, self.size)
        start = (number - 2) * self.step
        return Range(max(EDGE, start), min(start + self.step, self._end))

    def at(self, position: int) -> tuple[int, Range]:
        """The range that a byte lies in, with its number."""
        if self._count == 1 or position < EDGE:
            return 0, self[0]
        number = 1 if position >= self._end else 2 + position // self.step
        return number, self[number]

    def window(self, number: int) -> range:
        """The ranges that are read together with this one before contents are compared: the first alone, the last
        alone, then more and more at once, because who agrees that far is likely to agree to the end.
        """
        first = number // WINDOW * WINDOW or 1 << number.bit_length() >> 1
        return range(first, min(first + max(1, min(first, WINDOW)), self._count))

    def windows(self) -> Iterator[range]:
        """All of them, in order."""
        position = 0
        while position < self._count:
            window = self.window(position)
            yield window
            position = window.stop
