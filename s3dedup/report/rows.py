"""The report as one flat table: a row for each object of a group. CSV and Parquet have these columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from s3dedup.report.records import effects

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from decimal import Decimal

    from s3dedup.model import DuplicateGroup, Effect


class Row(NamedTuple):
    """One object of a group.

    The columns can be summed: `reclaimable_bytes` is 0 for what stays and the size for the others, and money, which is
    known of whole groups, stands in the first row alone, as does `days_left`. `effect` is what deleting a redundant
    object would do.
    """

    group: str
    evidence: str
    keeper: bool
    bucket: str
    key: str
    version_id: str | None
    size: int
    reclaimable_bytes: int
    monthly_usd: Decimal | None
    storage_class: str
    last_modified: datetime
    etag: str
    effect: Effect | None
    saved_usd: Decimal | None
    early_delete_usd: Decimal | None
    days_left: int | None


def rows(groups: Iterable[DuplicateGroup]) -> Iterator[Row]:
    """The objects of all groups, keepers first."""
    for group in groups:
        for rank, (item, effect) in enumerate(zip(group.objects, effects(group), strict=True)):
            yield Row(
                group.id,
                group.evidence,
                rank < group.kept,
                item.bucket,
                item.key,
                item.version_id,
                item.size,
                0 if rank < group.kept else item.size,
                None if rank else group.monthly_usd,
                item.storage_class,
                item.last_modified,
                item.etag,
                effect,
                None if rank else group.saved_usd,
                None if rank else group.early_delete_usd,
                None if rank else group.days_left,
            )
