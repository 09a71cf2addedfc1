"""Where groups are made: keeper first, counted, and put into the digest map."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TypeVar

from s3dedup.cost import billable_bytes
from s3dedup.engine.appraise import NOTHING_KNOWN, Appraisal, Appraiser, Name, name_of
from s3dedup.engine.savings import SavingsTally
from s3dedup.evidence import Evidence
from s3dedup.groups import Choice, Decisions, Ordered, Placed, RollUp, group_id
from s3dedup.model import EvidenceKind, Told
from s3dedup.shelf import DigestRecord, Found, group_found

Amount = TypeVar("Amount", int, Decimal)


@dataclass(slots=True)
class Tally:
    """What groups add up to. `billable_bytes` and `monthly_usd` are None as soon as one is unknown."""

    groups: int = 0
    redundant: int = 0
    protected: int = 0
    reclaimable_bytes: int = 0
    billable_bytes: int | None = 0
    monthly_usd: Decimal | None = Decimal(0)
    decisions: Decisions = field(default_factory=Decisions)
    rollup: RollUp = field(default_factory=RollUp)
    savings: SavingsTally = field(default_factory=SavingsTally)

    def count(self, record: DigestRecord, ordered: Ordered) -> None:
        """Count a group."""
        self.groups += 1
        self.redundant += len(record.objects) - record.kept
        self.protected += record.kept - 1
        self.reclaimable_bytes += record.reclaimable_bytes
        self.billable_bytes = _sum(self.billable_bytes, record.billable_bytes)
        self.monthly_usd = _sum(self.monthly_usd, record.monthly_usd)
        self.decisions.add(ordered)

    def value(self, record: DigestRecord, found: Appraisal) -> None:
        """Count what came of a group's appraisal."""
        replicas = self.savings.add(record, found)
        self.rollup.add(record.objects, found.usd, replicas)

    def add(self, other: Tally) -> None:
        """Count what another has counted."""
        self.groups += other.groups
        self.redundant += other.redundant
        self.protected += other.protected
        self.reclaimable_bytes += other.reclaimable_bytes
        self.billable_bytes = _sum(self.billable_bytes, other.billable_bytes)
        self.monthly_usd = _sum(self.monthly_usd, other.monthly_usd)
        self.decisions.merge(other.decisions)
        self.rollup.merge(other.rollup)
        self.savings.merge(other.savings)


class Emitter:
    """Makes groups with keepers by `choice` at the appraiser's prices, counts them, and hands them on to `take`. With
    `later`, a group of which HEADs could tell more is valued only when they have been asked.
    """

    def __init__(
        self,
        take: Callable[[list[Found]], None],
        choice: Choice,
        appraiser: Appraiser = NOTHING_KNOWN,
        *,
        later: bool = True,
    ) -> None:
        self._take = take
        self._later = later
        self.choice = replace(choice, price=appraiser.price)
        self.appraiser = appraiser
        self.tally = Tally()

    def emit(
        self,
        size: int,
        digest: bytes,
        kind: EvidenceKind,
        members: Sequence[Placed],
        told: Mapping[Name, Told] | None = None,
    ) -> None:
        """Make a group of two or more objects that carry `digest`; of a single one nothing is to be said. `told` is
        what HEADs told of them.
        """
        if len(members) < 2:  # noqa: PLR2004  one object is no group
            return
        name = size.to_bytes(6) + digest
        ordered = self.choice.order(members)
        kept = ordered.kept
        billed = _billed(size, ordered.redundant)
        found = self.appraiser.appraise(ordered.objects, kept, told)
        usd, effect, saving = found.monthly_usd, found.effect, found.saving
        record = DigestRecord(size, kind, ordered.objects, group_id(name), billed, kept, usd, effect, saving)
        record.told = _by_place(ordered.objects, told) if told else None
        self._take([group_found(name, record)])
        self.tally.count(record, ordered)
        if not (self._later and found.asks):
            self.tally.value(record, found)

    def revalue(self, name: bytes, record: DigestRecord, told: Mapping[Name, Told]) -> None:
        """Value a group that was left for later, with what HEADs have told."""
        found = self.appraiser.appraise(record.objects, record.kept, told)
        record.effect, record.saving = found.effect, found.saving
        record.told = _by_place(record.objects, told)
        self._take([group_found(name, record)])
        self.tally.value(record, found)

    def pass_on(self, groups: list[Found], tally: Tally) -> None:
        """Hand on what another emitter has made."""
        self._take(groups)
        self.tally.add(tally)


def _by_place(objects: Sequence[Placed], told: Mapping[Name, Told]) -> dict[int, Told]:
    return {place: told[key] for place, key in enumerate(map(name_of, objects)) if key in told}


def _sum(one: Amount | None, other: Amount | None) -> Amount | None:
    """The sum, unknown where one of the amounts is."""
    return None if one is None or other is None else one + other


def _billed(size: int, redundant: Sequence[Placed]) -> int | None:
    """What redundant objects of one size are billed for; unknown where one of them is."""
    billed: int | None = 0
    for _, row in redundant:
        billed = _sum(billed, billable_bytes(size, row.storage_class))
    return billed


def digest_of(evidence: Evidence) -> bytes:
    """The digest that names a content proven by metadata: its MD5 where there is one."""
    values = evidence.decides or evidence.unites
    space, value = min(values, key=lambda pair: (pair[0] != "md5", pair))
    return space.encode() + b":" + value
