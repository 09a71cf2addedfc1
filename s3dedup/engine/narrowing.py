"""The narrowing stage: which objects share their size with another, and samples of them by bucket."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, compress, count, islice, takewhile
from operator import attrgetter, eq, itemgetter, not_, or_
from typing import Generic, NamedTuple, TypeVar

from s3dedup.engine.context import Context
from s3dedup.engine.entries import Kind, Pair, Source, count_kinds, sharing, total_size
from s3dedup.engine.sorters import Sorters
from s3dedup.evidence import Form
from s3dedup.model import EtagTrust
from s3dedup.shelf import FORM, SIZE, SIZE_AND_ETAG, SOURCE, Listed, Stretch
from s3dedup.text import human_bytes, human_count

DRAWN = 256
"""A fair sample of a bucket's candidates, of which some are asked for their encryption."""
READS = {Form.HEX: 2, Form.MULTIPART: 1}
"""Candidates of one bucket that calibration reads whole, by form of ETag; and pairs of those that claim a twin."""
PAIRS = 8
"""Pairs with one ETag that are held against each other, of each form in a bucket: drawn fairly, of any size."""
LARGEST_READ = 64 << 20
"""Calibration reads no object larger than this whole (bytes): without a smaller one ETags stay unproven, and are not
used.
"""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Drawn(Generic[T]):
    """A fair sample of what was `seen`."""

    seen: int = 0
    items: list[T] = field(default_factory=list)

    @classmethod
    def of(cls, every: Sequence[T], most: int, chance: random.Random) -> Drawn[T]:
        """At most so many of all."""
        return cls(len(every), chance.sample(every, min(most, len(every))))

    @classmethod
    def merged(cls, parts: Iterable[Drawn[T]], most: int, chance: random.Random) -> Drawn[T]:
        """A fair sample of what several are of: each draw falls to a part by how many it has left."""
        left = [(part.seen, list(part.items)) for part in parts]
        seen = sum(count for count, _ in left)
        drawn: list[T] = []
        while len(drawn) < most and any(items for _, items in left):
            index = chance.choices(range(len(left)), [count if items else 0 for count, items in left])[0]
            count, items = left[index]
            drawn.append(items.pop())
            left[index] = count - 1, items
        return cls(seen, drawn)


class Twins(NamedTuple):
    """The pairs of neighbours in sorted `entries` that have one size and one ETag, each by where its first one is."""

    entries: Sequence[bytes]
    starts: Sequence[int]

    @classmethod
    def of(cls, entries: Sequence[bytes]) -> Twins:
        """All that there are."""
        tags = [entry[SIZE_AND_ETAG] for entry in entries]
        return cls(entries, list(compress(count(), map(eq, tags, tags[1:]))))

    def touching(self, source: Source) -> Twins:
        """Those of which one half or both are in a location."""
        entries = self.entries
        return Twins(
            entries, [at for at in self.starts if entries[at][SOURCE] == source or entries[at + 1][SOURCE] == source]
        )

    def drawn(self, form: int, chance: random.Random) -> Drawn[Pair]:
        """A fair sample of those with ETags of one form."""
        entries = self.entries
        drawn = Drawn.of([at for at in self.starts if entries[at][FORM] == form], PAIRS, chance)
        return Drawn(drawn.seen, [(entries[at], entries[at + 1]) for at in drawn.items])


@dataclass(slots=True)
class Samples:
    """Some of the candidates of one location, as entries. `drawn` is a fair sample; `read` are small ones by form of
    ETag, `twins` small ones that share size and ETag with another, `pairs` a fair sample of any such two, of which one
    may be in another location.
    """

    drawn: Drawn[bytes] = field(default_factory=Drawn)
    read: dict[int, list[bytes]] = field(default_factory=dict)
    twins: dict[int, list[bytes]] = field(default_factory=dict)
    pairs: dict[int, Drawn[Pair]] = field(default_factory=dict)

    @classmethod
    def of(cls, candidates: Sequence[bytes], twins: Twins, chance: random.Random) -> Samples:
        """Samples of sorted candidates, and of the pairs that they are in."""
        tags = [entry[SIZE_AND_ETAG] for entry in candidates]
        same = list(map(eq, tags, tags[1:]))
        forms = sorted(set(map(itemgetter(FORM), candidates)))

        def firsts() -> Iterator[bytes]:
            return compress(candidates, chain([True], map(not_, same)))

        def repeated() -> Iterator[bytes]:
            return compress(candidates, map(or_, chain([False], same), chain(same, [False])))

        pairs = {form: twins.drawn(form, chance) for form in forms if form in READS}
        drawn = Drawn.of(candidates, DRAWN, chance)
        return cls(drawn, _smallest(firsts, forms), _smallest(repeated, forms, of_each=2), pairs)

    @classmethod
    def merged(cls, parts: Sequence[Samples], chance: random.Random) -> Samples:
        """Samples of all that these are samples of."""
        forms = sorted({form for part in parts for form in part.read})
        read = sorted(entry for part in parts for entries in part.read.values() for entry in entries)
        twins = sorted(entry for part in parts for entries in part.twins.values() for entry in entries)
        pairs = {
            form: Drawn.merged((part.pairs[form] for part in parts if form in part.pairs), PAIRS, chance)
            for form in forms
        }
        drawn = Drawn.merged((part.drawn for part in parts), DRAWN, chance)
        return cls(drawn, _smallest(lambda: iter(read), forms), _smallest(lambda: iter(twins), forms, of_each=2), pairs)

    def forms(self) -> frozenset[int]:
        """The forms of ETag that occur."""
        return frozenset(self.read)


def _smallest(
    candidates: Callable[[], Iterator[bytes]], forms: Iterable[int], *, of_each: int = 1
) -> dict[int, list[bytes]]:
    """Of sorted candidates the first of each form, cheapest to read first; none that is larger than is read."""
    largest = LARGEST_READ.to_bytes(6)

    def first(form: int) -> list[bytes]:
        small = takewhile(lambda entry: entry[SIZE] <= largest, candidates())
        return list(islice((entry for entry in small if entry[FORM] == form), of_each * READS.get(Form(form), 0)))

    return {form: first(form) for form in forms}


class Narrowed(NamedTuple):
    """The candidates of a stretch: how many there are of each kind, their `size` together (bytes), samples of them by
    location, and, joined, the entries that share also their ETag with another.
    """

    stretch: Stretch
    kinds: Counter[Kind]
    size: int
    samples: dict[Source, Samples]
    equal: bytes

    @property
    def objects(self) -> int:
        """How many candidates there are."""
        return self.kinds.total()


@dataclass(frozen=True, slots=True)
class Narrow:
    """Find the candidates of a stretch."""

    stretch: Stretch
    sampling: bool

    def __call__(self, listed: Listed) -> Narrowed:
        """Run by a sorter."""
        entries = listed.entries(self.stretch)
        candidates = entries if self.stretch.size is not None else sharing(entries, SIZE)
        joined = b"".join(candidates)
        size, kinds = total_size(joined), count_kinds(joined)
        samples = _samples(candidates, kinds, self.stretch) if self.sampling else {}
        equal = b"".join(sharing(candidates, SIZE_AND_ETAG))
        return Narrowed(self.stretch, kinds, size, samples, equal)


def _samples(candidates: list[bytes], kinds: Iterable[Kind], stretch: Stretch) -> dict[Source, Samples]:
    chance = random.Random(stretch.low)  # noqa: S311  a sample, not a secret
    sources = sorted({source for _, source in kinds})  # one chance for all, so in one order in every process
    twins = Twins.of(candidates)
    if len(sources) == 1:
        return {sources[0]: Samples.of(candidates, twins, chance)}
    by_source = {source: [entry for entry in candidates if entry[SOURCE] == source] for source in sources}
    return {source: Samples.of(found, twins.touching(source), chance) for source, found in by_source.items()}


@dataclass(slots=True)
class Candidates:
    """The objects that share their size with another: how many, their `size` together (bytes), and samples of them by
    bucket. They are in these stretches, of which `equal` has, joined, the entries that share also their ETag with
    another.
    """

    objects: int
    size: int
    stretches: list[Narrowed]
    samples: dict[str, Samples]
    equal: Callable[[Stretch], bytes]


def narrow(context: Context, sorters: Sorters) -> Candidates:
    """Find the objects that share their size with another, and take samples of them by bucket."""
    context.watch.stage("Grouping by size")
    sampling = context.etag_trust is EtagTrust.AUTO
    found: list[Narrowed] = []
    for each in sorters.carry_out(Narrow(stretch, sampling) for stretch in context.state.listed.stretches()):
        if each.objects:
            sorters.put_aside(each.stretch.low, each.equal)
            found.append(each._replace(equal=b""))
    found.sort(key=attrgetter("stretch.low"))
    candidates = Candidates(
        sum(each.objects for each in found),
        sum(each.size for each in found),
        found,
        _by_bucket(context, found),
        lambda stretch: sorters.taken_up(stretch.low),
    )
    objects = human_count(candidates.objects, "candidate")
    context.watch.line(f"{objects} ({human_bytes(candidates.size)}) after grouping by size")
    return candidates


def _by_bucket(context: Context, found: list[Narrowed]) -> dict[str, Samples]:
    parts: dict[str, list[Samples]] = defaultdict(list)
    for each in found:
        for source, samples in each.samples.items():
            parts[context.bucket(int.from_bytes(source))].append(samples)
    chance = random.Random(0)  # noqa: S311  a sample, not a secret
    return {bucket: Samples.merged(samples, chance) for bucket, samples in parts.items()}
