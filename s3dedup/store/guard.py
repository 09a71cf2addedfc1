"""The read-only guard: whatever is not on the short list of reads is refused before it is signed or sent."""

from __future__ import annotations

from typing import Any

from s3dedup.errors import ReadOnlyViolationError

READS = frozenset(
    {
        "GetBucketEncryption",
        "GetBucketReplication",
        "GetBucketVersioning",
        "GetObject",
        "GetObjectLegalHold",
        "GetObjectLockConfiguration",
        "GetObjectRetention",
        "HeadBucket",
        "HeadObject",
        "ListObjectVersions",
        "ListObjectsV2",
    }
)
"""The S3 operations that the audit uses. HeadBucket is what the SDK asks by itself to find a bucket's region."""


def install(events: Any) -> None:  # noqa: ANN401  botocore's emitter is untyped
    """Hook the guard into a client's events: by operation before a request is built, by method before it leaves."""
    events.register_first("provide-client-params.s3", _refuse_operation)
    events.register_first("before-send.s3", _refuse_method)


def _refuse_operation(*, model: Any, **_: object) -> None:  # noqa: ANN401
    if model.name not in READS:
        raise ReadOnlyViolationError(model.name)


def _refuse_method(*, request: Any, **_: object) -> None:  # noqa: ANN401
    if request.method not in {"GET", "HEAD"}:
        raise ReadOnlyViolationError(f"{request.method} {request.url.partition('?')[0]}")
