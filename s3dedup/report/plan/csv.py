"""A plan for spreadsheets: one row a redundant object, escaped as the report's CSV is."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple, TextIO

from s3dedup.plan import Plan, PlanLine, obstacle
from s3dedup.report.csv import BYTE_ORDER_MARK, safe
from s3dedup.report.view import Carrier, is_utf8

if TYPE_CHECKING:
    from s3dedup.report.plan.access import Access


class Row(NamedTuple):
    """A redundant object and its keeper. The columns can be summed: `monthly_usd`, which is known of whole groups,
    stands in the first row of each alone.
    """

    group: str
    evidence: str
    obstacle: str
    size: str
    monthly_usd: Decimal | None
    endpoint: str
    bucket: str
    key: str
    version_id: str | None
    storage_class: str
    last_modified: datetime
    etag: str
    replication: str | None
    keeper_endpoint: str
    keeper_bucket: str
    keeper_key: str
    keeper_version_id: str | None
    keeper_storage_class: str
    keeper_last_modified: datetime
    keeper_etag: str


def write(plan: Plan, stream: TextIO, _access: Access) -> None:
    """Write a row for each redundant object, also where no tool may act on it: `obstacle` says why. What was dropped is
    in the JSON lines.
    """
    if is_utf8(stream):
        stream.write(BYTE_ORDER_MARK)
    writer = csv.writer(Carrier(stream), lineterminator="\r\n")
    writer.writerow(Row._fields)
    group = None
    for line in plan.entries:
        if isinstance(line, PlanLine):
            writer.writerow(_cells(_row(line, plan.head.digest, first=line.group != group)))
            group = line.group


def _row(line: PlanLine, digest: str, *, first: bool) -> Row:
    item, keeper = line.redundant, line.keeper
    return Row(
        line.group,
        line.evidence,
        obstacle(line, digest) or "",
        str(item.size),
        line.monthly_usd if first else None,
        item.endpoint,
        item.bucket,
        item.key,
        item.version_id,
        item.storage_class,
        item.last_modified,
        item.etag,
        line.checked.replication if line.checked else None,
        keeper.endpoint,
        keeper.bucket,
        keeper.key,
        keeper.version_id,
        keeper.storage_class,
        keeper.last_modified,
        keeper.etag,
    )


def _cells(row: Row) -> tuple[str, ...]:
    return tuple(map(_cell, row))


def _cell(value: str | Decimal | datetime | None) -> str:
    """Unknown is empty; a time is ISO 8601 in UTC."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return f"{value:f}" if isinstance(value, Decimal) else safe(value)
