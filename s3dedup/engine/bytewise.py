"""Compares redundant objects with their keeper byte for byte, no further than the first range that differs."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from s3dedup.engine.budget import Budget, Expense
from s3dedup.engine.part import Part
from s3dedup.engine.pool import Task
from s3dedup.engine.watch import log_read
from s3dedup.errors import ObjectChangedError, ObjectError, ObjectVanishedError
from s3dedup.hashing import Findings, Grid, Range, Sweep, sweep_to
from s3dedup.plan import DropReason, PlannedObject, Trouble
from s3dedup.store import ObjectStore

ALGORITHM = "sha256"
SIDE_BY_SIDE = 16
"""So many objects are compared with one keeper at a time."""
DIFFERENT = Trouble(DropReason.DIFFERENT, "its bytes are not those of its keeper")

Steps = Generator[list[Task[Any]], None, None]


@dataclass(eq=False, slots=True)
class _Body:
    """The bytes of an object, as far as they are known by their digests."""

    item: PlannedObject
    grid: Grid
    findings: Findings = field(default_factory=Findings)
    failure: ObjectError | None = None

    def found(self, sweep: Sweep) -> None:
        self.findings.add(sweep, self.grid.size)

    def failed(self, error: ObjectError) -> None:
        self.failure = error

    @property
    def gone(self) -> Trouble | None:
        """Why it is no longer what was planned, if it is not. What cannot be read may still be."""
        gone = isinstance(self.failure, ObjectChangedError | ObjectVanishedError)
        return Trouble.of(self.failure) if gone and self.failure else None

    @property
    def unread(self) -> int:
        """How many bytes are not known."""
        known = (self.grid[number] for number in self.findings.ranges)
        return self.grid.size - sum(piece.stop - piece.start for piece in known)

    def agrees(self, other: _Body, window: range) -> bool:
        """Whether it could be read there, and is the same as the other."""
        mine, others = self.findings.ranges, other.findings.ranges
        return not self.failure and all(mine[number] == others[number] for number in window)

    def fingerprint(self) -> str:
        """That of all bytes, which are known."""
        spaces, _ = self.findings.compared(ALGORITHM, self.grid)
        return dict(spaces)[f"{ALGORITHM}-ranges"].hex()


@dataclass(frozen=True, slots=True)
class Bytewise:
    """Reads from these stores, by endpoint, as far as a budget allows."""

    stores: Mapping[str, ObjectStore]
    budget: Budget

    def steps(self, part: Part) -> Steps:
        """Compare what is left of a part and was not compared before. The keeper is read once; what there is no budget
        for, or what cannot be read, stays as it is.
        """
        keeper = _Body(part.keeper, Grid(part.keeper.size))
        unknown = [position for position, line in part.left().items() if line.checked and not line.checked.fingerprint]
        is_paid = False
        for start in range(0, len(unknown), SIDE_BY_SIDE):
            granted = self._granted(keeper, unknown[start : start + SIDE_BY_SIDE], is_paid=is_paid)
            is_paid = is_paid or bool(granted)
            yield from self._compare(part, keeper, granted)
            if keeper.failure:
                break
        if is_paid:
            self._give_back(keeper)

    def _granted(self, keeper: _Body, positions: Sequence[int], *, is_paid: bool) -> list[int]:
        """As many as can be read to their end; with the first of them the keeper, unless that is paid already."""
        granted: list[int] = []
        for position in positions:
            objects = 1 if granted or is_paid else 2
            if self.budget.take([Expense(bytes=objects * keeper.grid.size)]):
                granted.append(position)
        return granted

    def _give_back(self, body: _Body) -> None:
        self.budget.give_back(Expense(bytes=body.unread), Expense())

    def _compare(self, part: Part, keeper: _Body, positions: Sequence[int]) -> Steps:
        """Read some lines' objects window by window, and settle each as soon as it can be."""
        bodies = {position: _Body(part.lines[position].redundant, keeper.grid) for position in positions}
        open_ones = dict(bodies)
        for window in keeper.grid.windows():
            if not open_ones or keeper.failure:
                break
            yield list(self._tasks([keeper, *open_ones.values()], window))
            if not keeper.failure:
                open_ones = {at: body for at, body in open_ones.items() if body.agrees(keeper, window)}
        for position, body in bodies.items():
            _settle(part, position, body, keeper, same=position in open_ones)
            self._give_back(body)
        if keeper.gone:
            part.drop_all(keeper.gone)

    def _tasks(self, bodies: Sequence[_Body], window: range) -> Iterator[Task[Sweep]]:
        for body in bodies:
            for number in window:
                if number not in body.findings.ranges:
                    yield Task(partial(self._read, body.item, body.grid, body.grid[number]), body.found, body.failed)

    def _read(self, item: PlannedObject, grid: Grid, piece: Range) -> Sweep:
        sweep = Sweep(grid, piece.start, algorithm=ALGORITHM, salt=b"")
        sweep_to(self.stores[item.endpoint], item.bucket, item.row, sweep, piece.stop)
        log_read(item.bucket, item.row, *piece, "read")
        return sweep


def _settle(part: Part, position: int, body: _Body, keeper: _Body, *, same: bool) -> None:
    """What became of one line.

    | the keeper | the redundant object | |
    |---|---|---|
    | could not be read | - | as it was |
    | read | gone or changed | dropped |
    | read | could not be read | as it was |
    | read | differs | dropped |
    | read | same to the end | compared |
    """
    if keeper.failure:
        return
    if body.failure:
        if body.gone:
            part.drop(position, body.gone)
    elif same:
        part.compared(position, keeper.fingerprint())
    else:
        part.drop(position, DIFFERENT)
