"""Pure: which of several equal objects is the keeper, and what a group is called."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from s3dedup.model import ListedObject, utc_from_iso

Placed = tuple[str, ListedObject]
"""A row of the listing and the bucket it is in."""


def keeper_first(objects: Iterable[Placed]) -> list[Placed]:
    """Order equal objects so that the keeper comes first: the oldest, then the shortest key, then the first in byte
    order of key, bucket and version id.
    """
    return sorted(objects, key=_precedence)


def _precedence(placed: Placed) -> tuple[object, ...]:
    bucket, row = placed
    key = row.key.encode(errors="surrogatepass")
    return utc_from_iso(row.modified), len(key), key, bucket, row.version_id or ""


def group_id(digest: bytes) -> str:
    """A short name for the content with this digest, the same in every run that proves it by the same evidence."""
    return hashlib.blake2b(digest, digest_size=8).hexdigest()
