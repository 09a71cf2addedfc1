"""Asks of redundant objects whether they are locked, or replicas: where their buckets leave it open, largest first.

What an earlier audit was told is not used: a legal hold may have come since.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from s3dedup.engine.appraise import Name, name_of
from s3dedup.engine.context import Context
from s3dedup.engine.emit import Emitter
from s3dedup.engine.pool import Job, Task
from s3dedup.engine.watch import log_head
from s3dedup.groups import Placed
from s3dedup.model import HeadFacts, Told
from s3dedup.shelf import DigestRecord
from s3dedup.text import human_count

MOST = 10_000
"""So many objects are asked at most: an audit of a million groups is not worth a million HEADs more."""


def ask_redundant(context: Context, emitter: Emitter) -> None:
    """Ask what stands in the way of deleting, and value the groups that were left for it. What the budget, or `MOST`,
    leaves stays unknown.
    """
    if not any(standing.asks for standing in emitter.appraiser.standings.values()):
        return
    context.watch.stage("Asking what may be deleted", objects=emitter.tally.groups)
    asker = _Asker(context, emitter)
    for _ in context.pool.drive(asker.jobs()):
        context.watch.advance(1)
    unknown = human_count(emitter.tally.savings.finish().unknown.objects, "redundant object")
    context.watch.line(f"{human_count(asker.asked, 'object')} asked what may be deleted; {unknown} left unknown")


class _Asker:
    """Goes through all groups once."""

    def __init__(self, context: Context, emitter: Emitter) -> None:
        self._context = context
        self._emitter = emitter
        self.asked = 0

    def jobs(self) -> Iterator[Job[None]]:
        for name, record in self._context.state.results.ranked():
            if self._asks(record, {}):
                yield self._job(name, record)

    def _asks(self, record: DigestRecord, told: dict[Name, Told]) -> list[Placed]:
        """Of which objects of a group a HEAD could tell more."""
        found = self._emitter.appraiser.appraise(record.objects, record.kept, told)
        return [record.objects[place] for place in found.asks]

    def _job(self, name: bytes, record: DigestRecord) -> Job[None]:
        """Ask until nothing more could be told: the keeper, too, where a redundant object turns out to be a source."""
        told: dict[Name, Told] = {}
        tried: set[Name] = set()
        while wanted := [each for each in self._asks(record, told) if name_of(each) not in tried]:
            for placed in wanted:
                self._learn_locks(placed)
            if not self._affordable(wanted):
                break
            tried.update(map(name_of, wanted))
            yield [self._head(placed, told) for placed in wanted]
        self._emitter.revalue(name, record, told)

    def _affordable(self, wanted: list[Placed]) -> bool:
        expenses = [self._context.expense(placed, 1, 0) for placed in wanted]
        granted = self.asked + len(wanted) <= MOST and self._context.budget.take(expenses)
        self.asked += len(wanted) * granted
        return granted

    def _learn_locks(self, placed: Placed) -> None:
        """Find out by one object of a bucket whether HEADs tell of locks there."""
        bucket, row = placed
        appraiser = self._emitter.appraiser
        standing = appraiser.standings[bucket]
        if not standing.may_lock or standing.locks_told is not None:
            return
        told = self._context.stores.tells_locks(bucket, row)
        standings = {**appraiser.standings, bucket: standing._replace(locks_told=told)}
        self._emitter.appraiser = replace(appraiser, standings=standings)
        if not told:
            self._context.notes.append(
                f"s3://{bucket}: locks of objects are not told (allow s3:GetObjectRetention and s3:GetObjectLegalHold),"
                " so what a delete frees is not known."
            )

    def _head(self, placed: Placed, told: dict[Name, Told]) -> Task[HeadFacts]:
        def learnt(head: HeadFacts) -> None:
            log_head(*placed, head)
            told[name_of(placed)] = Told(head.replication, head.retain_until, head.legal_hold)

        return Task(partial(self._context.stores.head, *placed, layout=False), learnt, partial(log_head, *placed))
