"""Earlier audits, and what has changed since."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from s3dedup.model.report import PastRun, RunInfo, Totals, Work


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A finished audit without its groups: where and when it looked, what it found, what it asked of the store."""

    tool_version: str
    run: RunInfo
    totals: Totals
    work: Work

    @property
    def past(self) -> PastRun:
        """As far as a trend needs it."""
        return PastRun(self.run.id, self.run.finished, self.run.complete, self.totals)


class GroupMark(NamedTuple):
    """What is kept of each group of a run, to be compared with a later one: `copies` are all its members."""

    size: int
    id: str
    copies: int
    redundant: int

    @property
    def reclaimable_bytes(self) -> int:
        """The sum of the redundant sizes."""
        return self.size * self.redundant


class Change(StrEnum):
    """What became of a group from one run to another."""

    NEW = "new"
    GROWN = "grown"
    SHRUNK = "shrunk"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class GroupChange:
    """A group that has another number of copies than before; 0 copies where there was, or is, none.

    `keeper` is the address of one that stays, as a text; None where only the numbers are kept.
    """

    change: Change
    id: str
    size: int
    copies_before: int
    copies_after: int
    reclaimable_before: int
    reclaimable_after: int
    keeper: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeSum:
    """All groups with one change: how many, and by how much their reclaimable bytes became more (or less, below 0)."""

    groups: int = 0
    reclaimable_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """What became of the groups of an earlier run in a later one. `changes` may be read from disk as they are iterated
    over; they come in order of size.
    """

    earlier: FinishedRun
    later: FinishedRun
    sums: Mapping[Change, ChangeSum]
    changes: Collection[GroupChange]
