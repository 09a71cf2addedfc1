"""What the sorters settle by the listing alone: where every ETag is a proven MD5, equal ones are the groups."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import compress, groupby
from operator import eq, itemgetter
from typing import NamedTuple

from s3dedup.engine.appraise import NOTHING_KNOWN, Appraiser
from s3dedup.engine.emit import Emitter, Tally
from s3dedup.engine.narrowing import Kind, kind_of, sharing_size
from s3dedup.groups import Choice
from s3dedup.model import EvidenceKind
from s3dedup.shelf import DIGEST, SIZE, SIZE_AND_ETAG, SOURCE, Found, Listed, Stretch

ROWS = 1 << 13
"""About so many rows are held in memory at a time."""


class Part(NamedTuple):
    """A stretch to be weighed; `settled` where all ETags of its candidates are known to be proven."""

    stretch: Stretch
    settled: bool


class Weighed(NamedTuple):
    """What came of a stretch: groups, and the sizes of which not every ETag is proven, with their objects."""

    entries: int
    groups: list[Found]
    tally: Tally
    doubtful: list[tuple[int, list[bytes]]]
    on_trust: int


class Taken(NamedTuple):
    """The locations whose encryption a sample speaks for, and the entries that were asked themselves."""

    sampled: frozenset[bytes] = frozenset()
    asked: frozenset[bytes] = frozenset()

    def alone(self, settled: list[bytes], sets: Iterable[list[bytes]]) -> int:
        """How many of sorted entries are in none of these sets of equal ones, only because of what a sample says."""
        every = Counter(map(itemgetter(SOURCE), settled))
        alone = sum(every[source] for source in self.sampled)
        alone -= sum(entry[SOURCE] in self.sampled for same in sets for entry in same)
        return alone - sum(_is_alone(entry, settled) for entry in self.asked if entry[SOURCE] in self.sampled)


NOTHING_TAKEN = Taken()


def _is_alone(entry: bytes, entries: list[bytes]) -> bool:
    """Whether an entry is one of these sorted ones, and shares size and ETag with no other."""
    position = bisect_left(entries, entry)
    near = entries[max(0, position - 1) : position + 2]
    return entry in near and [each[SIZE_AND_ETAG] for each in near].count(entry[SIZE_AND_ETAG]) == 1


@dataclass(frozen=True, slots=True)
class WeighListed:
    """Group the objects of a part by what the listing proves. `proven` are the kinds of ETags that are MD5s,
    `buckets` says which bucket a location is in, `choice` who stays, `appraiser` what that saves; `gone` are
    entries of objects that are not there any more; `taken` is what is taken on trust.
    """

    part: Part
    proven: frozenset[Kind]
    buckets: dict[bytes, str]
    choice: Choice
    appraiser: Appraiser = NOTHING_KNOWN
    gone: frozenset[bytes] = frozenset()
    taken: Taken = NOTHING_TAKEN

    def __call__(self, listed: Listed) -> Weighed:
        """Run by a sorter."""
        entries = listed.entries(self.part.stretch)
        if self.gone:
            entries = [entry for entry in entries if entry not in self.gone]
        groups: list[Found] = []
        emitter = Emitter(groups.extend, self.choice, self.appraiser)
        settled, doubtful = (entries, []) if self.part.settled else self._parted(entries)
        sets = list(equal_etags(settled))
        for some in at_once(sets):
            rows = iter(listed.rows([entry for same in some for entry in same]))
            for same in some:
                members = [(self.buckets[each[SOURCE]], next(rows)) for each in same]
                emitter.emit(members[0][1].size, b"md5:" + same[0][DIGEST], EvidenceKind.MD5_ETAG, members)
        on_trust = self.taken.alone(sharing_size(settled), sets) if self.taken.sampled else 0
        return Weighed(len(entries), groups, emitter.tally, doubtful, on_trust)

    def _parted(self, entries: list[bytes]) -> tuple[list[bytes], list[tuple[int, list[bytes]]]]:
        """The entries of sizes of which every ETag is proven; and the others, where two or more share a size."""
        settled: list[bytes] = []
        doubtful: list[tuple[int, list[bytes]]] = []
        for size, group in groupby(entries, itemgetter(SIZE)):
            sharing = list(group)
            if self.proven.issuperset(map(kind_of, sharing)):
                settled += sharing
            elif len(sharing) > 1:
                doubtful.append((int.from_bytes(size), sharing))
        return settled, doubtful


def equal_etags(entries: list[bytes]) -> Iterator[list[bytes]]:
    """Of sorted entries, those that share size and ETag with another, set by set."""
    tags = [entry[SIZE_AND_ETAG] for entry in entries]
    same = list(map(eq, tags, tags[1:]))
    start = stop = -1
    for index in compress(range(len(same)), same):
        if index != stop:
            if stop > start:
                yield entries[start : stop + 1]
            start = index
        stop = index + 1
    if stop > start:
        yield entries[start : stop + 1]


def at_once(groups: Iterable[list[bytes]]) -> Iterator[list[list[bytes]]]:
    """Groups whose rows are looked up together: as many as have so many objects."""
    some: list[list[bytes]] = []
    objects = 0
    for group in groups:
        some.append(group)
        objects += len(group)
        if objects >= ROWS:
            yield some
            some, objects = [], 0
    if some:
        yield some


def whole_where_needed(stretches: Iterable[tuple[Stretch, frozenset[Kind]]], proven: frozenset[Kind]) -> list[Part]:
    """A size that is parted into several stretches has to be put together again if not every ETag of it is proven."""
    wanted: list[Part] = []
    for size, group in groupby(stretches, lambda pair: pair[0].size):
        parts = [Part(stretch, kinds <= proven) for stretch, kinds in group]
        if size is None or all(part.settled for part in parts):
            wanted += parts
        else:
            wanted.append(Part(Stretch(parts[0].stretch.low, parts[-1].stretch.high), settled=False))
    return wanted
