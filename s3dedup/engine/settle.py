"""The reading stage: what metadata left in doubt is read, in ranges, and no further than the first difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import msgspec

from s3dedup.engine.context import Context
from s3dedup.engine.emit import Emitter, digest_of
from s3dedup.engine.pool import Job, Task
from s3dedup.engine.watch import log, log_read
from s3dedup.engine.weigh import Doubtful, Weigher
from s3dedup.errors import ObjectArchivedError, ObjectChangedError, ObjectError, ObjectVanishedError
from s3dedup.evidence import Cluster, in_doubt
from s3dedup.groups import Placed
from s3dedup.hashing import Contender, Grid, Wanted, fingerprint, hash_range, lockstep
from s3dedup.model import EvidenceKind, ListedObject
from s3dedup.shelf import BucketRule, Doubt
from s3dedup.text import human_bytes, human_count

ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})
READ_FIRST = (
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "EXPRESS_ONEZONE",
    "INTELLIGENT_TIERING",
    "ONEZONE_IA",
    "STANDARD_IA",
)
RANGES = {"sha1": EvidenceKind.SHA1_RANGES, "sha256": EvidenceKind.SHA256_RANGES}


def settle_doubts(context: Context, rules: dict[str, BucketRule], emitter: Emitter, doubtful: Doubtful) -> None:
    """Read what is in doubt, most promising first, and group what turns out to be the same."""
    context.watch.stage("Reading what is in doubt", objects=doubtful.objects, size=doubtful.bytes)
    weigher = Weigher(context, rules)
    jobs = (_Settlement(context, weigher, emitter, doubt).job() for _, doubt in context.state.doubts.records())
    for _ in context.pool.drive(jobs):
        pass
    read = human_bytes(context.stores.counted().bytes_read)
    groups, redundant = (
        human_count(emitter.tally.groups, "group"),
        human_count(emitter.tally.redundant, "redundant object"),
    )
    reclaimable = human_bytes(emitter.tally.reclaimable_bytes)
    context.watch.line(f"{groups} with {redundant} ({reclaimable}) after reading {read}")


@dataclass(slots=True)
class _Content:
    """A cluster that is read to be compared: any of its `candidates` will do, the first is the cheapest."""

    cluster: Cluster
    members: list[Placed]
    candidates: list[Placed]
    contender: Contender
    failures: dict[Placed, ObjectError] = field(default_factory=dict)

    def left(self) -> list[Placed]:
        """The members that are still what was listed."""
        gone = (ObjectChangedError, ObjectVanishedError)
        return [placed for placed in self.members if not isinstance(self.failures.get(placed), gone)]


class _Settlement:
    """The reading of the objects of one size."""

    def __init__(self, context: Context, weigher: Weigher, emitter: Emitter, doubt: Doubt) -> None:
        self._context = context
        self._emitter = emitter
        self._size = doubt.size
        self._grid = Grid(doubt.size)
        self._unread = doubt.size * len(doubt.entries)
        self._objects = len(doubt.entries)
        placed = [weigher.place(entry) for entry in doubt.entries]
        clusters, _ = weigher.clusters(placed)
        self._contents = [
            self._content(name, each, [placed[index] for index in each.members]) for name, each in enumerate(clusters)
        ]

    def _content(self, name: int, found: Cluster, members: list[Placed]) -> _Content:
        """What earlier runs have read of any member counts for all."""
        known: dict[int, bytes] = {}
        for placed in members:
            facts = self._context.facts(*placed)
            if facts.digest == self._context.digest:
                known |= facts.ranges
        readable = sorted((placed for placed in members if not is_archived(placed[1])), key=_price)
        return _Content(found, members, readable, Contender(name, known, lost=not readable and not known))

    def job(self) -> Job[None]:
        contenders = [content.contender for content in self._contents]
        comparison = lockstep(self._grid, [each for each in contenders if not each.lost], self._in_doubt)
        while True:
            try:
                wanted = next(comparison)
            except StopIteration as end:
                self._conclude(end.value)
                return
            while missing := [want for want in wanted if self._is_missing(want)]:
                yield [self._read(want) for want in missing]

    def _in_doubt(self, contenders: Sequence[Contender]) -> Sequence[Contender]:
        evidence = [self._contents[contender.name].cluster.evidence for contender in contenders]
        return [contenders[index] for index in in_doubt(evidence)]

    def _is_missing(self, want: Wanted) -> bool:
        contender = want.contender
        if not contender.lost and not self._contents[contender.name].candidates:
            contender.lost = want.number not in contender.digests
        return not contender.lost and want.number not in contender.digests

    def _read(self, want: Wanted) -> Task[bytes]:
        placed = self._contents[want.contender.name].candidates[0]
        part = self._grid[want.number]
        return Task(
            partial(hash_range, self._context.stores, *placed, part, self._context.digest),
            partial(self._learnt, want, placed),
            partial(self._failed, want, placed),
        )

    def _learnt(self, want: Wanted, placed: Placed, digest: bytes) -> None:
        want.contender.digests[want.number] = digest
        facts = self._context.facts(*placed)
        ranges = facts.ranges if facts.digest == self._context.digest else {}
        ranges = ranges | {want.number: digest}
        self._context.keep(*placed, msgspec.structs.replace(facts, digest=self._context.digest, ranges=ranges))
        start, stop = self._grid[want.number]
        log_read(*placed, start, stop, f"{self._context.digest} {digest.hex()}")
        self._unread -= stop - start
        self._context.watch.advance(0, stop - start)

    def _failed(self, want: Wanted, placed: Placed, error: ObjectError) -> None:
        """Go on with another object of the same content, where there is one."""
        log_read(*placed, *self._grid[want.number], error)
        contender = want.contender
        content = self._contents[contender.name]
        content.failures[placed] = error
        if placed in content.candidates:
            content.candidates.remove(placed)
        contender.lost = not content.candidates

    def _conclude(self, sets: list[list[Contender]]) -> None:
        """Group what is the same, and say what was not compared."""
        objects, equal = human_count(self._objects, "object"), human_count(len(sets), "set")
        log.debug("%s of %d bytes compared: %s of equal ones", objects, self._size, equal)
        united = {contender.name for members in sets for contender in members}
        for members in sets:
            same = [placed for contender in members for placed in self._contents[contender.name].left()]
            digest = self._context.digest.encode() + b":" + fingerprint(self._context.digest, members[0].digests)
            self._emitter.emit(self._size, digest, RANGES[self._context.digest], same)
        for content in self._contents:
            if content.contender.name not in united and content.cluster.kind:
                self._emitter.emit(
                    self._size, digest_of(content.cluster.evidence), content.cluster.kind, content.left()
                )
            self._skip(content)
        self._context.watch.advance(self._objects, self._unread)

    def _skip(self, content: _Content) -> None:
        """Of a content that nothing could be read of, every member stays uncompared; else only those that are gone."""
        archived = ObjectArchivedError("it is archived and would have to be restored first")
        last = next(reversed(content.failures.values()), archived)
        for placed in content.members:
            if content.contender.lost or placed not in content.left():
                self._context.skip(*placed, content.failures.get(placed, last))


def is_archived(row: ListedObject) -> bool:
    """Whether reading would need a restore first. A restored copy can be read (API_RestoreStatus); archive tiers of
    INTELLIGENT_TIERING do not show in a listing and are met when they are read.
    """
    return row.storage_class in ARCHIVED and row.restore in {"", "ongoing"}


def _price(placed: Placed) -> tuple[int, str, str]:
    """The cheapest to read first: by storage class; then by name, so that every run reads the same object."""
    bucket, row = placed
    rank = READ_FIRST.index(row.storage_class) if row.storage_class in READ_FIRST else len(READ_FIRST)
    return rank, bucket, row.key
