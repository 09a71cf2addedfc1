"""What was listed, on disk: rows to look up, and entries to sort.

A page is written once, as it arrives, in one batch with the progress of its location; a killed audit repeats at most
the pages that were under way. Of each non-empty object an *entry* of 33 bytes is kept, which sorts by size, then by
ETag:

    size 6 | form 1 | ETag digest 16 | parts 2 | location 2 | page 4 | row 2        (big-endian)

Sorting is external: runs of a million entries are sorted and written, then merged by sorting, again and again, the
next stretch of every run. Timsort finds the runs and merges them in C; memory is bounded by the stretch, not by the
number of objects.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import accumulate, chain, groupby, islice
from operator import itemgetter
from struct import Struct
from typing import Any, NamedTuple

import msgspec

from s3dedup.model import ListedObject
from s3dedup.shelf.database import Database
from s3dedup.shelf.records import Progress

ENTRY = Struct(">HIB16sHHIH")
"""Size in two parts (6 bytes), form, digest, parts, location, page, row."""
WIDTH = ENTRY.size
SIZE = slice(0, 6)
ETAG = slice(6, 25)
SOURCE = slice(25, 27)
PAGE = slice(27, 31)
ROW = slice(31, 33)
LOW = 0xFFFFFFFF
SPAN = Struct(">II")
RUN = 1_000_000
CHUNK = 2048
TABLES = ("pages", "entries", "runs", "progress")

Row = tuple[Any, ...]
EtagParts = tuple[int, bytes, int]


class Entry(NamedTuple):
    """An entry taken apart; see the module's docstring."""

    size: int
    form: int
    digest: bytes
    parts: int
    source: int
    page: int
    row: int

    @classmethod
    def unpack(cls, entry: bytes) -> Entry:
        """Take the 33 bytes apart."""
        high, low, *rest = ENTRY.unpack(entry)
        return cls(high << 32 | low, *rest)


class Listed:
    """The listed objects of one scan."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode_row = msgspec.msgpack.Decoder(ListedObject).decode
        self._decode_progress = msgspec.msgpack.Decoder(Progress).decode
        last = database.last_key("pages")
        self._next_page = 0 if last is None else int.from_bytes(last) + 1

    def add_page(self, source: int, rows: Sequence[Row], etags: Iterable[EtagParts], progress: Progress) -> None:
        """Keep one page of location number `source` together with how far that location now is.

        `rows` have the fields of a `ListedObject`, `etags` gives (form, digest, parts) for each of them.
        """
        page, pack = self._next_page, ENTRY.pack
        packed = map(self._encode, rows)
        sizes = (row[1] for row in rows)
        entries = [
            pack(size >> 32, size & LOW, *etag, source, page, index)
            for index, (size, etag) in enumerate(zip(sizes, etags, strict=True))
            if size
        ]
        with self._database.batch():
            if rows:
                self._database.put("pages", page.to_bytes(4), _rows_blob(list(packed)))
                self._database.put("entries", page.to_bytes(4), b"".join(sorted(entries)))
                self._next_page = page + 1
            self._database.put("progress", source.to_bytes(2), self._encode(progress))

    def progress(self, source: int) -> Progress:
        """How far the listing of location number `source` has come."""
        value = self._database.get("progress", source.to_bytes(2))
        return Progress() if value is None else self._decode_progress(value)

    def row(self, entry: bytes) -> ListedObject:
        """The row of the listing that an entry stands for."""
        position = 4 * int.from_bytes(entry[ROW])

        def read(blob: memoryview) -> ListedObject:
            start, stop = SPAN.unpack_from(blob, position)
            return self._decode_row(blob[start:stop])

        return self._database.read("pages", entry[PAGE], read)

    def by_size(self) -> Iterator[tuple[int, list[bytes]]]:
        """The entries of each size that occurs more than once, smallest size first, sorted by ETag."""
        for size, group in groupby(self._sorted(), itemgetter(SIZE)):
            entries = list(group)
            if len(entries) > 1:
                yield int.from_bytes(size), entries

    def clear(self) -> None:
        """Forget everything that was listed."""
        self._database.clear(*TABLES)
        self._next_page = 0

    def _sorted(self) -> Iterator[bytes]:
        """All entries in order."""
        blobs = (blob for _, blob in self._database.scan("entries"))
        entries = chain.from_iterable(map(_split, blobs))
        first = sorted(islice(entries, RUN))
        if len(first) < RUN:
            return iter(first)
        return chain.from_iterable(self._merged(self._written_runs(first, entries)))

    def _written_runs(self, first: list[bytes], entries: Iterator[bytes]) -> int:
        """Write sorted runs to disk, `first` and then the rest; how many they are."""
        self._database.clear("runs")
        run, count = first, 0
        while run:
            chunks = [
                (_chunk_key(count, number), b"".join(run[start : start + CHUNK]))
                for number, start in enumerate(range(0, len(run), CHUNK))
            ]
            self._database.put_many("runs", chunks)
            run, count = sorted(islice(entries, RUN)), count + 1
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
            self.buffer += _split(blob or b"")
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


def _split(blob: bytes) -> list[bytes]:
    """The entries of a blob."""
    return [blob[start : start + WIDTH] for start in range(0, len(blob), WIDTH)]


def _chunk_key(run: int, number: int) -> bytes:
    return run.to_bytes(4) + number.to_bytes(4)


def _rows_blob(rows: list[bytes]) -> bytes:
    """Rows behind a table of where each begins, so that one is read without the others."""
    offsets = accumulate(map(len, rows), initial=4 * (len(rows) + 1))
    return Struct(f">{len(rows) + 1}I").pack(*offsets) + b"".join(rows)
