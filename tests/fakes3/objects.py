"""What the fake keeps: objects, their versions and their buckets, and AWS's rules for ETags and checksums."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Literal

from tests.fakes3 import checksums

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Encryption = Literal["SSE-S3", "SSE-KMS", "DSSE-KMS", "SSE-C", "NOT-SSE"]
Order = Literal["utf-8", "by-directory", "unordered"]


@dataclass(frozen=True)
class Replication:
    """A replication rule of a bucket: what it takes, and where that goes."""

    target: str
    prefix: str = ""
    tag: str | None = None
    enabled: bool = True


Lock = tuple[Literal["GOVERNANCE", "COMPLIANCE"], datetime]

MD5_ENCRYPTIONS = frozenset({"SSE-S3", "NOT-SSE"})
ARCHIVED_CLASSES = frozenset({"GLACIER", "DEEP_ARCHIVE"})
ARCHIVED_TIERS = frozenset({"ARCHIVE_ACCESS", "DEEP_ARCHIVE_ACCESS"})


class ImpossibleObjectError(ValueError):
    """S3 would never hold what a test asked the fake to hold."""


@dataclass(frozen=True)
class Checksum:
    """What is stored beside an object. `given` overrides the computed base64 value."""

    algorithm: str
    type: str
    given: str | None = None


@dataclass(frozen=True, kw_only=True)
class StoredObject:
    """A version of an object, or a delete marker. `restore`: when a restored copy expires, or "ongoing"."""

    key: str
    body: bytes = b""
    etag: str = ""
    part_sizes: tuple[int, ...] | None = None
    encryption: Encryption = "SSE-S3"
    storage_class: str = "STANDARD"
    archive_status: str | None = None
    checksum: Checksum | None = None
    last_modified: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    version_id: str = "null"
    restore: datetime | Literal["ongoing"] | None = None
    replication_status: str | None = None
    lock: Lock | None = None
    legal_hold: bool | None = None
    delete_marker: bool = False

    @property
    def archived(self) -> bool:
        """Whether GetObject is refused until somebody restores the object."""
        if self.storage_class in ARCHIVED_CLASSES:
            return not isinstance(self.restore, datetime)
        return self.storage_class == "INTELLIGENT_TIERING" and self.archive_status in ARCHIVED_TIERS

    def part_range(self, number: int) -> tuple[int, int] | None:
        """First byte and end of part `number` (from 1), or None if there is no such part."""
        sizes = self.part_sizes or (len(self.body),)
        if not 1 <= number <= len(sizes):
            return None
        start = sum(sizes[: number - 1])
        return start, start + sizes[number - 1]

    @cached_property
    def checksum_value(self) -> str | None:
        """The base64 value of the stored checksum."""
        if self.checksum is None or self.checksum.given is not None:
            return None if self.checksum is None else self.checksum.given
        if self.checksum.type == "COMPOSITE":
            return checksums.composite(self.checksum.algorithm, split_parts(self.body, self.part_sizes or ()))
        return checksums.full_object(self.checksum.algorithm, self.body)


def part_layout(size: int, parts: Sequence[int] | int | None) -> tuple[int, ...] | None:
    """Part sizes: as given, or of one size for all parts but the last; None for a single PUT."""
    if parts is None:
        return None
    if isinstance(parts, int):
        return tuple(min(parts, size - start) for start in range(0, max(size, 1), parts))
    if sum(parts) != size:
        raise ImpossibleObjectError(f"parts {tuple(parts)} do not add up to the {size} bytes of the body")
    return tuple(parts)


def split_parts(body: bytes, sizes: Sequence[int]) -> list[bytes]:
    """The body, part by part."""
    ends = [sum(sizes[: number + 1]) for number in range(len(sizes))]
    return [body[end - size : end] for end, size in zip(ends, sizes, strict=True)]


def md5_etag(body: bytes, sizes: Sequence[int] | None) -> str:
    """The ETag of plaintext and SSE-S3 objects: MD5, or MD5 of the parts' MD5s with `-N`."""
    if sizes is None:
        return hashlib.md5(body).hexdigest()
    digests = b"".join(hashlib.md5(part).digest() for part in split_parts(body, sizes))
    return f"{hashlib.md5(digests).hexdigest()}-{len(sizes)}"


def check_checksum(checksum: Checksum, *, multipart: bool) -> None:
    """Refuse an algorithm and type that S3 never stores together (a given value is taken as it is)."""
    if checksum.given is not None:
        return
    if checksum.algorithm not in checksums.COMPUTED:
        raise ImpossibleObjectError(f"{checksum.algorithm} needs its base64 value as the third element")
    possible = {"FULL_OBJECT"}
    if multipart:
        possible = {"COMPOSITE"} if checksum.algorithm in checksums.COMPOSITE_MULTIPART else set()
        possible |= {"FULL_OBJECT"} if checksum.algorithm in checksums.FULL_OBJECT_MULTIPART else set()
    if checksum.type not in possible:
        kind = "a multipart" if multipart else "a single PUT"
        raise ImpossibleObjectError(f"{kind} object never has a {checksum.algorithm} of type {checksum.type}")


@dataclass(kw_only=True)
class Bucket:
    """A bucket: its settings, and for each key its versions, oldest first.

    `encryption_rule` is what GetBucketEncryption tells (None: it answers 404), `region_error` how a request
    signed for another region is refused. `start_after_broken` ignores StartAfter; `order="by-directory"`
    (SeaweedFS) applies StartAfter to its own order, so it misses and repeats keys.
    """

    name: str
    region: str = "us-east-1"
    region_error: Literal["malformed", "redirect"] = "malformed"
    encryption_rule: Literal["AES256", "aws:kms", "aws:kms:dsse"] | None = "AES256"
    versioning: Literal["Enabled", "Suspended"] | None = None
    object_lock: bool = False
    replication: Sequence[Replication] = ()
    directory_bucket: bool = False
    order: Order = "utf-8"
    start_after_broken: bool = False
    versions: dict[str, list[StoredObject]] = field(default_factory=dict)
    _sorted: list[str] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if self.directory_bucket:
            self.order = "unordered"

    def store(self, version: StoredObject) -> None:
        """Keep a version as S3 would: beside the others, or in place of the one with its id."""
        kept = [old for old in self.versions.get(version.key, []) if old.version_id != version.version_id]
        self.versions[version.key] = [*kept, version]
        self._sorted = None

    def remove(self, key: str) -> None:
        """Forget a key and all its versions."""
        self.versions.pop(key, None)
        self._sorted = None

    def current(self, key: str) -> StoredObject | None:
        """The latest version, which may be a delete marker."""
        found = self.versions.get(key)
        return found[-1] if found else None

    def version(self, key: str, version_id: str) -> StoredObject | None:
        """That version, which may be a delete marker."""
        return next((found for found in self.versions.get(key, []) if found.version_id == version_id), None)

    def position(self, key: str) -> tuple[str, ...]:
        """Where a key stands in this bucket's listings: compare positions, not keys."""
        if self.order == "by-directory":
            return tuple(key.split("/"))
        if self.order == "unordered":
            return (hashlib.md5(key.encode()).hexdigest(), key)
        return (key,)

    def sorted_keys(self) -> list[str]:
        """All keys, in the order of this bucket's listings."""
        if self._sorted is None:
            self._sorted = sorted(self.versions, key=self.position)
        return self._sorted

    def listed(self, after: str | None) -> Iterator[StoredObject]:
        """What ListObjectsV2 shows after a key: the latest versions that are no delete markers."""
        keys = self.sorted_keys()
        first = 0 if after is None else bisect_right(keys, self.position(after), key=self.position)
        for key in islice(keys, first, None):
            latest = self.versions[key][-1]
            if not latest.delete_marker:
                yield latest
