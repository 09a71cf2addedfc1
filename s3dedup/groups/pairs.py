"""What is redundant, by the directory that it lies in and the directory of its keeper: streamed, in bounded memory.

A *place* is a directory as a text, "bucket/a/b/": its bucket, and the key up to and with its last slash.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from s3dedup.groups.rules import Placed

Pair = tuple[str, str]
"""The place of something redundant, and that of its keeper."""

LIMIT = 50_000
"""So many pairs are kept; beyond that the finest directories are counted with those above them."""
DEEPEST = 32
"""Directories below this depth are counted with the one above them from the beginning: a key can have 1,024 levels."""
PARTS = 100
"""A place is worth a name of its own from this part of all that is redundant on (1/100), by objects or by bytes."""


@dataclass(slots=True)
class Weight:
    """How much something is: objects, bytes, and USD a month, which is unknown (None) as soon as one amount is."""

    objects: int = 0
    bytes: int = 0
    usd: Decimal | None = Decimal(0)

    def add(self, objects: int, size: int, usd: Decimal | None) -> None:
        """Count more."""
        self.objects += objects
        self.bytes += size
        self.usd = None if self.usd is None or usd is None else self.usd + usd

    @classmethod
    def of(cls, weights: Iterable[Weight]) -> Weight:
        """The sum."""
        total = cls()
        for weight in weights:
            total.add(weight.objects, weight.bytes, weight.usd)
        return total


@dataclass(slots=True)
class _Table:
    """The pairs of two buckets; their places have at most `depth` directories."""

    depth: int = DEEPEST
    weights: dict[Pair, Weight] = field(default_factory=dict)

    def add(self, pair: Pair, weight: Weight) -> None:
        known = self.weights.get(pair)
        if known is None:
            known = self.weights[pair] = Weight()
        known.add(weight.objects, weight.bytes, weight.usd)

    def fold(self, depth: int) -> None:
        """Count what lies deeper with the directory above it."""
        old, self.depth, self.weights = self.weights, depth, {}
        for (redundant, keeper), weight in old.items():
            self.add((cut(redundant, depth), cut(keeper, depth)), weight)

    def halve(self) -> None:
        """Fold until half of the pairs are left, or none can be folded any more."""
        aim = len(self.weights) // 2
        while self.depth and len(self.weights) > aim:
            self.fold(max(depth_of(place) for pair in self.weights for place in pair) - 1)


class PairTable:
    """Weights of pairs of places. What is counted is never lost: where there are more than `limit` pairs, those two
    buckets that have the most lose their finest directories. Only pairs of whole buckets are never folded.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._count = 0
        self._tables: dict[Pair, _Table] = {}

    def add(self, redundant: Placed, keeper: Placed, size: int, usd: Decimal | None) -> None:
        """Count a redundant object."""
        buckets = redundant[0], keeper[0]
        table = self._tables.get(buckets) or self._tables.setdefault(buckets, _Table())
        pair = place_of(redundant, table.depth), place_of(keeper, table.depth)
        known = table.weights.get(pair)
        if known is not None:
            known.add(1, size, usd)
        else:
            table.weights[pair] = Weight(1, size, usd)
            self._grown(1)

    def merge(self, other: PairTable) -> None:
        """Count what another table has counted."""
        for buckets, theirs in other._tables.items():
            table = self._tables.setdefault(buckets, _Table())
            before, depth = len(table.weights), min(table.depth, theirs.depth)
            if depth < table.depth:
                table.fold(depth)
            for (redundant, keeper), weight in theirs.weights.items():
                table.add((cut(redundant, depth), cut(keeper, depth)), weight)
            self._grown(len(table.weights) - before)

    def _grown(self, by: int) -> None:
        self._count += by
        while self._count > self._limit:
            table = max(self._tables.values(), key=lambda table: len(table.weights) if table.depth else 0)
            if not table.depth:
                return
            before = len(table.weights)
            table.halve()
            self._count += len(table.weights) - before

    def weights(self) -> dict[Pair, Weight]:
        """All pairs."""
        return {pair: weight for table in self._tables.values() for pair, weight in table.weights.items()}


def heavy_places(weights: Mapping[Pair, Weight], parts: int = PARTS) -> list[str]:
    """The buckets, and the places that at least one of `parts` of everything touches: with what is redundant below
    them or what keeps it, so that they stay the same whatever is chosen for keepers. At most `4 * parts` a level.
    """
    total = Weight.of(weights.values())
    touched: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for (redundant, keeper), weight in weights.items():
        for place in {*upwards(redundant), *upwards(keeper)}:
            counts = touched[place]
            counts[0] += weight.objects
            counts[1] += weight.bytes
    return sorted(
        place
        for place, (objects, size) in touched.items()
        if objects * parts >= total.objects or size * parts >= total.bytes or not depth_of(place)
    )


def place_of(placed: Placed, depth: int = DEEPEST) -> str:
    """The directory of an object, or the one above it at this depth."""
    bucket, row = placed
    directory, slash, _ = row.key.rpartition("/")
    place = f"{bucket}/{directory}{slash}"
    return place if place.count("/") <= depth + 1 else cut(place, depth)


def cut(place: str, depth: int) -> str:
    """A place, or the one above it that is `depth` directories below its bucket."""
    if depth_of(place) <= depth:
        return place
    return "/".join([*place.split("/", depth + 1)[:-1], ""])


def depth_of(place: str) -> int:
    """How many directories a place is below its bucket."""
    return place.count("/") - 1


def upwards(place: str) -> Iterator[str]:
    """A place and all those above it, its bucket last."""
    while True:
        yield place
        end = place.rfind("/", 0, len(place) - 1)
        if end < 0:
            return
        place = place[: end + 1]


def child_of(place: str, above: str) -> str:
    """The part of a place that is one directory below `above`; the same place where it is `above` itself."""
    return place[: place.find("/", len(above)) + 1] or place
