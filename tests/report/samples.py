"""Reports to render: one with everything in it, one complete, one that found nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from s3dedup.model import (
    AuditReport,
    DuplicateGroup,
    Effect,
    EvidenceKind,
    InDoubt,
    ObjectVersion,
    PastRun,
    Portion,
    PrefixPair,
    RollUps,
    RunInfo,
    Savings,
    Share,
    Skipped,
    SkipReason,
    Totals,
    Work,
)

MIB = 2**20
START = datetime(2026, 11, 22, 1, 0, 0, tzinfo=UTC)


def version(key: str, size: int = 5 * MIB, *, bucket: str = "photos", version_id: str | None = None) -> ObjectVersion:
    """An object with a made-up ETag."""
    return ObjectVersion(
        bucket=bucket,
        key=key,
        version_id=version_id,
        size=size,
        etag="9e107d9d372bb6826bd81d3542a419d6",
        storage_class="STANDARD",
        last_modified=datetime(2024, 2, 29, 14, 50, 41, tzinfo=UTC),
    )


def group(
    *keys: str,
    size: int = 5 * MIB,
    evidence: EvidenceKind = EvidenceKind.MD5_ETAG,
    usd: str | None = None,
) -> DuplicateGroup:
    """A group of objects with these keys, the first one kept."""
    objects = tuple(version(key, size) for key in keys)
    money = None if usd is None else Decimal(usd)
    return DuplicateGroup(f"g-{size}-{keys[0][:8]}", size, evidence, objects, size * (len(keys) - 1), money)


def report(
    groups: list[DuplicateGroup],
    skipped: list[Skipped] | None = None,
    *,
    objects: int = 1000,
    size: int = 2**40,
    empty: int = 0,
    usd: str | None = None,
    work: Work | None = None,
    notes: tuple[str, ...] = (),
) -> AuditReport:
    """A report whose totals are those of its groups."""
    redundant = sum(len(found.redundant) for found in groups)
    reclaimable = sum(found.reclaimable_bytes for found in groups)
    billable, money = (None, None) if usd is None else (reclaimable + 128 * MIB, Decimal(usd))
    return AuditReport(
        tool_version="0.1.0",
        run=RunInfo(
            id="2026-11-22T010000Z-7f3a",
            started=START,
            finished=START + timedelta(minutes=3, seconds=12, microseconds=500),
            locations=("s3://photos", "s3://backup/2024/"),
            complete=not skipped,
        ),
        totals=Totals(objects, size, empty, len(groups), redundant, reclaimable, billable, money),
        work=work or Work(2, 0, 0, 0),
        groups=groups,
        skipped=skipped or [],
        notes=notes,
    )


LONG = "raw/2019/assignments/northern-lights/camera-b/card-0017/unsorted/second-pass/selected/IMG_0231.CR2"

HOSTILE = (
    "[bold red]not markup[/] :smile:.jpg",
    "escape\x1b[31m\x9b32m\x07.jpg",
    "new\nline\r\ttab.jpg",
    "invoice\u202egpj.exe\u2066\u200b\ufeff",
    "back\\slash.jpg ",
    "lone\udc80surrogate",
)


def rich_report() -> AuditReport:
    """Many groups, hostile keys, every evidence kind and skip reason, money and notes."""
    groups = [
        group(LONG, f"copies/{LONG}", *(f"daily/2024-03-{day:02}/{LONG}" for day in range(1, 12)),
              size=2_400 * MIB, evidence=EvidenceKind.SHA1_RANGES, usd="0.6468"),
        group(f"a-{LONG}/{'x' * 90}/1/{LONG}", f"a-{LONG}/{'x' * 90}/2/{LONG}",
              size=1_900 * MIB, evidence=EvidenceKind.MULTIPART_ETAG, usd="0.0437"),
        group(*HOSTILE, size=300 * MIB, evidence=EvidenceKind.DERIVED, usd="0.0345"),
        group("写真/オーロラ/北極圏の夜空の写真その一.jpg",
              "写真/バックアップ/オーロラ/北極圏の夜空の写真その一.jpg",
              size=240 * MIB, evidence=EvidenceKind.CHECKSUM),
        group("thumbs/a.jpg", "thumbs/b.jpg",
              size=239 * MIB, evidence=EvidenceKind.SHA256_RANGES, usd="0.0053"),
        *(group(f"web/{n:02}.jpg", f"web/copy of {n:02}.jpg", size=(60 - n) * MIB) for n in range(20)),
    ]  # fmt: skip
    groups[2] = replace(
        groups[2],
        saved_usd=Decimal("0.0138"),
        early_delete_usd=Decimal("0.0021"),
        days_left=12,
        effects=(Effect.FREES, Effect.LATER, Effect.REPLICA, Effect.LOCKED, Effect.NEEDS_VERSION),
        loses_instant_access=True,
    )
    denied = "HeadObject was answered with 403 Forbidden."
    skipped = [
        *(Skipped("photos", f"private/{n}.jpg", None, SkipReason.ACCESS_DENIED, denied) for n in range(12)),
        Skipped("backup", f"2024/\x1b]0;owned\x07{LONG}", None, SkipReason.ARCHIVED, "It is in DEEP_ARCHIVE."),
        Skipped("backup", "2024/live.log", "3/L4kqt", SkipReason.CHANGED, "Its ETag changed while it was read."),
        Skipped("backup", "2024/tmp", None, SkipReason.VANISHED, "It was gone when it was to be read."),
        Skipped("backup", "2024/odd", None, SkipReason.UNREADABLE, "The body ended after 12 of 40 bytes."),
        Skipped("photos", "z/1.jpg", None, SkipReason.BUDGET, "--max-read 1 GiB was spent."),
        Skipped("photos", "z/2.jpg", None, SkipReason.BUDGET, "--max-read 1 GiB was spent."),
    ]
    notes = (
        "ETags in s3://photos are trusted: its default encryption is SSE-S3, and 20 sampled objects agreed.",
        "41 objects in s3://backup have opaque ETags (SSE-KMS); they were read.",
    )
    found = report(
        groups, skipped, objects=1_204_331, size=3_408_486_046_105, empty=1024, usd="0.78",
        work=Work(1205, 310, 4212, 13_743_895_347, Decimal("0.0092")), notes=notes,
    )  # fmt: skip
    return replace(
        found,
        totals=replace(found.totals, savings=savings()),
        rollups=rollups(),
        past=tuple(past_run(found, days, part) for days, part in ((14, 0.3), (7, 1.2))),
        in_doubt=InDoubt(2, 900 * MIB, 14, 900 * MIB, Decimal("0.00042"), 450 * MIB),
        prices="Money at the prices of 2026-11-01 for eu-central-1, without discounts.",
    )


def savings() -> Savings:
    """Some of each portion, but that what is unknown has no price."""
    return Savings(
        saved_usd=None,
        early_delete_usd=None,
        days_left=12,
        frees=Portion(20, 15_000 * MIB, Decimal("0.40")),
        frees_later=Portion(5, 4_000 * MIB, Decimal("0.09")),
        needs_version_id=Portion(3, 3_000 * MIB, Decimal("0.05")),
        locked=Portion(2, 2_000 * MIB, Decimal("0.04")),
        replica=Portion(7, 7_000 * MIB, Decimal("0.20")),
        unknown=Portion(3, 2_689 * MIB, None),
        loses_instant_access=1,
    )


def rollups() -> RollUps:
    """Two buckets, two classes, and prefixes that repeat others: whole, in part, and nobody knows how much."""
    return RollUps(
        buckets=(
            Share("photos", 50, 38_000 * MIB, 39, 30_000 * MIB, Decimal("0.74")),
            Share("backup", 15, 4_400 * MIB, 1, 3_700 * MIB),
        ),
        classes=(
            Share("STANDARD", 60, 40_000 * MIB, 36, 31_000 * MIB, Decimal("0.77")),
            Share("GLACIER_IR", 5, 2_400 * MIB, 4, 2_700 * MIB, Decimal("0.01")),
        ),
        prefix_pairs=(
            PrefixPair("s3://photos/daily/", "s3://photos/raw/", 0.9999999, 13, 28_800 * MIB, Decimal("0.65")),
            PrefixPair("s3://photos/copies/", "s3://photos/raw/", 1.0, 1, 2_400 * MIB, whole=True),
            PrefixPair("s3://photos/a|`@b\u202e/", "s3://photos/<b>/", None, 1, 1_900 * MIB, Decimal("0.001")),
        ),
        replicas=(
            PrefixPair("s3://backup/raw/", "s3://photos/raw/", 1.0, 7, 7_000 * MIB, Decimal("0.20"), whole=True),
        ),
    )


def past_run(now: AuditReport, days: int, part: float) -> PastRun:
    """A run of some days ago that found this part of what is found now; the one of a week ago was incomplete."""
    reclaimable = int(now.totals.reclaimable_bytes * part)
    totals = replace(now.totals, reclaimable_bytes=reclaimable, monthly_usd=Decimal("0.5"))
    finished = now.run.finished - timedelta(days=days)
    return PastRun(f"run-{days}", finished, complete=days != 7, totals=totals)


def complete_report() -> AuditReport:
    """A small audit that left nothing out."""
    return report([group("a.jpg", "b.jpg")], objects=3, size=12 * MIB, usd="0.00012")


def empty_report() -> AuditReport:
    """A complete audit that found no duplicates."""
    return report([], objects=1204, size=3 * 2**30, empty=14)
