"""What proving would take and could find: as a page for a terminal, or as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TextIO

from s3dedup.model import Estimate
from s3dedup.report.records import json_text
from s3dedup.report.view import Carrier
from s3dedup.text import human_bytes, human_count, human_usd, plain


def render_estimate(found: Estimate, format: str, stream: TextIO) -> None:  # noqa: A002  the contract's word
    """Write an estimate as "table" or "json"."""
    if format == "json":
        fields = ("run", "totals", "work", "in_doubt", "prices")
        body = ",\n ".join(f'"{name}": {json_text(getattr(found, name))}' for name in fields)
        stream.write(f'{{"schema": "s3dedup/estimate/1",\n {body}}}\n')
    else:
        Carrier(stream).write("".join(f"{line}\n" for line in _lines(found)))


def _lines(found: Estimate) -> Iterator[str]:
    totals, doubt = found.totals, found.in_doubt
    yield f"{human_count(totals.objects, 'object')}, {human_bytes(totals.bytes)}, in {_places(found)}."
    yield (
        f"Proven by metadata: {human_count(totals.redundant_objects, 'redundant object')},"
        f" {human_bytes(totals.reclaimable_bytes)}, {_money(totals.monthly_usd)} a month."
    )
    if doubt.objects:
        yield f"In doubt: {human_count(doubt.objects, 'object')}, {human_bytes(doubt.bytes)}."
        requests, read = human_count(doubt.requests, "request"), human_bytes(doubt.bytes_to_read)
        yield (
            f"Settling them takes at most {requests}, {read} read"
            f" and {_money(doubt.cost_usd)}, and finds at most {human_bytes(doubt.reclaimable_bytes)} more."
        )
    else:
        yield "Nothing is in doubt: the audit would read no body."
    work = found.work
    yield f"This estimate: {work.list_requests:,} LIST, {work.head_requests:,} HEAD, {_money(work.cost_usd)}."
    if found.prices is not None:
        yield plain(found.prices)


def _places(found: Estimate) -> str:
    return ", ".join(map(plain, found.run.locations))


def _money(amount: Decimal | None) -> str:
    return "unknown cost" if amount is None else human_usd(amount)
