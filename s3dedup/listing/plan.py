"""How one location is listed by many connections at once: intervals of keys, split wherever somebody is idle.

The plan is pure: it says which page to ask for next, is told what every page was, and answers how much of that page
counts. It asks for nothing by itself, so its every decision can be tested without a store.

An interval is walked from its low end by continuation tokens. An idle connection parts the largest interval by asking
for what follows a key in its middle; the left part then ends at that key. Where a page reaches over the end of its
interval the rest belongs to the next one. So every key is listed once, whatever the guesses were.

On a store whose order is not documented each seam is checked from both sides: the first key that the left part sees
beyond its end must be the first that the right part sees. If all seams hold, the parts put together are one walk of
the store's own order, whatever order that is. If one does not, the location is listed in sequence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from s3dedup.listing.keyspace import KeySpace
from s3dedup.listing.walk import START, Cursor

FREE_PROBES = 8
PAGES_PER_PROBE = 24
"""Guesses that hit nothing are requests for nothing: so many are free, and one more for so many pages listed."""


@dataclass(eq=False, slots=True)
class Interval:
    """The keys behind `low` (None: from the beginning) up to and with `high` (None: to the end) that are not listed
    yet. `cursor` goes on where the last page ended, `page` holds the first and last key of that page.
    """

    low: str | None
    high: str | None
    cursor: Cursor = START
    page: tuple[str, str] | None = None
    asked: bool = False
    guess: tuple[float, str | None] | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """One page to fetch: behind the key `after`, or at `cursor`, for `interval`."""

    interval: Interval
    after: str | None
    cursor: Cursor


@dataclass(frozen=True, slots=True)
class Sight:
    """What a page is, as far as the plan cares: some of its keys in order, the first and the last among them, and where
    the listing goes on (None: it ends here).
    """

    keys: Sequence[str]
    following: Cursor | None


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a page counts: the keys up to and with `until` (None: all); the interval from `low` to `through`
    (None: the end) is then listed.
    """

    low: str | None
    until: str | None
    through: str | None


@dataclass(slots=True)
class Plan:
    """The listing of one location, from `gaps`: what an earlier run has left, or everything.

    `split` is False where the location has to be listed in sequence, `checked` True where seams are to be checked.
    """

    prefix: str
    gaps: list[Interval] = field(default_factory=lambda: [Interval(None, None)])
    split: bool = True
    pages: int = 0
    probes: int = 0
    _space: KeySpace = field(init=False)
    _seams: dict[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._space = KeySpace(self.prefix)

    @property
    def done(self) -> bool:
        """Whether everything is listed."""
        return not self.gaps

    def next(self) -> Ask | None:
        """A page for an idle connection to fetch; None while there is nothing for it to do."""
        for interval in self.gaps:
            if not interval.asked:
                interval.asked = True
                after = interval.low if interval.cursor == START else None
                return Ask(interval, after, interval.cursor)
        return self._probe() if self.split else None

    def _probe(self) -> Ask | None:
        """Part the largest interval that is known well enough."""
        if self.probes >= FREE_PROBES + self.pages // PAGES_PER_PROBE:
            return None
        best: tuple[float, Interval, str] | None = None
        for interval in self.gaps:
            if interval.page is None or interval.low is None:
                continue
            if interval.guess is None:
                interval.guess = self._space.split(interval.low, interval.high, interval.page)
            pages, middle = interval.guess
            if middle is not None and (best is None or pages > best[0]):
                best = pages, interval, middle
        if best is None:
            return None
        _, left, middle = best
        right = Interval(middle, left.high, asked=True)
        left.high, left.guess = middle, None
        self.gaps.insert(self.gaps.index(left) + 1, right)
        self.probes += 1
        return Ask(right, middle, START)

    def seen(self, ask: Ask, sight: Sight) -> Share:
        """Take a page in; how much of it counts."""
        interval = ask.interval
        low, high = interval.low, interval.high
        probing = interval.page is None and low is not None
        inside = [key for key in sight.keys if high is None or key <= high]
        self.pages += 1
        self.probes -= probing and bool(inside)
        self._space.learn(inside)
        interval.asked = False
        if sight.following is None or len(inside) < len(sight.keys):
            self.gaps.remove(interval)
            return Share(low, high, high)
        interval.low, interval.cursor = inside[-1], sight.following
        interval.page, interval.guess = (inside[0], inside[-1]), None
        return Share(low, high, inside[-1])
