"""How many objects were listed below some prefixes, from what each page covers: few pages are opened for it.

Pages of a listing in order cover stretches of keys that are known, and how many objects each page holds is known too. A
page whose stretch lies wholly below a prefix is counted unopened: only the one or two pages at each end of a prefix are
read. Where a store lists in an order of its own, every page is.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from s3dedup.model import ListedObject, Span


class Below:
    """Counts objects that are not empty below `prefixes` of one location, each "" or ending in "/"; `within` is the
    location's own prefix, below which everything lies. Fed page by page, in any order.
    """

    def __init__(self, prefixes: Collection[str], within: str) -> None:
        self.counts = Counter[str](dict.fromkeys(prefixes, 0))
        self._around = frozenset(prefix for prefix in prefixes if within.startswith(prefix))
        self._inside = sorted(self.counts.keys() - self._around)
        self._longest = max(map(len, prefixes), default=0)

    def add_span(self, span: Span, *, ordered: bool) -> frozenset[str]:
        """Count a page unopened as far as that can be; the prefixes for which its rows are to be read."""
        count = span.objects - span.empty
        if not count:
            return frozenset()
        for prefix in self._around:
            self.counts[prefix] += count
        if not ordered:
            return frozenset(self._inside)
        over = set(self._above(span.low))
        through = span.through
        whole = {prefix for prefix in over if through is not None and through.startswith(prefix)}
        for prefix in whole:
            self.counts[prefix] += count
        return frozenset([*over - whole, *self._between(span)])

    def _between(self, span: Span) -> Sequence[str]:
        """The prefixes that begin inside a page's stretch."""
        begin = bisect_right(self._inside, span.low)
        end = len(self._inside) if span.through is None else bisect_right(self._inside, span.through)
        return self._inside[begin:end]

    def add_rows(self, rows: Collection[ListedObject], wanted: frozenset[str]) -> None:
        """Count the rows of a page below those prefixes that are wanted."""
        places = Counter(row.key[: row.key.rfind("/") + 1] for row in rows if row.size)
        for place, count in places.items():
            for prefix in wanted.intersection(self._above(place)):
                self.counts[prefix] += count

    def _above(self, key: str) -> Iterator[str]:
        """The prefixes, of those that lie inside the location, below which a key lies."""
        end = key.find("/") + 1
        while 0 < end <= self._longest:
            prefix = key[:end]
            if prefix in self.counts and prefix not in self._around:
                yield prefix
            end = key.find("/", end) + 1
