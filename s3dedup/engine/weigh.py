"""The evidence stage: what metadata settles, size by size, with a HEAD where listing and bucket rule leave doubt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import count, islice
from typing import Any, NamedTuple

import msgspec

from s3dedup.engine.by_listing import Taken, WeighListed, whole_where_needed
from s3dedup.engine.context import Context
from s3dedup.engine.emit import Emitter, digest_of
from s3dedup.engine.memory import Memory
from s3dedup.engine.narrowing import Candidates, Kind
from s3dedup.engine.pool import Job, Task
from s3dedup.engine.rules import UNKNOWN
from s3dedup.engine.settlement import Outlook, Settlement
from s3dedup.engine.sorters import Sorters
from s3dedup.engine.watch import log, log_head, log_part
from s3dedup.errors import ObjectChangedError, ObjectError, ObjectVanishedError
from s3dedup.evidence import (
    Cluster,
    Evidence,
    Form,
    Known,
    Layout,
    Meaning,
    cluster,
    in_doubt,
    meaning,
    read_etag,
    telling_part,
    weigh,
)
from s3dedup.groups import Placed
from s3dedup.hashing import Grid
from s3dedup.model import HeadFacts, PartSpan
from s3dedup.shelf import BucketRule, Doubt
from s3dedup.text import human_bytes, human_count

WORTH = 1e6
"""Reclaimable bytes for a dollar: differences below do not count."""
Question = tuple[int, int | None]
"""Which object is asked about, by position; and for which of its parts, if for one."""


def weigh_candidates(
    context: Context, sorters: Sorters, rules: dict[str, BucketRule], emitter: Emitter, candidates: Candidates
) -> Doubtful:
    """Group what metadata proves, and keep what stays in doubt for the reading stage."""
    context.watch.stage("Weighing evidence", objects=candidates.entries)
    context.state.doubts.clear()
    total = Doubtful(0, 0)
    for found in context.pool.drive(_examinations(context, sorters, Weigher(context, rules), emitter, candidates)):
        total = Doubtful(total.objects + found.objects, total.bytes + found.bytes)
    objects = human_count(total.objects, "object")
    context.watch.line(f"{objects} ({human_bytes(total.bytes)}) in doubt after weighing evidence")
    return total


def _examinations(
    context: Context, sorters: Sorters, weigher: Weigher, emitter: Emitter, candidates: Candidates
) -> Iterator[Job[Doubtful]]:
    """What the sorters cannot settle by the listing alone, size by size."""
    proven = weigher.proven(kind for _, kinds in candidates.stretches for kind in kinds)
    buckets = {source.to_bytes(2): location.bucket for source, location in context.sources.items()}
    stretches = whole_where_needed(candidates.stretches, proven)
    gone = frozenset(context.gone)
    trust = context.on_trust
    sampled = frozenset(source for source, bucket in buckets.items() if bucket in trust.buckets)
    taken = Taken(sampled, frozenset(trust.asked))
    orders = (WeighListed(stretch, proven, buckets, emitter.choice, gone, taken) for stretch in stretches)
    for weighed in sorters.carry_out(orders):
        emitter.pass_on(weighed.groups, weighed.tally)
        context.watch.advance(weighed.entries)
        trust.by_rule += weighed.on_trust
        for size, entries in weighed.doubtful:
            yield _Examination(context, weigher, emitter, size, entries).job()


class Doubtful(NamedTuple):
    """What metadata could not settle."""

    objects: int
    bytes: int


class Weigher:
    """Turns listed objects into evidence, by the bucket rules and by what HEADs have told."""

    def __init__(self, context: Memory, rules: dict[str, BucketRule]) -> None:
        self._context = context
        self._rules = rules

    def proven(self, kinds: Iterable[Kind]) -> frozenset[Kind]:
        """Those of the kinds of which the rules say that their ETags are MD5s, and that this is enough."""
        if self._context.digest == "sha256":
            return frozenset()
        return frozenset(
            (form, source)
            for form, source in set(kinds)
            if self._meaning(Form(form), self._context.bucket(int.from_bytes(source)), None) is Meaning.MD5
        )

    def _meaning(self, form: Form, bucket: str, head: HeadFacts | None) -> Meaning:
        rule = self._rules.get(bucket, UNKNOWN)
        return meaning(
            form,
            self._context.etag_trust,
            proven_rules=rule.multipart_proven if form is Form.MULTIPART else rule.hex_proven,
            encryption=head.encryption if head else rule.encryption,
        )

    def known(self, placed: Placed) -> Known:
        """All that is known of an object's content without reading it. A checksum counts on AWS only: other servers
        are known to send wrong ones.
        """
        bucket, row = placed
        etag = read_etag(row.etag)
        facts = self._context.facts(bucket, row)
        head = facts.head
        layout = Layout.of(row.size, head.first_part, head.parts, facts.part_spans) if head else None
        checksums = head.checksums if head and self._context.place(bucket).is_aws else ()
        return Known(row.size, etag, self._meaning(etag.form, bucket, head), layout, checksums)

    def assumed_layout(self, placed: Placed) -> Layout | None:
        """The layout that a multipart ETag has if it is even; None where it is not, not known, or of no use."""
        facts = self._context.facts(*placed)
        if facts.head is None or self.known(placed).meaning is not Meaning.MULTIPART:
            return None
        return Layout.assumed(placed[1].size, facts.head.first_part, facts.head.parts)

    def evidence(self, placed: Placed) -> Evidence:
        """All that is known of an object's content."""
        compared = self._context.findings(*placed).compared(self._context.digest, Grid(placed[1].size))
        found = weigh(self.known(placed)).with_read(*compared)
        return found.without_forgeable() if self._context.digest == "sha256" else found

    def clusters(self, members: Sequence[Placed]) -> tuple[list[Cluster], list[int]]:
        """The members in clusters that are the same, and which of the clusters are in doubt."""
        found = cluster([self.evidence(placed) for placed in members])
        return found, in_doubt([each.evidence for each in found])


class _Examination:
    """The weighing of the objects of one size."""

    def __init__(self, context: Context, weigher: Weigher, emitter: Emitter, size: int, entries: list[bytes]) -> None:
        self._context = context
        self._weigher = weigher
        self._emitter = emitter
        self._size = size
        self._entries = entries
        self._asked: set[Question] = set()
        self._gone: set[int] = set()

    def job(self) -> Job[Doubtful]:
        """Returns what stays in doubt."""
        placed = [self._context.placed(entry) for entry in self._entries]
        while True:
            left = [index for index in range(len(placed)) if index not in self._gone]
            clusters, doubtful = self._weigher.clusters([placed[index] for index in left])
            members = [[left[member] for member in each.members] for each in clusters]
            wanted = [question for number in doubtful for question in self._to_ask(placed, members[number])]
            if not wanted:
                break
            expenses = [self._context.expense(placed[index], 1, 0) for index, _ in wanted]
            if not self._context.budget.take(expenses):
                break
            self._asked.update(wanted)
            yield [self._ask(*question, placed[question[0]]) for question in wanted]
        placed_in = [(each, [placed[index] for index in members[n]]) for n, each in enumerate(clusters)]
        self._context.on_trust.add(self._context, placed_in, frozenset(doubtful))
        for number, each in enumerate(clusters):
            if number not in doubtful and each.kind:
                self._emitter.emit(self._size, digest_of(each.evidence), each.kind, placed_in[number][1])
        return self._keep_doubt(placed, [members[number] for number in doubtful], [clusters[n] for n in doubtful])

    def _to_ask(self, placed: Sequence[Placed], members: Sequence[int]) -> Iterator[Question]:
        """The members of a cluster of which a HEAD could tell more: each one whose encryption is not known, one whose
        layout is not, one whose full checksum the listing promises. Then the part that vouches for a layout.
        """
        fresh = [index for index in members if self._is_fresh(index, placed[index])]
        known = {index: self._weigher.known(placed[index]) for index in fresh}
        unknown = [index for index in fresh if known[index].meaning is Meaning.UNKNOWN]
        if not unknown and len(fresh) == len(members):
            unknown = [index for index in fresh[:1] if self._would_tell(placed[index], known[index])]
        if unknown:
            return ((index, None) for index in unknown)
        return self._to_ask_of_parts(placed, members)

    def _to_ask_of_parts(self, placed: Sequence[Placed], members: Sequence[int]) -> Iterator[Question]:
        """The part that vouches for a cluster's layout, of one member: equal multipart ETags are equal parts."""
        layouts = ((index, layout) for index in members if (layout := self._weigher.assumed_layout(placed[index])))
        for index, layout in islice(layouts, 1):
            number = telling_part(layout.parts)
            if number is not None and number not in self._context.facts(*placed[index]).part_spans:
                yield from {(index, number)} - self._asked

    def _is_fresh(self, index: int, placed: Placed) -> bool:
        return (index, None) not in self._asked and not self._context.facts(*placed).head

    def _would_tell(self, placed: Placed, known: Known) -> bool:
        if known.meaning is Meaning.MULTIPART:
            return known.etag.parts > 1
        promised = placed[1].checksum_type == "FULL_OBJECT"
        return known.meaning is Meaning.OPAQUE and promised and self._context.stores.is_aws(placed[0])

    def _ask(self, index: int, number: int | None, placed: Placed) -> Task[Any]:
        """One HEAD: for the object, or for one of its parts."""
        failed = partial(self._failed, index, placed)
        if number is not None:
            part = partial(self._context.stores.part, *placed, number)
            return Task(part, partial(self._part_learnt, placed, number), failed)
        layout = read_etag(placed[1].etag).form is Form.MULTIPART
        head = partial(self._context.stores.head, *placed, layout=layout)
        return Task(head, partial(self._learnt, placed), failed)

    def _learnt(self, placed: Placed, head: HeadFacts) -> None:
        log_head(*placed, head)
        self._context.keep(*placed, msgspec.structs.replace(self._context.facts(*placed), head=head))

    def _part_learnt(self, placed: Placed, number: int, span: PartSpan | None) -> None:
        log_part(*placed, number, span)
        facts = self._context.facts(*placed)
        spans = facts.part_spans | {number: span}
        self._context.keep(*placed, msgspec.structs.replace(facts, part_spans=spans))

    def _failed(self, index: int, placed: Placed, error: ObjectError) -> None:
        """An object that is gone is compared no further; one that may not be asked is left to the reading stage."""
        log_head(*placed, error)
        if isinstance(error, ObjectChangedError | ObjectVanishedError):
            self._gone.add(index)
            self._context.skip(*placed, error)

    def _keep_doubt(self, placed: Sequence[Placed], members: list[list[int]], clusters: list[Cluster]) -> Doubtful:
        """Leave the clusters in doubt to the reading stage, in the order of what they promise for what they cost."""
        indexes = [index for each in members for index in each]
        if indexes:
            log.debug("%s of %d bytes in doubt", human_count(len(indexes), "object"), self._size)
            outlook = Settlement(self._context, self._size, *_renumbered(placed, members, clusters)).outlook()
            key = promise(outlook) + ((1 << 48) - self._size).to_bytes(7)
            self._context.state.doubts[key] = Doubt(self._size, [self._entries[index] for index in indexes])
        return Doubtful(len(indexes), len(indexes) * self._size)


def _renumbered(
    placed: Sequence[Placed], members: list[list[int]], clusters: list[Cluster]
) -> tuple[list[Cluster], list[Placed]]:
    """Clusters as the only ones that there are, and their objects."""
    numbers = count()
    alone = [replace(each, members=tuple(islice(numbers, len(each.members)))) for each in clusters]
    return alone, [placed[index] for each in members for index in each]


def promise(outlook: Outlook) -> bytes:
    """Five bytes that sort by reclaimable bytes for what proving takes, most first."""
    worth = outlook.reclaimable / max(outlook.expense.effort, 1e-12)
    return ((1 << 40) - 1 - min(int(worth / WORTH), (1 << 40) - 1)).to_bytes(5)
