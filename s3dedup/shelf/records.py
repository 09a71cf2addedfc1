"""What the state keeps, as typed and versioned records. Never pickle: a state file must not be able to run code.

Each record is one byte of version and a msgpack array. A record that cannot be read, or is newer than this program, is
a miss and never a crash.
"""

from __future__ import annotations

import shelve
from collections.abc import Iterator
from decimal import Decimal
from typing import Generic, TypeVar

import msgspec

from s3dedup.model import (
    Effect,
    Encryption,
    EtagTrust,
    EvidenceKind,
    HeadFacts,
    InDoubt,
    ListedObject,
    Location,
    PartSpan,
    Place,
    RollUps,
    RunInfo,
    Told,
    Totals,
    Work,
)
from s3dedup.shelf.database import Table

R = TypeVar("R")

VERSION = b"\x01"


class ObjectFacts(msgspec.Struct, array_like=True):
    """What was learnt about one object at a price; stale unless `etag`, `size` and `modified` are still as listed.

    `ranges`, `parts` and `whole` are digests of its bytes, as in `hashing.Findings`; the ranges by `digest`.
    `part_spans` is where parts lie that were asked for, by number; None where the store does not say.
    """

    etag: str
    size: int
    modified: str
    head: HeadFacts | None = None
    digest: str = ""
    ranges: dict[int, bytes] = {}
    parts: dict[int, dict[int, bytes]] = {}
    whole: dict[str, bytes] = {}
    part_spans: dict[int, PartSpan | None] = {}

    def still_of(self, row: ListedObject) -> bool:
        """Whether the object is the one that this was learnt about."""
        return (self.etag, self.size, self.modified) == (row.etag, row.size, row.modified)


class BucketRule(msgspec.Struct, array_like=True):
    """What was learnt about a bucket's ETags: its default encryption (None unknown) and whether calibration proved
    single-part (`hex_proven`) and multipart ETags (`multipart_proven`) to follow AWS's rules there. `learnt` is
    when the default was asked for, in seconds since the epoch; `note` says it all in words.
    """

    encryption: Encryption | None
    hex_proven: bool
    multipart_proven: bool
    learnt: float
    note: str


class SavingRecord(msgspec.Struct, array_like=True):
    """What deleting the redundant objects of a group would save; see `model.DuplicateGroup`."""

    saved_usd: Decimal | None
    early_delete_usd: Decimal | None
    days_left: int | None
    effects: list[Effect]
    loses_instant_access: bool = False


class DigestRecord(msgspec.Struct, array_like=True):
    """The object versions that carry one digest, each as its bucket and its row of the listing. The first `kept` stay:
    the keeper, then whatever else is protected.

    `effect` is that of deleting any of the redundant ones where it is the same for all and no minimum term is left;
    else `saving` says more. `told` is what HEADs told of objects, by their places.
    """

    size: int
    evidence: EvidenceKind
    objects: list[tuple[str, ListedObject]]
    id: str
    billable_bytes: int | None = None
    kept: int = 1
    monthly_usd: Decimal | None = None
    effect: Effect | None = None
    saving: SavingRecord | None = None
    told: dict[int, Told] | None = None

    @property
    def reclaimable_bytes(self) -> int:
        """The sum of the redundant sizes."""
        return self.size * (len(self.objects) - self.kept)


class DigestCounts(msgspec.Struct, array_like=True):
    """What a `DigestRecord` begins with, its objects not looked at: for who only counts them, which takes a third."""

    size: int
    evidence: msgspec.Raw
    objects: list[msgspec.Raw]
    id: str
    billable_bytes: msgspec.Raw
    kept: int


class Doubt(msgspec.Struct, array_like=True):
    """The objects of one size of which some can only be settled by reading; as entries of the listing."""

    size: int
    entries: list[bytes]


class Manner(msgspec.Struct, array_like=True):
    """How an audit goes about it, for whoever asks later: each of its locations and the place of its bucket, and the
    options that decide what is listed and what proves something.
    """

    locations: list[Location]
    places: list[Place]
    versions: bool
    etag_trust: EtagTrust
    digest: str
    min_size: int
    include: list[str]
    exclude: list[str]
    storage_classes: list[str]


class ScanRecord(msgspec.Struct, array_like=True):
    """A listing, under way or `finished`: `config` is a digest of what was asked for, `sources` the number under which
    each location's pages are kept. A location that has to be listed again, in sequence, gets a new number.
    """

    config: bytes
    run_id: str
    started: float
    locations: list[str]
    sources: list[int]
    in_sequence: list[int] = []
    manner: Manner | None = None
    finished: bool = False


class Summary(msgspec.Struct, array_like=True):
    """A finished audit without its groups and skipped objects, which have tables of their own.

    `below` says how many objects were listed below the prefixes that roll-ups may name, for another choice of keepers;
    `choices` are sentences about the one that was made, and `appraiser` is the record of what savings are reckoned by.
    """

    tool_version: str
    run: RunInfo
    totals: Totals
    work: Work
    notes: list[str]
    rollups: RollUps | None = None
    below: list[tuple[Location, int]] = []
    choices: list[str] = []
    in_doubt: InDoubt | None = None
    prices: str | None = None
    manner: Manner | None = None
    appraiser: bytes = b""


class BucketRecord(msgspec.Struct, array_like=True):
    """What does not change about a bucket: its AWS region (None: not known), and whether it is listed in sequence,
    as its store does not keep to S3's order.
    """

    region: str | None = None
    in_sequence: bool = False


class Codec(Generic[R]):
    """How records of one type are written."""

    def __init__(self, record: type[R]) -> None:
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(record).decode

    def encode(self, record: R) -> bytes:
        """A record as it lies on disk."""
        return VERSION + self._encode(record)

    def decode(self, value: bytes) -> R | None:
        """The record again; None if this program cannot read it."""
        if value[:1] != VERSION:
            return None
        try:
            return self._decode(value[1:])
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None


class RecordShelf(shelve.Shelf[R], Generic[R]):
    """A `shelve.Shelf` of one record type over an LMDB table. Keys are bytes, and stay sorted."""

    def __init__(self, table: Table, record: type[R]) -> None:
        super().__init__(table)
        self._table = table
        self._codec = Codec(record)

    def __getitem__(self, key: bytes) -> R:  # type: ignore[override]  # a shelf of bytes keys
        record = self._codec.decode(self._table[key])
        if record is None:
            raise KeyError(key)
        return record

    def __setitem__(self, key: bytes, record: R) -> None:  # type: ignore[override]
        self._table[key] = self._codec.encode(record)

    def __delitem__(self, key: bytes) -> None:  # type: ignore[override]
        del self._table[key]

    def __contains__(self, key: object) -> bool:
        return isinstance(key, bytes) and self.get(key) is not None

    def __iter__(self) -> Iterator[bytes]:  # type: ignore[override]
        return iter(self._table)

    def get(self, key: bytes, default: R | None = None) -> R | None:  # type: ignore[override]
        """The record of `key`; `default` where there is none, or none that this program can read."""
        try:
            return self[key]
        except KeyError:
            return default

    def records(self, start: bytes = b"") -> Iterator[tuple[bytes, R]]:
        """All readable records in key order, from `start` on."""
        for key, value in self._table.items_from(start):
            record = self._codec.decode(value)
            if record is not None:
                yield key, record

    def update_sorted(self, records: dict[bytes, R]) -> None:
        """Set many records in one sorted batch."""
        self._table.update_sorted([(key, self._codec.encode(record)) for key, record in records.items()])

    def clear(self) -> None:
        """Remove everything."""
        self._table.clear()
