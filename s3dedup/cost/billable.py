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
"""Bytes added to every object; `OVERHEAD_AT_STANDARD` of them at the rate of STANDARD. Same source."""
OVERHEAD_AT_STANDARD = 8 * KIB
MINIMUM_DAYS = {"STANDARD_IA": 30, "ONEZONE_IA": 30, "GLACIER_IR": 90, "GLACIER": 90, "DEEP_ARCHIVE": 180}
"""The shortest term (days) that a class bills; the others have none. Same source."""
TIERED_FROM = 128 * KIB
"""INTELLIGENT_TIERING monitors and moves objects of this size and larger. Same source."""


def billable_bytes(size: int, storage_class: str) -> int | None:
    """The bytes that one object of `size` bytes is billed for; None for a storage class that is not known here."""
    minimum = MINIMUM.get(storage_class)
    if minimum is None:
        return None
    return max(size, minimum) + OVERHEAD.get(storage_class, 0)
