"""What an audit found, in a file of its own: the digest map, its order for reports, and what was skipped.

The file is written under another name and put in place when the audit is done, so the last finished report stays
readable while the next audit runs, or dies.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import TypeVar
from weakref import WeakValueDictionary

import msgspec

from s3dedup.errors import NoReportError, StateError
from s3dedup.model import AuditReport, DuplicateGroup, Effect, Skipped
from s3dedup.shelf.database import Database, Table
from s3dedup.shelf.records import Codec, DigestCounts, DigestRecord, RecordShelf, SavingRecord, Summary

T = TypeVar("T")

FILE = "report.mdb"
UNFINISHED = "report.unfinished.mdb"
TABLES = ("meta", "digests", "ranking", "skipped")
LARGEST = (1 << 72) - 1
BATCH = 1 << 15
NOTHING = Decimal(0)
_open_reports: WeakValueDictionary[tuple[int, int], Database] = WeakValueDictionary()


Found = tuple[bytes, bytes, bytes]
"""A group on its way into the digest map: the map's key and value, and the group's place in the ranking."""

_digest_codec = Codec(DigestRecord)


def group_found(digest: bytes, record: DigestRecord) -> Found:
    """Make a group of the objects that carry `digest` (with its size and algorithm, at most 500 bytes) ready."""
    return digest, _digest_codec.encode(record), _rank(record) + digest


class Results:
    """The results of an audit that is going on.

    The digest map is a shelf from digest to the object versions that carry it; `ranking` orders its keys by
    reclaimable bytes, largest first.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        (directory / UNFINISHED).unlink(missing_ok=True)
        self._database = Database(directory / UNFINISHED, TABLES, durable=False)
        self._pending: list[Found] = []
        self._skipped = 0
        self._encode = msgspec.msgpack.Encoder().encode

    def add(self, groups: Iterable[Found]) -> None:
        """Put groups into the map."""
        self._pending.extend(groups)
        if len(self._pending) >= BATCH:
            self._flush()

    def _flush(self) -> None:
        """Write what is pending, sorted, in one batch."""
        with self._database.batch():
            self._database.put_many("digests", sorted([(digest, record) for digest, record, _ in self._pending]))
            self._database.put_many("ranking", sorted([(rank, b"") for _, _, rank in self._pending]))
        self._pending = []

    def ranked(self) -> Iterator[tuple[bytes, DigestRecord]]:
        """The groups so far by reclaimable bytes, largest first; each can be added once more, changed, meanwhile."""
        self._flush()
        digests = RecordShelf(Table(self._database, "digests"), DigestRecord)
        for key, _ in self._database.scan("ranking"):
            yield key[9:], digests[key[9:]]

    def add_skipped(self, skipped: Skipped) -> None:
        """Keep an object that was not compared, and why."""
        self._database.put("skipped", self._skipped.to_bytes(6), self._encode(skipped))
        self._skipped += 1

    @property
    def skipped_count(self) -> int:
        """How many objects were not compared so far."""
        return self._skipped

    def finish(self, summary: Summary) -> None:
        """Put these results in the place of the last audit's."""
        self._flush()
        RecordShelf(Table(self._database, "meta"), Summary)[b"summary"] = summary
        self._database.sync()
        self._database.close()
        (self._directory / UNFINISHED).replace(self._directory / FILE)

    def discard(self) -> None:
        """Leave the last audit's results in place."""
        self._database.close()
        (self._directory / UNFINISHED).unlink(missing_ok=True)


def read_report(directory: Path) -> AuditReport:
    """The last finished audit of a state directory. Its groups and skipped objects are read as they are iterated over.

    Raises:
        NoReportError: there is none.
        StateError: the file cannot be read, is corrupt, or was written by a newer s3dedup; a record of it that cannot
            be read is met when it is iterated over.
    """
    path = directory / FILE
    database, summary = _opened_report(path)
    return AuditReport(
        summary.tool_version,
        summary.run,
        summary.totals,
        summary.work,
        Stored(lambda: _groups(database, path), database.count("digests")),
        Stored(lambda: _skipped(database, path), database.count("skipped")),
        (*summary.notes, *summary.choices),
        summary.rollups,
        in_doubt=summary.in_doubt,
        prices=summary.prices,
    )


def read_summary(directory: Path) -> Summary:
    """The last finished audit without its groups and skipped objects. Raises what `read_report` raises."""
    return _opened_report(directory / FILE)[1]


def read_digests(directory: Path) -> Iterator[tuple[bytes, DigestRecord]]:
    """The digest map of the last finished audit, in order of size. Raises what `read_report` raises."""
    path = directory / FILE
    database, _ = _opened_report(path)
    for key, value in database.scan("digests"):
        yield key, _readable(_digest_codec.decode(value), path)


def read_counts(directory: Path) -> Iterator[DigestCounts]:
    """The same without the objects themselves. Raises what `read_report` raises."""
    path = directory / FILE
    database, _ = _opened_report(path)
    decode = Codec(DigestCounts).decode
    for _, value in database.scan("digests"):
        yield _readable(decode(value), path)


def digests_of_size(directory: Path, size: int) -> Iterator[DigestRecord]:
    """The groups of the last finished audit whose objects have `size` bytes. Raises what `read_report` raises."""
    path = directory / FILE
    database, _ = _opened_report(path)
    prefix = size.to_bytes(6)
    for key, value in database.scan("digests", prefix):
        if key[:6] != prefix:
            return
        yield _readable(_digest_codec.decode(value), path)


def _opened_report(path: Path) -> tuple[Database, Summary]:
    if not _is_there(path):
        raise NoReportError(str(path.parent))
    database = _opened(path)
    return database, _readable(RecordShelf(Table(database, "meta"), Summary).get(b"summary"), path)


def _readable(record: T | None, path: Path) -> T:
    """A report with a record missing would be a wrong one: it is refused."""
    if record is None:
        raise _unreadable(path)
    return record


def _opened(path: Path) -> Database:
    """A process can open an LMDB file only once, so the reports of one file share it."""
    status = path.stat()
    file = status.st_dev, status.st_ino
    database = _open_reports.get(file)
    if database is None:
        database = _open_reports[file] = Database(path, TABLES, durable=False, readonly=True)
    return database


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:
        raise StateError(
            f"The state directory {path.parent} cannot be read ({error.strerror}): pass another --state."
        ) from error


def _unreadable(path: Path) -> StateError:
    return StateError(
        f"The report in {path} is corrupt, or was written by a newer s3dedup: upgrade this one, or run"
        " `s3dedup audit` again."
    )


class Stored(Collection[T]):
    """Values that lie on disk and are read anew each time they are iterated over."""

    def __init__(self, read: Callable[[], Iterator[T]], length: int) -> None:
        self._read = read
        self._length = length

    def __iter__(self) -> Iterator[T]:
        return self._read()

    def __len__(self) -> int:
        return self._length

    def __contains__(self, value: object) -> bool:
        return any(value == other for other in self)


def _groups(database: Database, path: Path) -> Iterator[DuplicateGroup]:
    """By reclaimable bytes, largest first."""
    digests = RecordShelf(Table(database, "digests"), DigestRecord)
    for key, _ in database.scan("ranking"):
        record = _readable(digests.get(key[9:]), path)
        objects = tuple(row.at(bucket) for bucket, row in record.objects)
        billed, usd, saving = record.billable_bytes, record.monthly_usd, saving_of(record)
        yield DuplicateGroup(
            record.id,
            record.size,
            record.evidence,
            objects,
            billed,
            usd,
            record.kept,
            saving.saved_usd,
            saving.early_delete_usd,
            saving.days_left,
            tuple(saving.effects),
            saving.loses_instant_access,
        )


def saving_of(record: DigestRecord) -> SavingRecord:
    """What deleting the redundant objects of a group would save.

    | saving | effect | a month of it costs | saved | once | days left |
    |---|---|---|---|---|---|
    | kept | - | - | as kept | as kept | as kept |
    | none | frees | known | that | nothing | 0 |
    | none | frees | unknown | unknown | unknown | unknown |
    | none | unknown, or none | - | unknown | unknown | unknown |
    | none | any other | - | nothing | nothing | 0 |
    """
    if record.saving is not None:
        return record.saving
    effect, usd = record.effect or Effect.UNKNOWN, record.monthly_usd
    effects = [effect] * (len(record.objects) - record.kept)
    if effect is Effect.UNKNOWN or (effect is Effect.FREES and usd is None):
        return SavingRecord(None, None, None, effects)
    return SavingRecord(usd if effect is Effect.FREES else NOTHING, NOTHING, 0, effects)


def _skipped(database: Database, path: Path) -> Iterator[Skipped]:
    """In the order in which they were met."""
    decode = msgspec.msgpack.Decoder(Skipped).decode
    for _, value in database.scan("skipped"):
        try:
            yield decode(value)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise _unreadable(path) from error


def _rank(record: DigestRecord) -> bytes:
    """Nine bytes that sort by reclaimable bytes, largest first."""
    return (LARGEST - record.reclaimable_bytes).to_bytes(9)
