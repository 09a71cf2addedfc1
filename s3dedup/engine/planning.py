"""From a report to a plan: what is redundant, the most money first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from s3dedup.errors import StateError
from s3dedup.model import AuditReport, DuplicateGroup, Place
from s3dedup.plan import LeftOut, Plan, PlanHead, PlanLine, PlannedObject
from s3dedup.shelf import Manner, scratch
from s3dedup.shelf.database import Database

TABLE = "groups"
BATCH = 1 << 10
NO_MONEY = (1 << 128) - 1
UNIT = Decimal("1e-12")
"""Amounts of money (USD) are ordered by so much."""


@contextmanager
def planned(
    report: AuditReport, manner: Manner | None, tool_version: str, keep: tuple[str, ...], protect: tuple[str, ...]
) -> Iterator[Plan]:
    """The plan of a report whose audit went about it in this manner; its entries can be gone through as long as the
    context lasts. Groups are sorted on disk.

    Raises:
        StateError: the audit did not keep its manner; there is no room on disk.
    """
    if manner is None:
        raise StateError("The last audit was made by an older s3dedup, which a plan cannot rest on: run it again.")
    places = {location.bucket: place for location, place in zip(manner.locations, manner.places, strict=True)}
    with scratch(TABLE) as sorter:
        protected = _sort(sorter, report.groups)
        yield Plan(
            PlanHead(
                tool_version=tool_version,
                made=datetime.now(UTC),
                run=report.run,
                digest=manner.digest,
                versions=manner.versions,
                endpoints=tuple(sorted({place.endpoint for place in manner.places})),
                keep=keep,
                protect=protect,
                notes=report.notes,
                left_out=LeftOut(protected, len(report.skipped), report.in_doubt.objects if report.in_doubt else 0),
            ),
            _lines(sorter, places),
        )


def _sort(sorter: Database, groups: Iterable[DuplicateGroup]) -> int:
    """Put groups with something redundant into order; returns how many objects are protected beside a keeper."""
    encode, protected = msgspec.msgpack.Encoder().encode, 0
    pending: list[tuple[bytes, bytes]] = []
    for number, group in enumerate(groups):
        protected += group.kept - 1
        if group.redundant:
            pending.append((_rank(group.monthly_usd, number), encode(group)))
        if len(pending) == BATCH:
            sorter.put_many(TABLE, sorted(pending))
            pending = []
    sorter.put_many(TABLE, sorted(pending))
    return protected


def _rank(usd: Decimal | None, number: int) -> bytes:
    """Sorts by money, the most first and unknown amounts last; then as the report does, by reclaimable bytes."""
    amount = NO_MONEY if usd is None else NO_MONEY - 1 - int(usd / UNIT)
    return amount.to_bytes(16) + number.to_bytes(8)


def _lines(sorter: Database, places: Mapping[str, Place]) -> Iterator[PlanLine]:
    decode = msgspec.msgpack.Decoder(DuplicateGroup).decode
    for _, value in sorter.scan(TABLE):
        group = decode(value)
        keeper, *_ = objects = [
            PlannedObject.of(each, places[each.bucket].endpoint, places[each.bucket].bucket) for each in group.objects
        ]
        for redundant in objects[group.kept :]:
            yield PlanLine(group.id, group.evidence, group.monthly_usd, keeper, redundant)
