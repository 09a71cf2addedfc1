"""The state directory: what one audit leaves for the next, and for the report.

`facts.mdb` holds what was expensive to learn (HEADs, calibrations, range digests) and is synced to disk batch by batch.
`scan.mdb` and the segments beside it hold what was listed last, and what is still in doubt; it can be listed again.
`report.mdb` is the last finished audit.
Files are readable by their owner only.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec

from s3dedup.errors import StateError
from s3dedup.model import ListedObject, Span
from s3dedup.shelf.database import Database, Table
from s3dedup.shelf.facts import Facts
from s3dedup.shelf.listed import Listed
from s3dedup.shelf.lock import Lock
from s3dedup.shelf.records import BucketRecord, BucketRule, Doubt, ObjectFacts, RecordShelf, ScanRecord
from s3dedup.shelf.results import Results
from s3dedup.shelf.segment import WrittenSegment, segment_paths

SCHEMA = 1
CURRENT = b"current"


class State:
    """An open state directory; one process at a time.

    Raises:
        StateLockedError: another audit has it open.
        StateError: it cannot be created, read or written, is corrupt, or was written by a newer s3dedup.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        with ExitStack() as opened:
            self._lock = _locked(directory)
            opened.callback(self._lock.release)
            facts = _database(directory / "facts.mdb", ("meta", "objects", "rules", "buckets"), durable=True)
            opened.callback(facts.close)
            self._scan = _database(directory / "scan.mdb", ("meta", "doubts"), durable=False)
            opened.callback(self._scan.close)
            self.facts = Facts(RecordShelf(Table(facts, "objects"), ObjectFacts))
            opened.callback(self.facts.flush)
            self.salt = _salt(facts)
            self.rules = RecordShelf(Table(facts, "rules"), BucketRule)
            self.buckets = RecordShelf(Table(facts, "buckets"), BucketRecord)
            self.doubts = RecordShelf(Table(self._scan, "doubts"), Doubt)
            self._scans = RecordShelf(Table(self._scan, "meta"), ScanRecord)
            self._begun: ScanRecord | None = None
            self._listed: Listed | None = None
            self.results = Results(directory)
            opened.callback(self.results.discard)
            self._opened = opened.pop_all()

    def forget(self) -> None:
        """In a forked child: the state is its parent's, and what was listed is opened anew."""
        self._lock.forget()
        if self._listed is not None:
            self._listed.close()

    def begin(self, scan: ScanRecord, *, oldest: float) -> ScanRecord:
        """Begin a scan, or go on with one that asked for the same, was started after `oldest` (epoch seconds) and is
        not finished; in the manner that is asked for now. What is there stays until `start`.
        """
        current = self._scans.get(CURRENT)
        if current and not current.finished and current.config == scan.config and current.started >= oldest:
            resumed = msgspec.structs.replace(current, manner=scan.manner)
            self.change(resumed)
            return resumed
        self._begun = scan
        return scan

    def start(self) -> None:
        """The scan that was begun has something to keep: it takes the place of the one that is there. Who mistypes a
        bucket's name has lost nothing.
        """
        if self._begun is None:
            return
        with self._scan.batch():
            self.doubts.clear()
            self._scans[CURRENT] = self._begun
        for path in segment_paths(self.directory).values():
            path.unlink()
        self._begun = None

    def change(self, scan: ScanRecord) -> None:
        """Remember what has become different about the scan under way."""
        self._scans[CURRENT] = scan

    def end(self) -> None:
        """The scan is done: the next audit lists again. Until then what was listed can be asked about."""
        self.change(msgspec.structs.replace(self._scans[CURRENT], finished=True))

    def finished(self, run_id: str) -> ScanRecord | None:
        """The scan of this audit, if it is finished and the last one."""
        scan = self._scans.get(CURRENT)
        return scan if scan and scan.finished and scan.run_id == run_id else None

    def listed_spans(self, source: int) -> list[Span]:
        """What is listed of location number `source`, in no particular order; while no lister is writing."""
        if self._begun is not None:
            return []
        with ExitStack() as opened:
            segments = [WrittenSegment(path) for path in segment_paths(self.directory).values()]
            for segment in segments:
                opened.callback(segment.close)
            return [span for segment in segments for span in segment.spans(source)]

    def open_listed(self, sources: Iterable[int]) -> None:
        """From now on `listed` is all that was listed of the locations with these numbers; no lister may write now."""
        self._listed = Listed(self.directory, sources)
        self._opened.callback(self._listed.close)

    @property
    def listed(self) -> Listed:
        """What was listed, once it is opened."""
        assert self._listed is not None  # noqa: S101  the listing stage comes first
        return self._listed

    def close(self) -> None:
        """Keep what was learnt, drop results that were not finished, and let the next audit in."""
        self._opened.close()


def _locked(directory: Path) -> Lock:
    """Make the directory and take its lock."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Lock(directory)
    except OSError as error:
        raise StateError(
            f"The state directory {directory} cannot be written ({error.strerror}): pass another --state."
        ) from error


def facts_key(endpoint: str, bucket: str, row: ListedObject) -> bytes:
    """The key of an object version's facts: 16 bytes, whatever the length of its name."""
    return _key((endpoint, bucket, row.key, row.version_id or ""))


def rule_key(endpoint: str, bucket: str) -> bytes:
    """The key of a bucket's rule."""
    return _key((endpoint, bucket))


def _key(parts: Sequence[str]) -> bytes:
    text = "\0".join(parts).encode(errors="surrogatepass")
    return hashlib.blake2b(text, digest_size=16).digest()


def _salt(facts: Database) -> bytes:
    """Random bytes, made once, which stand before whatever is hashed: nobody who stores objects can know them, so
    nobody can have made two of which the ranges' digests collide.
    """
    salt = facts.get("meta", b"salt")
    if salt is None:
        salt = os.urandom(16)
        facts.put("meta", b"salt", salt)
    return salt


def _database(path: Path, tables: tuple[str, ...], *, durable: bool) -> Database:
    """Open a database, and refuse one from a newer program: its records could be misread."""
    database = Database(path, tables, durable=durable)
    schema = database.get("meta", b"schema")
    if schema is None:
        database.put("meta", b"schema", SCHEMA.to_bytes(2))
    elif int.from_bytes(schema) > SCHEMA:
        database.close()
        raise StateError(f"{path} was written by a newer s3dedup: upgrade this one, or pass another --state.")
    return database
