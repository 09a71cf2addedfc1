"""The result of an audit, and what it is made of."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from s3dedup.model.facts import Effect, EvidenceKind, SkipReason
from s3dedup.model.listed import ObjectVersion


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Object versions with one content; `id` is stable from run to run. The first `kept` objects stay: the keeper, then
    whatever else is protected.

    `monthly_usd` is what storing the redundant ones costs a month, `saved_usd` how much of that deletes would end, and
    `early_delete_usd` what they would cost once, because minimum terms have at most `days_left` days left. `effects`
    are those of deleting each redundant object, in their order (empty: not known). `loses_instant_access` says that
    what would be left can only be read after a restore, and some of what would be deleted without one.
    """

    id: str
    size: int
    evidence: EvidenceKind
    objects: tuple[ObjectVersion, ...]
    billable_bytes: int | None = None
    monthly_usd: Decimal | None = None
    kept: int = 1
    saved_usd: Decimal | None = None
    early_delete_usd: Decimal | None = None
    days_left: int | None = None
    effects: tuple[Effect, ...] = ()
    loses_instant_access: bool = False

    @property
    def keeper(self) -> ObjectVersion:
        """The object that stays."""
        return self.objects[0]

    @property
    def redundant(self) -> tuple[ObjectVersion, ...]:
        """Those that need not stay."""
        return self.objects[self.kept :]

    @property
    def reclaimable_bytes(self) -> int:
        """The sum of the redundant sizes."""
        return self.size * (len(self.objects) - self.kept)


@dataclass(frozen=True, slots=True)
class Skipped:
    """An object that was not compared, and why. `detail` is one sentence for a person."""

    bucket: str
    key: str
    version_id: str | None
    reason: SkipReason
    detail: str


@dataclass(frozen=True, slots=True)
class RunInfo:
    """When and where an audit looked. `complete` is False when anything was skipped or a budget ended it."""

    id: str
    started: datetime
    finished: datetime
    locations: tuple[str, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class Portion:
    """Redundant objects of which a delete would do the same, and what storing them costs a month."""

    objects: int = 0
    bytes: int = 0
    monthly_usd: Decimal | None = Decimal(0)


@dataclass(frozen=True, slots=True)
class Savings:
    """What deleting everything redundant would truly save: `saved_usd` a month, for `early_delete_usd` once, because
    minimum terms have at most `days_left` days left. All three are unknown as soon as one object's are.

    Every redundant object is in one portion: what a delete `frees`; what it `frees_later`, for it is billed to the end
    of a minimum term; what only a delete that names a version id frees (`needs_version_id`); what is `locked`; what is
    a `replica`, and so intended; and that of which it is `unknown`. In `loses_instant_access` groups what stays can
    only be read after a restore, and something redundant without one.
    """

    saved_usd: Decimal | None
    early_delete_usd: Decimal | None
    days_left: int | None
    frees: Portion = Portion()
    frees_later: Portion = Portion()
    needs_version_id: Portion = Portion()
    locked: Portion = Portion()
    replica: Portion = Portion()
    unknown: Portion = Portion()
    loses_instant_access: int = 0


@dataclass(frozen=True, slots=True)
class Totals:
    """What was listed and what was found. `protected_objects` stay beside the keepers. `monthly_usd` is what storing
    everything redundant costs a month; `savings` is how much of that can be had (None: not reckoned).
    """

    objects: int
    bytes: int
    empty_objects: int
    groups: int
    redundant_objects: int
    reclaimable_bytes: int
    billable_bytes: int | None
    monthly_usd: Decimal | None
    protected_objects: int = 0
    savings: Savings | None = None

    def over(self, limit: int | None) -> bool:
        """Whether more than `limit` bytes can be reclaimed; None is no limit."""
        return limit is not None and self.reclaimable_bytes > limit


@dataclass(frozen=True, slots=True)
class Work:
    """What the audit itself asked of the store."""

    list_requests: int = 0
    head_requests: int = 0
    get_requests: int = 0
    bytes_read: int = 0
    cost_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """What one bucket or one storage class (`name`) has in duplicate groups: `objects` and `bytes` count all members
    there, `replicas` those that replication has made on purpose, the other numbers the redundant ones without these.
    """

    name: str
    objects: int
    bytes: int
    redundant_objects: int
    reclaimable_bytes: int
    monthly_usd: Decimal | None = None
    replicas: int = 0


@dataclass(frozen=True, slots=True)
class PrefixPair:
    """Two prefixes (as texts, "s3://a/backup/") of which one repeats the other.

    `objects` and `reclaimable_bytes` count what is redundant below `redundant` and kept below `keeper`; `share` is how
    much of all objects listed below `redundant` that is, empty ones left out, from 0 to 1 (None: unknown). `whole` says
    that it is every one of them, which a rounded share cannot. Each redundant object counts in one pair.
    """

    redundant: str
    keeper: str
    share: float | None
    objects: int
    reclaimable_bytes: int
    monthly_usd: Decimal | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True)
class RollUps:
    """Where the money is, by bucket, by storage class and by pairs of prefixes; in each, what saves most first.

    Replicas are set apart: they are in none of these, and `replicas` has the pairs of prefixes for them alone.
    """

    buckets: tuple[Share, ...] = ()
    classes: tuple[Share, ...] = ()
    prefix_pairs: tuple[PrefixPair, ...] = ()
    replicas: tuple[PrefixPair, ...] = ()


@dataclass(frozen=True, slots=True)
class PastRun:
    """An earlier finished audit of the same locations, as far as a trend needs it."""

    id: str
    finished: datetime
    complete: bool
    totals: Totals


@dataclass(frozen=True, slots=True)
class InDoubt:
    """What a budget left unproven: so many `objects` of so many `bytes` may still have a twin.

    The others are what proving it would take at most (`requests`, `bytes_to_read`, `cost_usd`), and the
    `reclaimable_bytes` that it would find at most.
    """

    objects: int
    bytes: int
    requests: int
    bytes_to_read: int
    cost_usd: Decimal | None
    reclaimable_bytes: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """What listing and metadata tell, and what proving the rest would take and could find. `totals` are of what is
    proven already; `prices` is the sentence that says from which table the money came.
    """

    run: RunInfo
    totals: Totals
    work: Work
    in_doubt: InDoubt
    prices: str | None = None


@dataclass(frozen=True, slots=True)
class AuditReport:
    """The result of an audit.

    `groups` come by reclaimable bytes, largest first. `groups` and `skipped` may be read from disk as they are iterated
    over: a renderer goes through them once and holds none of them. `notes` are sentences about how the result was
    reached (which ETags were trusted, and why). `past` has the earlier runs, oldest first and without this one;
    `in_doubt` is None where everything was settled; `prices` is the sentence that says from which table the money came.
    """

    tool_version: str
    run: RunInfo
    totals: Totals
    work: Work
    groups: Collection[DuplicateGroup]
    skipped: Collection[Skipped]
    notes: tuple[str, ...] = field(default=())
    rollups: RollUps | None = None
    past: tuple[PastRun, ...] = ()
    in_doubt: InDoubt | None = None
    prices: str | None = None
