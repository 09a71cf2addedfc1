"""The report for programs: the JSON of the contract, `s3dedup/report/1`, one group a line.

It is plain ASCII, so any stream can carry it and no key can act on a terminal; parsed, every text is again
what it was. `report-1.schema.json` describes it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from json import JSONEncoder
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from s3dedup.model import AuditReport, DuplicateGroup, ObjectVersion, RunInfo, Skipped, Totals, Work
    from s3dedup.report.view import View

SCHEMA = "s3dedup/report/1"

_text = JSONEncoder(ensure_ascii=True, allow_nan=False).encode


def render(report: AuditReport, stream: TextIO, _view: View) -> None:
    """Write the report, group by group; the view changes nothing, all groups are there."""
    stream.write(f'{{"schema": {_text(SCHEMA)},\n "tool_version": {_text(report.tool_version)},\n')
    stream.write(f' "run": {_run(report.run)},\n')
    stream.write(f' "totals": {_totals(report.totals)},\n')
    stream.write(f' "work": {_work(report.work)},\n')
    _write_array(stream, "groups", map(_group, report.groups))
    stream.write(",\n")
    _write_array(stream, "skipped", map(_skipped, report.skipped))
    stream.write("}\n")


def _write_array(stream: TextIO, name: str, items: Iterator[str]) -> None:
    stream.write(f' "{name}": [')
    separator = "\n  "
    for item in items:
        stream.write(f"{separator}{item}")
        separator = ",\n  "
    stream.write("\n ]")


def _run(run: RunInfo) -> str:
    return _object(
        {
            "id": run.id,
            "started": _moment(run.started),
            "finished": _moment(run.finished),
            "locations": run.locations,
            "complete": run.complete,
        }
    )


def _totals(totals: Totals) -> str:
    return _object(
        {
            "objects": totals.objects,
            "bytes": totals.bytes,
            "empty_objects": totals.empty_objects,
            "groups": totals.groups,
            "redundant_objects": totals.redundant_objects,
            "reclaimable_bytes": totals.reclaimable_bytes,
            "billable_bytes": totals.billable_bytes,
            "monthly_usd": totals.monthly_usd,
        }
    )


def _work(work: Work) -> str:
    return _object(
        {
            "list_requests": work.list_requests,
            "head_requests": work.head_requests,
            "get_requests": work.get_requests,
            "bytes_read": work.bytes_read,
            "cost_usd": work.cost_usd,
        }
    )


def _group(group: DuplicateGroup) -> str:
    return _object(
        {
            "id": group.id,
            "size": group.size,
            "evidence": group.evidence,
            "reclaimable_bytes": group.reclaimable_bytes,
            "monthly_usd": group.monthly_usd,
            "objects": [_version(item, keeper=rank < group.kept) for rank, item in enumerate(group.objects)],
        }
    )


def _version(item: ObjectVersion, *, keeper: bool) -> dict[str, object]:
    return {
        "bucket": item.bucket,
        "key": item.key,
        "version_id": item.version_id,
        "size": item.size,
        "etag": item.etag,
        "storage_class": item.storage_class,
        "last_modified": _moment(item.last_modified),
        "keeper": keeper,
    }


def _skipped(skipped: Skipped) -> str:
    return _object(
        {
            "bucket": skipped.bucket,
            "key": skipped.key,
            "version_id": skipped.version_id,
            "reason": skipped.reason,
            "detail": skipped.detail,
        }
    )


def _object(fields: dict[str, object]) -> str:
    """A JSON object on one line; its own fields may be money, which the standard encoder does not know."""
    return "{" + ", ".join(f'"{name}": {_value(value)}' for name, value in fields.items()) + "}"


def _value(value: object) -> str:
    return _money(value) if isinstance(value, Decimal) else _text(value)


def _money(amount: Decimal) -> str:
    """A JSON number with the Decimal's own digits.

    Raises:
        ValueError: it is NaN or infinite; money that is unknown is None.
    """
    if not amount.is_finite():
        raise ValueError(f"{amount} is no amount of money")
    return f"{amount:f}"


def _moment(moment: datetime) -> str:
    """An aware time as ISO 8601 in UTC, with `Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
