"""Range digests: the grid, the lock-step comparison, and the digest of one range."""

from __future__ import annotations

import hashlib

from s3dedup.hashing.grid import Grid, Range, fingerprint
from s3dedup.hashing.lockstep import Contender, Lockstep, Wanted, lockstep
from s3dedup.model import ListedObject
from s3dedup.store import BodyReader

__all__ = [
    "Contender",
    "Grid",
    "Lockstep",
    "Range",
    "Wanted",
    "etag_of_bytes",
    "fingerprint",
    "hash_range",
    "lockstep",
]


def hash_range(store: BodyReader, bucket: str, row: ListedObject, part: Range, algorithm: str) -> bytes:
    """Stream one range and return its digest; never holds more than a chunk of it.

    Raises:
        ObjectError: see `BodyReader.read_range`.
    """
    digest = hashlib.new(algorithm)
    for chunk in store.read_range(bucket, row, part.start, part.stop):
        digest.update(chunk)
    return digest.digest()


def etag_of_bytes(store: BodyReader, bucket: str, row: ListedObject, part_size: int | None) -> str:
    """Stream a whole object and return the ETag that AWS gives such bytes when they are not encrypted with a key of
    the customer's: their MD5, or for parts of `part_size` bytes `hex(MD5(md5_1 || ... || md5_N))-N` (UG
    checking-object-integrity-upload).

    Raises:
        ObjectError: see `BodyReader.read_range`.
    """
    if part_size is None:
        return hash_range(store, bucket, row, Range(0, row.size), "md5").hex()
    starts = range(0, row.size, part_size)
    parts = [hash_range(store, bucket, row, Range(start, min(start + part_size, row.size)), "md5") for start in starts]
    return f"{hashlib.md5(b''.join(parts)).hexdigest()}-{len(parts)}"
