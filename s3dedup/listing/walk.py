"""Which page of a listing comes next, and how a page's bytes are read."""

from __future__ import annotations

from s3dedup.errors import StoreError
from s3dedup.listing.page import Page, parse_page, peek_markers, peek_token
from s3dedup.listing.parsed import page_from_parsed
from s3dedup.model import Cursor, Location
from s3dedup.store import ObjectStore, PageRequest

START = Cursor()


def request_at(location: Location, after: str, cursor: Cursor, *, versions: bool) -> PageRequest:
    """The request for the page at `cursor`, or behind the key `after` where there is no cursor ("": the beginning)."""
    if versions:
        marker = cursor.key_marker or after or None
        return PageRequest(
            location.bucket,
            location.prefix,
            versions=True,
            key_marker=marker,
            version_id_marker=cursor.version_id_marker,
        )
    return PageRequest(
        location.bucket, location.prefix, after=None if cursor.token else after or None, token=cursor.token
    )


def peek(body: bytes, *, versions: bool) -> tuple[bool, Cursor | None]:
    """Whether a page tells, before its objects are parsed, what follows it; and where that is (None: nothing)."""
    if versions:
        markers = peek_markers(body)
        return markers is not None, Cursor(None, *markers[1:]) if markers and markers[0] else None
    token = peek_token(body)
    return token is not None, Cursor(token[1]) if token and token[0] else None


def read_page(store: ObjectStore, body: bytes, *, versions: bool) -> Page:
    """Read a page: by our own parser, or by the SDK's where ours does not recognise every byte.

    Raises:
        EndpointError: the body is no S3 listing.
    """
    return parse_page(body) or page_from_parsed(store.parse_listing(body, versions=versions), versions=versions)


def following(page: Page, location: Location, at: Cursor) -> Cursor | None:
    """Where the listing goes on after this page; None where it ends.

    Raises:
        StoreError: the page says that there is more and not where, or sends back to where it began.
    """
    if not page.truncated:
        return None
    after = Cursor(page.next_token, page.next_key_marker, page.next_version_id_marker)
    if after in {START, at}:
        raise StoreError(f"The listing of {location} does not say where it goes on: the store's paging is broken.")
    return after
