"""The values that travel between the rooms: frozen, typed, standard library only.

Sizes are bytes, times are aware UTC datetimes, money is `Decimal` in USD. `None` means *unknown*; it never stands for
zero or for "no".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
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
        """`s3://bucket/key`, with `?versionId=` where a version was listed."""
        suffix = f"?versionId={self.version_id}" if self.version_id is not None else ""
        return f"s3://{self.bucket}/{self.key}{suffix}"


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


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Object versions with one content; `id` is stable from run to run. The first `kept` objects stay: the keeper, then
    whatever else is protected.

    `monthly_usd` is what storing the redundant ones costs a month, `saved_usd` how much of that deletes would end, and
    `early_delete_usd` what they would cost once, because minimum terms have at most `days_left` days left. `effects`
    are those of deleting each redundant object, in their order (empty: not known). `loses_instant_access` says that
    what would be left can only be read after a restore, and some of what would be deleted without one.
    """

    id: str
    size: int
    evidence: EvidenceKind
    objects: tuple[ObjectVersion, ...]
    billable_bytes: int | None = None
    monthly_usd: Decimal | None = None
    kept: int = 1
    saved_usd: Decimal | None = None
    early_delete_usd: Decimal | None = None
    days_left: int | None = None
    effects: tuple[Effect, ...] = ()
    loses_instant_access: bool = False

    @property
    def keeper(self) -> ObjectVersion:
        """The object that stays."""
        return self.objects[0]

    @property
    def redundant(self) -> tuple[ObjectVersion, ...]:
        """Those that need not stay."""
        return self.objects[self.kept :]

    @property
    def reclaimable_bytes(self) -> int:
        """The sum of the redundant sizes."""
        return self.size * (len(self.objects) - self.kept)


@dataclass(frozen=True, slots=True)
class Skipped:
    """An object that was not compared, and why. `detail` is one sentence for a person."""

    bucket: str
    key: str
    version_id: str | None
    reason: SkipReason
    detail: str


@dataclass(frozen=True, slots=True)
class RunInfo:
    """When and where an audit looked. `complete` is False when anything was skipped or a budget ended it."""

    id: str
    started: datetime
    finished: datetime
    locations: tuple[str, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class Portion:
    """Redundant objects of which a delete would do the same, and what storing them costs a month."""

    objects: int = 0
    bytes: int = 0
    monthly_usd: Decimal | None = Decimal(0)


@dataclass(frozen=True, slots=True)
class Savings:
    """What deleting everything redundant would truly save: `saved_usd` a month, for `early_delete_usd` once, because
    minimum terms have at most `days_left` days left. All three are unknown as soon as one object's are.

    Every redundant object is in one portion: what a delete `frees`; what it `frees_later`, for it is billed to the end
    of a minimum term; what only a delete that names a version id frees (`needs_version_id`); what is `locked`; what is
    a `replica`, and so intended; and that of which it is `unknown`. In `loses_instant_access` groups what stays can
    only be read after a restore, and something redundant without one.
    """

    saved_usd: Decimal | None
    early_delete_usd: Decimal | None
    days_left: int | None
    frees: Portion = Portion()
    frees_later: Portion = Portion()
    needs_version_id: Portion = Portion()
    locked: Portion = Portion()
    replica: Portion = Portion()
    unknown: Portion = Portion()
    loses_instant_access: int = 0


@dataclass(frozen=True, slots=True)
class Totals:
    """What was listed and what was found. `protected_objects` stay beside the keepers. `monthly_usd` is what storing
    everything redundant costs a month; `savings` is how much of that can be had (None: not reckoned).
    """

    objects: int
    bytes: int
    empty_objects: int
    groups: int
    redundant_objects: int
    reclaimable_bytes: int
    billable_bytes: int | None
    monthly_usd: Decimal | None
    protected_objects: int = 0
    savings: Savings | None = None

    def over(self, limit: int | None) -> bool:
        """Whether more than `limit` bytes can be reclaimed; None is no limit."""
        return limit is not None and self.reclaimable_bytes > limit


@dataclass(frozen=True, slots=True)
class Work:
    """What the audit itself asked of the store."""

    list_requests: int = 0
    head_requests: int = 0
    get_requests: int = 0
    bytes_read: int = 0
    cost_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """What one bucket or one storage class (`name`) has in duplicate groups: `objects` and `bytes` count all members
    there, `replicas` those that replication has made on purpose, the other numbers the redundant ones without these.
    """

    name: str
    objects: int
    bytes: int
    redundant_objects: int
    reclaimable_bytes: int
    monthly_usd: Decimal | None = None
    replicas: int = 0


@dataclass(frozen=True, slots=True)
class PrefixPair:
    """Two prefixes (as texts, "s3://a/backup/") of which one repeats the other.

    `objects` and `reclaimable_bytes` count what is redundant below `redundant` and kept below `keeper`; `share` is how
    much of all objects listed below `redundant` that is, empty ones left out, from 0 to 1 (None: unknown). `whole` says
    that it is every one of them, which a rounded share cannot. Each redundant object counts in one pair.
    """

    redundant: str
    keeper: str
    share: float | None
    objects: int
    reclaimable_bytes: int
    monthly_usd: Decimal | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True)
class RollUps:
    """Where the money is, by bucket, by storage class and by pairs of prefixes; in each, what saves most first.

    Replicas are set apart: they are in none of these, and `replicas` has the pairs of prefixes for them alone.
    """

    buckets: tuple[Share, ...] = ()
    classes: tuple[Share, ...] = ()
    prefix_pairs: tuple[PrefixPair, ...] = ()
    replicas: tuple[PrefixPair, ...] = ()


@dataclass(frozen=True, slots=True)
class PastRun:
    """An earlier finished audit of the same locations, as far as a trend needs it."""

    id: str
    finished: datetime
    complete: bool
    totals: Totals


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A finished audit without its groups: where and when it looked, what it found, what it asked of the store."""

    tool_version: str
    run: RunInfo
    totals: Totals
    work: Work

    @property
    def past(self) -> PastRun:
        """As far as a trend needs it."""
        return PastRun(self.run.id, self.run.finished, self.run.complete, self.totals)


class GroupMark(NamedTuple):
    """What is kept of each group of a run, to be compared with a later one: `copies` are all its members."""

    size: int
    id: str
    copies: int
    redundant: int

    @property
    def reclaimable_bytes(self) -> int:
        """The sum of the redundant sizes."""
        return self.size * self.redundant


class Change(StrEnum):
    """What became of a group from one run to another."""

    NEW = "new"
    GROWN = "grown"
    SHRUNK = "shrunk"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class GroupChange:
    """A group that has another number of copies than before; 0 copies where there was, or is, none.

    `keeper` is the address of one that stays, as a text; None where only the numbers are kept.
    """

    change: Change
    id: str
    size: int
    copies_before: int
    copies_after: int
    reclaimable_before: int
    reclaimable_after: int
    keeper: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeSum:
    """All groups with one change: how many, and by how much their reclaimable bytes became more (or less, below 0)."""

    groups: int = 0
    reclaimable_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """What became of the groups of an earlier run in a later one. `changes` may be read from disk as they are iterated
    over; they come in order of size.
    """

    earlier: FinishedRun
    later: FinishedRun
    sums: Mapping[Change, ChangeSum]
    changes: Collection[GroupChange]


@dataclass(frozen=True, slots=True)
class InDoubt:
    """What a budget left unproven: so many `objects` of so many `bytes` may still have a twin.

    The others are what proving it would take at most (`requests`, `bytes_to_read`, `cost_usd`), and the
    `reclaimable_bytes` that it would find at most.
    """

    objects: int
    bytes: int
    requests: int
    bytes_to_read: int
    cost_usd: Decimal | None
    reclaimable_bytes: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """What listing and metadata tell, and what proving the rest would take and could find. `totals` are of what is
    proven already; `prices` is the sentence that says from which table the money came.
    """

    run: RunInfo
    totals: Totals
    work: Work
    in_doubt: InDoubt
    prices: str | None = None


@dataclass(frozen=True, slots=True)
class AuditReport:
    """The result of an audit.

    `groups` come by reclaimable bytes, largest first. `groups` and `skipped` may be read from disk as they are iterated
    over: a renderer goes through them once and holds none of them. `notes` are sentences about how the result was
    reached (which ETags were trusted, and why). `past` has the earlier runs, oldest first and without this one;
    `in_doubt` is None where everything was settled; `prices` is the sentence that says from which table the money came.
    """

    tool_version: str
    run: RunInfo
    totals: Totals
    work: Work
    groups: Collection[DuplicateGroup]
    skipped: Collection[Skipped]
    notes: tuple[str, ...] = field(default=())
    rollups: RollUps | None = None
    past: tuple[PastRun, ...] = ()
    in_doubt: InDoubt | None = None
    prices: str | None = None


def utc_from_iso(text: str) -> datetime:
    """Read an S3 timestamp (`2026-11-22T14:50:41.000Z`, the fraction optional) as an aware UTC datetime."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
