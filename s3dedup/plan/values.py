"""The values of a plan. Sizes are bytes, times aware, money USD a month; None is unknown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from s3dedup.model import EvidenceKind, ListedObject, ObjectVersion, RunInfo, uri_of

SCHEMA = "s3dedup/plan/1"
AWS = "AWS"


@dataclass(frozen=True, slots=True)
class PlannedObject:
    """An object as it was audited. `endpoint` is "AWS" or a URL, `bucket` what it is called there. `version_id` is None
    where current objects were audited; `etag` carries no quotes.
    """

    endpoint: str
    bucket: str
    key: str
    version_id: str | None
    size: int
    etag: str
    storage_class: str
    last_modified: datetime

    @classmethod
    def of(cls, item: ObjectVersion, endpoint: str, bucket: str) -> PlannedObject:
        """An object of a report, at its endpoint and in its bucket."""
        return cls(
            endpoint,
            bucket,
            item.key,
            item.version_id,
            item.size,
            item.etag,
            item.storage_class,
            item.last_modified,
        )

    @property
    def name(self) -> tuple[str, str, str, str | None]:
        """What tells it from all other objects."""
        return self.endpoint, self.bucket, self.key, self.version_id

    @property
    def row(self) -> ListedObject:
        """As a store is asked for it."""
        modified = self.last_modified.isoformat()
        return ListedObject(self.key, self.size, self.etag, self.storage_class, modified, self.version_id)

    @property
    def uri(self) -> str:
        """Where it is, as text."""
        return uri_of(self.bucket, self.key, self.version_id)


@dataclass(frozen=True, slots=True)
class Checked:
    """What the stores said of both objects `at` a time, when both were still what was audited.

    Of the redundant one: `versioned` if its bucket keeps versions, `locked` if a retention or a legal hold keeps it,
    `replication` in S3's own word. `fingerprint` is not None if the bytes of both were read and are the same: the
    hexadecimal SHA-256 of the SHA-256s of their ranges, in the order in which ranges are read.
    """

    at: datetime
    versioned: bool
    locked: bool
    replication: str | None = None
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One redundant object and the keeper that makes it so. `monthly_usd` is for all redundant ones of its group."""

    group: str
    evidence: EvidenceKind
    monthly_usd: Decimal | None
    keeper: PlannedObject
    redundant: PlannedObject
    checked: Checked | None = None


class DropReason(StrEnum):
    """Why a line is no longer in a plan."""

    CHANGED = "changed"
    VANISHED = "vanished"
    DIFFERENT = "different"
    ACCESS_DENIED = "access-denied"
    ARCHIVED = "archived"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Dropped:
    """A line that was in the plan: `culprit` is the object that was not as planned, `detail` says it to a person."""

    reason: DropReason
    culprit: PlannedObject
    detail: str
    line: PlanLine


Entry: TypeAlias = PlanLine | Dropped


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Objects that an audit knew and that are in no line: `protected` ones beside their keeper, those that were
    `skipped`, and those that a budget left `in_doubt`.
    """

    protected: int
    skipped: int
    in_doubt: int


@dataclass(frozen=True, slots=True)
class PlanHead:
    """On what a plan rests: an audit, by its `digest` ("sha1" or "sha256"), of `versions` or of current objects, at
    these `endpoints`. `keep` and `protect` are the rules that the plan was made with; with none the audit's own count,
    of which `notes` speak. `verified` is when it was last held against the stores.
    """

    tool_version: str
    made: datetime
    run: RunInfo
    digest: str
    versions: bool
    endpoints: tuple[str, ...]
    keep: tuple[str, ...]
    protect: tuple[str, ...]
    notes: tuple[str, ...]
    left_out: LeftOut
    verified: datetime | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan. `entries` can be gone through once; the lines of a group follow each other."""

    head: PlanHead
    entries: Iterable[Entry]
