"""A page of a listing from what botocore's parser makes of it: slow, for what the fast parser does not recognise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from s3dedup.errors import StoreError
from s3dedup.listing.page import Page


def page_from_parsed(parsed: Mapping[str, Any], *, versions: bool) -> Page:
    """The same page from the dict that botocore's parser gives.

    Keys are decoded here when the response says that they are encoded: the caller must have asked for
    `EncodingType` itself, since botocore decodes them when it was botocore that asked. `versions` says which
    operation it was.

    Raises:
        StoreError: an entry has no key, size, time or (with versions) version id.
    """
    objects = parsed.get("Versions" if versions else "Contents") or []
    text = unquote_plus if parsed.get("EncodingType") == "url" else str
    token = parsed.get("NextContinuationToken") or None
    marker = text(parsed.get("NextKeyMarker") or "") or None
    return Page(
        keys=[text(_needed(item, "Key")) for item in objects],
        sizes=[_needed(item, "Size") for item in objects],
        etags=[_unquoted_etag(item.get("ETag", "")) for item in objects],
        storage_classes=[item.get("StorageClass") or "STANDARD" for item in objects],
        modified=[_needed(item, "LastModified").isoformat() for item in objects],
        checksum_algorithms=[",".join(item.get("ChecksumAlgorithm", ())) for item in objects],
        checksum_types=[item.get("ChecksumType", "") for item in objects],
        restores=[_parsed_restore(item.get("RestoreStatus", {})) for item in objects],
        version_ids=[_needed(item, "VersionId") for item in objects] if versions else None,
        entries=len(objects) + len(parsed.get("DeleteMarkers") or []),
        truncated=parsed.get("IsTruncated", token is not None or marker is not None),
        next_token=token,
        next_key_marker=marker,
        next_version_id_marker=parsed.get("NextVersionIdMarker") or None,
        common_prefixes=[text(item["Prefix"]) for item in parsed.get("CommonPrefixes") or []],
    )


def _needed(item: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 -- str, int or datetime, as botocore's model has it
    """A member without which an object cannot be audited."""
    if name not in item:
        raise StoreError(
            f"The listing has an entry without {name} ({item.get('Key')!r}): this server cannot be audited."
        )
    return item[name]


def _unquoted_etag(etag: str) -> str:
    return etag[1:-1] if len(etag) > 1 and etag[0] == etag[-1] == '"' else etag


def _parsed_restore(status: Mapping[str, Any]) -> str:
    if status.get("IsRestoreInProgress"):
        return "ongoing"
    expiry = status.get("RestoreExpiryDate")
    return "" if expiry is None else expiry.isoformat()
