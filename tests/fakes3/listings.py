"""The paging rules of ListObjectsV2 and ListObjectVersions."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, TypeVar

from tests.fakes3 import pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.fakes3.faults import Request
    from tests.fakes3.objects import Bucket, StoredObject

PAGE = 1000
Entry = TypeVar("Entry")


class BadListingError(Exception):
    """A listing request S3 refuses: status, code and message."""

    def __init__(self, message: str, status: int = 400, code: str = "InvalidArgument") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def _token(last: StoredObject | str) -> str:
    """A continuation token: opaque, and with characters that must be escaped in a query."""
    key = last if isinstance(last, str) else last.key
    return base64.b64encode(b"\xfb\xff" + key.encode()).decode()


def _last_of(token: str) -> str:
    try:
        return base64.b64decode(token, validate=True)[2:].decode()
    except (binascii.Error, UnicodeDecodeError) as problem:
        raise BadListingError("The continuation token provided is incorrect") from problem


def _max_keys(query: dict[str, str]) -> int:
    text = query.get("max-keys", "") or str(PAGE)
    if not text.lstrip("-").isdigit():
        raise BadListingError("Provided max-keys not an integer or within integer range")
    if int(text) < 0:
        raise BadListingError("Argument maxKeys must be an integer between 0 and 2147483647")
    return min(int(text), PAGE)


def _encoder(query: dict[str, str]) -> Callable[[str], str]:
    kind = query.get("encoding-type")
    if kind not in {None, "url"}:
        raise BadListingError("Invalid Encoding Method specified in Request")
    return pages.url_encoded if kind else str


def _start(bucket: Bucket, query: dict[str, str]) -> str | None:
    """The key (or common prefix) that the page starts after."""
    if "continuation-token" in query:
        return _last_of(query["continuation-token"])
    return None if bucket.start_after_broken else query.get("start-after")


def _rolled_up(
    found: Iterator[StoredObject], prefix: str, delimiter: str, start: str | None
) -> Iterator[StoredObject | str]:
    """Objects and common prefixes: what has the delimiter after the prefix is one entry."""
    last = start if delimiter and start and start.endswith(delimiter) and start != prefix else None
    for each in found:
        cut = each.key.find(delimiter, len(prefix)) if delimiter else -1
        if cut < 0:
            yield each
        elif (common := each.key[: cut + len(delimiter)]) != last:
            last = common
            yield common


def _page(entries: Iterator[Entry], limit: int) -> tuple[list[Entry], bool]:
    """The first `limit` entries, and whether there are more."""
    page: list[Entry] = []
    for entry in entries:
        if len(page) == limit:
            return page, limit > 0
        page.append(entry)
    return page, False


def _refuse_for_directory_bucket(query: dict[str, str]) -> None:
    if "start-after" in query:
        raise BadListingError("StartAfter is not supported by directory buckets", 501, "NotImplemented")
    if not query.get("prefix", "/").endswith("/") and query.get("prefix"):
        raise BadListingError("Only prefixes that end in a delimiter are supported", 400, "InvalidRequest")


def list_objects_v2(bucket: Bucket, request: Request) -> bytes:
    """A page of ListObjectsV2."""
    query = request.query
    encode, limit = _encoder(query), _max_keys(query)
    if bucket.directory_bucket:
        _refuse_for_directory_bucket(query)
    prefix, delimiter, start = query.get("prefix", ""), query.get("delimiter", ""), _start(bucket, query)
    found = (each for each in bucket.listed(start) if each.key.startswith(prefix))
    page, truncated = _page(_rolled_up(found, prefix, delimiter, start), limit)
    last = page[-1] if truncated else None
    head = "".join(
        (
            pages.element("Name", bucket.name),
            pages.element("Prefix", encode(prefix)),
            pages.element("StartAfter", encode(query["start-after"]) if "start-after" in query else None),
            pages.element("ContinuationToken", query.get("continuation-token")),
            pages.element("NextContinuationToken", last and _token(last)),
            pages.element("KeyCount", len(page)),
            pages.element("MaxKeys", limit),
            pages.element("Delimiter", encode(delimiter) if delimiter else None),
            pages.element("EncodingType", query.get("encoding-type")),
            pages.element("IsTruncated", str(truncated).lower()),
        )
    )
    owner = query.get("fetch-owner") == "true"
    status = "RestoreStatus" in request.headers.get("x-amz-optional-object-attributes", "")
    contents, commons = [], []
    for entry in page:
        if isinstance(entry, str):
            commons.append(f"<CommonPrefixes>{pages.element('Prefix', encode(entry))}</CommonPrefixes>")
            continue
        facts = pages.listed_facts(entry, owner=owner, restore_status=status)
        contents.append(f"<Contents>{pages.element('Key', encode(entry.key))}{facts}</Contents>")
    return pages.document("ListBucketResult", head + "".join(contents) + "".join(commons))


def _versions_after(bucket: Bucket, key: str, version_id: str, prefix: str) -> Iterator[StoredObject]:
    """Versions, newest first for each key, after the marked version (no id: after the whole key)."""
    for name in bucket.sorted_keys():
        if not name.startswith(prefix) or (key and bucket.position(name) < bucket.position(key)):
            continue
        newest_first = bucket.versions[name][::-1]
        if name == key:
            ids = [found.version_id for found in newest_first]
            newest_first = newest_first[ids.index(version_id) + 1 :] if version_id in ids else []
        yield from newest_first


def list_object_versions(bucket: Bucket, request: Request) -> bytes:
    """A page of ListObjectVersions."""
    query = request.query
    encode, limit = _encoder(query), _max_keys(query)
    if query.get("delimiter"):
        raise BadListingError("The fake lists versions without a delimiter only", 501, "NotImplemented")
    key, version_id = query.get("key-marker", ""), query.get("version-id-marker", "")
    if version_id and not key:
        raise BadListingError("A version-id marker cannot be specified without a key marker.")
    prefix = query.get("prefix", "")
    page, truncated = _page(_versions_after(bucket, key, version_id, prefix), limit)
    last = page[-1] if truncated else None
    head = "".join(
        (
            pages.element("Name", bucket.name),
            pages.element("Prefix", encode(prefix)),
            pages.element("KeyMarker", encode(key)),
            pages.element("VersionIdMarker", version_id),
            pages.element("NextKeyMarker", last and encode(last.key)),
            pages.element("NextVersionIdMarker", last and last.version_id),
            pages.element("MaxKeys", limit),
            pages.element("EncodingType", query.get("encoding-type")),
            pages.element("IsTruncated", str(truncated).lower()),
        )
    )
    status = "RestoreStatus" in request.headers.get("x-amz-optional-object-attributes", "")
    body = "".join(
        pages.version_element(
            found, encode(found.key), latest=found is bucket.current(found.key), restore_status=status
        )
        for found in page
    )
    return pages.document("ListVersionsResult", head + body)
