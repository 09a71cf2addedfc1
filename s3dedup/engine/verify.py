"""Holds a plan against the stores: each keeper and each redundant object by a HEAD, and all their bytes if asked to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import groupby, islice

from s3dedup.engine.bytewise import Bytewise
from s3dedup.engine.part import Part
from s3dedup.engine.pool import Job, Pool, Task
from s3dedup.engine.watch import Watch, log_head
from s3dedup.errors import ObjectError
from s3dedup.model import HeadFacts
from s3dedup.plan import Entry, PlanLine, PlannedObject
from s3dedup.store import ObjectStore

TOGETHER = 1000
"""At most so many lines with one keeper are checked in one go; for more of them the keeper is checked again."""
BATCH = 2000
"""From so many lines on, what is done is given back, in order, before more is begun."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """Checks lines with these stores, by endpoint; with `bytewise` also byte for byte."""

    stores: Mapping[str, ObjectStore]
    pool: Pool
    watch: Watch
    bytewise: Bytewise | None = None

    def entries(self, lines: Iterable[PlanLine]) -> Iterator[Entry]:
        """Every line with what was found, or dropped, in the order in which they come."""
        for batch in _batches(lines):
            done = {part.number: part for part in self.pool.drive(self._job(part) for part in batch)}
            for number in range(len(done)):
                yield from done[number].entries

    def _job(self, part: Part) -> Job[Part]:
        yield [self._head(part.keeper, part.answered_for_keeper)]
        yield [self._head(line.redundant, partial(part.answered, at)) for at, line in part.left().items()]
        if self.bytewise is not None:
            yield from self.bytewise.steps(part)
        self.watch.advance(len(part.lines), part.keeper.size * len(part.lines))
        return part

    def _head(self, item: PlannedObject, take_in: Callable[[HeadFacts | ObjectError], None]) -> Task[HeadFacts]:
        def answered(answer: HeadFacts | ObjectError) -> None:
            log_head(item.bucket, item.row, answer)
            take_in(answer)

        ask = partial(self.stores[item.endpoint].head, item.bucket, item.row, layout=False)
        return Task(ask, answered, answered)


def _batches(lines: Iterable[PlanLine]) -> Iterator[list[Part]]:
    """Lines in parts that have one keeper, and these in batches of about one size."""
    batch: list[Part] = []
    count = 0
    for _, same in groupby(lines, lambda line: (line.group, line.keeper)):
        while some := list(islice(same, TOGETHER)):
            batch.append(Part(len(batch), some, datetime.now(UTC)))
            count += len(some)
            if count >= BATCH:
                yield batch
                batch, count = [], 0
    yield batch
