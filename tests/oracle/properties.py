"""What must hold of every report, whatever was stored and however."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from s3dedup.evidence import withstands_collisions
from s3dedup.model import AuditReport, EtagTrust, EvidenceKind, ObjectVersion, SkipReason, Work
from tests.fakes3 import LogEntry
from tests.oracle.planted import Place, Stored

Groups = frozenset[frozenset[Place]]


def place_of(found: ObjectVersion) -> Place:
    """Which of the stored objects a report means."""
    return Place(found.bucket, found.key, found.last_modified)


def groups_of(report: AuditReport) -> Groups:
    """What an audit found."""
    return frozenset(frozenset(map(place_of, group.objects)) for group in report.groups)


def skipped_of(report: AuditReport) -> Counter[tuple[str, str, str | None, SkipReason]]:
    """What was not compared, and why; it comes in no particular order."""
    return Counter((each.bucket, each.key, each.version_id, each.reason) for each in report.skipped)


def undecided(report: AuditReport, stored: Mapping[Place, Stored]) -> set[Place]:
    """The objects that the report itself counts as not compared."""
    named = {(each.bucket, each.key, each.version_id) for each in report.skipped}
    return {place for place, each in stored.items() if (place.bucket, place.key, each.version_id) in named}


def check_sound(report: AuditReport, truth: Mapping[Place, Stored], trust: EtagTrust = EtagTrust.AUTO) -> None:
    """No group holds two objects of different bytes. Who trusts every ETag is promised only that such two share one."""
    grouped = Counter(place_of(each) for group in report.groups for each in group.objects)
    assert set(grouped.values()) <= {1}, "an object is in one group at most"
    for group in report.groups:
        bodies = {truth[place_of(each)].body for each in group.objects}
        assert len(group.objects) > 1
        assert {len(body) for body in bodies} == {group.size} != {0}
        if trust is not EtagTrust.ALWAYS:
            assert len(bodies) == 1, f"wrongly the same, by {group.evidence}: {group.objects}"
        elif len(bodies) > 1:
            assert len({each.etag for each in group.objects}) < len(group.objects)


def check_evidence(report: AuditReport, trust: EtagTrust, digest: str) -> None:
    """Each group says on what it stands, and that is something that was to be believed. By SHA-256 only a SHA-256 or
    SHA-512 is, stored, or of bytes that were read; where no ETag is trusted no multipart ETag is.
    """
    kinds = {group.evidence for group in report.groups}
    if digest == "sha256":
        assert all(withstands_collisions(kind, digest) for kind in kinds)
    else:
        assert EvidenceKind.SHA256_RANGES not in kinds
    if trust is EtagTrust.NEVER:
        assert EvidenceKind.MULTIPART_ETAG not in kinds


def check_complete(report: AuditReport, stored: Mapping[Place, Stored]) -> None:
    """Objects of equal bytes are in one group, but for those that the report counts as not compared."""
    open_ends = undecided(report, stored)
    copies: dict[bytes, set[Place]] = defaultdict(set)
    for place, each in stored.items():
        if each.body and place not in open_ends:
            copies[each.body].add(place)
    found = groups_of(report)
    for same in copies.values():
        assert len(same) == 1 or any(same <= group for group in found), f"a duplicate is missed: {sorted(same)}"


def check_skipped_for_a_reason(report: AuditReport, stored: Mapping[Place, Stored]) -> None:
    """What can be read is compared."""
    skipped = undecided(report, stored)
    assert len(skipped) == len(report.skipped), "each is named once"
    assert not [place for place in skipped if stored[place].readable]
    assert report.run.complete == (not list(report.skipped))


def check_gone_are_named(report: AuditReport, log: Iterable[LogEntry]) -> None:
    """What was found to be gone or another is named, and is in no group. Of each key one version is listed."""
    gone = {(entry.bucket, entry.key) for entry in log if entry.key and entry.status in {404, 412}}
    assert gone <= {(each.bucket, each.key) for each in report.skipped}
    assert gone.isdisjoint((each.bucket, each.key) for group in report.groups for each in group.objects)


def check_totals(report: AuditReport, stored: Mapping[Place, Stored]) -> None:
    """The totals are those of what was stored and of what the groups say."""
    totals, groups = report.totals, list(report.groups)
    assert totals.objects == len(stored)
    assert totals.bytes == sum(len(each.body) for each in stored.values())
    assert totals.empty_objects == sum(not each.body for each in stored.values())
    assert totals.groups == len(groups)
    assert totals.redundant_objects == sum(len(group.objects) - 1 for group in groups)
    assert totals.reclaimable_bytes == sum(group.size * (len(group.objects) - 1) for group in groups)
    assert [group.reclaimable_bytes for group in groups] == sorted((g.reclaimable_bytes for g in groups), reverse=True)


def asked(log: Iterable[LogEntry]) -> Work:
    """The work that the stores saw."""
    entries = list(log)
    lists = sum(entry.operation.startswith("ListObject") for entry in entries)
    heads = sum(entry.method == "HEAD" for entry in entries)
    read = sum(entry.body_bytes for entry in entries if entry.operation == "GetObject" and entry.status < 300)
    return Work(lists, heads, len(entries) - lists - heads, read)
