"""Pure: what storage is billed for, what it and reading it cost, and what deleting would save."""

from s3dedup.cost.billable import billable_bytes
from s3dedup.cost.pricer import Destination, Pricer, Range, Reads, total
from s3dedup.cost.prices import ANYWHERE, NO_PRICES, PriceTable, Rates, RegionPrices, Tier, Tiering
from s3dedup.cost.table import read_table, shipped_table, write_table

__all__ = [
    "ANYWHERE",
    "NO_PRICES",
    "Destination",
    "PriceTable",
    "Pricer",
    "Range",
    "Rates",
    "Reads",
    "RegionPrices",
    "Tier",
    "Tiering",
    "billable_bytes",
    "read_table",
    "shipped_table",
    "total",
    "write_table",
]
