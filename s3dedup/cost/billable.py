"""What S3 bills for an object's storage, beyond its size."""

from __future__ import annotations

KIB = 1024
MINIMUM = {
    "STANDARD": 0,
    "REDUCED_REDUNDANCY": 0,
    "INTELLIGENT_TIERING": 0,
    "EXPRESS_ONEZONE": 0,
    "STANDARD_IA": 128 * KIB,
    "ONEZONE_IA": 128 * KIB,
    "GLACIER_IR": 128 * KIB,
    "GLACIER": 0,
    "DEEP_ARCHIVE": 0,
}
"""The smallest size (bytes) that a storage class bills. Source: aws.amazon.com/s3/pricing, 2026-07."""
OVERHEAD = {"GLACIER": 40 * KIB, "DEEP_ARCHIVE": 40 * KIB}
"""Bytes added to every object (32 KiB at the class's rate, 8 KiB at that of STANDARD). Same source."""


def billable_bytes(size: int, storage_class: str) -> int | None:
    """The bytes that one object of `size` bytes is billed for; None for a storage class that is not known here."""
    minimum = MINIMUM.get(storage_class)
    if minimum is None:
        return None
    return max(size, minimum) + OVERHEAD.get(storage_class, 0)
