"""What is known of objects and buckets beyond their listing, and what it may prove."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class Encryption(StrEnum):
    """How an object is encrypted at rest, or by default in its bucket. Not knowing it is None, never a member."""

    NONE = "none"
    SSE_S3 = "AES256"
    KMS = "aws:kms"
    DSSE = "aws:kms:dsse"
    SSE_C = "customer-key"


class StoredChecksum(NamedTuple):
    """A checksum that S3 keeps beside an object: `algorithm` as in the API ("SHA256"), `value` in raw bytes.

    `full_object` is False for COMPOSITE, whose value is a checksum over the parts' checksums.
    """

    algorithm: str
    value: bytes
    full_object: bool


@dataclass(frozen=True, slots=True)
class HeadFacts:
    """What one HEAD tells about an object beyond its listing. `first_part` (bytes) and `parts` describe a multipart
    layout and are None where the HEAD did not ask for it or the store did not say.

    `version_id` is None in a bucket that never kept versions, `modified` has no fractions of a second.
    `replication` is S3's own word ("REPLICA", "COMPLETED", ...), `lock_mode` is "GOVERNANCE" or "COMPLIANCE". What
    keeps an object from being deleted is only told to who has s3:GetObjectRetention and s3:GetObjectLegalHold
    (API_HeadObject): None is "not so, or not told".
    """

    etag: str
    size: int
    encryption: Encryption
    archived: bool
    first_part: int | None = None
    parts: int | None = None
    checksums: tuple[StoredChecksum, ...] = ()
    replication: str | None = None
    lock_mode: str | None = None
    retain_until: datetime | None = None
    legal_hold: bool | None = None
    version_id: str | None = None
    modified: datetime | None = None


class PartSpan(NamedTuple):
    """Where one part of a multipart object lies: bytes `start` (inclusive) to `stop` (exclusive) of the whole."""

    start: int
    stop: int


class ReplicationRule(NamedTuple):
    """A rule of a bucket: objects whose keys begin with `prefix` are copied to the bucket `target`, under the same key.

    `certain` is False where the rule is switched off, or takes only objects with certain tags: then nobody knows of an
    object from its key alone.
    """

    target: str
    prefix: str = ""
    certain: bool = True


class Told(NamedTuple):
    """What a HEAD told of what keeps an object from being deleted; see `HeadFacts`."""

    replication: str | None
    retain_until: datetime | None
    legal_hold: bool | None


class EtagTrust(StrEnum):
    """Whether ETags may stand for content: where proven, everywhere, or nowhere."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class EvidenceKind(StrEnum):
    """On what the claim that a group's members are equal rests; the weakest link names the group."""

    MD5_ETAG = "md5-etag"
    MULTIPART_ETAG = "multipart-etag"
    CHECKSUM = "checksum"
    DERIVED = "derived"
    SHA1_RANGES = "sha1-ranges"
    SHA256_RANGES = "sha256-ranges"


class SkipReason(StrEnum):
    """Why an object was not compared. Each one makes the audit incomplete (exit code 3)."""

    ACCESS_DENIED = "access-denied"
    ARCHIVED = "archived"
    CHANGED = "changed"
    VANISHED = "vanished"
    UNREADABLE = "unreadable"
    BUDGET = "budget"


class Effect(StrEnum):
    """What deleting a redundant object would do."""

    FREES = "frees"
    LATER = "frees-later"
    NEEDS_VERSION = "needs-version-id"
    LOCKED = "locked"
    REPLICA = "replica"
    UNKNOWN = "unknown"
