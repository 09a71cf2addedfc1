"""Where the redundant objects are: by bucket, by storage class, by pairs of prefixes. Fed one group at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from s3dedup.groups.highest import location_of, prefix_pairs
from s3dedup.groups.pairs import PairTable, Weight, heavy_places
from s3dedup.groups.rules import Placed, Price, no_price
from s3dedup.model import Location, RollUps, Share

NOTHING = Decimal(0)


@dataclass(slots=True)
class _Cell:
    """What one bucket has of one storage class in duplicate groups: all members, and the redundant ones."""

    objects: int = 0
    bytes: int = 0
    redundant: Weight = field(default_factory=Weight)

    def merge(self, other: _Cell) -> None:
        """Count what another one has counted."""
        self.objects += other.objects
        self.bytes += other.bytes
        self.redundant.add(other.redundant.objects, other.redundant.bytes, other.redundant.usd)


class RollUp:
    """Adds up the groups of an audit. Memory does not grow with their number (see `PairTable`), and several of these,
    each fed its own groups, can be merged in any order. `price` says what a redundant object costs a month.
    """

    def __init__(self, price: Price = no_price) -> None:
        self._price = price
        self._cells: dict[tuple[str, str], _Cell] = {}
        self._pairs = PairTable()

    def add(self, objects: Sequence[Placed], kept: int) -> Decimal | None:
        """Count a group: the keeper first, then the other `kept` objects that stay, then what is redundant; what the
        redundant ones cost a month.
        """
        cells, size = self._cells, objects[0][1].size
        usd: Decimal | None = NOTHING
        for rank, placed in enumerate(objects):
            bucket, row = placed
            name = bucket, row.storage_class
            cell = cells.get(name)
            if cell is None:
                cell = cells[name] = _Cell()
            cell.objects += 1
            cell.bytes += size
            if rank >= kept:
                price = self._price(bucket, size, row.storage_class)
                usd = None if usd is None or price is None else usd + price
                cell.redundant.add(1, size, price)
                self._pairs.add(placed, objects[0], Weight(1, size, price))
        return usd

    def merge(self, other: RollUp) -> None:
        """Count what another one has counted."""
        for name, cell in other._cells.items():
            self._cells.setdefault(name, _Cell()).merge(cell)
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
        return RollUps(self._shares(0), self._shares(1), pairs)

    def _shares(self, part: int) -> tuple[Share, ...]:
        """By bucket (0) or by storage class (1), what saves most first."""
        sums: dict[str, _Cell] = {}
        for name, cell in self._cells.items():
            sums.setdefault(name[part], _Cell()).merge(cell)
        shares = [_share(name, cell) for name, cell in sums.items()]
        return tuple(sorted(shares, key=lambda share: (-share.reclaimable_bytes, share.name)))


def _share(name: str, cell: _Cell) -> Share:
    redundant = cell.redundant
    return Share(name, cell.objects, cell.bytes, redundant.objects, redundant.bytes, redundant.usd)
