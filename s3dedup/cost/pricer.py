"""What storage, requests and reading cost, by a price table: pure arithmetic, in USD.

Storage prices fall with the volume that an account holds of a class in a region, which an audit does not know. The rule
here: an object is priced at the tier that the *listed* volume of its class and region reaches, which is what the first
bytes to go are billed at. What the account holds beyond that may make the true price lower; deleting so much that the
volume falls back into an earlier tier makes it higher.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from enum import StrEnum
from typing import NamedTuple

from s3dedup.cost.prices import GB, PriceTable, Rates, RegionPrices

NOTHING = Decimal(0)
SMALLEST = Decimal("1E-12")
"""Amounts are rounded to this many USD: so fine that a byte in the cheapest class still costs something."""
_WIDE = Context(prec=64)
"""Room for the largest price of the largest object, down to the smallest amount."""
DAYS_A_MONTH = 30
"""S3 divides by the hours of the very month; without a month in mind it is reckoned as 30 days."""


class Destination(StrEnum):
    """Where the bytes that are read go; leaving the region costs extra."""

    SAME_REGION = "same-region"
    OTHER_REGION = "other-region"
    INTERNET = "internet"


class Reads(NamedTuple):
    """How much was asked of the objects of one class: HEADs and GETs, and the bytes that the GETs brought."""

    requests: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class ClassPrice:
    """One storage class in one region, made ready for many objects. `per_byte` is a month's storage of a byte;
    `beside` is what every object costs a month beyond its own bytes (None: unknown).
    """

    rates: Rates
    per_byte: Decimal
    beside: Decimal | None

    def monthly(self, size: int) -> Decimal | None:
        """A month's storage of one object of `size` bytes.

        None where it is not known exactly: in a class that moves objects between access tiers by itself no listing
        says in which of them an object lies.
        """
        if self.beside is None or self._wanders(size):
            return None
        return _rounded(self.beside + self._bytes(size) * self.per_byte)

    def early_delete(self, size: int, days: int) -> Decimal:
        """What deleting an object `days` before the end of its minimum term costs: the storage of those days."""
        if not days:
            return NOTHING
        billed = self._bytes(size) + self.rates.overhead_bytes
        return _rounded(billed * self.per_byte * days / DAYS_A_MONTH)

    def _wanders(self, size: int) -> bool:
        tiering = self.rates.tiering
        return tiering is not None and size >= tiering.from_bytes

    def _bytes(self, size: int) -> int:
        return max(size, self.rates.minimum_bytes)


class Pricer:
    """A price table as one audit uses it. `volumes` are the bytes listed, by region and class: they decide which tier
    of the storage prices counts (see the module). Making one is cheap, asking it cheaper.
    """

    def __init__(self, table: PriceTable, volumes: Mapping[tuple[str | None, str], int] | None = None) -> None:
        self._table = table
        self._volumes = volumes or {}
        self._ready: dict[tuple[str | None, str], ClassPrice | None] = {}

    def of(self, storage_class: str, region: str | None) -> ClassPrice | None:
        """The prices of a class in a region (None: not known which); None where the table has none."""
        key = (region, storage_class)
        if key not in self._ready:
            self._ready[key] = self._make(storage_class, region)
        return self._ready[key]

    def _make(self, storage_class: str, region: str | None) -> ClassPrice | None:
        rates = self._table.rates(region, storage_class)
        if rates is None:
            return None
        per_byte = self._storage(rates, storage_class, region)
        standard = self._table.rates(region, "STANDARD")
        of_standard = None if standard is None else self._storage(standard, "STANDARD", region)
        at_standard = _times(rates.overhead_standard_bytes, of_standard)
        beside = None if at_standard is None else rates.overhead_bytes * per_byte + at_standard
        return ClassPrice(rates, per_byte, beside)

    def _storage(self, rates: Rates, storage_class: str, region: str | None) -> Decimal:
        return rates.storage_at(self._volumes.get((region, storage_class), 0)) / GB

    def monthly(self, size: int, storage_class: str, region: str | None) -> Decimal | None:
        """A month's storage of one object of `size` bytes; None where it is unknown (see `ClassPrice.monthly`)."""
        price = self.of(storage_class, region)
        return None if price is None else price.monthly(size)

    def listing(self, requests: int, region: str | None) -> Decimal | None:
        """What LIST requests cost."""
        prices = self._table.at(region)
        return _times(requests, None if prices is None else prices.list_request)

    def reading(
        self,
        reads: Reads,
        storage_class: str,
        region: str | None,
        to: Destination = Destination.SAME_REGION,
    ) -> Decimal | None:
        """What HEADs and GETs of objects of one class cost, with retrieval and traffic.

        S3 Express One Zone retrieves the first 512 KB of a request for nothing; all bytes are counted here, so that a
        budget is never overrun. Nothing asked costs nothing, whether or not the price is known.
        """
        prices, rates = self._table.at(region), self._table.rates(region, storage_class)
        if prices is None or rates is None:
            return None if any(reads) else NOTHING
        return total(
            [
                _times(reads.requests, rates.read_request),
                _times(reads.bytes, _per_byte(rates.retrieval)),
                _times(reads.bytes, _per_byte(_egress(prices, to))),
            ]
        )

    def work(
        self,
        lists: Mapping[str | None, int],
        reads: Mapping[tuple[str | None, str], Reads],
        to: Destination = Destination.SAME_REGION,
    ) -> Decimal | None:
        """What an audit's own requests cost: LISTs by region, and reads by region and class."""
        return total(
            [
                *(self.listing(requests, region) for region, requests in lists.items()),
                *(self.reading(each, name, region, to) for (region, name), each in reads.items()),
            ]
        )

    def sources(self, regions: Iterable[str | None]) -> tuple[str, ...]:
        """From which lists the prices of some regions are, each once, in words."""
        known = map(self._table.at, regions)
        return tuple(dict.fromkeys(f"{prices.source} ({prices.date})" for prices in known if prices is not None))


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(SMALLEST, context=_WIDE)


def total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum; unknown as soon as one of them is."""
    found = NOTHING
    for amount in amounts:
        if amount is None:
            return None
        found += amount
    return found


def _egress(prices: RegionPrices, to: Destination) -> Decimal | None:
    """What a GB that leaves costs. Within the region S3 charges no traffic (aws.amazon.com/s3/pricing, 2026-07)."""
    if to is Destination.SAME_REGION:
        return NOTHING
    return prices.egress_region if to is Destination.OTHER_REGION else prices.egress_internet


def _per_byte(per_gb: Decimal | None) -> Decimal | None:
    return None if per_gb is None else per_gb / GB


def _times(count: int, price: Decimal | None) -> Decimal | None:
    """`count` at a price. Nothing costs nothing, whatever its price."""
    if not count:
        return NOTHING
    return None if price is None else _rounded(count * price)
