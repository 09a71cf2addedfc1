"""Prices as values: what a region of a provider asks for storage, requests, retrieval and traffic.

All money is USD, a GB is 2^30 bytes, and what is None is unknown, never free. Each region says which list its prices
come from and of when that is, so that tables can be laid over each other and every figure still names its source.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec

GB = 1 << 30
"""What S3 bills as a GB. Source: S3 User Guide, aws-usage-report-understand ("1,073,741,824 bytes per GB")."""

LARGEST = 10**12
"""No price and no size in a table is larger; so no sum of them overflows."""
ANYWHERE = "*"
"""The name under which a table keeps the prices of a provider that asks the same in every region, or has none."""


class Tier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The price of a GB-month from a volume of `from_gb` GB on."""

    from_gb: int
    usd: Decimal

    def __post_init__(self) -> None:
        _check_amounts(from_gb=self.from_gb, usd=self.usd)


class Tiering(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a class that moves objects between access tiers by itself charges for those of `from_bytes` and more.

    `monitoring` is per object and month; `coldest` is the GB-month of its cheapest access tier. Smaller objects are
    not monitored and stay in the dearest tier (S3 User Guide, aws-usage-report-understand, note 6).
    """

    from_bytes: int
    monitoring: Decimal
    coldest: Decimal

    def __post_init__(self) -> None:
        _check_amounts(from_bytes=self.from_bytes, monitoring=self.monitoring, coldest=self.coldest)


class Rates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one storage class costs in one region.

    `storage` holds the tiers of a GB-month, the first from 0 on. An object is billed as at least `minimum_bytes`, and
    for at least `minimum_days`. `overhead_bytes` are added to each object at this class's rate, and
    `overhead_standard_bytes` at that of STANDARD. `read_request` is one GET or HEAD, `retrieval` one GB read.
    """

    storage: tuple[Tier, ...]
    minimum_bytes: int
    minimum_days: int
    overhead_bytes: int = 0
    overhead_standard_bytes: int = 0
    read_request: Decimal | None = None
    retrieval: Decimal | None = None
    tiering: Tiering | None = None

    def __post_init__(self) -> None:
        starts = [tier.from_gb for tier in self.storage]
        if starts[:1] != [0] or starts != sorted(set(starts)):
            raise ValueError("`storage` must hold tiers with rising `from_gb`, the first of them 0")
        _check_amounts(
            minimum_bytes=self.minimum_bytes,
            minimum_days=self.minimum_days,
            overhead_bytes=self.overhead_bytes,
            overhead_standard_bytes=self.overhead_standard_bytes,
            read_request=self.read_request,
            retrieval=self.retrieval,
        )

    def storage_at(self, volume: int) -> Decimal:
        """The GB-month's price for the last byte of a volume (bytes): of the tier that the volume reaches."""
        return next((tier.usd for tier in reversed(self.storage) if tier.from_gb * GB < volume), self.storage[0].usd)


class RegionPrices(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The prices of one region: `source` says in words which list they are from, `date` of when that list is.

    `list_request` is one LIST, whatever the classes of the objects that it names. `egress_region` and
    `egress_internet` are a GB that leaves for another region (the dearest, where it depends on which), and for the
    internet; within a region none is charged.
    """

    source: str
    date: str
    classes: Mapping[str, Rates]
    list_request: Decimal | None = None
    egress_region: Decimal | None = None
    egress_internet: Decimal | None = None

    def __post_init__(self) -> None:
        _check_amounts(
            list_request=self.list_request, egress_region=self.egress_region, egress_internet=self.egress_internet
        )


class PriceTable(msgspec.Struct, frozen=True):
    """Prices by region; those under `ANYWHERE` count for every region that is not named. What is not in the table has
    no known price.
    """

    regions: Mapping[str, RegionPrices]

    def over(self, other: PriceTable) -> PriceTable:
        """Both tables as one; where they have a region in common, this one's prices count."""
        return PriceTable({**other.regions, **self.regions})

    def where_newer(self, other: PriceTable) -> PriceTable:
        """Both tables as one; where they have a region in common, the prices of the later date count (ISO 8601; this
        table's where both are of one date).
        """
        older = {name for name, mine in self.regions.items() if _date(other, name) > mine.date}
        return PriceTable({name: mine for name, mine in self.regions.items() if name not in older}).over(other)

    def at(self, region: str | None) -> RegionPrices | None:
        """The prices of a region (None: not known which); None where the table has none."""
        return self.regions.get(region or ANYWHERE) or self.regions.get(ANYWHERE)

    def rates(self, region: str | None, storage_class: str) -> Rates | None:
        """What a class costs in a region; None where the table does not say."""
        prices = self.at(region)
        return None if prices is None else prices.classes.get(storage_class)


NO_PRICES = PriceTable({})
"""The table for a store of which no prices are known: every figure that it gives is unknown."""


def _date(table: PriceTable, region: str) -> str:
    return table.regions[region].date if region in table.regions else ""


def _check_amounts(**amounts: int | Decimal | None) -> None:
    """Refuse what cannot be a price or a size: below zero, not a number, or beyond all measure."""
    for name, amount in amounts.items():
        if amount is not None and not (Decimal(amount).is_finite() and 0 <= amount <= LARGEST):
            raise ValueError(f"`{name}` must be from 0 to {LARGEST}, and is {amount}")
