"""Finds out which prices count where an audit looks."""

from __future__ import annotations

from pathlib import Path

import msgspec

from s3dedup.engine.context import Context
from s3dedup.engine.money import Market
from s3dedup.errors import UsageError
from s3dedup.prices import price_table
from s3dedup.shelf import BucketRecord


def markets(context: Context, file: Path | None) -> dict[str, Market]:
    """Which prices count for each bucket of this audit: those of a file, else those of AWS for what is there.

    Raises:
        UsageError: the file cannot be read, or money is limited and no prices are known.
    """
    buckets = sorted({each.bucket for each in context.locations})
    tables = {aws: price_table(file, aws=aws) for aws in set(map(context.stores.is_aws, buckets))}
    if context.budget.limits.usd is not None and not all(table.regions for table in tables.values()):
        raise UsageError("--max-cost cannot be kept where no prices are known: pass --prices FILE, or --max-read.")
    return {bucket: Market(tables[context.stores.is_aws(bucket)], _region(context, bucket)) for bucket in buckets}


def _region(context: Context, bucket: str) -> str | None:
    """A bucket's region, asked for once."""
    known, key = context.state.buckets, context.rule_key(bucket)
    record = known.get(key) or BucketRecord()
    if record.region is None and (region := context.stores.region(bucket)) is not None:
        record = known[key] = msgspec.structs.replace(record, region=region)
    return record.region
