"""What proving may cost: taken out of the budget before it is spent, so that no limit is ever passed on purpose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

REQUEST = 256 << 10
"""How many bytes take about as long to read as one more request does."""
MACHINE = 1e-10
"""What a byte read costs in any case (USD): an hour of a small machine that reads 100 MB a second. It orders what is
free of charge, such as reading within a region, by its size."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may be read (bytes), how often HEAD and GET be sent, and what both may cost (USD); None: no limit."""

    read: int | None = None
    requests: int | None = None
    usd: Decimal | None = None


class Expense(NamedTuple):
    """What some requests cost; `usd` is None where it is not known."""

    requests: int = 0
    bytes: int = 0
    usd: Decimal | None = Decimal(0)

    def plus(self, other: Expense) -> Expense:
        """Both together."""
        usd = None if self.usd is None or other.usd is None else self.usd + other.usd
        return Expense(self.requests + other.requests, self.bytes + other.bytes, usd)

    @property
    def effort(self) -> float:
        """What it takes, in one figure (about USD), to order by."""
        return float(self.usd or 0) + MACHINE * (self.bytes + REQUEST * self.requests)


class Budget:
    """Counts what is spent against some limits."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.spent = Expense()

    def take(self, expenses: Sequence[Expense]) -> bool:
        """Whether there is enough for all of these; then it is spent."""
        total = self.spent
        for expense in expenses:
            total = total.plus(expense)
        if not self._allows(total):
            return False
        self.spent = total
        return True

    def give_back(self, granted: Expense, spent: Expense) -> None:
        """What was granted and not spent can be spent by others."""
        usd = None if self.spent.usd is None or granted.usd is None or spent.usd is None else granted.usd - spent.usd
        self.spent = Expense(
            self.spent.requests - max(0, granted.requests - spent.requests),
            self.spent.bytes - max(0, granted.bytes - spent.bytes),
            None if usd is None or self.spent.usd is None else self.spent.usd - max(Decimal(0), usd),
        )

    def _allows(self, total: Expense) -> bool:
        """What is not known to be affordable is not."""
        limits = self.limits
        within_usd = limits.usd is None or (total.usd is not None and total.usd <= limits.usd)
        within_read = limits.read is None or total.bytes <= limits.read
        return within_usd and within_read and (limits.requests is None or total.requests <= limits.requests)
