"""A part of a plan while it is checked: lines with one keeper, and what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from s3dedup.errors import ObjectError
from s3dedup.model import HeadFacts
from s3dedup.plan import Checked, Dropped, Entry, PlanLine, PlannedObject, Trouble, is_locked, trouble


class Part:
    """`entries` has what became of each of `lines`, at the same position. `number` is that of the part."""

    def __init__(self, number: int, lines: Sequence[PlanLine], now: datetime) -> None:
        self.number = number
        self.lines = lines
        self.entries: list[Entry] = list(lines)
        self._now = now

    @property
    def keeper(self) -> PlannedObject:
        """The keeper of all lines."""
        return self.lines[0].keeper

    def left(self) -> dict[int, PlanLine]:
        """By position the lines that are not dropped, with what is known of them by now."""
        return {position: each for position, each in enumerate(self.entries) if isinstance(each, PlanLine)}

    def answered_for_keeper(self, answer: HeadFacts | ObjectError) -> None:
        """Take in the answer to a HEAD."""
        found = trouble(self.keeper, answer)
        if found is not None:
            self.drop_all(found)

    def answered(self, position: int, answer: HeadFacts | ObjectError) -> None:
        """Take in the answer to a HEAD of the redundant object there. What was compared of it earlier still counts."""
        line = self.lines[position]
        found = trouble(line.redundant, answer)
        if found is not None:
            self.drop(position, found)
        elif isinstance(answer, HeadFacts):
            versioned, locked = answer.version_id is not None, is_locked(answer, self._now)
            fingerprint = line.checked.fingerprint if line.checked else None
            checked = Checked(self._now, versioned, locked, answer.replication, fingerprint)
            self.entries[position] = replace(line, checked=checked)

    def compared(self, position: int, fingerprint: str) -> None:
        """The bytes of both objects are the same."""
        line = self.entries[position]
        assert isinstance(line, PlanLine)  # noqa: S101  what is dropped is not compared
        assert line.checked is not None  # noqa: S101  and the HEAD comes first
        self.entries[position] = replace(line, checked=replace(line.checked, fingerprint=fingerprint))

    def drop(self, position: int, why: Trouble) -> None:
        """Take a line out because of its redundant object."""
        line = self.lines[position]
        self.entries[position] = Dropped(why.reason, line.redundant, why.detail, line)

    def drop_all(self, why: Trouble) -> None:
        """Take out all that are left, because of their keeper."""
        for position in self.left():
            self.entries[position] = Dropped(why.reason, self.keeper, why.detail, self.lines[position])
