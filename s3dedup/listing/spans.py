"""What the pages that are on disk say: what is left to list, and whether the parts fit together."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from s3dedup.listing.plan import Interval
from s3dedup.listing.walk import START
from s3dedup.model import Cursor, Span


def gaps(spans: Iterable[Span], *, by_token: bool) -> list[Interval]:
    """The intervals that no span covers. They go on at the key that was listed last, or, with `by_token`, at the
    continuation token, for stores where going on behind a key is not proven to be the same.
    """
    left: list[Interval] = []
    covered, at = "", START
    for span in sorted(spans, key=_place):
        if span.low > covered:
            left.append(Interval(covered, span.low, at))
        if span.through is None:
            return left
        if span.through >= covered:
            covered, at = span.through, _cursor(span, by_token=by_token)
    return [*left, Interval(covered, None, at)]


def _cursor(span: Span, *, by_token: bool) -> Cursor:
    """Where to go on behind a span that reached its page's end. Markers of versions stay good, and are needed in the
    middle of a key's versions; a token may have expired.
    """
    if span.beyond is not None or span.following is None:
        return START
    return span.following if by_token or span.following.key_marker else START


def rest_in_sequence(spans: Iterable[Span]) -> list[Interval]:
    """What is left of a location that is listed page after page; its pages are kept in order, so the last one tells."""
    last = max(spans, key=lambda span: span.order, default=None)
    if last is None:
        return [Interval()]
    return [] if last.following is None else [Interval(cursor=last.following)]


def seams_hold(spans: Iterable[Span]) -> bool:
    """Whether the parts of a listing are one walk of the store's own order, whatever order that is.

    Where a part ended because its page reached over the end, or because the listing was over, the next part must
    begin with the very key that was seen beyond, or be empty.
    """
    ordered = sorted(spans, key=_place)
    return all(left.beyond == right.first for left, right in pairwise(ordered) if _ended(left, right))


class Seams:
    """What the parts of a listing under way have shown of each other: where one ended, and where one began behind a
    key. `broken` is True as soon as two of them do not fit together; in the end `seams_hold` has the last word.
    """

    def __init__(self) -> None:
        self._beyond: dict[str, str | None] = {}
        self._first: dict[str, str | None] = {}
        self.broken = False

    def add(self, span: Span, *, begins: bool) -> None:
        """Take in a page that was kept; `begins` says whether it was asked for behind a key, and not by a token."""
        if begins:
            self._first[span.low] = span.first
            self._compare(span.low)
        if span.through is not None and _has_ended(span):
            self._beyond[span.through] = span.beyond
            self._compare(span.through)

    def _compare(self, seam: str) -> None:
        if seam in self._beyond and seam in self._first:
            self.broken |= self._beyond.pop(seam) != self._first.pop(seam)


def _ended(left: Span, right: Span) -> bool:
    """Whether `right` is another part than `left`, rather than the page that followed it."""
    return left.through == right.low and _has_ended(left)


def _has_ended(span: Span) -> bool:
    """Whether a page reached over the end of its part, or the listing was over."""
    return span.beyond is not None or span.following is None


def _place(span: Span) -> tuple[str, int, str, int]:
    """In order of the keys; what covers nothing stands before what goes on from there."""
    return span.low, span.through is None, span.through or "", span.order
