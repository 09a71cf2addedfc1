"""Whether a plan as a whole makes sense: nothing in it goes twice, and no keeper goes.

What was met is kept on disk, 16 bytes of digest for each object, so that a plan may have any number of lines.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from s3dedup.errors import UsageError
from s3dedup.plan import PlanLine, PlannedObject
from s3dedup.shelf import scratch
from s3dedup.shelf.database import Database

TABLE = "objects"
BATCH = 1 << 15


class Extent(NamedTuple):
    """How many lines a plan has, and how many bytes their objects."""

    lines: int
    bytes: int


class Met(NamedTuple):
    """What an object is in the line in which it was met first."""

    redundant: bool
    line: int


def cross_check(lines: Iterable[tuple[int, PlanLine]]) -> Extent:
    """Go through all of a plan, whose lines come with their numbers.

    Raises:
        UsageError: an object goes twice, or goes and is a keeper; the message names the lines.
        StateError: there is no room on disk.
    """
    count = size = 0
    with scratch(TABLE) as database:
        roles = _Roles(database)
        for number, line in lines:
            roles.meet(number, line.keeper, redundant=False)
            roles.meet(number, line.redundant, redundant=True)
            count, size = count + 1, size + line.redundant.size
    return Extent(count, size)


class _Roles:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._pending: dict[bytes, bytes] = {}

    def meet(self, number: int, item: PlannedObject, *, redundant: bool) -> None:
        """Take note of what an object is.

        | met before as | met as | |
        |---|---|---|
        | nothing | - | fine |
        | a keeper | a keeper | fine: it keeps for several |
        | redundant | redundant | refused |
        | one of the two | the other | refused |
        """
        name = _digest(item)
        known = self._pending.get(name) or self._database.get(TABLE, name)
        if known is None:
            self._pending[name] = msgspec.msgpack.encode(Met(redundant, number))
            if len(self._pending) >= BATCH:
                self._database.put_many(TABLE, sorted(self._pending.items()))
                self._pending = {}
            return
        before = msgspec.msgpack.decode(known, type=Met)
        if before.redundant or redundant:
            raise UsageError(_clash(item, Met(redundant, number), before))


def _clash(item: PlannedObject, now: Met, before: Met) -> str:
    if now.redundant and before.redundant:
        complaint = f"is redundant in line {before.line} and once more in line {now.line}: leave one of them out"
    else:
        redundant, keeper = (now, before) if now.redundant else (before, now)
        complaint = (
            f"is redundant in line {redundant.line} and the keeper in line {keeper.line}: a plan with both would delete"
            " what it keeps, so make it again by `s3dedup manifest`"
        )
    return f"{item.uri} {complaint}."


def _digest(item: PlannedObject) -> bytes:
    return hashlib.blake2b(msgspec.msgpack.encode(item.name), digest_size=16).digest()
