"""What one connection of the crew does: fetch a page, say what it is, and keep the share of it that counts."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from s3dedup.errors import EndpointError
from s3dedup.evidence import read_etags
from s3dedup.listing import Page, Selection, Share, Sight, following, in_order, peek, read_page, request_at
from s3dedup.model import Cursor, Location, Span
from s3dedup.shelf import Segment
from s3dedup.store import Counted, Steps, Stores

MOST_ROWS = (1 << 16) - 1
LARGEST = (1 << 48) - 1
"""What an entry of the state has room for. S3 has at most 1,000 objects on a page (API_ListObjectsV2), and at most 48.8
TiB in an object (S3 User Guide, qfacts)."""
SAMPLE = 8
"""How many keys of a page the plan is shown, beside the last one."""


@dataclass(slots=True)
class Desk:
    """What a connection works with. `body` and `page` are those of the page that was fetched last, from `bucket`."""

    stores: Stores
    segment: Segment
    pick: Callable[[Page], Page]
    versions: bool
    bucket: str = ""
    body: bytes = b""
    page: Page | None = None

    def read(self) -> Page:
        """The page that was fetched last, parsed once."""
        if self.page is None:
            self.page = read_page(self.stores.of(self.bucket), self.body, versions=self.versions)
        return self.page


@dataclass(frozen=True, slots=True)
class Office:
    """What the connections of one process share."""

    stores: Stores
    segment: Segment
    selection: Selection
    versions: bool

    def desk(self) -> Desk:
        """For one more connection."""
        return Desk(self.stores, self.segment, self.selection.picker(), self.versions)

    def counted(self) -> list[Counted]:
        """What was asked of each store since this was last asked."""
        return self.stores.take()

    def close(self) -> None:
        """Nobody writes any more."""
        self.segment.close()


class Fetched(NamedTuple):
    """What a page is; `ordered` is False where its keys do not come as S3 promises."""

    sight: Sight
    ordered: bool


@dataclass(frozen=True, slots=True)
class Fetch:
    """Fetch the page at `cursor`, or behind the key `after`. With `in_sequence` its keys do not matter, and where it
    goes on is told before it is parsed, so that the next page can be asked for meanwhile.
    """

    location: Location
    after: str
    cursor: Cursor
    in_sequence: bool

    def __call__(self, desk: Desk) -> Steps[Fetched]:
        """Run at a desk."""
        request = request_at(self.location, self.after, self.cursor, versions=desk.versions)
        body = yield from desk.stores.page(request)
        yield None
        desk.bucket, desk.body, desk.page = request.bucket, body, None
        if self.in_sequence:
            told, ahead = peek(desk.body, versions=desk.versions)
            return Fetched(Sight((), ahead if told else self._following(desk)), ordered=True)
        keys = desk.read().keys
        sight = Sight([*keys[:: 1 + len(keys) // SAMPLE], *keys[-1:]], self._following(desk))
        return Fetched(sight, in_order(keys, self.after, versions=desk.versions))

    def _following(self, desk: Desk) -> Cursor | None:
        return following(desk.read(), self.location, self.cursor)


@dataclass(frozen=True, slots=True)
class Keep:
    """Keep a share of the page that was fetched last, as one of location number `source`."""

    source: int
    share: Share
    following: Cursor | None

    def __call__(self, desk: Desk) -> Span:
        """Run at a desk; what was kept of the page."""
        page, share = desk.read(), self.share
        keys, until = page.keys, share.until
        count = len(keys) if until is None or not keys or keys[-1] <= until else bisect_right(keys, until)
        picked = desk.pick(page if count == len(keys) else page.head(count))
        sizes = picked.sizes
        if len(sizes) > MOST_ROWS or max(sizes, default=0) > LARGEST:
            raise EndpointError(
                f"What answers at {desk.stores.endpoint(desk.bucket)} lists what no S3 store has, such as"
                f" {len(sizes):,} objects on a page or one of {max(sizes):,} bytes: check --endpoint-url."
            )
        kept = (len(sizes), sum(sizes), sizes.count(0), _by_class(picked.storage_classes, sizes))
        beyond = keys[count] if count < len(keys) else None
        first = keys[0] if keys else None
        span = Span(share.low, share.through, self.following, first, beyond, share.order, *kept)
        desk.segment.add_page(self.source, picked.rows(), sizes, read_etags(picked.etags), span)
        desk.body, desk.page = b"", None
        return span


def _by_class(names: list[str], sizes: list[int]) -> dict[str, int]:
    """The bytes by storage class; most pages have one."""
    if names and names.count(names[0]) == len(names):
        return {names[0]: sum(sizes)}
    found: dict[str, int] = {}
    for name, size in zip(names, sizes, strict=True):
        found[name] = found.get(name, 0) + size
    return found


@dataclass(frozen=True, slots=True)
class Sort:
    """Sort what was listed and is not sorted yet: one for each process, when nothing is left to list."""

    def __call__(self, desk: Desk) -> None:
        """Run at any desk of the process."""
        desk.segment.sort()
