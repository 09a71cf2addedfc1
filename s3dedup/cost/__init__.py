"""Pure: what storage is billed for, what it and reading it cost, and what deleting would save."""

from s3dedup.cost.billable import billable_bytes
from s3dedup.cost.offer import parse_offer, parse_regions
from s3dedup.cost.pricer import ClassPrice, Destination, Pricer, Reads, total
from s3dedup.cost.prices import ANYWHERE, GB, NO_PRICES, PriceTable, Rates, RegionPrices, Tier, Tiering
from s3dedup.cost.savings import (
    ARCHIVES,
    UNRETAINED,
    Holding,
    Replication,
    Saving,
    at_last,
    effect,
    group_saving,
    longest,
    loses_instant_access,
    saving,
)
from s3dedup.cost.table import read_table, shipped_table, write_table

__all__ = [
    "ANYWHERE",
    "ARCHIVES",
    "GB",
    "NO_PRICES",
    "UNRETAINED",
    "ClassPrice",
    "Destination",
    "Holding",
    "PriceTable",
    "Pricer",
    "Rates",
    "Reads",
    "RegionPrices",
    "Replication",
    "Saving",
    "Tier",
    "Tiering",
    "at_last",
    "billable_bytes",
    "effect",
    "group_saving",
    "longest",
    "loses_instant_access",
    "parse_offer",
    "parse_regions",
    "read_table",
    "saving",
    "shipped_table",
    "total",
    "write_table",
]
