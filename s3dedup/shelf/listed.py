"""All that was listed: rows to look up, and the entries of all objects in order of size and ETag.

The listers leave sorted runs. They are merged stretch by stretch: a *stretch* is an interval of entries small enough
to be held in memory, wherever in the runs they lie. Stretches do not depend on each other, so that every core can take
its own; timsort merges what each run contributes in C.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from s3dedup.model import ListedObject, Span
from s3dedup.shelf.below import Below
from s3dedup.shelf.segment import (
    CHUNK,
    PAGE,
    PAGE_AND_ROW,
    SEGMENT,
    SIZE,
    SOURCE,
    Segment,
    WrittenSegment,
    segment_paths,
)

STRETCH = 1 << 17
"""About so many entries are held in memory at a time."""
BEGIN = b""
SEGMENT_OF_PLACE = SEGMENT - PAGE.start
"""Within the last bytes of an entry, which say where its row is."""


class Stretch(NamedTuple):
    """The entries from `low` on and below `high` (None: to the end). A size that has more objects than fit into a
    stretch has several: then `size` is that size, and they are parted between its ETags. Else every size is in one
    stretch with all its objects, and `size` is None.
    """

    low: bytes
    high: bytes | None
    size: int | None = None

    def covers(self, entry: bytes) -> bool:
        """Whether an entry lies there."""
        return self.low <= entry and (self.high is None or entry < self.high)


class Listed:
    """The objects of the locations numbered `sources`, from all segments of a state directory. For one thread, while
    nobody lists.
    """

    def __init__(self, directory: Path, sources: Iterable[int]) -> None:
        self._segments = {number: _sorted(directory, number) for number in segment_paths(directory)}
        self._sources = {source.to_bytes(2) for source in sources}
        self._has_others = any(segment.sources() - self._sources for segment in self._segments.values())
        self._runs = [
            _Run(segment, number, firsts) for segment in self._segments.values() for number, firsts in segment.runs()
        ]

    def row(self, entry: bytes) -> ListedObject:
        """The row of the listing that an entry stands for."""
        return self._segments[entry[SEGMENT]].row(entry)

    def rows(self, entries: Sequence[bytes]) -> list[ListedObject]:
        """The rows that some entries stand for, in their order; read page by page, which is several times as fast."""
        places = [entry[PAGE_AND_ROW] for entry in entries]
        found: dict[bytes, ListedObject] = {}
        for number, same in groupby(sorted(places), itemgetter(SEGMENT_OF_PLACE)):
            some = list(same)
            found.update(zip(some, self._segments[number].rows_at(some), strict=True))
        return [found[place] for place in places]

    def near(self, source: int, key: str, *, ordered: bool) -> Iterator[ListedObject]:
        """The rows of one location among which a key is if it was listed: of the page that covers it, or, where it was
        not listed in S3's order (`ordered`), of every page.
        """
        return chain.from_iterable(segment.near(source, key, ordered=ordered) for segment in self._segments.values())

    def of_size(self, size: int) -> list[bytes]:
        """The entries of one size, sorted by ETag."""
        return self.entries(Stretch(size.to_bytes(6), (size + 1).to_bytes(6), size))

    def spans(self, source: int) -> Iterator[Span]:
        """What each page of one location covers, in no particular order."""
        return chain.from_iterable(segment.spans(source) for segment in self._segments.values())

    def stretches(self) -> list[Stretch]:
        """All entries, parted so that a stretch can be held in memory; in order."""
        firsts = sorted(first for run in self._runs for first in run.firsts)
        return list(_parted(firsts[:: max(1, STRETCH // CHUNK)]))

    def entries(self, stretch: Stretch) -> list[bytes]:
        """The entries of a stretch, sorted."""
        every = [entry for run in self._runs for entry in run.between(stretch.low, stretch.high)]
        every.sort()
        return [entry for entry in every if entry[SOURCE] in self._sources] if self._has_others else every

    def objects_below(self, source: int, prefixes: Collection[str], within: str, *, ordered: bool) -> Mapping[str, int]:
        """How many objects that are not empty were listed below each prefix ("", or ending in "/") in one location,
        whose own prefix is `within`; `ordered` says whether it was listed in S3's order.
        """
        below = Below(prefixes, within)
        for segment in self._segments.values():
            for page, span in segment.pages(source):
                wanted = below.add_span(span, ordered=ordered)
                if wanted:
                    below.add_rows(segment.rows(page), wanted)
        return below.counts

    def bytes_used(self) -> int:
        """How much disk the listing takes, in bytes."""
        return sum(segment.bytes_used() for segment in self._segments.values())

    def close(self) -> None:
        """Let go of the files."""
        for segment in self._segments.values():
            segment.close()


class _Run(NamedTuple):
    """A sorted run: where it lies, and the first entry of each of its chunks."""

    segment: WrittenSegment
    number: int
    firsts: list[bytes]

    def between(self, low: bytes, high: bytes | None) -> list[bytes]:
        """The run's entries from `low` on and below `high`."""
        begin = max(0, bisect_right(self.firsts, low) - 1)
        end = len(self.firsts) if high is None else bisect_left(self.firsts, high)
        chunks = (self.segment.chunk(self.number, first, low, high) for first in self.firsts[begin:end])
        return list(chain.from_iterable(chunks))


def _parted(marks: list[bytes]) -> Iterator[Stretch]:
    """Stretches between the sizes of some entries; a size that has more than one of the marks is parted at them."""
    low = BEGIN
    for size, group in groupby(marks, itemgetter(SIZE)):
        cuts = list(dict.fromkeys(mark[: SOURCE.start] for mark in group))
        if len(cuts) == 1:
            if low < size:
                yield Stretch(low, size)
            low = size
            continue
        following = (int.from_bytes(size) + 1).to_bytes(6)
        yield from [Stretch(low, size)] if low < size else []
        for begin, end in zip([size, *cuts[1:]], [*cuts[1:], following], strict=True):
            yield Stretch(begin, end, int.from_bytes(size))
        low = following
    yield Stretch(low, None)


def _sorted(directory: Path, number: int) -> WrittenSegment:
    """A segment with every entry in a run: what a killed lister has left is sorted now."""
    path = segment_paths(directory)[number]
    segment = WrittenSegment(path)
    if segment.is_sorted:
        return segment
    segment.close()
    writing = Segment(directory, number)
    writing.sort()
    writing.close()
    return WrittenSegment(path)
