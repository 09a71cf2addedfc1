"""Pure: what storage is billed for, what it and reading it cost, and what deleting would save."""

from s3dedup.cost.billable import billable_bytes
from s3dedup.cost.offer import parse_offer, parse_regions
from s3dedup.cost.pricer import Destination, Pricer, Range, Reads, total
from s3dedup.cost.prices import ANYWHERE, GB, NO_PRICES, PriceTable, Rates, RegionPrices, Tier, Tiering
from s3dedup.cost.savings import (
    UNRETAINED,
    Effect,
    Holding,
    Replication,
    Saving,
    effect,
    group_saving,
    loses_instant_access,
    saving,
)
from s3dedup.cost.table import read_table, shipped_table, write_table

__all__ = [
    "ANYWHERE",
    "GB",
    "NO_PRICES",
    "UNRETAINED",
    "Destination",
    "Effect",
    "Holding",
    "PriceTable",
    "Pricer",
    "Range",
    "Rates",
    "Reads",
    "RegionPrices",
    "Replication",
    "Saving",
    "Tier",
    "Tiering",
    "billable_bytes",
    "effect",
    "group_saving",
    "loses_instant_access",
    "parse_offer",
    "parse_regions",
    "read_table",
    "saving",
    "shipped_table",
    "total",
    "write_table",
]
