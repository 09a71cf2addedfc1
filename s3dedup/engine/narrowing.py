"""The narrowing stage: which objects share their size with another, and samples of them by bucket."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import compress, islice
from operator import attrgetter, eq, itemgetter, not_, or_
from typing import NamedTuple

from s3dedup.engine.context import Context
from s3dedup.engine.sorters import Sorters
from s3dedup.evidence import Form
from s3dedup.model import EtagTrust
from s3dedup.shelf import FORM, SIZE, SIZE_AND_ETAG, SOURCE, Listed, Stretch
from s3dedup.text import human_bytes, human_count

SAMPLES = 8
"""Candidates of one bucket that are asked for their encryption."""
READS = {Form.HEX: 2, Form.MULTIPART: 1}
"""Candidates of one bucket that calibration reads, by form of ETag; as many again of those that claim a twin."""
LARGEST_READ = 64 << 20
"""Calibration reads no object larger than this (bytes): without a smaller one ETags stay unproven, and are not used."""

Source = bytes
"""The number of a location, as two bytes."""
Kind = tuple[int, Source]
"""A form of ETag, and the location in which it occurs: all of a kind mean the same."""
kind_of = itemgetter(FORM, SOURCE)


@dataclass(slots=True)
class Samples:
    """Some of the candidates of one location, as entries. `asked` is a fair sample of all `seen`; `read` are small ones
    by form of ETag, `twins` small ones that share size and ETag with another.
    """

    seen: int = 0
    asked: list[bytes] = field(default_factory=list)
    read: dict[int, list[bytes]] = field(default_factory=dict)
    twins: dict[int, list[bytes]] = field(default_factory=dict)

    @classmethod
    def of(cls, candidates: Sequence[bytes], chance: random.Random) -> Samples:
        """Samples of sorted candidates."""
        tags = [entry[SIZE_AND_ETAG] for entry in candidates]
        repeats = [False, *map(eq, tags, tags[1:])]
        twins = list(compress(candidates, repeats))
        others = list(compress(candidates, map(not_, repeats)))
        forms = set(map(itemgetter(FORM), candidates))
        asked = chance.sample(candidates, min(SAMPLES, len(candidates)))
        return cls(len(candidates), asked, _smallest(others, forms), _smallest(twins, forms))

    @classmethod
    def merged(cls, parts: Sequence[Samples], chance: random.Random) -> Samples:
        """Samples of all that these are samples of."""
        forms = {form for part in parts for form in part.read}
        read = sorted(entry for part in parts for entries in part.read.values() for entry in entries)
        twins = sorted(entry for part in parts for entries in part.twins.values() for entry in entries)
        seen = sum(part.seen for part in parts)
        return cls(seen, _drawn(parts, chance), _smallest(read, forms), _smallest(twins, forms))

    def forms(self) -> frozenset[int]:
        """The forms of ETag that occur."""
        return frozenset(self.read)


def _smallest(candidates: list[bytes], forms: Iterable[int]) -> dict[int, list[bytes]]:
    """Of sorted candidates the first of each form, cheapest to read first; none that is larger than is read."""
    largest = LARGEST_READ.to_bytes(6)
    return {
        form: list(
            islice(
                (entry for entry in candidates if entry[FORM] == form and entry[SIZE] <= largest),
                READS.get(Form(form), 0),
            )
        )
        for form in forms
    }


def _drawn(parts: Sequence[Samples], chance: random.Random) -> list[bytes]:
    """A fair sample of what several fair samples are of: each draw falls to a part by how many it has left."""
    left = [(part.seen, list(part.asked)) for part in parts]
    drawn: list[bytes] = []
    while len(drawn) < SAMPLES and any(asked for _, asked in left):
        index = chance.choices(range(len(left)), [seen if asked else 0 for seen, asked in left])[0]
        seen, asked = left[index]
        drawn.append(asked.pop())
        left[index] = seen - 1, asked
    return drawn


class Narrowed(NamedTuple):
    """What a stretch holds: how many entries, how many candidates, their bytes, their kinds, and samples of them by
    location.
    """

    stretch: Stretch
    entries: int
    objects: int
    bytes: int
    kinds: frozenset[Kind]
    samples: dict[Source, Samples]


@dataclass(frozen=True, slots=True)
class Narrow:
    """Find the candidates of a stretch."""

    stretch: Stretch
    sampling: bool

    def __call__(self, listed: Listed) -> Narrowed:
        """Run by a sorter."""
        entries = listed.entries(self.stretch)
        candidates = entries if self.stretch.size is not None else _sharing_size(entries)
        size = sum(int.from_bytes(entry[SIZE]) for entry in candidates)
        kinds = frozenset(map(kind_of, candidates))
        samples = _samples(candidates, kinds, self.stretch) if self.sampling else {}
        return Narrowed(self.stretch, len(entries), len(candidates), size, kinds, samples)


def _sharing_size(entries: list[bytes]) -> list[bytes]:
    """Those of the sorted entries that have the size of a neighbour."""
    sizes = [entry[SIZE] for entry in entries]
    same = list(map(eq, sizes, sizes[1:]))
    return list(compress(entries, map(or_, [False, *same], [*same, False])))


def _samples(candidates: list[bytes], kinds: Iterable[Kind], stretch: Stretch) -> dict[Source, Samples]:
    chance = random.Random(stretch.low)  # noqa: S311  a sample, not a secret
    sources = sorted({source for _, source in kinds})  # one chance for all, so in one order in every process
    by_source = dict.fromkeys(sources, candidates)
    if len(sources) > 1:
        by_source = {source: [entry for entry in candidates if entry[SOURCE] == source] for source in sources}
    return {source: Samples.of(found, chance) for source, found in by_source.items()}


@dataclass(slots=True)
class Candidates:
    """The objects that share their size with another: how many, their bytes, and samples of them by bucket. They are in
    these stretches, which have so many `entries`.
    """

    objects: int = 0
    bytes: int = 0
    entries: int = 0
    stretches: list[tuple[Stretch, frozenset[Kind]]] = field(default_factory=list)
    samples: dict[str, Samples] = field(default_factory=dict)


def narrow(context: Context, sorters: Sorters) -> Candidates:
    """Find the objects that share their size with another, and take samples of them by bucket."""
    context.watch.stage("Grouping by size")
    sampling = context.etag_trust is EtagTrust.AUTO
    orders = (Narrow(stretch, sampling) for stretch in context.state.listed.stretches())
    found = sorted(sorters.carry_out(orders), key=attrgetter("stretch.low"))
    wanted = [each for each in found if each.objects]
    candidates = Candidates(
        sum(each.objects for each in wanted),
        sum(each.bytes for each in wanted),
        sum(each.entries for each in wanted),
        [(each.stretch, each.kinds) for each in wanted],
        _by_bucket(context, wanted),
    )
    objects = human_count(candidates.objects, "candidate")
    context.watch.line(f"{objects} ({human_bytes(candidates.bytes)}) after grouping by size")
    return candidates


def _by_bucket(context: Context, found: list[Narrowed]) -> dict[str, Samples]:
    parts: dict[str, list[Samples]] = defaultdict(list)
    for each in found:
        for source, samples in each.samples.items():
            parts[context.bucket(int.from_bytes(source))].append(samples)
    chance = random.Random(0)  # noqa: S311  a sample, not a secret
    return {bucket: Samples.merged(samples, chance) for bucket, samples in parts.items()}
