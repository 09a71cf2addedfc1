"""The listing stage: every location's pages into the state, by as many connections as the store bears."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

import msgspec

from s3dedup.engine.context import Context
from s3dedup.engine.crew import Crew
from s3dedup.engine.lister import Fetch, Fetched, Keep, Sort
from s3dedup.engine.memory import Memory
from s3dedup.engine.watch import log
from s3dedup.errors import StoreError
from s3dedup.listing import START, Interval, Plan, Seams, gaps, rest_in_sequence, seams_hold
from s3dedup.model import Cursor, Location, Span
from s3dedup.shelf import BucketRecord
from s3dedup.text import human_bytes, human_count

DIRECTORY_BUCKET = "--x-s3"
"""Directory buckets end so; they are not listed in order and know no StartAfter (API_ListObjectsV2)."""
EASED = 1.0
"""After the store said SlowDown, further ones say nothing new for this long (seconds)."""


@dataclass(slots=True)
class Listing:
    """Counts of what was listed, earlier runs of the same scan included; `classes` are bytes by bucket and class."""

    pages: int = 0
    objects: int = 0
    bytes: int = 0
    empty: int = 0
    classes: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, bucket: str, spans: Iterable[Span]) -> None:
        """Count what these pages of a bucket kept."""
        for span in spans:
            self.pages += 1
            for name, size in span.classes.items():
                self.classes[bucket, name] += size
            self.objects += span.objects
            self.bytes += span.bytes
            self.empty += span.empty


def list_locations(context: Context) -> Listing:
    """List what is not listed yet; the counts of everything that is.

    A location whose parts do not fit together, or whose keys come in another order, is listed again in sequence.
    """
    context.watch.stage("Listing")
    misfits = _list(context, list(range(len(context.locations))))
    if misfits:
        for index in misfits:
            log.info("%s is not listed in order by the store: listing it page after page", context.locations[index])
        _renumber(context, misfits)
        _remember(context, misfits)
        _list(context, misfits)
    context.sources = dict(zip(context.scan.sources, context.locations, strict=True))
    context.state.open_listed(context.scan.sources)
    total = Listing()
    for source in context.scan.sources:
        total.add(context.bucket(source), context.state.listed.spans(source))
    objects, pages = human_count(total.objects, "object"), human_count(total.pages, "page")
    context.watch.line(f"{objects} ({human_bytes(total.bytes)}) after listing {pages}")
    return total


def _list(context: Context, indexes: list[int]) -> list[int]:
    """List these locations; returns those that do not fit together."""
    tours = [_tour(context, index) for index in indexes]
    with context.hire() as crew:
        _Dispatch(context, crew, tours).run()
    return [tour.index for tour in tours if tour.misfit or not _fits(context, tour)]


def _renumber(context: Context, misfits: list[int]) -> None:
    """Forget what was listed of these locations: their pages stay behind under a number that nobody asks for."""
    scan = context.scan
    sources = list(scan.sources)
    for index in misfits:
        sources[index] = max(sources) + 1
    in_sequence = sorted({*scan.in_sequence, *misfits})
    context.scan = msgspec.structs.replace(scan, sources=sources, in_sequence=in_sequence)
    context.state.change(context.scan)


def _remember(context: Context, misfits: list[int]) -> None:
    """Have the next audits list these buckets in sequence from the beginning."""
    for bucket in {context.locations[index].bucket for index in misfits}:
        known, key = context.state.buckets, context.rule_key(bucket)
        record = known.get(key) or BucketRecord()
        known[key] = msgspec.structs.replace(record, in_sequence=True)


@dataclass(eq=False, slots=True)
class _Tour:
    """The listing of one location.

    Where it is listed in sequence its pages are also kept in sequence, one at a time, so that after a kill there is no
    hole: `keeping` while one is, and those who wait for that. `seams` are looked at where they have to prove something.
    """

    index: int
    source: int
    location: Location
    plan: Plan
    under_way: int = 0
    answered: bool = False
    misfit: bool = False
    seams: Seams | None = None
    keeping: bool = False
    waiting: deque[tuple[Connection, _Errand, Keep]] = field(default_factory=deque)

    def next(self) -> Interval | None:
        return None if self.misfit else self.plan.next()

    def kept(self, span: Span, *, begins: bool) -> None:
        """Look at once whether the parts fit together, so that no more is listed in vain."""
        if self.seams is not None:
            self.seams.add(span, begins=begins)
            self.misfit = self.misfit or self.seams.broken


def _tour(context: Context, index: int) -> _Tour:
    """What is left of a location."""
    source, location = context.scan.sources[index], context.locations[index]
    spans = context.state.listed_spans(source)
    split = in_order(context, index)
    left = gaps(spans, by_token=not context.stores.is_aws(location.bucket)) if split else rest_in_sequence(spans)
    plan = Plan(location.prefix, left, split, len(spans))
    if spans:  # the free guesses were made by the run that went before
        plan.free_probes = 0
    return _Tour(index, source, location, plan, seams=Seams() if _has_seams(context, location, plan) else None)


def in_order(context: Memory, index: int) -> bool:
    """Whether location number `index` is listed in S3's order, so that its keys can be parted."""
    ordered = not context.locations[index].bucket.endswith(DIRECTORY_BUCKET)
    return ordered and index not in context.scan.in_sequence


def _fits(context: Context, tour: _Tour) -> bool:
    """On AWS the order is documented; elsewhere the parts have to prove that they are one walk."""
    if not _has_seams(context, tour.location, tour.plan):
        return True
    return seams_hold(context.state.listed_spans(tour.source))


def _has_seams(context: Context, location: Location, plan: Plan) -> bool:
    return plan.split and not context.stores.is_aws(location.bucket)


@dataclass(frozen=True, slots=True)
class _Errand:
    """The page that a connection fetches, and then keeps."""

    tour: _Tour
    interval: Interval
    after: str
    cursor: Cursor


@dataclass(slots=True)
class Pace:
    """How many pages of one store may be under way: on the network, where `at_once` have their turn, or waiting for it.
    When it says SlowDown only half of what was on the network may be, then one more for each full round.
    """

    most: float
    at_once: float
    allowed: float
    slow_downs: int = 0
    eased: float = 0.0
    under_way: int = 0

    @property
    def has_room(self) -> bool:
        """Whether one more may be asked for."""
        return self.under_way < self.allowed

    def answered(self, slow_downs: int) -> None:
        """One was answered, and the store has said SlowDown so often by now."""
        self.under_way -= 1
        if slow_downs > self.slow_downs and time.monotonic() - self.eased > EASED:
            self.allowed, self.eased = max(1.0, min(self.allowed, self.at_once) / 2), time.monotonic()
        elif slow_downs == self.slow_downs:
            self.allowed = min(self.most, self.allowed + 1 / self.allowed)
        self.slow_downs = slow_downs


class _Dispatch:
    """Has the pages of all locations fetched: of the one that has the fewest under way, in a store that bears more.
    More are under way than on the network at once, so that none is missing there while some compute.
    """

    def __init__(self, context: Context, crew: Crew, tours: list[_Tour]) -> None:
        self._context = context
        self._tours = tours
        self._crew = crew
        self._busy: dict[Connection, _Errand] = {}
        self._paces: dict[str, Pace] = {}
        self._held: list[tuple[Connection, _Errand, Keep]] | None = []

    def run(self) -> None:
        """Until nothing is left."""
        while True:
            self._send_out()
            if not self._busy or all(tour.answered for tour in self._tours):
                self._start()
            if not self._busy:
                self._crew.everywhere(Sort())
                return
            for connection, answer, counted in self._crew.answers():
                if counted:
                    self._context.stores.add(counted)
                self._take(connection, self._busy.pop(connection), answer)

    def _start(self) -> None:
        """Keep what was held back until every location had answered (or every connection had a page): one that cannot
        be listed ends the audit, and then what an earlier one listed is still there.
        """
        held, self._held = self._held, None
        if held is not None:
            self._context.state.start()
            for connection, errand, order in held:
                self._keep(connection, errand, order)

    def _send_out(self) -> None:
        while self._crew.idle:
            errand = self._next_errand()
            if errand is None:
                return
            tour = errand.tour
            tour.under_way += 1
            self._pace(tour).under_way += 1
            order = Fetch(tour.location, errand.after, errand.cursor, in_sequence=not tour.plan.split)
            self._send(self._crew.idle.popleft(), errand, order)

    def _next_errand(self) -> _Errand | None:
        for tour in sorted(self._tours, key=lambda tour: tour.under_way):
            interval = tour.next() if self._pace(tour).has_room else None
            if interval is not None:
                return _Errand(tour, interval, interval.low, interval.cursor)
        return None

    def _pace(self, tour: _Tour) -> Pace:
        bucket = tour.location.bucket
        pace = self._paces.get(self._context.stores.endpoint(bucket))
        if pace is None:
            most = len(self._crew.connections)
            pace = Pace(most, self._context.connections, most, self._context.stores.slow_downs(bucket))
            self._paces[self._context.stores.endpoint(bucket)] = pace
        return pace

    def _send(self, connection: Connection, errand: _Errand, order: Fetch | Keep) -> None:
        self._busy[connection] = errand
        self._crew.send(connection, order)

    def _take(self, connection: Connection, errand: _Errand, answer: Any) -> None:  # noqa: ANN401  by order
        """A page that was fetched is kept by the connection that has it, while another may fetch the next one."""
        tour = errand.tour
        tour.answered = True
        if not isinstance(answer, Span):
            self._pace(tour).answered(self._context.stores.slow_downs(tour.location.bucket))
        if isinstance(answer, Exception):
            self._failed(errand, answer)
        elif isinstance(answer, Fetched) and not tour.misfit:
            if answer.ordered:
                share = tour.plan.seen(errand.interval, answer.sight)
                self._keep(connection, errand, Keep(tour.source, share, answer.sight.following))
                return
            tour.misfit = True
        elif isinstance(answer, Span):
            self._context.watch.advance(answer.objects, answer.bytes)
            tour.keeping = False
            tour.kept(answer, begins=errand.cursor == START)
            if tour.waiting:
                self._keep(*tour.waiting.popleft())
        tour.under_way -= 1
        self._crew.idle.append(connection)

    def _keep(self, connection: Connection, errand: _Errand, order: Keep) -> None:
        tour = errand.tour
        if self._held is not None:
            self._held.append((connection, errand, order))
        elif tour.keeping and not tour.plan.split:
            tour.waiting.append((connection, errand, order))
        else:
            tour.keeping = True
            self._send(connection, errand, order)

    def _failed(self, errand: _Errand, error: Exception) -> None:
        """A store that refuses to begin behind a key is listed in sequence; anything else ends the audit."""
        if not isinstance(error, StoreError) or not errand.tour.plan.split or not errand.after:
            raise error
        errand.tour.misfit = True
