"""The maps that are compared, and what is done with each: `python maps.py JOB MAP COUNT DIRECTORY [ACKNOWLEDGED]`.

A job prints what it took as one line of JSON. Only the map is timed, not the making of what goes into it.
"""

from __future__ import annotations

import json
import pickle
import random
import shelve
import signal
import sqlite3
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import md5, sha1
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, NoReturn, Protocol, TypeAlias

sys.path.insert(0, str(Path(__file__).parents[2]))

from s3dedup.evidence import read_etags
from s3dedup.model import Cursor, EvidenceKind, ListedObject, Span
from s3dedup.shelf import DigestRecord, Segment
from s3dedup.shelf.database import Database, Table
from s3dedup.shelf.listed import Listed
from s3dedup.shelf.records import RecordShelf
from tests.by_size import by_size

PAGE = 1000
BATCH = 2048
GETS = 100_000
MOMENT = "2025-11-22T14:50:41.000Z"
BUCKET = "photos"

Row: TypeAlias = tuple[Any, ...]
Versions: TypeAlias = list[tuple[str, ListedObject]]
Grouped: TypeAlias = Iterable[tuple[int, Sequence[object]]]


# What goes in


def pages(count: int) -> Iterator[list[Row]]:
    """What a lister gets: rows with the fields of a `ListedObject`, page by page. A tenth repeat another's content."""
    rows = (_row(number) for number in range(count))
    return iter(lambda: list(islice(rows, PAGE)), [])


def _row(number: int) -> Row:
    """Sizes from 1 KiB to 64 MiB, each power of two as frequent as the next."""
    etag = md5(b"%d" % (number if number % 10 else number // 2)).hexdigest()
    scale = 10 + int(etag[0], 16)
    size = (1 << scale) + int(etag[-8:], 16) % (1 << scale)
    return f"photos/{number:012}.jpg", size, etag, "STANDARD", MOMENT, None, "CRC64NVME", "FULL_OBJECT", ""


def digest(number: int) -> bytes:
    """A digest like any other."""
    return sha1(b"%d" % number).digest()


def versions(number: int, count: int) -> Versions:
    """So many object versions with one content."""
    return [(BUCKET, ListedObject(f"{each}/{number:012}.jpg", 4711, "", "STANDARD", MOMENT)) for each in range(count)]


def puts(count: int) -> Iterator[dict[bytes, Versions]]:
    """Batches: each digest with one version, and then, in the same order, with two."""
    for grown in (1, 2):
        for first in range(0, count, BATCH):
            yield {digest(number): versions(number, grown) for number in range(first, min(first + BATCH, count))}


# Listed objects, grouped by size


class Objects(Protocol):
    """Takes pages, and gives the objects of each size that occurs more than once."""

    def add_page(self, rows: list[Row]) -> None:
        """Keep a page."""

    def by_size(self) -> Grouped:
        """The sizes, each with its objects."""


class DictObjects:
    """All in memory."""

    def __init__(self, _: Path) -> None:
        self._sizes: defaultdict[int, list[Row]] = defaultdict(list)

    def add_page(self, rows: list[Row]) -> None:
        """Keep a page."""
        for row in rows:
            self._sizes[row[1]].append(row)

    def by_size(self) -> Grouped:
        """The sizes, each with its objects."""
        return ((size, rows) for size, rows in sorted(self._sizes.items()) if len(rows) > 1)


class ShelveObjects:
    """Size to rows in `shelve.open`."""

    def __init__(self, directory: Path) -> None:
        self._shelf: shelve.Shelf[list[Row]] = shelve.open(str(directory / "map"))  # noqa: S301, SIM115 - our own

    def add_page(self, rows: list[Row]) -> None:
        """Keep a page."""
        for row in rows:
            size = str(row[1])
            self._shelf[size] = [*self._shelf.get(size, ()), row]

    def by_size(self) -> Grouped:
        """The sizes, each with its objects."""
        return ((int(size), rows) for size, rows in self._shelf.items() if len(rows) > 1)


class SqliteObjects:
    """A table, sorted by the database when it is read."""

    def __init__(self, directory: Path) -> None:
        self._connection = _sqlite(directory)
        fields = ", ".join(ListedObject._fields)
        self._connection.execute(f"CREATE TABLE listed ({fields})")
        self._insert = f"INSERT INTO listed VALUES ({', '.join('?' * len(ListedObject._fields))})"  # noqa: S608 - our own

    def add_page(self, rows: list[Row]) -> None:
        """Keep a page."""
        with self._connection:
            self._connection.executemany(self._insert, rows)

    def by_size(self) -> Grouped:
        """The sizes, each with its objects."""
        found = self._connection.execute("SELECT size, etag, key FROM listed ORDER BY size, etag")
        return ((size, rows) for size, group in groupby(found, itemgetter(0)) if len(rows := list(group)) > 1)


class OurObjects:
    """What s3dedup does."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._segment = Segment(directory, 0)
        self._pages = 0

    def add_page(self, rows: list[Row]) -> None:
        """Keep a page."""
        first, last = rows[0][0], rows[-1][0]
        span = Span(first, last, Cursor("token"), first, None, self._pages, len(rows), sum(row[1] for row in rows), 0)
        sizes, etags = [row[1] for row in rows], read_etags([row[2] for row in rows])
        self._segment.add_page(0, rows, sizes, etags, span)
        self._pages += 1

    def by_size(self) -> Grouped:
        """The sizes, each with its objects."""
        self._segment.sort()
        self._segment.close()
        return by_size(Listed(self._directory, [0]))


# Digest to object versions


class Digests(Protocol):
    """A map from digest to object versions. What `put` has taken is committed."""

    def put(self, batch: dict[bytes, Versions]) -> None:
        """Set these."""

    def get(self, key: bytes) -> Versions | None:
        """The versions of a digest."""

    def all(self) -> Iterable[object]:
        """Everything."""


class DictDigests(dict[bytes, Versions]):
    """All in memory."""

    def __init__(self, _: Path) -> None:
        super().__init__()
        self.put = self.update
        self.all = self.items


def _sqlite(directory: Path) -> sqlite3.Connection:
    """With what outlives a killed process, as ours does, and not a machine that loses power."""
    connection = sqlite3.connect(directory / "map.sqlite")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = OFF")
    return connection


class SqliteDigests:
    """A table of two columns."""

    def __init__(self, directory: Path) -> None:
        self._connection = _sqlite(directory)
        self._connection.execute("CREATE TABLE IF NOT EXISTS map (digest BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID")

    def put(self, batch: dict[bytes, Versions]) -> None:
        """Set these."""
        rows = [(key, pickle.dumps(value)) for key, value in sorted(batch.items())]
        with self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO map VALUES (?, ?)", rows)

    def get(self, key: bytes) -> Versions | None:
        """The versions of a digest."""
        row = self._connection.execute("SELECT value FROM map WHERE digest = ?", (key,)).fetchone()
        return pickle.loads(row[0]) if row else None  # noqa: S301 - our own

    def all(self) -> Iterable[object]:
        """Everything."""
        return ((key, pickle.loads(value)) for key, value in self._connection.execute("SELECT * FROM map"))  # noqa: S301


class ShelveDigests:
    """`shelve.open` as most use it."""

    def __init__(self, directory: Path) -> None:
        self.shelf: shelve.Shelf[Versions] = shelve.open(str(directory / "map"))  # noqa: S301, SIM115 - our own

    def put(self, batch: dict[bytes, Versions]) -> None:
        """Set these."""
        for key, value in batch.items():
            self.shelf[key.hex()] = value

    def get(self, key: bytes) -> Versions | None:
        """The versions of a digest."""
        return self.shelf.get(key.hex())

    def all(self) -> Iterable[object]:
        """Everything."""
        return self.shelf.items()


class SyncedShelveDigests(ShelveDigests):
    """`shelve.open` with a `sync()` for each batch."""

    def put(self, batch: dict[bytes, Versions]) -> None:
        """Set these."""
        super().put(batch)
        self.shelf.sync()


class OurDigests:
    """What s3dedup does."""

    def __init__(self, directory: Path) -> None:
        self._shelf = RecordShelf(Table(Database(directory / "map.mdb", ("map",), durable=False), "map"), DigestRecord)

    def put(self, batch: dict[bytes, Versions]) -> None:
        """Set these."""
        self._shelf.update_sorted(
            {key: DigestRecord(4711, EvidenceKind.SHA1_RANGES, value, "") for key, value in batch.items()}
        )

    def get(self, key: bytes) -> Versions | None:
        """The versions of a digest."""
        record = self._shelf.get(key)
        return None if record is None else record.objects

    def all(self) -> Iterable[object]:
        """Everything."""
        return self._shelf.records()


OBJECTS: Mapping[str, Callable[[Path], Objects]] = {
    "dict": DictObjects,
    "sqlite3": SqliteObjects,
    "shelve.open": ShelveObjects,
    "s3dedup": OurObjects,
}
DIGESTS: Mapping[str, Callable[[Path], Digests]] = {
    "dict": DictDigests,
    "sqlite3": SqliteDigests,
    "shelve.open": ShelveDigests,
    "shelve.open, sync() a batch": SyncedShelveDigests,
    "s3dedup": OurDigests,
}


# The jobs


class Timer:
    """Adds up the seconds in its `with` blocks."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __enter__(self) -> None:
        self._start = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.seconds += time.perf_counter() - self._start


def group(store: Objects, count: int) -> dict[str, float]:
    """Pages in, groups out."""
    adding, grouping = Timer(), Timer()
    for page in pages(count):
        with adding:
            store.add_page(page)
    with grouping:
        grouped = sum(len(rows) for _, rows in store.by_size())
    return {"put": adding.seconds, "grouped": grouping.seconds, "found": grouped}


def use(store: Digests, count: int) -> dict[str, float]:
    """Puts, gets in random order, and everything once."""
    putting, getting, iterating = Timer(), Timer(), Timer()
    for batch in puts(count):
        with putting:
            store.put(batch)
    wanted = [digest(random.randrange(count)) for _ in range(min(count, GETS))]
    with getting:
        met = sum(store.get(key) is not None for key in wanted)
    with iterating:
        there = sum(1 for _ in store.all())
    return {"put": putting.seconds, "get": getting.seconds / met, "iterate": iterating.seconds / there, "found": there}


def put_until_killed(store: Digests, count: int) -> NoReturn:
    """Say after each batch how many puts were taken so far."""
    taken = 0
    for batch in puts(count):
        store.put(batch)
        taken += len(batch)
        print(taken, flush=True)
    while True:
        signal.pause()


def count_left(store: Digests, count: int, taken: int) -> dict[str, float]:
    """How many digests are as the last put that was taken has left them, or newer."""
    left = sum(_length(store, digest(number)) > (number < taken - count) for number in range(count))
    return {"left": left}


def _length(store: Digests, key: bytes) -> int:
    try:
        found = store.get(key)
    except Exception:  # noqa: BLE001 - whatever a broken map says, the value is lost
        return 0
    return len(found or ())


def main(job: str, name: str, count: str, directory: str, *taken: str) -> None:
    """Do one job with one map."""
    home = Path(directory)
    if job == "group":
        done = group(OBJECTS[name](home), int(count))
    elif job == "use":
        done = use(DIGESTS[name](home), int(count))
    elif job == "put-until-killed":
        put_until_killed(DIGESTS[name](home), int(count))
    else:
        done = count_left(DIGESTS[name](home), int(count), int(*taken))
    print(json.dumps(done))


if __name__ == "__main__":
    main(*sys.argv[1:])
