"""What is known of an object's bytes from reading them, and what that says in comparison with others."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from s3dedup.hashing.grid import Grid
from s3dedup.hashing.sweep import Sweep

Spaces = tuple[tuple[str, bytes], ...]

LARGEST_UNIT = 256 << 20
"""Stretches that hold whole parts of every layout are read side by side up to this length (bytes); where none is so
short, one pass has to go through all of the object."""


@dataclass(slots=True)
class Findings:
    """Digests of an object's bytes: of the grid's ranges by number, of parts by part size and number, and of the whole
    by the name of what it can be compared with ("md5", "multipart-3x8388608").
    """

    ranges: dict[int, bytes] = field(default_factory=dict)
    parts: dict[int, dict[int, bytes]] = field(default_factory=dict)
    whole: dict[str, bytes] = field(default_factory=dict)
    _beginnings: _Beginnings | None = field(default=None, init=False, repr=False, compare=False)

    def add(self, other: Findings | Sweep, size: int) -> None:
        """Take in what else was found of the same content of `size` bytes. Complete parts give the multipart ETag that
        such bytes have under their layout, and an MD5 that of a multipart upload of one part:
        `MD5(md5_1 || ... || md5_N)` (UG checking-object-integrity-upload).
        """
        if any(self.ranges.get(number, digest) != digest for number, digest in other.ranges.items()):
            self._beginnings = None
        self.ranges.update(other.ranges)
        self.whole.update(other.whole)
        for part, digests in other.parts.items():
            self.parts.setdefault(part, {}).update(digests)
        for part, digests in self.parts.items():
            count = -(-size // part)
            if len(digests) == count:
                joined = b"".join(digests[number] for number in range(count))
                self.whole[f"multipart-{count}x{part}"] = hashlib.md5(joined).digest()
        if "md5" in self.whole:
            self.whole["multipart-1"] = hashlib.md5(self.whole["md5"]).digest()

    def known(self) -> int:
        """How many ranges are known from the first one on."""
        number = 0 if self._beginnings is None else self._beginnings.known
        while number in self.ranges:
            number += 1
        return number

    def compared(self, algorithm: str, grid: Grid) -> tuple[Spaces, Spaces]:
        """As values to compare: of the whole content, and of its beginning up to each point at which contents are
        compared while they are being read.
        """
        if 0 not in self.ranges:
            return tuple(self.whole.items()), ()
        if self._beginnings is None or not self._beginnings.are_of(algorithm, grid):
            self._beginnings = _Beginnings(algorithm, grid)
        begun = self._beginnings.of(self.ranges)
        every = self._beginnings.known == len(grid)
        fingerprint = [(f"{algorithm}-ranges", begun[-1][1])] if every else []
        return (*self.whole.items(), *fingerprint), begun


class _Beginnings:
    """Digests of the beginning of an object up to each window of the grid. Each range is looked at once, however often
    this is asked: an object has thousands, and is compared after every few of them.
    """

    def __init__(self, algorithm: str, grid: Grid) -> None:
        self._algorithm = algorithm
        self._grid = grid
        self._digest = hashlib.new(algorithm)
        self._found: Spaces = ()
        self.known = 0

    def are_of(self, algorithm: str, grid: Grid) -> bool:
        """Whether these are the ones that are asked for."""
        return (self._algorithm, self._grid.size) == (algorithm, grid.size)

    def of(self, ranges: Mapping[int, bytes]) -> Spaces:
        """The values to compare, as far as the digests of ranges reach without a hole."""
        while self.known < len(self._grid):
            window = self._grid.window(self.known)
            if not all(number in ranges for number in window):
                break
            self._digest.update(b"".join(ranges[number] for number in window))
            self._found += ((f"{self._algorithm}-begun-{window.stop}", self._digest.copy().digest()),)
            self.known = window.stop
        return self._found


def unit(grid: Grid, parts: Iterable[int]) -> int | None:
    """How long the stretches are that can be read side by side because each holds whole parts of every layout and whole
    ranges; None where they would be too long.
    """
    length = math.lcm(grid.step, *parts)
    return length if length <= max(LARGEST_UNIT, grid.step) else None
