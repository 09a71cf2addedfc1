"""What every page says in the same words. Nothing here is escaped; whoever puts a text on a page does that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from s3dedup.model import (
    AuditReport,
    EvidenceKind,
    InDoubt,
    PrefixPair,
    RunInfo,
    Savings,
    Skipped,
    SkipReason,
    Totals,
    Work,
)
from s3dedup.text import human_bytes, human_count, human_share, human_usd

MEANING: Mapping[EvidenceKind, str] = {
    EvidenceKind.MD5_ETAG: "Equal size and equal ETag, and the ETag is known to be the MD5 of the content.",
    EvidenceKind.MULTIPART_ETAG: "Equal multipart ETag, uploaded in parts of the same sizes.",
    EvidenceKind.CHECKSUM: "S3 stores the same cryptographic checksum of the whole object beside each.",
    EvidenceKind.DERIVED: "One object was read; its bytes give the ETags or checksums of the others.",
    EvidenceKind.SHA1_RANGES: "All bytes were read, and each range has the same SHA-1.",
    EvidenceKind.SHA256_RANGES: "All bytes were read, and each range has the same SHA-256.",
}
"""On what each kind of evidence rests."""

REMEDY: Mapping[SkipReason, str] = {
    SkipReason.ACCESS_DENIED: "Allow s3:GetObject on them (and kms:Decrypt on their key), or --exclude such keys.",
    SkipReason.ARCHIVED: "Restore them first, or leave their class out with --storage-class.",
    SkipReason.CHANGED: "They were overwritten during the audit: run it again, or --exclude such keys.",
    SkipReason.VANISHED: "They were deleted during the audit: run it again, or --exclude such keys.",
    SkipReason.UNREADABLE: "Run it again; if it persists, look at these objects.",
    SkipReason.BUDGET: "Run it again: what was proven is kept.",
}
"""What to do about objects that were not compared."""


@dataclass(slots=True)
class Omissions:
    """What was not compared: how many objects for each reason, and the first of each."""

    counts: Counter[SkipReason] = field(default_factory=Counter)
    examples: dict[SkipReason, Skipped] = field(default_factory=dict)

    @classmethod
    def of(cls, skipped: Iterable[Skipped]) -> Omissions:
        """Count them in one pass."""
        omissions = cls()
        for item in skipped:
            omissions.counts[item.reason] += 1
            omissions.examples.setdefault(item.reason, item)
        return omissions

    def __str__(self) -> str:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in self.counts.most_common())
        count = self.counts.total()
        return f"{human_count(count, 'object')} {'was' if count == 1 else 'were'} not compared ({reasons})"


def shortcoming(run: RunInfo, omissions: Omissions) -> str | None:
    """Why a report is incomplete; None where it is complete."""
    if run.complete:
        return None
    why = str(omissions) if omissions.examples else "the audit ended before everything was compared"
    return f"{why}, so there may be more duplicates."


def verdict(totals: Totals, run: RunInfo) -> str:
    """The answer in one sentence.

    | objects | redundant | complete | it says |
    |---|---|---|---|
    | none | - | - | nothing to compare |
    | some | none | yes | no duplicates |
    | some | none | no | no duplicates so far |
    | some | some | - | what is redundant |
    """
    if not totals.objects:
        return "Nothing to compare: no objects were found."
    if not totals.redundant_objects:
        return "No duplicates: no content is stored twice." if run.complete else "No duplicates so far."
    hold = "holds" if totals.redundant_objects == 1 else "hold"
    return (
        f"{human_count(totals.redundant_objects, 'redundant object')} {hold}"
        f" {human_bytes(totals.reclaimable_bytes)}: {human_share(totals.reclaimable_bytes, totals.bytes)}"
        f" of the {human_bytes(totals.bytes)} listed."
    )


def listed(totals: Totals) -> str:
    """What was listed."""
    text = f"{human_count(totals.objects, 'object')}, {human_bytes(totals.bytes)}"
    if not totals.empty_objects:
        return text
    return f"{text}; {human_count(totals.empty_objects, 'empty object')} left out"


def duplicates(totals: Totals) -> str:
    """What was found."""
    objects = human_count(totals.groups + totals.protected_objects + totals.redundant_objects, "object")
    groups, keepers = human_count(totals.groups, "group"), human_count(totals.groups, "keeper")
    protected = f"{totals.protected_objects:,} more protected, " if totals.protected_objects else ""
    return f"{objects} in {groups}: {keepers}, {protected}{totals.redundant_objects:,} redundant"


@dataclass(frozen=True, slots=True)
class Part:
    """Some of what is redundant, in words: how much a month, of what, and what deleting it would do."""

    monthly_usd: Decimal | None
    extent: str
    outcome: str


def parts(savings: Savings) -> list[Part]:
    """What is redundant by what deleting it would do; what there is none of is left out."""
    days, early = savings.days_left, savings.early_delete_usd
    term = "the rest of a minimum term" if days is None else f"at most {human_count(days, 'day')} more"
    once = "" if early is None else f": {human_usd(early)} once if deleted now"
    found = (
        (savings.frees, "can go today"),
        (savings.frees_later, f"can go, but is billed for {term}{once}"),
        (savings.needs_version_id, "needs deletes that name a version id (--versions lists them)"),
        (savings.replica, "are replicas, which are intended"),
        (savings.locked, "is locked"),
        (savings.unknown, "is not known to be free to go"),
    )
    return [
        Part(each.monthly_usd, f"{human_count(each.objects, 'object')}, {human_bytes(each.bytes)}", outcome)
        for each, outcome in found
        if each.objects
    ]


def saved(totals: Totals) -> str | None:
    """What deleting would save, in one sentence; None where nothing is redundant, or nothing is known.

    | redundant | savings | price | it says |
    |---|---|---|---|
    | nothing | - | - | nothing |
    | some | not reckoned | unknown | nothing |
    | some | not reckoned | known | what it costs |
    | some | reckoned | unknown | how much of the bytes can go |
    | some | reckoned | known | how much of the money can be had |
    """
    savings, known = totals.savings, totals.monthly_usd is not None
    if not totals.redundant_objects or (savings is None and not known):
        return None
    if savings is None:
        return f"Storing what is redundant costs {human_usd(totals.monthly_usd)} a month."
    whole = f"{human_usd(totals.monthly_usd)} a month" if known else human_bytes(totals.reclaimable_bytes)
    told = [f"{human_usd(each.monthly_usd) if known else each.extent} {each.outcome}" for each in parts(savings)]
    return f"Of {whole}, {'; '.join(told)}."


def restores(totals: Totals) -> str | None:
    """A warning where deleting would leave only archived copies; None where it would not."""
    count = totals.savings.loses_instant_access if totals.savings else 0
    if not count:
        return None
    return (
        f"In {human_count(count, 'group')} what stays is archived, and something redundant is not: once that is"
        " deleted, reading needs a restore first. Choose other keepers with --keep, or --protect what has to stay"
        " readable."
    )


def requests(work: Work) -> str:
    """What the audit asked of the store, and what that cost."""
    return (
        f"{work.list_requests:,} LIST, {work.head_requests:,} HEAD, {work.get_requests:,} GET;"
        f" cost {human_usd(work.cost_usd)}"
    )


def bytes_read(work: Work, totals: Totals) -> str:
    """What the audit read."""
    return f"{human_bytes(work.bytes_read)}: {human_share(work.bytes_read, totals.bytes)} of the bytes listed"


def part_of(pair: PrefixPair) -> str:
    """How much of a prefix is also below another one.

    | whole | share | it says |
    |---|---|---|
    | yes | - | all of it |
    | no | known | its share, never rounded to all of it |
    | no | unknown | some of it |
    """
    if pair.whole:
        return "All of"
    if pair.share is None:
        return "Some of"
    million = 1_000_000
    return f"{human_share(min(int(pair.share * million), million - 1), million)} of"


def gain(objects: int, reclaimable: int, usd: Decimal | None) -> str:
    """What could go; money only where it is known."""
    text = f"{human_count(objects, 'object')}, {human_bytes(reclaimable)}"
    return text if usd is None else f"{text}, {human_usd(usd)} a month"


def doubt(in_doubt: InDoubt) -> str:
    """What a budget left open, and what settling it would take."""
    return (
        f"{human_count(in_doubt.objects, 'object')} ({human_bytes(in_doubt.bytes)}) could not be settled within the"
        f" budget. Settling them takes at most {human_count(in_doubt.requests, 'request')} and"
        f" {human_bytes(in_doubt.bytes_to_read)} read (cost {human_usd(in_doubt.cost_usd)}), and finds at most"
        f" {human_bytes(in_doubt.reclaimable_bytes)} more."
    )


def change(report: AuditReport) -> str | None:
    """How the reclaimable bytes changed since the run before; None where this is the first one.

    | now and before | it says |
    |---|---|
    | equal | as much |
    | more now | how much more |
    | less now | how much less |
    """
    if not report.past:
        return None
    last = report.past[-1]
    now, before = report.totals.reclaimable_bytes, last.totals.reclaimable_bytes
    difference = "as much as" if now == before else f"{human_bytes(abs(now - before))} {_than(now, before)}"
    flaw = "" if last.complete else ", which was incomplete"
    return f"{difference} the {human_bytes(before)} of {last.finished:%Y-%m-%d}{flaw}"


def _than(now: int, before: int) -> str:
    return "more than" if now > before else "less than"
