"""Where the redundant objects are: by bucket, by storage class, by pairs of prefixes. Fed one group at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from s3dedup.groups.highest import location_of, prefix_pairs
from s3dedup.groups.pairs import PairTable, Weight, heavy_places
from s3dedup.groups.rules import Placed, Price, no_price
from s3dedup.model import Location, RollUps, Share


@dataclass(slots=True)
class _Shares:
    """What is in duplicate groups by one name: all members, and the redundant ones."""

    members: dict[str, Weight] = field(default_factory=dict)
    redundant: dict[str, Weight] = field(default_factory=dict)

    def finish(self) -> tuple[Share, ...]:
        """What saves most first."""
        shares = [_share(name, every, self.redundant.get(name, Weight())) for name, every in self.members.items()]
        return tuple(sorted(shares, key=lambda share: (-share.reclaimable_bytes, share.name)))


class RollUp:
    """Adds up the groups of an audit. Memory does not grow with their number (see `PairTable`), and several of these,
    each fed its own groups, can be merged in any order. `price` says what a redundant object costs a month.
    """

    def __init__(self, price: Price = no_price) -> None:
        self._price = price
        self._buckets = _Shares()
        self._classes = _Shares()
        self._pairs = PairTable()

    def add(self, objects: Sequence[Placed], kept: int) -> None:
        """Count a group: the keeper first, then the other `kept` objects that stay, then what is redundant."""
        for rank, placed in enumerate(objects):
            bucket, row = placed
            for shares, name in ((self._buckets, bucket), (self._classes, row.storage_class)):
                _at(shares.members, name).add(1, row.size, None)
            if rank >= kept:
                self._add_redundant(placed, objects[0])

    def _add_redundant(self, placed: Placed, keeper: Placed) -> None:
        bucket, row = placed
        weight = Weight(1, row.size, self._price(bucket, row.size, row.storage_class))
        for shares, name in ((self._buckets, bucket), (self._classes, row.storage_class)):
            _at(shares.redundant, name).add(1, weight.bytes, weight.usd)
        self._pairs.add(placed, keeper, weight)

    def merge(self, other: RollUp) -> None:
        """Count what another one has counted."""
        mine = (self._buckets, self._classes)
        for shares, theirs in zip(mine, (other._buckets, other._classes), strict=True):
            _merge(shares.members, theirs.members)
            _merge(shares.redundant, theirs.redundant)
        self._pairs.merge(other._pairs)

    def prefixes(self) -> list[Location]:
        """The prefixes that may be named: for them `finish` wants to know how many objects were listed there."""
        return [location_of(place) for place in heavy_places(self._pairs.weights())]

    def finish(self, below: Mapping[Location, int]) -> RollUps:
        """All that was counted. `below` says how many objects, not counting empty ones, were listed in the locations
        that `prefixes` names; prefixes of which it does not are not named, and a bucket's share is then unknown.
        """
        known = {f"{location.bucket}/{location.prefix}": count for location, count in below.items()}
        pairs = prefix_pairs(self._pairs.weights(), known)
        return RollUps(self._buckets.finish(), self._classes.finish(), pairs)


def _at(weights: dict[str, Weight], name: str) -> Weight:
    """The weight of a name, nothing at first."""
    return weights.get(name) or weights.setdefault(name, Weight())


def _merge(mine: dict[str, Weight], theirs: Mapping[str, Weight]) -> None:
    for name, weight in theirs.items():
        _at(mine, name).add(weight.objects, weight.bytes, weight.usd)


def _share(name: str, every: Weight, redundant: Weight) -> Share:
    return Share(name, every.objects, every.bytes, redundant.objects, redundant.bytes, redundant.usd)
