"""What S3 says of an object in the headers of its answer; whatever is not there, or makes no sense, is unknown."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from s3dedup.errors import ObjectChangedError, ObjectUnreadableError
from s3dedup.model import Encryption, HeadFacts, ListedObject, PartSpan, StoredChecksum, utc_from_iso

Headers = Mapping[str, str]
"""Names in lower case."""

CHECKSUMS = (
    "CRC32",
    "CRC32C",
    "CRC64NVME",
    "SHA1",
    "SHA256",
    "SHA512",
    "MD5",
    "XXHASH64",
    "XXHASH3",
    "XXHASH128",
)
"""As in the API's ChecksumAlgorithm."""

_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,15})-([0-9]{1,15})/([0-9]{1,15})")
_SSE = "x-amz-server-side-encryption"
_LOCK = "x-amz-object-lock-"


def head_facts(headers: Headers) -> HeadFacts:
    """Read the answer to a HEAD (API_HeadObject).

    Raises:
        ObjectUnreadableError: it does not say how long the object is.
    """
    length, parts = _number(headers, "content-length"), _number(headers, "x-amz-mp-parts-count")
    part, total = _content_range(headers)
    layout_known = parts is not None and part is not None
    size = length if total is None else total
    if size is None:
        raise ObjectUnreadableError("the store does not say how long it is")
    return HeadFacts(
        etag=etag(headers),
        size=size,
        encryption=_encryption_of(headers),
        archived="x-amz-archive-status" in headers,
        first_part=length if layout_known else None,
        parts=parts if layout_known else None,
        checksums=tuple(_checksums(headers)),
        replication=headers.get("x-amz-replication-status"),
        lock_mode=headers.get(f"{_LOCK}mode"),
        retain_until=_moment(headers.get(f"{_LOCK}retain-until-date")),
        legal_hold={"ON": True, "OFF": False}.get(headers.get(f"{_LOCK}legal-hold", "")),
        version_id=headers.get("x-amz-version-id"),
        modified=_http_date(headers.get("last-modified")),
    )


def part_span(headers: Headers) -> PartSpan | None:
    """Read the answer to a HEAD of one part: None where the store did not answer for a part of many."""
    return _content_range(headers)[0] if "x-amz-mp-parts-count" in headers else None


def etag(headers: Headers) -> str:
    """The ETag without its quotes."""
    return headers.get("etag", "").strip('"')


def encryption_named(name: str | None) -> Encryption | None:
    """An algorithm as the API names it. One not known here is treated like KMS: its ETag proves nothing."""
    if name is None:
        return None
    return Encryption(name) if name in set(Encryption) else Encryption.KMS


def check_range(headers: Headers, row: ListedObject, start: int, stop: int) -> None:
    """Hold a range's answer against what was asked for: servers exist that ignore If-Match, and some ignore Range.

    Raises:
        ObjectChangedError: it is the answer for another object.
        ObjectUnreadableError: it is the answer for other bytes.
    """
    if etag(headers) != row.etag:
        raise ObjectChangedError("it was overwritten while the audit ran")
    whole = start == 0 and stop == row.size
    expected = f"bytes {start}-{stop - 1}/{row.size}"
    answered = headers.get("content-range") or (expected if whole else "")
    if answered != expected or headers.get("content-length", str(stop - start)) != str(stop - start):
        raise ObjectUnreadableError(f"asked for {expected}, the store sent {answered or 'something else'}")


def _encryption_of(headers: Headers) -> Encryption:
    """HEAD names the encryption of every encrypted object (API_HeadObject); no header means none."""
    if f"{_SSE}-customer-algorithm" in headers:
        return Encryption.SSE_C
    return encryption_named(headers.get(_SSE)) or Encryption.NONE


def _checksums(headers: Headers) -> Iterator[StoredChecksum]:
    full = headers.get("x-amz-checksum-type") == "FULL_OBJECT"
    for algorithm in CHECKSUMS:
        text, _, parts = headers.get(f"x-amz-checksum-{algorithm.lower()}", "").partition("-")
        if text:
            with suppress(ValueError):  # no base64, no checksum
                yield StoredChecksum(algorithm, base64.b64decode(text, validate=True), full and not parts)


def _content_range(headers: Headers) -> tuple[PartSpan | None, int | None]:
    """The bytes that an answer is about, and the size of the whole."""
    found = _CONTENT_RANGE.fullmatch(headers.get("content-range", ""))
    if found is None:
        return None, None
    first, last, total = map(int, found.groups())
    return PartSpan(first, last + 1), total


def _number(headers: Headers, name: str) -> int | None:
    text = headers.get(name, "")
    return int(text) if text.isdecimal() else None


def _moment(text: str | None) -> datetime | None:
    try:
        return utc_from_iso(text) if text else None
    except ValueError:
        return None


def _http_date(text: str | None) -> datetime | None:
    """A time as HTTP writes it: in GMT (RFC 9110, 5.6.7)."""
    try:
        return parsedate_to_datetime(text).replace(tzinfo=UTC) if text else None
    except (ValueError, OverflowError):
        return None
