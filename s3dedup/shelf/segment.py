"""What one lister wrote: pages of rows to look up, entries in sorted runs, and which keys each page covers.

Each listing process has a segment of its own, so none waits for another. A page is written once, as it arrives, in one
batch with its span; a killed audit repeats at most the pages that were under way. Of each non-empty object an *entry*
of 33 bytes is kept, which sorts by size, then by ETag:

    size 6 | form 1 | ETag digest 16 | parts 2 | location 2 | page 4 | row 2        (big-endian)

Entries lie page by page, sorted, until there are enough of them for a *run*; then they are merged into one, in chunks
that can be found by their first entry. An entry is always in one of the two places, whatever happens.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, groupby, pairwise
from operator import itemgetter
from pathlib import Path
from struct import Struct
from threading import Lock
from typing import Any, NamedTuple

import msgspec

from s3dedup.model import ListedObject, Span
from s3dedup.shelf.database import Database

ENTRY = Struct(">HIB16sHHIH")
"""Size in two parts (6 bytes), form, digest, parts, location, page, row."""
WIDTH = ENTRY.size
WHOLE = Struct(f"{WIDTH}s")
SIZE = slice(0, 6)
FORM = 6
ETAG = slice(6, 25)
SIZE_AND_ETAG = slice(0, 25)
DIGEST = slice(7, 23)
SOURCE = slice(25, 27)
PAGE = slice(25, 31)
"""A page's key holds its location, so that the pages of one location lie together."""
SEGMENT = 27
"""The first byte of the page number is that of the segment."""
ROW = slice(31, 33)
PAGE_AND_ROW = slice(PAGE.start, ROW.stop)
OFFSETS = Struct(">II")
OFFSET = Struct(">I")
TABLES = ("pages", "entries", "spans", "runs")
RUN = 1 << 17
"""So many entries are sorted at a time. It is what a lister holds in memory for it, and how long nothing else is done.
"""
CHUNK = 2048
RUN_NUMBER = slice(0, 4)
FIRST = slice(4, None)
"""A chunk's key is the number of its run and its first entry."""

Row = tuple[Any, ...]
Etags = tuple[bytes, bytes, bytes]
"""Forms, digests and counts of parts: 1, 16 and 2 bytes an ETag."""


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


def segment_path(directory: Path, number: int) -> Path:
    """Where the segment of lister `number` lies."""
    return directory / f"listed-{number}.mdb"


def segment_paths(directory: Path) -> dict[int, Path]:
    """The segments that there are, by number."""
    numbers = range(256)
    return {number: path for number in numbers if (path := segment_path(directory, number)).exists()}


class Segment:
    """A segment that is being written; safe to use from many threads of one process. It is opened for its first page:
    until then the segments of an earlier scan may lie there.
    """

    def __init__(self, directory: Path, number: int) -> None:
        self._path = segment_path(directory, number)
        self._number = number
        self._encode = msgspec.msgpack.Encoder().encode
        self._lock = Lock()
        self._opened: Database | None = None
        self._next = self._run = 0
        self._waiting: list[bytes] = []

    @property
    def _database(self) -> Database:
        """The open file; for who has the lock."""
        if self._opened is None:
            self._opened = self._open()
        return self._opened

    def _open(self) -> Database:
        database = Database(self._path, TABLES, durable=False)
        # Pages are committed in another order than they are numbered in, so their count may be one that is taken.
        pages = (int.from_bytes(key[2:]) for key in database.keys("spans"))
        self._next = max(pages, default=(self._number << 24) - 1) + 1
        last = database.last_key("runs")
        self._run = 0 if last is None else int.from_bytes(last[RUN_NUMBER]) + 1
        self._waiting = [entry for _, blob in database.scan("entries") for entry in split(blob)]
        return database

    def add_page(self, source: int, rows: Iterable[Row], sizes: Sequence[int], etags: Etags, span: Span) -> None:
        """Keep one page of location number `source`, and the span of keys that it covers.

        `rows` have the fields of a `ListedObject`, `sizes` and `etags` are theirs, the latter taken apart.
        """
        with self._lock:
            database = self._database
            page, self._next = self._next, self._next + 1
        key = source.to_bytes(2) + page.to_bytes(4)
        blob = _rows_blob([self._encode(row) for row in rows])
        entries = _entries(sizes, etags, key)
        with self._lock:
            with database.batch():
                database.put("spans", key, self._encode(span))
                if sizes:
                    database.put("pages", key, blob)
                    database.put("entries", key, b"".join(entries))
            self._waiting += entries
            if len(self._waiting) >= RUN:
                self._sort()

    def sort(self) -> None:
        """Move what is left into a last run: the listing is over."""
        with self._lock:
            self._sort()

    def _sort(self) -> None:
        """Make a run of the entries that wait: page by page they are in order already."""
        database, entries = self._database, self._waiting
        entries.sort()
        run = self._run.to_bytes(4)
        chunks = [entries[start : start + CHUNK] for start in range(0, len(entries), CHUNK)]
        with database.batch():
            database.put_many("runs", [(run + chunk[0], b"".join(chunk)) for chunk in chunks])
            database.clear("entries")
        self._run, self._waiting = self._run + 1, []

    def close(self) -> None:
        """Let go of the file."""
        if self._opened is not None:
            self._opened.close()


class WrittenSegment:
    """A segment to read."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, TABLES, durable=False, readonly=True)
        self._decode_row = msgspec.msgpack.Decoder(ListedObject).decode
        self._decode_span = msgspec.msgpack.Decoder(Span).decode

    def sources(self) -> set[bytes]:
        """The locations that pages are of, as two bytes each."""
        return {key[:2] for key in self._database.keys("spans")}

    def spans(self, source: int) -> Iterator[Span]:
        """The spans of one location that are listed, in no particular order."""
        return (span for _, span in self.pages(source))

    def pages(self, source: int) -> Iterator[tuple[bytes, Span]]:
        """Each page of one location: its key, and its span."""
        prefix = source.to_bytes(2)
        for key, value in self._database.scan("spans", prefix):
            if key[:2] != prefix:
                return
            yield key, self._decode_span(value)

    def rows(self, page: bytes) -> list[ListedObject]:
        """All rows of a page that has some."""
        blob = self._database.reader("pages")(page)
        (first,) = OFFSET.unpack_from(blob)
        bounds = [offset for (offset,) in OFFSET.iter_unpack(blob[:first])]
        return [self._decode_row(blob[start:stop]) for start, stop in pairwise(bounds)]

    def near(self, source: int, key: str, *, ordered: bool) -> Iterator[ListedObject]:
        """The rows of those pages of one location that may hold a key; not `ordered`, of all its pages. A key with many
        versions may end one page and begin the next.
        """
        for page, span in self.pages(source):
            covers = span.low <= key and (span.through is None or key <= span.through)
            if span.objects and (covers or not ordered):
                yield from self.rows(page)

    @property
    def is_sorted(self) -> bool:
        """Whether every entry is in a run; a lister that was killed leaves some outside."""
        return not self._database.count("entries")

    def runs(self) -> Iterator[tuple[int, list[bytes]]]:
        """Each run: its number, and the first entry of each of its chunks."""
        for run, keys in groupby(self._database.keys("runs"), itemgetter(RUN_NUMBER)):
            yield int.from_bytes(run), [key[FIRST] for key in keys]

    def chunk(self, run: int, first: bytes, low: bytes, high: bytes | None) -> list[bytes]:
        """Of the chunk of a run that begins with `first`, the entries from `low` on and below `high` (None: all)."""
        blob = self._database.reader("runs")(run.to_bytes(4) + first)
        whole = range(0, len(blob), WIDTH)

        def place(mark: bytes) -> int:
            return WIDTH * bisect_left(whole, mark, key=lambda start: bytes(blob[start : start + WIDTH]))

        return split(bytes(blob[place(low) : None if high is None else place(high)]))

    def row(self, entry: bytes) -> ListedObject:
        """The row that an entry stands for."""
        return next(self.rows_at([entry[PAGE_AND_ROW]]))

    def rows_at(self, places: Iterable[bytes]) -> Iterator[ListedObject]:
        """Rows by their places, a page's key and a row's number each. A page is looked up once for neighbours on it."""
        look, decode, unpack = self._database.reader("pages"), self._decode_row, OFFSETS.unpack_from
        page, blob = b"", memoryview(b"")
        for place in places:
            if place[:6] != page:
                page = place[:6]
                blob = look(page)
            start, stop = unpack(blob, 4 * int.from_bytes(place[6:]))
            yield decode(blob[start:stop])

    def bytes_used(self) -> int:
        """The file's size in bytes."""
        return self._database.bytes_used()

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()


def split(blob: bytes) -> list[bytes]:
    """The entries of a blob."""
    return [entry for (entry,) in WHOLE.iter_unpack(blob)]


def _entries(sizes: Sequence[int], etags: Etags, place: bytes) -> list[bytes]:
    """The entries of a page's objects that are not empty, sorted. They are laid out column by column, each byte of all
    of them at once: to pack one after the other takes five times as long.
    """
    count = len(sizes)
    forms, digests, parts = etags
    columns = (
        (b"".join([size.to_bytes(6) for size in sizes]), 6),
        (forms, 1),
        (digests, 16),
        (parts, 2),
        (place * count, 6),
        (Struct(f">{count}H").pack(*range(count)), 2),
    )
    entries, at = bytearray(count * WIDTH), 0
    for column, width in columns:
        if len(column) != count * width:
            raise ValueError(f"{count} objects have {len(column)} bytes of a column of {width}")
        for byte in range(width):
            entries[at::WIDTH] = column[byte::width]
            at += 1
    found = split(bytes(entries))
    found.sort()
    return found[sizes.count(0) :]


def _rows_blob(rows: list[bytes]) -> bytes:
    """Rows behind a table of where each begins, so that one is read without the others."""
    offsets = accumulate(map(len, rows), initial=4 * (len(rows) + 1))
    return Struct(f">{len(rows) + 1}I").pack(*offsets) + b"".join(rows)
