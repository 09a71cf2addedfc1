"""How one location is listed by many connections at once: intervals of keys, split wherever somebody is idle.

The plan is pure: it says which page to ask for next, is told what every page was, and answers how much of that page
counts. It asks for nothing by itself, so its every decision can be tested without a store.

An interval is walked from its low end by continuation tokens. An idle connection parts the largest interval by asking
for what follows a key in its middle; the left part then ends at that key. Where a page reaches over the end of its
interval the rest belongs to the next one. So every key is listed once, whatever the guesses were.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import le, lt

from s3dedup.listing.keyspace import KeySpace
from s3dedup.listing.walk import START
from s3dedup.model import Cursor

FREE_PROBES = 16
PAGES_PER_PROBE = 24
"""Guesses that hit nothing are requests for nothing: so many are free, and one more for so many pages listed."""


@dataclass(eq=False, slots=True)
class Interval:
    """The keys behind `low` ("" is the beginning) up to and with `high` (None: to the end) that are not listed yet.

    `cursor` goes on where the last page ended, `page` holds that page's first and last key. `guess` is how many pages
    are left, and where to part them; None until it is asked for.
    """

    low: str = ""
    high: str | None = None
    cursor: Cursor = START
    page: tuple[str, str] | None = None
    asked: bool = False
    probe: bool = False
    guess: tuple[float, str | None] | None = None

    def inside(self, keys: Iterable[str]) -> list[str]:
        """Those of the keys that do not lie beyond the end."""
        return [key for key in keys if self.high is None or key <= self.high]


@dataclass(frozen=True, slots=True)
class Sight:
    """What a page is, as far as the plan cares: some of its keys in order, the first and the last among them, and where
    the listing goes on (None: it ends here).
    """

    keys: Sequence[str]
    following: Cursor | None


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a page counts: its keys up to and with `until` (None: all). What lies behind `low` up to and with
    `through` (None: the end) is then listed; the page was number `order` of its location.
    """

    low: str
    until: str | None
    through: str | None
    order: int


@dataclass(slots=True)
class Plan:
    """The listing of one location. `gaps` are the intervals that are left: all keys, or what an earlier run has left.

    Where `split` is False the location is listed in sequence, one page after the other. `free_probes` guesses may hit
    nothing before there must be pages to show for them.
    """

    prefix: str
    gaps: list[Interval] = field(default_factory=lambda: [Interval()])
    split: bool = True
    pages: int = 0
    free_probes: int = FREE_PROBES
    _probes: int = 0
    _space: KeySpace = field(init=False)

    def __post_init__(self) -> None:
        self._space = KeySpace(self.prefix)

    @property
    def done(self) -> bool:
        """Whether everything is listed."""
        return not self.gaps

    def next(self) -> Interval | None:
        """An interval whose next page an idle connection is to fetch; None while there is nothing for it to do."""
        for interval in self.gaps:
            if not interval.asked:
                interval.asked = True
                return interval
        return self._parted() if self.split else None

    def _parted(self) -> Interval | None:
        """The right part of the largest interval."""
        if self._probes >= self.free_probes + self.pages // PAGES_PER_PROBE:
            return None
        left = max(self.gaps, key=self._pages_left, default=None)
        middle = left.guess[1] if left and left.guess else None
        if left is None or middle is None:
            return None
        right = Interval(middle, left.high, asked=True, probe=True)
        left.high, left.guess = middle, None
        self.gaps.insert(self.gaps.index(left) + 1, right)
        self._probes += 1
        return right

    def _pages_left(self, interval: Interval) -> float:
        """By estimate; 0 for an interval that is not known yet, or cannot be parted."""
        if interval.page is None:
            return 0
        if interval.guess is None:
            interval.guess = self._space.split(interval.low, interval.high, interval.page)
        pages, middle = interval.guess
        return pages if middle is not None else 0

    def seen(self, interval: Interval, sight: Sight) -> Share:
        """Take in the page that was asked for; how much of it counts."""
        inside = interval.inside(sight.keys)
        low, order = interval.low, self.pages
        self.pages += 1
        self._probes -= interval.probe and bool(inside)
        self._space.learn(inside)
        interval.asked = interval.probe = False
        if sight.following is None or len(inside) < len(sight.keys):
            self.gaps.remove(interval)
            return Share(low, interval.high, interval.high, order)
        interval.cursor = sight.following
        if inside:
            interval.low, interval.page, interval.guess = inside[-1], (inside[0], inside[-1]), None
        return Share(low, interval.high, interval.low, order)


def in_order(keys: Sequence[str], after: str, *, versions: bool) -> bool:
    """Whether keys come as S3 promises: in UTF-8 order (which is that of code points) and behind what was asked for.

    A listing of versions may repeat a key, also the one at which it went on.
    """
    compare = le if versions else lt
    return all(map(compare, keys, keys[1:])) and (not keys or compare(after, keys[0]))
