"""What the sorters settle by the listing alone: where every ETag is a proven MD5, equal ones are the groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from s3dedup.engine.appraise import NOTHING_KNOWN, Appraiser
from s3dedup.engine.emit import Emitter, Tally
from s3dedup.engine.entries import Kind, Source, equal_etags, kind_of
from s3dedup.engine.narrowing import Narrowed
from s3dedup.groups import Choice
from s3dedup.model import EvidenceKind
from s3dedup.shelf import DIGEST, SIZE, SOURCE, Found, Listed, Stretch, split

ROWS = 1 << 13
"""About so many rows are held in memory at a time."""
Sized = tuple[int, list[bytes]]
"""A size, and its objects."""


class Part(NamedTuple):
    """A stretch to be weighed. Where all ETags of its candidates are proven, `settled` says how many of these there are
    by kind; else it is None.
    """

    stretch: Stretch
    settled: Counter[Kind] | None = None


class Weighed(NamedTuple):
    """What came of a stretch: how many candidates it has, groups, and the sizes of which not every ETag is proven, with
    their objects.
    """

    candidates: int
    groups: list[Found]
    tally: Tally
    doubtful: list[Sized]
    on_trust: int


class Taken(NamedTuple):
    """The locations whose encryption a sample speaks for, and the entries that were asked themselves."""

    sampled: frozenset[Source] = frozenset()
    asked: frozenset[bytes] = frozenset()

    def alone(self, settled: Counter[Kind], asked: Collection[bytes], sets: Iterable[Sequence[bytes]]) -> int:
        """How many of some settled candidates, counted by kind, are in none of these sets of equal ones only because of
        what a sample says. `asked` are those among them that were asked.
        """
        if not self.sampled:
            return 0
        grouped = {entry for same in sets for entry in same if entry[SOURCE] in self.sampled}
        every = sum(count for (_, source), count in settled.items() if source in self.sampled)
        return every - len(grouped) - sum(entry[SOURCE] in self.sampled for entry in asked if entry not in grouped)


NOTHING_TAKEN = Taken()


@dataclass(frozen=True, slots=True)
class WeighListed:
    """Group the objects of a stretch by what the listing proves. `proven` are the kinds of ETags that are MD5s,
    `buckets` says which bucket a location is in, `choice` who stays, `appraiser` what that saves; `gone` are
    entries of objects that are not there any more; `taken` is what is taken on trust. `equal` are, joined, the entries
    of a settled part that share size and ETag with another: then no others are looked at.
    """

    part: Part
    equal: bytes
    proven: frozenset[Kind]
    buckets: dict[Source, str]
    choice: Choice
    appraiser: Appraiser = NOTHING_KNOWN
    gone: frozenset[bytes] = frozenset()
    taken: Taken = NOTHING_TAKEN

    def __call__(self, listed: Listed) -> Weighed:
        """Run by a sorter."""
        groups: list[Found] = []
        emitter = Emitter(groups.extend, self.choice, self.appraiser)
        candidates, sets, doubtful, on_trust = self._looked_at(listed)
        for some in at_once(sets):
            rows = iter(listed.rows([entry for same in some for entry in same]))
            for same in some:
                members = [(self.buckets[each[SOURCE]], next(rows)) for each in same]
                emitter.emit(members[0][1].size, b"md5:" + same[0][DIGEST], EvidenceKind.MD5_ETAG, members)
        return Weighed(candidates, groups, emitter.tally, doubtful, on_trust)

    def _looked_at(self, listed: Listed) -> tuple[int, list[list[bytes]], list[Sized], int]:
        """How many candidates there are, sets of equal ones, sizes in doubt, how many objects are alone on trust."""
        stretch, counts = self.part
        if counts is not None:
            sets = list(equal_etags(split(self.equal)))
            asked = frozenset(filter(stretch.covers, self.taken.asked))
            return counts.total(), sets, [], self.taken.alone(counts, asked, sets)
        settled, doubtful = self._parted(entry for entry in listed.entries(stretch) if entry not in self.gone)
        sets, asked = list(equal_etags(settled)), self.taken.asked.intersection(settled)
        candidates = len(settled) + sum(len(entries) for _, entries in doubtful)
        return candidates, sets, doubtful, self.taken.alone(Counter(map(kind_of, settled)), asked, sets)

    def _parted(self, entries: Iterable[bytes]) -> tuple[list[bytes], list[Sized]]:
        """The candidates of sizes of which every ETag is proven; and the others."""
        settled: list[bytes] = []
        doubtful: list[Sized] = []
        for size, group in groupby(entries, itemgetter(SIZE)):
            candidates = list(group)
            if len(candidates) == 1 and self.part.stretch.size is None:  # else there are others in other stretches
                continue
            if self.proven.issuperset(map(kind_of, candidates)):
                settled += candidates
            else:
                doubtful.append((int.from_bytes(size), candidates))
        return settled, doubtful


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


def whole_where_needed(
    stretches: Iterable[Narrowed], proven: frozenset[Kind], gone: Collection[bytes] = ()
) -> list[Part]:
    """What is to be weighed. A size that is parted into several stretches has to be put together again if not every
    ETag of it is proven. Where objects are `gone` it is not known any more who is a candidate, but equal ETags are
    still in one stretch.
    """
    wanted: list[Part] = []
    for size, group in groupby(stretches, lambda each: each.stretch.size):
        found = list(group)
        if size is None or all(each.kinds.keys() <= proven for each in found):
            wanted += [Part(each.stretch, each.kinds if _is_settled(each, proven, gone) else None) for each in found]
        else:
            wanted.append(Part(Stretch(found[0].stretch.low, found[-1].stretch.high)))
    return wanted


def _is_settled(found: Narrowed, proven: frozenset[Kind], gone: Collection[bytes]) -> bool:
    return found.kinds.keys() <= proven and not any(map(found.stretch.covers, gone))
