"""The comparison of the objects of one size by reading, no further than it takes to tell who is the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from s3dedup.engine.budget import Expense
from s3dedup.engine.contents import Content, Reader, Reading
from s3dedup.engine.context import Context
from s3dedup.engine.emit import Emitter, digest_of
from s3dedup.engine.memory import Recalled
from s3dedup.engine.pool import Job, Task
from s3dedup.engine.watch import log, log_read
from s3dedup.errors import ObjectArchivedError, ObjectError
from s3dedup.evidence import WEAKEST_FIRST, Candidate, Cluster, Evidence, Want, at_most, cluster, doubtful_sets, to_read
from s3dedup.groups import Placed
from s3dedup.hashing import Grid, sweep_to
from s3dedup.model import InDoubt, ListedObject
from s3dedup.text import human_count

Choose = Callable[[Sequence[Candidate]], dict[int, Want]]
ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})


class Outlook(NamedTuple):
    """What proving would take at most, and what it would find at most: `reclaimable` bytes."""

    objects: int = 0
    bytes: int = 0
    expense: Expense = Expense()
    reclaimable: int = 0

    def in_doubt(self) -> InDoubt | None:
        """As a report gives it."""
        expense = self.expense
        if not self.objects:
            return None
        return InDoubt(self.objects, self.bytes, expense.requests, expense.bytes, expense.usd, self.reclaimable)

    def plus(self, other: Outlook) -> Outlook:
        """Both together."""
        return Outlook(
            self.objects + other.objects,
            self.bytes + other.bytes,
            self.expense.plus(other.expense),
            self.reclaimable + other.reclaimable,
        )


class Settlement:
    """The objects of one size, in the clusters that metadata has found."""

    def __init__(self, context: Context, size: int, clusters: Sequence[Cluster], recalled: Sequence[Recalled]) -> None:
        self._context = context
        self._size = size
        self._reader = Reader(Grid(size), context.digest, context.state.salt)
        self._expenses: dict[tuple[str, str, int, int], Expense] = {}
        self._facts = dict(recalled)
        self._contents = [self._content(each, [recalled[index] for index in each.members]) for each in clusters]
        self._objects = len(recalled)
        self._unread = size * len(recalled)
        self._granted: Expense | None = None
        self._spent = Expense()

    def _content(self, found: Cluster, recalled: Sequence[Recalled]) -> Content:
        """What earlier runs have read of any member counts for all."""
        members = [placed for placed, _ in recalled]
        findings, *others = (self._context.findings_in(facts) for _, facts in recalled)
        for other in others:
            findings.add(other, self._size)
        readable = sorted((placed for placed in members if not is_archived(placed[1])), key=self._price)
        return Content(found, members, readable, findings)

    def _price(self, placed: Placed) -> tuple[float, str, str]:
        """The cheapest to read first; then by name, so that every run reads the same object."""
        return self._expense(placed, 1, self._size).effort, placed[0], placed[1].key

    def _expense(self, placed: Placed, requests: int, size: int) -> Expense:
        """See `Context.expense`; what is asked for again and again is worked out once."""
        key = placed[0], placed[1].storage_class, requests, size
        if key not in self._expenses:
            self._expenses[key] = self._context.expense(placed, requests, size)
        return self._expenses[key]

    def job(self, emitter: Emitter) -> Job[Outlook]:
        """Read until nothing is in doubt that could be settled; returns what a budget has left."""
        while True:
            clusters, sets = self._compared()
            readings = [reading for members in sets for reading in self._edges(members)]
            if readings:
                affordable = self._context.budget.take([self._expense_of(reading) for reading in readings])
            else:
                readings = [reading for members in sets for reading in self._next(members)]
                affordable = not readings or self._granted is not None or self._is_granted(sets)
            if not readings or not affordable:
                break
            yield [self._read(reading) for reading in readings]
        left = NOTHING if affordable else self._outlook(sets)
        self._give_back()
        self._conclude(emitter, clusters, sets)
        return left

    def _is_granted(self, sets: Sequence[Sequence[Cluster]]) -> bool:
        """Get all of it granted before the first byte is read: half of a proof is worth nothing."""
        expense = self._outlook(sets).expense
        self._granted = expense if self._context.budget.take([expense]) else None
        return self._granted is not None

    def _give_back(self) -> None:
        """What was granted and not spent; what is read from now on has to be granted anew."""
        if self._granted is not None:
            self._context.budget.give_back(self._granted, self._spent)
        self._granted, self._spent = None, Expense()

    def outlook(self) -> Outlook:
        """What settling everything would take at most."""
        return self._outlook(self._compared()[1])

    def _compared(self) -> tuple[list[Cluster], list[list[Cluster]]]:
        """The contents in clusters that are the same by now, and those of them that are in doubt, in sets."""
        clusters = self._clusters()
        shaken = {index for each in clusters for index in each.members if self._is_shaken(index, each)}
        if shaken:
            self._give_back()
            self._contents = [one for index in range(len(self._contents)) for one in self._apart(index, shaken)]
            clusters = self._clusters()
        return clusters, [
            [clusters[index] for index in members] for members in doubtful_sets([each.evidence for each in clusters])
        ]

    def _clusters(self) -> list[Cluster]:
        return cluster([self._reader.evidence(content) for content in self._contents])

    def _is_shaken(self, index: int, found: Cluster) -> bool:
        """Whether what united the members of a content has been contradicted by bytes: a collision, or a store that
        does not keep to the rules. Then it proves nothing any more.
        """
        content = self._contents[index]
        if content.cluster.kind is None:
            return False
        united_by = {*content.cluster.evidence.decides, *content.cluster.evidence.unites}
        return united_by.isdisjoint({*found.evidence.decides, *found.evidence.unites})

    def _apart(self, index: int, shaken: set[int]) -> list[Content]:
        """A content, or where it is shaken each of its members for itself, known by its bytes alone."""
        content = self._contents[index]
        if index not in shaken:
            return [content]
        alone = [
            self._content(Cluster((0,), Evidence(), None), [(placed, self._facts[placed])])
            for placed in content.members
        ]
        for one in alone:
            one.failures.update(
                {placed: content.failures[placed] for placed in one.members if placed in content.failures}
            )
            one.candidates = [placed for placed in one.candidates if placed not in one.failures]
        return alone

    def _edges(self, doubtful: Sequence[Cluster]) -> list[Reading]:
        """The short ranges of contents that are in doubt against each other, where there are two that can be read."""
        leads = [lead for each in doubtful if (lead := self._lead(each)) is not None]
        return self._reader.edge(leads) if len(leads) > 1 else []

    def _next(self, doubtful: Sequence[Cluster]) -> list[Reading]:
        """What is read next of contents that agree in these."""
        wants = self._wants(doubtful, to_read)
        return [reading for lead, want in wants for reading in self._reader.next(lead, want)]

    def _wants(self, doubtful: Sequence[Cluster], choose: Choose) -> list[tuple[Content, Want]]:
        """Of which contents all bytes are to be read, and for what."""
        leads = [self._lead(each) for each in doubtful]
        costs = [None if lead is None else self._price(lead.candidates[0])[0] for lead in leads]
        wants = choose([Candidate(each.evidence, cost) for each, cost in zip(doubtful, costs, strict=True)])
        return [(lead, want) for index, want in wants.items() if (lead := leads[index]) is not None]

    def _lead(self, united: Cluster) -> Content | None:
        """The content that is read for all that are the same: one that is being read, else the cheapest."""
        able = [content for index in united.members if (content := self._contents[index]).candidates]
        if len(able) == 1:
            return able[0]
        return min(able, key=lambda content: (content.sweep is None, self._price(content.candidates[0])), default=None)

    def _expense_of(self, reading: Reading) -> Expense:
        return self._expense(reading.placed, 1, reading.stop - reading.start)

    def _read(self, reading: Reading) -> Task[None]:
        if self._granted is not None:
            self._spent = self._spent.plus(self._expense_of(reading))
        return Task(
            partial(sweep_to, self._context.stores, *reading.placed, reading.sweep, reading.stop),
            partial(self._learnt, reading),
            partial(self._failed, reading),
        )

    def _learnt(self, reading: Reading, _: None) -> None:
        content, placed, sweep = reading.content, reading.placed, reading.sweep
        content.findings.add(sweep, self._size)
        own = self._context.findings_in(self._facts[placed])
        own.add(sweep, self._size)  # what others were found to be is theirs, should they be others after all
        self._facts[placed] = self._context.keep_findings(*placed, self._facts[placed], own)
        found = ", ".join(f"{name} {digest.hex()}" for name, digest in sweep.whole.items()) or "hashed"
        log_read(*placed, reading.start, reading.stop, found)
        self._advance(reading.stop - reading.start)

    def _advance(self, count: int) -> None:
        done = min(count, self._unread)
        self._unread -= done
        self._context.watch.advance(0, done)

    def _failed(self, reading: Reading, error: ObjectError) -> None:
        log_read(*reading.placed, reading.start, reading.stop, error)
        reading.content.failed(reading.placed, error)

    def _outlook(self, sets: Sequence[Sequence[Cluster]]) -> Outlook:
        """Of what could be settled. Each cluster that turns out to be the same as another makes one more redundant."""
        objects = sum(len(self._contents[index].members) for each in sets for one in each for index in one.members)
        expense = Expense()
        for doubtful in sets:
            for cost in self._costs(doubtful):
                expense = expense.plus(cost)
        return Outlook(objects, objects * self._size, expense, self._size * sum(len(doubtful) - 1 for doubtful in sets))

    def _costs(self, doubtful: Sequence[Cluster]) -> Iterator[Expense]:
        for lead, want in self._wants(doubtful, at_most):
            if not self._reader.knows(lead, want):
                yield self._expense(lead.candidates[0], self._reader.requests(want), self._size)
        for reading in self._edges(doubtful):
            yield self._expense(reading.placed, 2, 2 * (reading.stop - reading.start))

    def _conclude(self, emitter: Emitter, clusters: Sequence[Cluster], sets: Sequence[Sequence[Cluster]]) -> None:
        """Group what is the same, and say what could not be compared."""
        objects = human_count(self._objects, "object")
        sets_of_equal = human_count(sum(bool(each.kind) for each in clusters), "set")
        log.debug("%s of %d bytes compared: %s of equal ones", objects, self._size, sets_of_equal)
        doubtful = {each.members for members in sets for each in members}
        found = [(each, [self._contents[index] for index in each.members]) for each in clusters]
        placed = [(each, [one for content in contents for one in content.left()]) for each, contents in found]
        open_ = frozenset(index for index, each in enumerate(clusters) if each.members in doubtful)
        recalled = [(each, [(one, self._facts[one]) for one in members]) for each, members in placed]
        self._context.on_trust.add(recalled, open_)
        for (each, contents), (_, members) in zip(found, placed, strict=True):
            kinds = [kind for kind in (each.kind, *(content.cluster.kind for content in contents)) if kind]
            if kinds:
                weakest = min(kinds, key=WEAKEST_FIRST.index)
                emitter.emit(self._size, digest_of(each.evidence), weakest, members)
            lost = each.members in doubtful and not any(content.candidates for content in contents)
            for content in contents:
                self._skip(content, lost=lost)
        self._context.watch.advance(self._objects, self._unread)

    def _skip(self, content: Content, *, lost: bool) -> None:
        """Of a content that is in doubt because nothing that is the same could be read, every member stays uncompared;
        else only those that are gone.
        """
        archived = ObjectArchivedError("it is archived and would have to be restored first")
        last = next(reversed(content.failures.values()), archived)
        for placed in content.members:
            if lost or placed not in content.left():
                self._context.skip(*placed, content.failures.get(placed, last))


NOTHING = Outlook()


def is_archived(row: ListedObject) -> bool:
    """Whether reading would need a restore first. A restored copy can be read (API_RestoreStatus); archive tiers of
    INTELLIGENT_TIERING do not show in a listing and are met when they are read.
    """
    return row.storage_class in ARCHIVED and row.restore in {"", "ongoing"}
