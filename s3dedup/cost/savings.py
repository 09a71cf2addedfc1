"""What deleting redundant objects would truly save: pure, from what is known of them.

Not every duplicate that costs money can go, and not every one that goes saves anything at once: replicas are intended,
locks forbid it, a versioned bucket keeps what is deleted without its version id, and infrequent-access and archive
classes bill to the end of a minimum term.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple

from s3dedup.cost.pricer import NOTHING, ClassPrice, total
from s3dedup.model import Effect

UNRETAINED: Final = datetime.min.replace(tzinfo=UTC)
"""The end of the retention of an object that has none: it was over before there was time."""
ARCHIVES = frozenset({"GLACIER", "DEEP_ARCHIVE"})
"""The classes that are read only after a restore. Source: S3 User Guide, storage-class-intro."""
DAY = timedelta(days=1)


class Replication(StrEnum):
    """What part an object has in S3 replication. Not knowing it is None, never a member.

    HEAD says it (S3 User Guide, replication-status): REPLICA of the copy, PENDING or COMPLETED of the source; FAILED or
    nothing of an object that was not replicated.
    """

    NONE = "none"
    SOURCE = "source"
    REPLICA = "replica"


class Holding(NamedTuple):
    """What is known of why an object might have to stay; None is unknown.

    `versioned` is whether its bucket has versioning, enabled or suspended; `version_id` the version that would be
    deleted; `retained_until` the end of its Object Lock retention (`UNRETAINED` where it has none).
    """

    versioned: bool | None = None
    version_id: str | None = None
    legal_hold: bool | None = None
    retained_until: datetime | None = None
    replication: Replication | None = None


class Saving(NamedTuple):
    """What one redundant object, or all those of a group, cost, and what deleting them now would save. None is unknown.

    `monthly_usd` is what their storage costs a month. `saved_usd` is how much of it deletes would end;
    `early_delete_usd` is what they cost once, for the days (at most `days_left`) that are left of the minimum terms.
    Deletes that free nothing save and cost nothing, and have no term.
    """

    monthly_usd: Decimal | None
    saved_usd: Decimal | None
    early_delete_usd: Decimal | None
    days_left: int | None


def effect(redundant: Holding, keeper: Holding, now: datetime) -> Effect:
    """What deleting a redundant object would do; the first row that fits counts.

    | bucket | replication, and the keeper's | legal hold | retained until | version id | effect |
    |---|---|---|---|---|---|
    | unversioned | - | - | - | - | frees |
    | - | replica | - | - | - | replica |
    | - | source, replica | - | - | - | replica |
    | - | - | on | - | - | locked |
    | - | - | - | later than now | - | locked |
    | - | unknown | - | - | - | unknown |
    | - | source, unknown | - | - | - | unknown |
    | - | - | unknown | - | - | unknown |
    | - | - | - | unknown | - | unknown |
    | - | - | - | - | known | frees |
    | versioned | - | - | - | none | needs-version-id |
    | unknown | - | - | - | none | unknown |

    The first row stands on the S3 User Guide: both Object Lock (object-lock-configure) and replication
    (replication-requirements) need versioning. For the same reason a keeper in an unversioned bucket has no part in
    replication. Governance mode, which some may bypass, counts as locked.
    """
    if redundant.versioned is False:
        return Effect.FREES
    replica = _is_replica(redundant, keeper)
    locked = _is_locked(redundant, now)
    if replica:
        return Effect.REPLICA
    if locked:
        return Effect.LOCKED
    if replica is None or locked is None:
        return Effect.UNKNOWN
    if redundant.version_id is not None:
        return Effect.FREES
    return Effect.NEEDS_VERSION if redundant.versioned else Effect.UNKNOWN


def _is_replica(redundant: Holding, keeper: Holding) -> bool | None:
    """Whether the two may be a pair that replication keeps alike on purpose."""
    copy = keeper if redundant.replication is Replication.SOURCE else redundant
    if copy.versioned is False:
        return False
    return None if copy.replication is None else copy.replication is Replication.REPLICA


def _is_locked(holding: Holding, now: datetime) -> bool | None:
    retained = None if holding.retained_until is None else holding.retained_until > now
    if holding.legal_hold or retained:
        return True
    return None if holding.legal_hold is None or retained is None else False


def saving(size: int, modified: datetime, by: Effect, price: ClassPrice | None, now: datetime) -> Saving:
    """What one redundant object costs, and what deleting it now, with this effect, would save.

    The days left count from when the object was last modified. A lifecycle transition starts the term anew and leaves
    that time as it is, so of such an object more may be left: no API tells.
    """
    monthly = None if price is None else price.monthly(size)
    if by is Effect.UNKNOWN:
        return Saving(monthly, None, None, None)
    if by is not Effect.FREES:
        return Saving(monthly, NOTHING, NOTHING, 0)
    if price is None:
        return Saving(None, None, None, None)
    days = days_left(price.rates.minimum_days, modified, now)
    return Saving(monthly, monthly, price.early_delete(size, days), days)


def at_last(by: Effect, days: int | None) -> Effect:
    """The effect with the minimum term in mind: what is freed is billed on while days of it are left.

    | effect | days left | it is |
    |---|---|---|
    | frees | some | frees-later |
    | frees | none, or not known | frees |
    | any other | - | the same |
    """
    return Effect.LATER if by is Effect.FREES and days else by


def days_left(minimum: int, modified: datetime, now: datetime) -> int:
    """How many days of a minimum term (days) are not over yet; a day that has begun counts whole."""
    if not minimum:
        return 0
    return min(minimum, max(0, -((now - modified - minimum * DAY) // DAY)))


def group_saving(every: Sequence[Saving]) -> Saving:
    """The same of all redundant objects of a group; a sum is unknown as soon as one of them is."""
    return Saving(
        total(each.monthly_usd for each in every),
        total(each.saved_usd for each in every),
        total(each.early_delete_usd for each in every),
        longest([each.days_left for each in every]),
    )


def longest(days: Iterable[int | None]) -> int | None:
    """The most days; unknown as soon as some are."""
    most = 0
    for each in days:
        if each is None:
            return None
        most = max(most, each)
    return most


def loses_instant_access(kept: Iterable[str], redundant: Iterable[str]) -> bool:
    """Whether a content could afterwards only be read by restoring it first: all that stays is archived, and something
    redundant is not. Of both the storage classes.
    """
    return ARCHIVES.issuperset(kept) and not ARCHIVES.issuperset(redundant)
