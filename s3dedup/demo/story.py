"""The demo's words: what was planted, what the audit found there and why. Pure: values in, lines out."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from s3dedup.demo.corpus import BUCKETS, Corpus, Planted, Story
from s3dedup.model import AuditReport, DuplicateGroup, EvidenceKind, Work
from s3dedup.text import human_bytes, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Places = frozenset[tuple[str, str]]
"""Objects, each as (bucket, key)."""

WHY: Mapping[EvidenceKind, str] = MappingProxyType({
    EvidenceKind.MD5_ETAG: "their ETags are equal, and known to be the MD5 of the content",
    EvidenceKind.MULTIPART_ETAG: "they were uploaded in the same parts, and their ETags are equal",
    EvidenceKind.CHECKSUM: "the checksums that S3 keeps of their whole content are equal",
    EvidenceKind.DERIVED: "one was read; the ETags of the others follow from its bytes and their part sizes",
    EvidenceKind.SHA1_RANGES: "they were read in ranges, and each range has the same SHA-1 in all",
    EvidenceKind.SHA256_RANGES: "they were read in ranges, and each range has the same SHA-256 in all",
})  # fmt: skip

YOUR_OWN = """
Now your own bucket. Nothing in it is ever changed:

  s3dedup audit s3://my-bucket                             one bucket
  s3dedup audit s3://my-bucket/photos s3://my-archive      a part of one, compared with another
  s3dedup audit s3://my-bucket --profile work              with a profile of ~/.aws/config
  s3dedup audit s3://my-bucket --endpoint-url https://...  MinIO, R2, Ceph, SeaweedFS, ...
  s3dedup report                                           the last audit again, without S3
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the demo planted and what its audit found: groups of objects that hold the same bytes."""

    planted: frozenset[Places]
    found: frozenset[Places]
    work: Work

    @property
    def as_planted(self) -> bool:
        """Whether the audit found each planted group, whole, and nothing else."""
        return self.found == self.planted


def outcome(corpus: Corpus, report: AuditReport) -> Outcome:
    """Hold the result of an audit against what was planted."""
    planted = frozenset(group.places for group in corpus.groups)
    return Outcome(planted, frozenset(_places(group) for group in report.groups), report.work)


def _places(group: DuplicateGroup) -> Places:
    return frozenset((one.bucket, one.key) for one in group.objects)


def introduction(corpus: Corpus) -> Iterator[str]:
    """What lies in the buckets, before the audit."""
    buckets = " and ".join(f"s3://{bucket}" for bucket in BUCKETS)
    yield f"{len(corpus.objects)} objects ({human_bytes(corpus.bytes)}) were put into {buckets}:"
    for story in Story:
        yield f"  - {story} ({len(corpus.of(story))})"
    yield ""


def explanation(corpus: Corpus, report: AuditReport) -> Iterator[str]:
    """What the audit found and why, one paragraph for each thing that was planted."""
    groups = tuple(report.groups)
    yield "What it found, and why"
    yield ""
    yield from _paragraph(Story.MULTIPART, (*_ways(corpus, groups), *_verdicts(corpus, groups, Story.MULTIPART)))
    yield from _paragraph(Story.NEAR_TWINS, _apart(corpus, groups, Story.NEAR_TWINS))
    copies = (*corpus.of(Story.PICTURES), *corpus.of(Story.BACKUP))
    yield from _paragraph(Story.PICTURES, _verdicts(corpus, groups, Story.PICTURES))
    yield from _paragraph(
        Story.BACKUP,
        (f"each is in a group with its original: {_in_groups(copies, groups)} of {len(copies)}",),
    )
    yield from _paragraph(Story.EMPTY, (f"{report.totals.empty_objects} are counted, none is in a group",))
    yield from _paragraph(Story.UNIQUE, _apart(corpus, groups, Story.UNIQUE))
    yield from _effort(corpus, report.work)
    yield from _check(outcome(corpus, report))


def _paragraph(story: Story, lines: Iterable[str]) -> Iterator[str]:
    yield f"{story[0].upper()}{story[1:]}"
    for line in lines:
        yield f"  {line}"
    yield ""


def _ways(corpus: Corpus, groups: Iterable[DuplicateGroup]) -> Iterator[str]:
    """How each copy of the film was uploaded, and which ETag it has from that."""
    yield "A multipart upload's ETag is a hash over the hashes of its parts: other parts, another ETag."
    etags = {(one.bucket, one.key): one.etag for group in groups for one in group.objects}
    for one in corpus.of(Story.MULTIPART):
        how = "one PUT" if one.part_size is None else f"parts of {human_bytes(one.part_size)}"
        etag = etags.get(one.place, "in no group")
        yield f"{f's3://{one.bucket}/{one.key}':<46} {how:<17} ETag {plain(etag)}"


def _verdicts(corpus: Corpus, groups: Iterable[DuplicateGroup], story: Story) -> Iterator[str]:
    """Each group that a story takes part in, counted by the evidence that it rests on."""
    places = {one.place for one in corpus.of(story)}
    touched = [group for group in groups if places & _places(group)]
    for kind in sorted({group.evidence for group in touched}):
        of_kind = [group for group in touched if group.evidence is kind]
        objects = sum(len(group.objects) for group in of_kind)
        groups_word = "one group" if len(of_kind) == 1 else f"{len(of_kind)} groups"
        yield f"{groups_word}, {objects} objects ({kind}): {WHY[kind]}"
    if not touched:
        yield "no group was found"


def _apart(corpus: Corpus, groups: Iterable[DuplicateGroup], story: Story) -> Iterator[str]:
    """Objects of one size that no group may hold."""
    objects = corpus.of(story)
    wrong = _in_groups(objects, groups)
    verdict = "all were told apart" if not wrong else f"{wrong} were wrongly held to be equal"
    ways = len({one.part_size for one in objects})
    uploaded = f", uploaded in {ways} ways so that no ETags can be compared" if ways > 1 else ""
    yield f"{len(objects)} objects of {human_bytes(len(objects[0].body))} each{uploaded}: {verdict}"


def _in_groups(objects: Iterable[Planted], groups: Iterable[DuplicateGroup]) -> int:
    grouped = frozenset[tuple[str, str]]().union(*(_places(group) for group in groups))
    return sum(one.place in grouped for one in objects)


def _effort(corpus: Corpus, work: Work) -> Iterator[str]:
    """What all of that took."""
    requests = f"{work.list_requests} LIST, {work.head_requests} HEAD and {work.get_requests} GET requests"
    share = 100 * work.bytes_read / corpus.bytes
    yield f"This took {requests}, and {human_bytes(work.bytes_read)} read of"
    yield f"{human_bytes(corpus.bytes)} stored ({share:.1f} %)."


def _check(result: Outcome) -> Iterator[str]:
    if result.as_planted:
        yield f"That is exactly what was planted: {len(result.planted)} groups, and nothing else."
    else:
        missed, wrong = len(result.planted - result.found), len(result.found - result.planted)
        yield f"That is NOT what was planted ({missed} groups missed, {wrong} too many): please report it."
