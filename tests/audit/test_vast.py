"""Objects as large as S3 has them, in a store of zeros without end: how they are parted, and what memory that takes."""

from __future__ import annotations

import threading
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from s3dedup import AuditConfig, audit
from s3dedup.engine import settlement
from s3dedup.errors import StoreError
from s3dedup.hashing import Grid
from s3dedup.hashing.grid import EDGE, MOST
from s3dedup.model import EtagTrust
from s3dedup.store.meter import Counted, Meter
from tests.audit.helpers import MIB, keys_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from s3dedup.hashing import Sweep
    from s3dedup.model import ListedObject
    from s3dedup.store import Chunk, PageRequest, Steps

VAST = 10_000 * (5 << 30)
"""As many parts as an object can have, each as long as can be: 48.8 TiB (UG qfacts)."""
KEYS = ("a", "b")
ZEROS = bytes(MIB // 2)
AT_ONCE = 16
LITTLE = 8 * MIB
"""What an audit may hold of any objects (bytes), beside what Python itself takes."""

_ROW = (
    "<Contents><Key>{0}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>&quot;{0}&quot;</ETag>"
    "<Size>{1}</Size><StorageClass>STANDARD</StorageClass></Contents>"
)
_PAGE = (
    '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    "<Name>b</Name><Prefix></Prefix><KeyCount>{}</KeyCount><MaxKeys>1000</MaxKeys><EncodingType>url</EncodingType>"
    "<IsTruncated>false</IsTruncated>{}</ListBucketResult>"
)


class Zeros:
    """A store of two objects of that size. After `most` bytes it fails."""

    trusted_endpoint, endpoint = False, "http://zeros"

    def __init__(self, most: int = VAST) -> None:
        self.meter = Meter()
        self.busy = self.busiest = 0
        self._left = most
        self._lock = threading.Lock()

    def page(self, request: PageRequest) -> Steps[bytes]:
        yield from ()  # nothing is waited for
        return self._page(request)

    def _page(self, request: PageRequest) -> bytes:
        self.meter.add(Counted(lists=1))
        rows = [_ROW.format(key, VAST) for key in KEYS if key > (request.after or "")]
        return _PAGE.format(len(rows), "".join(rows)).encode()

    def read_range(self, _bucket: str, _row: ListedObject, start: int, stop: int) -> Iterator[Chunk]:
        self._count(1, 0)
        for position in range(start, stop, len(ZEROS)):
            chunk = memoryview(ZEROS)[: stop - position]
            self.meter.read(len(chunk))
            self._count(0, len(chunk))
            yield chunk
        self._count(-1, 0)

    def _count(self, more: int, size: int) -> None:
        with self._lock:
            self.busy += more
            self.busiest = max(self.busiest, self.busy)
            self._left -= size
        if self._left < 0:
            raise StoreError("that is enough")

    def region(self, _bucket: str) -> None:
        """There is none."""

    def versioned(self, _bucket: str) -> bool:
        """It has none."""
        return False

    def close(self) -> None:
        """Nothing is open."""


def audited(store: Zeros, state: Path, **options: Any) -> tuple[Any, int]:  # noqa: ANN401  a report, or how it failed
    """What an audit comes to, and the most memory that it held at once."""
    config = AuditConfig(["s3://b"], state=state, etag_trust=EtagTrust.NEVER, concurrency=AT_ONCE, **options)
    tracemalloc.start()
    try:
        outcome: object = audit(config, open_store=lambda _: store)  # type: ignore[arg-type,return-value]  # no more is asked
    except StoreError as error:
        outcome = str(error)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return outcome, peak


def test_within_a_budget_only_both_ends_are_read_and_the_report_says_what_the_rest_takes(tmp_path: Path) -> None:
    report, _ = audited(Zeros(), tmp_path, max_read=10**12)
    assert report.work.bytes_read == len(KEYS) * 2 * EDGE
    assert (report.in_doubt.objects, report.in_doubt.reclaimable_bytes) == (2, VAST)
    assert 2 * VAST <= report.in_doubt.bytes_to_read <= 2 * VAST + 4 * EDGE
    assert report.in_doubt.requests <= 2 * (MOST + 2)


def test_ranges_of_both_are_read_side_by_side_a_chunk_at_a_time(tmp_path: Path) -> None:
    store = Zeros(most=512 * MIB)
    outcome, peak = audited(store, tmp_path)
    assert outcome == "that is enough"
    assert 2 < store.busiest <= AT_ONCE
    assert peak < LITTLE


def test_every_range_is_read_once_and_what_is_kept_of_them_is_little(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, int, int]] = []

    def found(_store: object, _bucket: str, row: ListedObject, sweep: Sweep, stop: int) -> None:
        """The digests of ranges, without their bytes: they would take hours."""
        asked.append((row.key, sweep.position, stop))
        while sweep.position < stop:
            number, piece = grid.at(sweep.position)
            sweep.ranges[number] = number.to_bytes(20)
            sweep.position = piece.stop

    grid = Grid(VAST)
    monkeypatch.setattr(settlement, "sweep_to", found)
    report, peak = audited(Zeros(), tmp_path)
    assert keys_of(report) == {frozenset(KEYS)}
    assert sorted(asked) == sorted((key, *grid[number]) for key in KEYS for number in range(len(grid)))
    assert peak < LITTLE
