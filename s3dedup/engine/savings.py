"""What deleting everything redundant would save, fed one group at a time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal

from s3dedup.cost import longest, total
from s3dedup.engine.appraise import Appraisal
from s3dedup.groups import Weight
from s3dedup.model import Effect, Portion, Savings
from s3dedup.shelf import DigestRecord, SavingRecord

NOTHING = Decimal(0)
NO_REPLICAS: Collection[int] = ()


def _portions() -> dict[Effect, Weight]:
    return {effect: Weight() for effect in Effect}


@dataclass(slots=True)
class SavingsTally:
    """Adds up by effect; None is unknown."""

    portions: dict[Effect, Weight] = field(default_factory=_portions)
    early_delete_usd: Decimal | None = NOTHING
    days_left: int | None = 0
    loses_instant_access: int = 0

    def add(self, record: DigestRecord, found: Appraisal) -> Collection[int]:
        """Count a group; which of its redundant objects are replicas."""
        if found.saving is not None:
            return self._each(record.size, found, found.saving)
        effect, count = found.effect or Effect.UNKNOWN, len(found.usd)
        self.portions[effect].add(count, count * record.size, record.monthly_usd)
        return NO_REPLICAS

    def _each(self, size: int, found: Appraisal, saving: SavingRecord) -> Collection[int]:
        for effect, usd in zip(saving.effects, found.usd, strict=True):
            self.portions[effect].add(1, size, usd)
        self._add_terms(saving.early_delete_usd, saving.days_left)
        self.loses_instant_access += saving.loses_instant_access
        return {rank for rank, effect in enumerate(saving.effects) if effect is Effect.REPLICA}

    def _add_terms(self, usd: Decimal | None, days: int | None) -> None:
        self.early_delete_usd = total([self.early_delete_usd, usd])
        self.days_left = longest([self.days_left, days])

    def merge(self, other: SavingsTally) -> None:
        """Count what another has counted."""
        for effect, weight in other.portions.items():
            self.portions[effect].add(weight.objects, weight.bytes, weight.usd)
        self._add_terms(other.early_delete_usd, other.days_left)
        self.loses_instant_access += other.loses_instant_access

    def finish(self) -> Savings:
        """As a report gives it. What is not known to be freed makes all of it unknown."""
        found = {effect: Portion(each.objects, each.bytes, each.usd) for effect, each in self.portions.items()}
        frees, unknown = found[Effect.FREES], found[Effect.UNKNOWN]
        open_ = unknown.objects or frees.monthly_usd is None
        return Savings(
            None if open_ else total([frees.monthly_usd, found[Effect.LATER].monthly_usd]),
            None if open_ else self.early_delete_usd,
            None if open_ else self.days_left,
            frees,
            found[Effect.LATER],
            found[Effect.NEEDS_VERSION],
            found[Effect.LOCKED],
            found[Effect.REPLICA],
            unknown,
            self.loses_instant_access,
        )
