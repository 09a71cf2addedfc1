"""What the redundant objects of a group cost, and what deleting them would save.

Most buckets settle that for all objects of a class: then it takes one look-up for each redundant object.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from s3dedup.cost import (
    ARCHIVES,
    UNRETAINED,
    ClassPrice,
    Holding,
    Replication,
    at_last,
    group_saving,
    loses_instant_access,
    saving,
    total,
)
from s3dedup.cost import effect as effect_of
from s3dedup.engine.standing import Standing
from s3dedup.groups import Placed
from s3dedup.model import Effect, ListedObject, Told, utc_from_iso
from s3dedup.shelf import Codec, SavingRecord

STATUS = {
    "REPLICA": Replication.REPLICA,
    "PENDING": Replication.SOURCE,
    "COMPLETED": Replication.SOURCE,
    "COMPLETE": Replication.SOURCE,
}
"""What HEAD says (S3 User Guide, replication-status; the last one is in the API's list alone)."""
Name = tuple[str, str, str | None]
"""Bucket, key and version id of an object."""


class Terms(NamedTuple):
    """What counts for the objects of one class in one bucket: the price (None: unknown), and the `effect` that deleting
    any of them has, with no minimum term left (None: it depends on the object).
    """

    price: ClassPrice | None = None
    effect: Effect | None = Effect.UNKNOWN


ANYTHING = Terms()


class Appraisal(NamedTuple):
    """What a group came to. `usd` is what storing each redundant object costs a month, `monthly_usd` their sum. Where
    one `effect` is true of all and no term is left, there is nothing more to say; else `saving` says it. `asks` are the
    places (among all objects) of those of which a HEAD could tell more.
    """

    usd: list[Decimal | None]
    monthly_usd: Decimal | None
    effect: Effect | None = None
    saving: SavingRecord | None = None
    asks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Appraiser:
    """`terms` by bucket and class, and where each bucket stands, at a moment. It travels between processes, and reports
    keep it.
    """

    moment: datetime
    terms: Mapping[tuple[str, str], Terms] = field(default_factory=dict)
    standings: Mapping[str, Standing] = field(default_factory=dict)

    @classmethod
    def of(
        cls, moment: datetime, prices: Mapping[tuple[str, str], ClassPrice | None], standings: Mapping[str, Standing]
    ) -> Appraiser:
        """An appraiser of what was listed: prices by bucket and class."""
        terms = {
            (bucket, name): Terms(price, _settled(standings.get(bucket, NOWHERE), price))
            for (bucket, name), price in prices.items()
        }
        return cls(moment, terms, standings)

    def to_bytes(self) -> bytes:
        """As a report keeps it."""
        return _codec.encode(self)

    @staticmethod
    def from_bytes(value: bytes) -> Appraiser:
        """The appraiser again; where this program cannot read it, one that knows nothing."""
        return _codec.decode(value) or NOTHING_KNOWN

    def price(self, bucket: str, size: int, storage_class: str) -> Decimal | None:
        """What a month's storage of an object costs."""
        price = self.terms.get((bucket, storage_class), ANYTHING).price
        return None if price is None else price.monthly(size)

    def appraise(self, objects: Sequence[Placed], kept: int, told: Mapping[Name, Told] | None = None) -> Appraisal:
        """A group of which the first `kept` objects stay. `told` is what HEADs have told."""
        terms, keeper, redundant = self.terms, objects[0][1], objects[kept:]
        size = keeper.size
        usd: list[Decimal | None] = []
        settled, same = None, keeper.storage_class not in ARCHIVES
        for bucket, row in redundant:
            price, effect = terms.get((bucket, row.storage_class), ANYTHING)
            usd.append(None if price is None else price.monthly(size))
            same = same and effect is not None and (settled is None or effect is settled)
            settled = effect
        if not same:
            return self._closely(objects, kept, usd, told or {})
        return Appraisal(usd, usd[0] if len(usd) == 1 else total(usd), settled)

    def _closely(
        self, objects: Sequence[Placed], kept: int, usd: list[Decimal | None], told: Mapping[Name, Told]
    ) -> Appraisal:
        """The same, object by object."""
        names = {name_of(placed) for placed in objects}
        keeper = self._holding(objects[0], names, told)
        savings, effects, asks = [], [], dict[int, None]()
        for place, placed in enumerate(objects[kept:], kept):
            bucket, row = placed
            holding = self._holding(placed, names, told)
            by = effect_of(holding, keeper, self.moment)
            price = self.terms.get((bucket, row.storage_class), ANYTHING).price
            found = saving(row.size, utc_from_iso(row.modified), by, price, self.moment)
            savings.append(found)
            effects.append(at_last(by, found.days_left))
            if by is Effect.UNKNOWN:
                wanted = (place, 0) if holding.replication is Replication.SOURCE else (place,)
                asks |= dict.fromkeys(each for each in wanted if self._would_tell(objects[each], told))
        monthly, saved, early, days = group_saving(savings)
        classes = [row.storage_class for _, row in objects]
        loses = loses_instant_access(classes[:kept], classes[kept:])
        return Appraisal(usd, monthly, None, SavingRecord(saved, early, days, effects, loses), tuple(asks))

    def _would_tell(self, placed: Placed, told: Mapping[Name, Told]) -> bool:
        """Whether a HEAD could tell more of an object."""
        return name_of(placed) not in told and self.standings.get(placed[0], NOWHERE).asks

    def _holding(self, placed: Placed, names: set[Name], told: Mapping[Name, Told]) -> Holding:
        """What is known of an object, among the `names` of its group."""
        bucket, row = placed
        standing, head = self.standings.get(bucket, NOWHERE), told.get(name_of(placed))
        return Holding(
            standing.versioned,
            row.version_id,
            _legal_hold(standing, head),
            _retained_until(standing, head),
            _by_rule(standing, row, names) or _replication(standing, head),
        )


NOWHERE = Standing()
NOTHING_KNOWN = Appraiser(UNRETAINED)
"""Of whatever it is asked it says that it is unknown."""
_codec = Codec(Appraiser)


def name_of(placed: Placed) -> Name:
    """By which an object is known in its group."""
    return placed[0], placed[1].key, placed[1].version_id


def _settled(standing: Standing, price: ClassPrice | None) -> Effect | None:
    """The effect of every delete there, where bucket and class alone decide it."""
    varies = price is not None and (price.rates.minimum_days or price.rates.tiering is not None)
    return None if standing.effect is Effect.FREES and varies else standing.effect


def _legal_hold(standing: Standing, head: Told | None) -> bool | None:
    if standing.locks is False:
        return False
    if head is None:
        return None
    return head.legal_hold if head.legal_hold is not None or not standing.locks_told else False


def _retained_until(standing: Standing, head: Told | None) -> datetime | None:
    if standing.locks is False:
        return UNRETAINED
    if head is None:
        return None
    return head.retain_until or (UNRETAINED if standing.locks_told else None)


def _replication(standing: Standing, head: Told | None) -> Replication | None:
    if head is not None:
        return STATUS.get(head.replication or "", Replication.NONE)
    return None if standing.replicates else Replication.NONE


def _by_rule(standing: Standing, row: ListedObject, names: set[Name]) -> Replication | None:
    """What part an object has by rules alone: where the group has its replica, or what it is the replica of. Replicas
    have the key and version id of their source (S3 User Guide, replication).
    """
    for pairs, part in ((standing.sources, Replication.REPLICA), (standing.targets, Replication.SOURCE)):
        if any(row.key.startswith(prefix) and (bucket, row.key, row.version_id) in names for bucket, prefix in pairs):
            return part
    return None
