"""Every way an audit can fail, each with its message and its exit code.

A message is one sentence that says what is wrong and what to do next. The command line prints it and exits with the
class's code; nothing else decides exit codes.
"""

from __future__ import annotations

from collections.abc import Sequence


class S3DedupError(Exception):
    """Something stopped the audit."""

    exit_code = 1

    def __reduce__(self) -> tuple[object, ...]:
        """Travel between processes by message: what a class's constructor makes of its arguments is made already."""
        return _again, (type(self), str(self))


def _again(kind: type[S3DedupError], message: str) -> S3DedupError:
    error = kind.__new__(kind)
    error.args = (message,)
    return error


class UsageError(S3DedupError):
    """What was asked for makes no sense; nothing was sent."""

    exit_code = 2


class ScheduleError(UsageError):
    """A file for `s3dedup run` makes no sense; `problems` are sentences, each behind its file, line and column."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class CredentialsError(S3DedupError):
    """There are no usable credentials."""


class BucketNotFoundError(S3DedupError):
    """The bucket does not exist."""

    def __init__(self, bucket: str) -> None:
        super().__init__(f"There is no bucket named {bucket!r}: check the spelling, the profile and the endpoint.")


class ListingDeniedError(S3DedupError):
    """The bucket exists, and these credentials may not list it."""

    def __init__(self, bucket: str, detail: str) -> None:
        super().__init__(
            f"Listing s3://{bucket} is not allowed ({detail}): the audit needs s3:ListBucket on the bucket"
            " (with --versions, s3:ListBucketVersions)."
        )


class EndpointError(S3DedupError):
    """The store cannot be reached, or what answers is no S3 server."""


class StoreError(S3DedupError):
    """The store answered with an error that retrying did not cure."""


class ReadOnlyViolationError(S3DedupError):
    """An operation that is not a read was about to be sent; it was not."""

    def __init__(self, operation: str) -> None:
        super().__init__(f"s3dedup is read-only and refused to send {operation}: please report this as a bug.")


class OverLimitError(S3DedupError):
    """More can be reclaimed than is allowed; the report is written."""

    exit_code = 4

    def __init__(self, reclaimable: int, limit: int) -> None:
        super().__init__(f"{reclaimable:,} bytes can be reclaimed, and {limit:,} are allowed: the report says which.")


class StateError(S3DedupError):
    """The state directory cannot be used as it is."""


class StateLockedError(StateError):
    """Another audit is using the state directory."""

    exit_code = 11

    def __init__(self, directory: str, holder: str) -> None:
        super().__init__(
            f"The state in {directory} is in use by another audit ({holder}): wait for it, or pass another --state."
        )


class NoReportError(StateError):
    """The state directory holds no finished audit."""

    def __init__(self, directory: str) -> None:
        super().__init__(f"There is no finished audit in {directory}: run `s3dedup audit` first, or pass its --state.")


class NothingToActOnError(S3DedupError):
    """No line of a plan is left, or none on which a tool may act."""


class ObjectError(S3DedupError):
    """One object could not be compared; the audit goes on without it. `reason` is a `SkipReason` value."""

    reason = "unreadable"


class ObjectDeniedError(ObjectError):
    """These credentials may not read the object."""

    reason = "access-denied"


class ObjectArchivedError(ObjectError):
    """The object lies in an archive tier; reading it would need a restore, which the audit never asks for."""

    reason = "archived"


class ObjectChangedError(ObjectError):
    """The object is no longer the one that was listed."""

    reason = "changed"


class ObjectVanishedError(ObjectError):
    """The object was listed and is gone."""

    reason = "vanished"


class ObjectUnreadableError(ObjectError):
    """The store did not deliver the object's bytes."""
