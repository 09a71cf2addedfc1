"""The values that travel between the rooms: frozen, typed, standard library only.

Sizes are bytes, times are aware UTC datetimes, money is `Decimal` in USD. `None` means *unknown*; it never stands for
zero or for "no".
"""

from s3dedup.model.facts import (
    Effect,
    Encryption,
    EtagTrust,
    EvidenceKind,
    HeadFacts,
    PartSpan,
    ReplicationRule,
    SkipReason,
    StoredChecksum,
    Told,
)
from s3dedup.model.listed import Cursor, ListedObject, Location, ObjectVersion, Place, Span, uri_of, utc_from_iso
from s3dedup.model.report import (
    AuditReport,
    DuplicateGroup,
    Estimate,
    InDoubt,
    PastRun,
    Portion,
    PrefixPair,
    RollUps,
    RunInfo,
    Savings,
    Share,
    Skipped,
    Totals,
    Work,
)
from s3dedup.model.runs import Change, ChangeSum, Comparison, FinishedRun, GroupChange, GroupMark

__all__ = [
    "AuditReport",
    "Change",
    "ChangeSum",
    "Comparison",
    "Cursor",
    "DuplicateGroup",
    "Effect",
    "Encryption",
    "Estimate",
    "EtagTrust",
    "EvidenceKind",
    "FinishedRun",
    "GroupChange",
    "GroupMark",
    "HeadFacts",
    "InDoubt",
    "ListedObject",
    "Location",
    "ObjectVersion",
    "PartSpan",
    "PastRun",
    "Place",
    "Portion",
    "PrefixPair",
    "ReplicationRule",
    "RollUps",
    "RunInfo",
    "Savings",
    "Share",
    "SkipReason",
    "Skipped",
    "Span",
    "StoredChecksum",
    "Told",
    "Totals",
    "Work",
    "uri_of",
    "utc_from_iso",
]
