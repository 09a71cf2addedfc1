"""A plan, written for whoever reads it or acts on it: one module for each format.

`jsonl` is the plan itself, which `s3dedup verify` reads again; `csv` is for people. `sh` and `batch` are for tools that
act: only lines without an `Obstacle` are in them, and where there is none, nothing is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from types import MappingProxyType
from typing import TextIO

from s3dedup.errors import NothingToActOnError
from s3dedup.plan import Dropped, DropReason, Entry, Obstacle, Plan, obstacle
from s3dedup.report.plan import batch, csv, jsonl, shell
from s3dedup.report.plan.access import Access
from s3dedup.text import human_count

__all__ = ["ACTING", "PLAN_FORMATS", "Access", "Written", "write_plan"]

Writer = Callable[[Plan, TextIO, Access], None]

READING: Mapping[str, Writer] = MappingProxyType({"jsonl": jsonl.write, "csv": csv.write})
ACTING: Mapping[str, Writer] = MappingProxyType({"sh": shell.write, "batch": batch.write})
PLAN_FORMATS = (*READING, *ACTING)
REMEDIES: Mapping[Obstacle, str] = MappingProxyType(
    {
        Obstacle.NOT_COMPARED: "`s3dedup verify PLAN --bytes` compares their bytes",
        Obstacle.NOT_CHECKED: "`s3dedup verify PLAN` asks whether their bucket keeps versions",
        Obstacle.VERSIONED: "their bucket keeps versions, so audit it with --versions",
        Obstacle.NULL_VERSION: "their version is 'null', which no condition guards, so audit them without --versions",
        Obstacle.LOCKED: "a retention or a legal hold keeps them",
        Obstacle.REPLICA: "replication made them on purpose",
    }
)


@dataclass(slots=True)
class Written:
    """What a plan came to: so many `lines` of so many `bytes`, of which `compared` byte for byte. `dropped` are those
    of which an object has changed, and `held` those on which no tool may act, whether the format has them or not.
    """

    lines: int = 0
    bytes: int = 0
    compared: int = 0
    dropped: Counter[DropReason] = field(default_factory=Counter)
    held: Counter[Obstacle] = field(default_factory=Counter)

    def add(self, entry: Entry, held: Obstacle | None) -> None:
        """Count an entry."""
        if isinstance(entry, Dropped):
            self.dropped[entry.reason] += 1
            return
        self.lines += 1
        self.bytes += entry.redundant.size
        self.compared += entry.checked is not None and entry.checked.fingerprint is not None
        if held is not None:
            self.held[held] += 1

    def notes(self) -> Iterator[str]:
        """Why no tool may act on some lines, and what to do about it: a phrase for each obstacle."""
        for each, count in self.held.most_common():
            yield f"{human_count(count, 'line')} {each}: {REMEDIES[each]}"


def write_plan(plan: Plan, format: str, stream: TextIO, access: Access) -> Written:  # noqa: A002  the contract's word
    """Write a plan to a text stream in one of `PLAN_FORMATS`; a script reaches the stores by `access`.

    Raises:
        NothingToActOnError: every line was dropped; or the format is for tools that act, and no line is for them: then
            nothing was written.
        UsageError: such a plan cannot be written so; nothing was written.
    """
    written = Written()
    judged = _judged(plan, written)
    if format in READING:
        READING[format](replace(plan, entries=(entry for entry, _ in judged)), stream, access)
        if written.dropped and not written.lines:
            raise NothingToActOnError(_why_nothing(written))
        return written
    free = (entry for entry, held in judged if held is None and not isinstance(entry, Dropped))
    first = next(free, None)
    if first is None:
        raise NothingToActOnError(_why_nothing(written))
    ACTING[format](replace(plan, entries=chain([first], free)), stream, access)
    return written


def _judged(plan: Plan, written: Written) -> Iterator[tuple[Entry, Obstacle | None]]:
    """Every entry, counted, with what keeps a tool from acting on it."""
    for entry in plan.entries:
        held = None if isinstance(entry, Dropped) else obstacle(entry, plan.head.digest)
        written.add(entry, held)
        yield entry, held


def _why_nothing(written: Written) -> str:
    if not written.lines:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in written.dropped.most_common()) or "it is empty"
        return f"No line of the plan is left ({reasons}): where that is not for want of rights, audit again."
    return f"No tool may act on this plan ({'; '.join(written.notes())}): write it as jsonl, and verify that."
