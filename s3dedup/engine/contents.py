"""The contents that are compared by reading: what is known of each, which object to read for it, and what of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from s3dedup.errors import ObjectChangedError, ObjectError, ObjectVanishedError
from s3dedup.evidence import Cluster, Evidence, Want
from s3dedup.groups import Placed
from s3dedup.hashing import Findings, Grid, Range, Sweep, unit

SIDE_BY_SIDE = 8
"""At most so many stretches of one object are read at once."""


@dataclass(eq=False, slots=True)
class Content:
    """A cluster that metadata has found. Any of its `candidates` can be read for it; the first is the cheapest."""

    cluster: Cluster
    members: list[Placed]
    candidates: list[Placed]
    findings: Findings
    sweep: Sweep | None = None
    failures: dict[Placed, ObjectError] = field(default_factory=dict)

    def left(self) -> list[Placed]:
        """The members that are still what was listed."""
        gone = (ObjectChangedError, ObjectVanishedError)
        return [placed for placed in self.members if not isinstance(self.failures.get(placed), gone)]

    def failed(self, placed: Placed, error: ObjectError) -> None:
        """Go on with another object of the same content, where there is one."""
        self.failures[placed] = error
        self.sweep = None
        if placed in self.candidates:
            self.candidates.remove(placed)


@dataclass(frozen=True, slots=True)
class Reading:
    """Bytes of one object that are to be read next, into `sweep`, up to `stop`."""

    content: Content
    placed: Placed
    sweep: Sweep
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Reader:
    """Says what of a content is read next. `algorithm` and `salt` are for the digests of ranges."""

    grid: Grid
    algorithm: str
    salt: bytes

    def evidence(self, content: Content) -> Evidence:
        """All that is known of a content by now."""
        found = content.cluster.evidence.with_read(*content.findings.compared(self.algorithm, self.grid))
        return found.without_forgeable() if self.algorithm == "sha256" else found

    def edge(self, contents: Iterable[Content]) -> list[Reading]:
        """The first range of those of which it is not known yet; else the last. They tell most contents apart."""
        every = list(contents)
        for number in range(min(2, len(self.grid) - 1)):
            lacking = [content for content in every if number not in content.findings.ranges]
            if lacking:
                return [self._apart(content, self.grid[number], Want()) for content in lacking]
        return []

    def next(self, content: Content, want: Want) -> list[Reading]:
        """The stretches that come next in a content of which all ranges are to be known, and this; none at the end."""
        if self.knows(content, want):
            return []
        length = unit(self.grid, want.parts)
        if want.whole or length is None:
            return [self._pass(content, want)]
        stretches = self._units(length) if want.parts else self._ranges(content)
        lacking = [stretch for stretch in stretches if self._is_lacking(content, want, stretch)]
        return [self._apart(content, stretch, want) for stretch in lacking[:SIDE_BY_SIDE]]

    def requests(self, want: Want) -> int:
        """How many GETs reading all of a content takes, for this."""
        length = unit(self.grid, want.parts)
        if want.whole or length is None:
            return len(list(self._windows()))
        return len(list(self._units(length))) if want.parts else len(self.grid)

    def knows(self, content: Content, want: Want) -> bool:
        """Whether there is nothing left to read: of the ranges, for the whole, for each layout."""
        known = content.findings.whole
        layouts = {f"multipart-{-(-self.grid.size // part)}x{part}" for part in want.parts}
        return content.findings.known() == len(self.grid) and known.keys() >= want.whole | layouts

    def _pass(self, content: Content, want: Want) -> Reading:
        """The next stretch of the one pass that goes through all of an object in order.

        A pass that is killed begins anew: the state of a hash cannot be saved. What it had found of the grid's ranges
        is kept, but a digest of the whole has no use for it. No other order helps, because MD5 goes from the first byte
        to the last one. It is mostly asked for the ETag of an object that was uploaded in one piece, so of 5 GB at
        most (UG upload-objects); a layout that needs a pass, or a checksum of the whole, can be that of any object.
        """
        sweep = content.sweep
        if sweep is None or not sweep.gives(want.whole, want.parts):
            sweep = content.sweep = self._sweep(0, want)
        stop = next(stop for stop in self._windows() if stop > sweep.position)
        return Reading(content, content.candidates[0], sweep, sweep.position, stop)

    def _windows(self) -> Iterator[int]:
        """Where a pass stops for contents to be compared: after one step, two more, four more ..."""
        position, steps = 0, 1
        while position < self.grid.size:
            position = min(position + steps * self.grid.step, self.grid.size)
            steps = min(2 * steps, SIDE_BY_SIDE)
            yield position

    def _units(self, length: int) -> Iterator[Range]:
        for start in range(0, self.grid.size, length):
            yield Range(start, min(start + length, self.grid.size))

    def _ranges(self, content: Content) -> list[Range]:
        """Of the grid, as far as contents are read before they are compared."""
        return [self.grid[number] for number in self.grid.window(content.findings.known())]

    def _is_lacking(self, content: Content, want: Want, stretch: Range) -> bool:
        """Whether some range or part of a stretch is not known."""
        position = stretch.start
        while position < stretch.stop:
            number, piece = self.grid.at(position)
            if number not in content.findings.ranges:
                return True
            position = piece.stop
        return any(
            number not in content.findings.parts.get(part, {})
            for part in want.parts
            for number in range(stretch.start // part, -(-stretch.stop // part))
        )

    def _apart(self, content: Content, stretch: Range, want: Want) -> Reading:
        """A stretch that is read without those before it."""
        sweep = self._sweep(stretch.start, Want(parts=want.parts))
        return Reading(content, content.candidates[0], sweep, stretch.start, stretch.stop)

    def _sweep(self, start: int, want: Want) -> Sweep:
        return Sweep(
            self.grid,
            start,
            algorithm=self.algorithm,
            salt=self.salt,
            parts=sorted(want.parts),
            whole=sorted(want.whole),
        )
