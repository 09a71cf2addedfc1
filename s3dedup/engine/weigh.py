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
from s3dedup.engine.entries import Kind
from s3dedup.engine.memory import Memory, Recalled
from s3dedup.engine.narrowing import Candidates
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
from s3dedup.shelf import BucketRule, Doubt, ObjectFacts, State
from s3dedup.text import human_bytes, human_count

MOST_WAITING = 1 << 12
"""So many objects in doubt are written at once."""
WORTH = 1e6
"""Reclaimable bytes for a dollar: differences below do not count."""
Question = tuple[int, int | None]
"""Which object is asked about, by position; and for which of its parts, if for one."""


def weigh_candidates(
    context: Context, sorters: Sorters, rules: dict[str, BucketRule], emitter: Emitter, candidates: Candidates
) -> Doubtful:
    """Group what metadata proves, and keep what stays in doubt for the reading stage."""
    context.watch.stage("Weighing evidence", objects=candidates.objects)
    doubts = _Doubts(context.state)
    for found in context.pool.drive(_examinations(context, sorters, Weigher(context, rules), emitter, candidates)):
        if found is not None:
            doubts.add(found)
    doubts.flush()
    objects = human_count(doubts.total.objects, "object")
    context.watch.line(f"{objects} ({human_bytes(doubts.total.bytes)}) in doubt after weighing evidence")
    return doubts.total


def _examinations(
    context: Context, sorters: Sorters, weigher: Weigher, emitter: Emitter, candidates: Candidates
) -> Iterator[Job[_Ranked | None]]:
    """What the sorters cannot settle by the listing alone, size by size."""
    proven = weigher.proven(kind for found in candidates.stretches for kind in found.kinds)
    buckets = {source.to_bytes(2): location.bucket for source, location in context.sources.items()}
    gone = frozenset(context.gone)
    parts = whole_where_needed(candidates.stretches, proven, gone)
    trust = context.on_trust
    sampled = frozenset(source for source, bucket in buckets.items() if bucket in trust.buckets)
    taken = Taken(sampled, frozenset(trust.asked))
    choice, appraiser = emitter.choice, emitter.appraiser
    rest = proven, buckets, choice, appraiser, gone, taken
    orders = (WeighListed(part, candidates.equal(part.stretch) if part.settled else b"", *rest) for part in parts)
    for weighed in sorters.carry_out(orders):
        emitter.pass_on(weighed.groups, weighed.tally)
        context.watch.advance(weighed.candidates)
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

    def recall(self, entry: bytes) -> Recalled:
        """An entry's bucket and row, and what is known of the object."""
        return self._context.recall(self._context.placed(entry))

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

    def known(self, placed: Placed, facts: ObjectFacts) -> Known:
        """All that is known of an object's content without reading it. A checksum counts on AWS only: other servers
        are known to send wrong ones.
        """
        bucket, row = placed
        etag = read_etag(row.etag)
        head = facts.head
        layout = Layout.of(row.size, head.first_part, head.parts, facts.part_spans) if head else None
        checksums = head.checksums if head and self._context.place(bucket).is_aws else ()
        return Known(row.size, etag, self._meaning(etag.form, bucket, head), layout, checksums)

    def assumed_layout(self, placed: Placed, facts: ObjectFacts) -> Layout | None:
        """The layout that a multipart ETag has if it is even; None where it is not, not known, or of no use."""
        if facts.head is None or self.known(placed, facts).meaning is not Meaning.MULTIPART:
            return None
        return Layout.assumed(placed[1].size, facts.head.first_part, facts.head.parts)

    def evidence(self, placed: Placed, facts: ObjectFacts) -> Evidence:
        """All that is known of an object's content."""
        compared = self._context.findings_in(facts).compared(self._context.digest, Grid(placed[1].size))
        found = weigh(self.known(placed, facts)).with_read(*compared)
        return found.without_forgeable() if self._context.digest == "sha256" else found

    def clusters(self, members: Iterable[Recalled]) -> list[Cluster]:
        """The members in clusters that are the same."""
        return cluster([self.evidence(placed, facts) for placed, facts in members])


class _Ranked(NamedTuple):
    """Some objects in doubt, and the key that puts them where their promise belongs."""

    key: bytes
    doubt: Doubt


class _Doubts:
    """Leaves what is in doubt to the reading stage; many at once, because a write costs more than the weighing."""

    def __init__(self, state: State) -> None:
        self.total = Doubtful(0, 0)
        self._shelf = state.doubts
        self._shelf.clear()
        self._waiting: dict[bytes, Doubt] = {}
        self._written = 0

    def add(self, found: _Ranked) -> None:
        key, doubt = found
        objects = len(doubt.entries)
        self.total = Doubtful(self.total.objects + objects, self.total.bytes + objects * doubt.size)
        self._waiting[key] = doubt
        if self.total.objects - self._written >= MOST_WAITING:
            self.flush()

    def flush(self) -> None:
        self._shelf.update_sorted(self._waiting)
        self._waiting, self._written = {}, self.total.objects


class _Examination:
    """The weighing of the objects of one size."""

    def __init__(self, context: Context, weigher: Weigher, emitter: Emitter, size: int, entries: list[bytes]) -> None:
        self._context = context
        self._weigher = weigher
        self._emitter = emitter
        self._size = size
        self._entries = entries
        self._recalled = [weigher.recall(entry) for entry in entries]
        self._asked: set[Question] = set()
        self._gone: set[int] = set()

    def job(self) -> Job[_Ranked | None]:
        """Returns what stays in doubt."""
        while True:
            left = [index for index in range(len(self._entries)) if index not in self._gone]
            clusters = self._weigher.clusters(self._recalled[index] for index in left)
            doubtful = in_doubt([each.evidence for each in clusters])
            members = [[left[member] for member in each.members] for each in clusters]
            wanted = [question for number in doubtful for question in self._to_ask(members[number])]
            if not wanted:
                break
            expenses = [self._context.expense(self._recalled[index][0], 1, 0) for index, _ in wanted]
            if not self._context.budget.take(expenses):
                break
            self._asked.update(wanted)
            yield [self._ask(*question) for question in wanted]
        recalled = [(each, [self._recalled[index] for index in members[n]]) for n, each in enumerate(clusters)]
        self._context.on_trust.add(recalled, frozenset(doubtful))
        for number, each in enumerate(clusters):
            if number not in doubtful and each.kind:
                same = [placed for placed, _ in recalled[number][1]]
                self._emitter.emit(self._size, digest_of(each.evidence), each.kind, same)
        return self._ranked([members[number] for number in doubtful], [clusters[number] for number in doubtful])

    def _to_ask(self, members: Sequence[int]) -> Iterator[Question]:
        """The members of a cluster of which a HEAD could tell more: each one whose encryption is not known, one whose
        layout is not, one whose full checksum the listing promises. Then the part that vouches for a layout.
        """
        fresh = [index for index in members if (index, None) not in self._asked and not self._recalled[index][1].head]
        known = {index: self._weigher.known(*self._recalled[index]) for index in fresh}
        unknown = [index for index in fresh if known[index].meaning is Meaning.UNKNOWN]
        if not unknown and len(fresh) == len(members):
            unknown = [index for index in fresh[:1] if self._would_tell(self._recalled[index][0], known[index])]
        if unknown:
            return ((index, None) for index in unknown)
        return self._to_ask_of_parts(members)

    def _to_ask_of_parts(self, members: Sequence[int]) -> Iterator[Question]:
        """The part that vouches for a cluster's layout, of one member: equal multipart ETags are equal parts."""
        layouts = ((index, self._weigher.assumed_layout(*self._recalled[index])) for index in members)
        for index, layout in islice(((index, layout) for index, layout in layouts if layout), 1):
            number = telling_part(layout.parts)
            if number is not None and number not in self._recalled[index][1].part_spans:
                yield from {(index, number)} - self._asked

    def _would_tell(self, placed: Placed, known: Known) -> bool:
        if known.meaning is Meaning.MULTIPART:
            return known.etag.parts > 1
        promised = placed[1].checksum_type == "FULL_OBJECT"
        return known.meaning is Meaning.OPAQUE and promised and self._context.stores.is_aws(placed[0])

    def _ask(self, index: int, number: int | None) -> Task[Any]:
        """One HEAD: for the object, or for one of its parts."""
        placed, _ = self._recalled[index]
        failed = partial(self._failed, index)
        if number is not None:
            return Task(
                partial(self._context.stores.part, *placed, number), partial(self._part_learnt, index, number), failed
            )
        layout = read_etag(placed[1].etag).form is Form.MULTIPART
        return Task(partial(self._context.stores.head, *placed, layout=layout), partial(self._learnt, index), failed)

    def _learnt(self, index: int, head: HeadFacts) -> None:
        placed, facts = self._recalled[index]
        log_head(*placed, head)
        self._keep(index, msgspec.structs.replace(facts, head=head))

    def _part_learnt(self, index: int, number: int, span: PartSpan | None) -> None:
        placed, facts = self._recalled[index]
        log_part(*placed, number, span)
        self._keep(index, msgspec.structs.replace(facts, part_spans=facts.part_spans | {number: span}))

    def _keep(self, index: int, facts: ObjectFacts) -> None:
        placed, _ = self._recalled[index]
        self._recalled[index] = placed, facts
        self._context.keep(*placed, facts)

    def _failed(self, index: int, error: ObjectError) -> None:
        """An object that is gone is compared no further; one that may not be asked is left to the reading stage."""
        placed, _ = self._recalled[index]
        log_head(*placed, error)
        if isinstance(error, ObjectChangedError | ObjectVanishedError):
            self._gone.add(index)
            self._context.skip(*placed, error)

    def _ranked(self, members: list[list[int]], clusters: list[Cluster]) -> _Ranked | None:
        """The clusters in doubt, for the reading stage, by what they promise for what they cost."""
        indexes = [index for each in members for index in each]
        if not indexes:
            return None
        log.debug("%s of %d bytes in doubt", human_count(len(indexes), "object"), self._size)
        recalled = [self._recalled[index] for index in indexes]
        outlook = Settlement(self._context, self._size, _renumbered(clusters), recalled).outlook()
        key = promise(outlook) + ((1 << 48) - self._size).to_bytes(7)
        return _Ranked(key, Doubt(self._size, [self._entries[index] for index in indexes]))


def _renumbered(clusters: list[Cluster]) -> list[Cluster]:
    """Clusters as the only ones that there are, of objects that come cluster by cluster."""
    numbers = count()
    return [replace(each, members=tuple(islice(numbers, len(each.members)))) for each in clusters]


def promise(outlook: Outlook) -> bytes:
    """Five bytes that sort by reclaimable bytes for what proving takes, most first."""
    worth = outlook.reclaimable / max(outlook.expense.effort, 1e-12)
    return ((1 << 40) - 1 - min(int(worth / WORTH), (1 << 40) - 1)).to_bytes(5)
