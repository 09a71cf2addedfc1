"""What storing and reading cost in the buckets of an audit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from s3dedup.cost import ClassPrice, Pricer, PriceTable, Reads


class Market(NamedTuple):
    """Where a bucket is: the prices there, and its region (None: unknown, or none)."""

    table: PriceTable
    region: str | None


@dataclass(frozen=True, slots=True)
class Money:
    """Prices by bucket. What is not known is None, never 0; travels between processes."""

    pricers: Mapping[str, tuple[Pricer, str | None]]

    @classmethod
    def of(cls, markets: Mapping[str, Market], volumes: Mapping[tuple[str, str], int]) -> Money:
        """Prices in some buckets, by the bytes listed there by bucket and storage class, which decide the tier."""
        pricers = {}
        for bucket, market in markets.items():
            alike = [name for name, other in markets.items() if other.table is market.table]
            listed: dict[tuple[str | None, str], int] = {}
            for (name, storage_class), size in volumes.items():
                if name in alike:
                    key = markets[name].region, storage_class
                    listed[key] = listed.get(key, 0) + size
            pricers[bucket] = Pricer(market.table, listed), market.region
        return cls(pricers)

    def of_class(self, bucket: str, storage_class: str) -> ClassPrice | None:
        """The prices of a storage class; None where they are not known."""
        pricer, region = self.pricers[bucket]
        return pricer.of(storage_class, region)

    def reading(self, bucket: str, storage_class: str, requests: int, size: int) -> Decimal | None:
        """What so many HEADs and GETs cost that read so many bytes, within the region."""
        pricer, region = self.pricers[bucket]
        return pricer.reading(Reads(requests, size), storage_class, region)

    def listing(self, bucket: str, requests: int) -> Decimal | None:
        """What LIST requests cost."""
        pricer, region = self.pricers[bucket]
        return pricer.listing(requests, region)

    def sources(self) -> str | None:
        """From which lists the prices are, in one sentence; None where there are none."""
        named = [name for pricer, region in self.pricers.values() for name in pricer.sources([region])]
        return f"Prices: {'; '.join(dict.fromkeys(named))}." if named else None
