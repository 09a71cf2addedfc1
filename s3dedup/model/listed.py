"""What a store lists, and where."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple


class Location(NamedTuple):
    """Where to look: a bucket, and the prefix that keys must start with ("" for the whole bucket)."""

    bucket: str
    prefix: str = ""

    @classmethod
    def parse(cls, text: str) -> Location:
        """Read `s3://bucket[/prefix]`.

        Raises:
            ValueError: the text is no such location; the message says what is wrong with it.
        """
        scheme, mark, rest = text.partition("://")
        if not mark or scheme != "s3":
            raise ValueError(f"{text!r} is not a location: write it as s3://bucket or s3://bucket/prefix")
        bucket, _, prefix = rest.partition("/")
        if not bucket:
            raise ValueError(f"{text!r} names no bucket: write it as s3://bucket or s3://bucket/prefix")
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,255}|arn:[^/\s]+", bucket):
            raise ValueError(f"{text!r}: {bucket!r} cannot be a bucket name; patterns go into --include")
        return cls(bucket, prefix)

    def covers(self, other: Location) -> bool:
        """Whether every key of `other` is also in this location."""
        return self.bucket == other.bucket and other.prefix.startswith(self.prefix)

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}" if self.prefix else f"s3://{self.bucket}"


class Place(NamedTuple):
    """Where a bucket is: its store's `endpoint` (a name that is stable from run to run), what it is called there, and
    whether that store is AWS.
    """

    endpoint: str
    bucket: str
    is_aws: bool


@dataclass(frozen=True, slots=True, order=True)
class ObjectVersion:
    """One object (or, with `--versions`, one version of it) as the listing described it.

    `etag` carries no quotes. `version_id` is None where versions were not asked for.
    """

    bucket: str
    key: str
    version_id: str | None
    size: int
    etag: str
    storage_class: str
    last_modified: datetime

    @property
    def uri(self) -> str:
        """Where it is, as text."""
        return uri_of(self.bucket, self.key, self.version_id)


def uri_of(bucket: str, key: str, version_id: str | None) -> str:
    """`s3://bucket/key`, with `?versionId=` where a version was listed."""
    suffix = f"?versionId={version_id}" if version_id is not None else ""
    return f"s3://{bucket}/{key}{suffix}"


class ListedObject(NamedTuple):
    """One row of a listing, as the store sent it; `modified` is S3's own text, read with `utc_from_iso` where needed.

    `checksum_algorithms` is comma-joined, `restore` is "" (none), "ongoing" or the restored copy's expiry.
    """

    key: str
    size: int
    etag: str
    storage_class: str
    modified: str
    version_id: str | None = None
    checksum_algorithms: str = ""
    checksum_type: str = ""
    restore: str = ""

    def at(self, bucket: str) -> ObjectVersion:
        """The same object as a report names it."""
        moment = utc_from_iso(self.modified)
        return ObjectVersion(bucket, self.key, self.version_id, self.size, self.etag, self.storage_class, moment)


class Cursor(NamedTuple):
    """Where a listing goes on: a continuation token, or the two markers of a listing of versions."""

    token: str | None = None
    key_marker: str | None = None
    version_id_marker: str | None = None


class Span(NamedTuple):
    """The stretch of a location's keys that one page covers: behind `low` ("" is the beginning) up to and with
    `through` (None: to the end). `following` is where the listing goes on, None where it ended.

    `first` is the page's first key and `beyond` its first key past its share: what its neighbours must agree with.
    `order` counts a location's pages as they came. `classes` has the bytes by storage class.
    """

    low: str
    through: str | None
    following: Cursor | None
    first: str | None
    beyond: str | None
    order: int
    objects: int
    bytes: int
    empty: int
    classes: dict[str, int] = {}  # noqa: RUF012  never written to


def utc_from_iso(text: str) -> datetime:
    """Read an S3 timestamp (`2026-11-22T14:50:41.000Z`, the fraction optional) as an aware UTC datetime."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
