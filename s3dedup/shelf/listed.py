"""All that was listed: rows to look up, and the objects of each size that occurs more than once.

Sorting is external: runs of a million entries are sorted and written, then merged by sorting, again and again, the
next stretch of every run. Timsort finds the runs and merges them in C; memory is bounded by the stretch, not by the
number of objects.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, groupby, islice
from operator import itemgetter
from pathlib import Path

from s3dedup.model import ListedObject, Span
from s3dedup.shelf.database import Database
from s3dedup.shelf.segment import SEGMENT, SIZE, WrittenSegment, segment_paths, split

RUN = 1_000_000
CHUNK = 2048
TABLES = ("runs",)


class Listed:
    """The objects of the locations numbered `sources`, from all segments of a state directory."""

    def __init__(self, directory: Path, sources: frozenset[int], database: Database) -> None:
        self._segments = {number: WrittenSegment(path) for number, path in segment_paths(directory).items()}
        self._sources = sources
        self._database = database
        self._runs: list[list[bytes]] | int | None = None

    def row(self, entry: bytes) -> ListedObject:
        """The row of the listing that an entry stands for."""
        return self._segments[entry[SEGMENT]].row(entry)

    def by_size(self) -> Iterator[tuple[int, list[bytes]]]:
        """The entries of each size that occurs more than once, smallest size first, sorted by ETag."""
        for size, group in groupby(self._sorted(), itemgetter(SIZE)):
            entries = list(group)
            if len(entries) > 1:
                yield int.from_bytes(size), entries

    def spans(self, source: int) -> Iterator[Span]:
        """What each page of one location covers, in no particular order."""
        return chain.from_iterable(segment.spans(source) for segment in self._segments.values())

    def bytes_used(self) -> int:
        """How much disk the listing takes, in bytes."""
        return sum(segment.bytes_used() for segment in self._segments.values())

    def close(self) -> None:
        """Let go of the files."""
        for segment in self._segments.values():
            segment.close()

    def _sorted(self) -> Iterator[bytes]:
        """All entries in order. What was sorted once is kept: in memory if it is one run, else on disk."""
        if self._runs is None:
            self._runs = self._sorted_runs()
        if isinstance(self._runs, int):
            return chain.from_iterable(self._merged(self._runs))
        return chain.from_iterable(self._runs)

    def _sorted_runs(self) -> list[list[bytes]] | int:
        pages = chain.from_iterable(segment.entries(self._sources) for segment in self._segments.values())
        entries = chain.from_iterable(pages)
        first = sorted(islice(entries, RUN))
        following = sorted(islice(entries, RUN))
        return self._written_runs(chain([first, following], _runs(entries))) if following else [first]

    def _written_runs(self, runs: Iterator[list[bytes]]) -> int:
        """Write sorted runs to disk; how many they are."""
        self._database.clear("runs")
        count = 0
        for count, run in enumerate(runs, 1):
            chunks = [
                (_chunk_key(count - 1, number), b"".join(run[start : start + CHUNK]))
                for number, start in enumerate(range(0, len(run), CHUNK))
            ]
            self._database.put_many("runs", chunks)
        return count

    def _merged(self, runs: int) -> Iterator[list[bytes]]:
        """Stretches of the merged order: each is what no run can still undercut."""
        open_runs = [_Run(partial(self._chunk, number)) for number in range(runs)]
        while open_runs:
            limit = min((end for run in open_runs if (end := run.refill())), default=None)
            stretch = [entry for run in open_runs for entry in run.take(limit)]
            stretch.sort()
            yield stretch
            open_runs = [run for run in open_runs if not run.exhausted]

    def _chunk(self, run: int, number: int) -> bytes | None:
        return self._database.get("runs", _chunk_key(run, number))


class _Run:
    """A sorted run that is being merged: what of it is at hand, and where it goes on."""

    def __init__(self, chunk: Callable[[int], bytes | None]) -> None:
        self._chunk = chunk
        self._next: int | None = 0
        self.buffer: list[bytes] = []

    def refill(self) -> bytes | None:
        """Have at least a chunk at hand; the last entry at hand, None where nothing follows it."""
        while self._next is not None and len(self.buffer) < CHUNK:
            blob = self._chunk(self._next)
            self.buffer += split(blob or b"")
            self._next = None if blob is None else self._next + 1
        return self.buffer[-1] if self._next is not None else None

    @property
    def exhausted(self) -> bool:
        """Whether everything was handed over."""
        return self._next is None and not self.buffer

    def take(self, limit: bytes | None) -> list[bytes]:
        """Hand over the entries up to `limit`, all of them where there is none."""
        final = len(self.buffer) if limit is None else bisect_right(self.buffer, limit)
        taken, self.buffer = self.buffer[:final], self.buffer[final:]
        return taken


def _runs(entries: Iterator[bytes]) -> Iterator[list[bytes]]:
    while run := sorted(islice(entries, RUN)):
        yield run


def _chunk_key(run: int, number: int) -> bytes:
    return run.to_bytes(4) + number.to_bytes(4)
