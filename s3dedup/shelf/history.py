"""What earlier audits found, so that a later one can be compared with them: two small files a run, each written once.

`history/N.run` is the summary of run number N, and `history/N.groups` has 22 bytes for each of its groups, in order of
size, compressed. A run is there as soon as its summary is. Files that cannot be read are runs that are not known.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from struct import Struct
from struct import error as struct_error
from typing import BinaryIO

import msgspec

from s3dedup.errors import StateError
from s3dedup.model import FinishedRun, GroupMark
from s3dedup.shelf.records import Codec, DigestCounts
from s3dedup.shelf.results import read_counts, read_report, read_summary

DIRECTORY = "history"
RUNS = 400
"""So many runs are remembered: more than a year of nights."""
COMPARABLE = 30
"""Of so many runs also the groups."""
NAMED = 100
"""Of so many groups of a run, those that save most, also the keeper's address is kept."""
MARK = Struct(">HI8sII")
"""Size in two parts (6 bytes), id, copies, redundant copies."""
FASTEST = 1
BLOCK = 4096 * MARK.size


class PastRecord(msgspec.Struct, array_like=True):
    """A finished run, and by the ids of its largest groups the addresses of their keepers."""

    run: FinishedRun
    keepers: dict[str, str] = {}


_codec = Codec(PastRecord)


def remember(directory: Path) -> None:
    """Put the last finished audit of a state directory into its history, where it is not there yet.

    Raises:
        StateError: it cannot be written.
    """
    summary, numbers = read_summary(directory), _numbers(directory)
    if any(record.run.run.id == summary.run.id for record in past_runs(directory).values()):
        return
    number = max(numbers, default=0) + 1
    finished = FinishedRun(summary.tool_version, summary.run, summary.totals, summary.work)
    largest = islice(read_report(directory).groups, NAMED)
    record = PastRecord(finished, {group.id: group.keeper.uri for group in largest})
    try:
        (directory / DIRECTORY).mkdir(mode=0o700, exist_ok=True)
        _write_groups(_groups_file(directory, number), map(_mark, read_counts(directory)))
        _write(_run_file(directory, number), _codec.encode(record))
        _prune(directory, [*numbers, number])
    except OSError as error:
        raise StateError(
            f"The audit is kept, but its place in {directory / DIRECTORY} cannot be written ({error.strerror}): make"
            " room, or check its permissions."
        ) from error


def past_runs(directory: Path) -> dict[int, PastRecord]:
    """The runs that are remembered, by number, the oldest first."""
    found = ((number, _read(_run_file(directory, number))) for number in _numbers(directory))
    return {number: record for number, record in found if record is not None}


def _numbers(directory: Path) -> list[int]:
    """Those of all runs that have a file, readable or not."""
    return sorted(int(path.stem) for path in (directory / DIRECTORY).glob("*.run") if path.stem.isdecimal())


def has_groups(directory: Path, number: int) -> bool:
    """Whether the groups of a run are still there."""
    return _groups_file(directory, number).is_file()


def group_marks(directory: Path, number: int) -> Iterator[GroupMark]:
    """The groups of a run, in order of size.

    Raises:
        StateError: they are gone, or corrupt.
    """
    path = _groups_file(directory, number)
    try:
        with gzip.open(path) as stream:
            while block := stream.read(BLOCK):
                for high, low, name, copies, redundant in MARK.iter_unpack(block):
                    yield GroupMark(high << 32 | low, name.hex(), copies, redundant)
    except (OSError, EOFError, struct_error, zlib.error) as error:
        raise StateError(f"What an earlier audit found, in {path}, cannot be read ({error}): remove it.") from error


def _mark(record: DigestCounts) -> bytes:
    name, copies = bytes.fromhex(record.id), len(record.objects)
    return MARK.pack(record.size >> 32, record.size & 0xFFFFFFFF, name, copies, copies - record.kept)


def _write_groups(path: Path, marks: Iterable[bytes]) -> None:
    with _private(path) as file, gzip.GzipFile("", "wb", FASTEST, file, mtime=0) as stream:
        while block := b"".join(islice(marks, BLOCK // MARK.size)):
            stream.write(block)


def _write(path: Path, content: bytes) -> None:
    """A file that is there whole or not at all."""
    unfinished = path.with_suffix(".unfinished")
    with _private(unfinished) as stream:
        stream.write(content)
    unfinished.replace(path)


@contextmanager
def _private(path: Path) -> Iterator[BinaryIO]:
    """A new file that only its owner can read, on disk in the end."""
    with open(path, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as stream:
        yield stream
        stream.flush()
        os.fsync(stream.fileno())


def _read(path: Path) -> PastRecord | None:
    """A run's record, None where this program cannot read it."""
    try:
        return _codec.decode(path.read_bytes())
    except OSError:
        return None


def _prune(directory: Path, numbers: list[int]) -> None:
    """Forget the oldest runs, and of some more their groups."""
    for number in numbers[:-RUNS]:
        _run_file(directory, number).unlink(missing_ok=True)
    for number in numbers[:-COMPARABLE]:
        _groups_file(directory, number).unlink(missing_ok=True)


def _run_file(directory: Path, number: int) -> Path:
    return directory / DIRECTORY / f"{number:08}.run"


def _groups_file(directory: Path, number: int) -> Path:
    return _run_file(directory, number).with_suffix(".groups")
