"""A manifest for S3 Batch Operations: `Bucket,Key[,VersionId]`, no header, keys URL-encoded, and a version id in every
row or in none (UG batch-ops-create-job).

There is no operation that deletes: this is for tags that a lifecycle rule goes by, or for a Lambda function. No row has
a condition; only one with a version id is sure to be about what was planned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO
from urllib.parse import quote

from s3dedup.errors import UsageError
from s3dedup.plan import AWS, Plan, PlanLine

if TYPE_CHECKING:
    from s3dedup.plan import PlannedObject
    from s3dedup.report.plan.access import Access


def write(plan: Plan, stream: TextIO, _access: Access) -> None:
    """Write a row for each redundant object. All have a version id or none has, as the audit had.

    Raises:
        UsageError: some of the plan is not at AWS.
    """
    elsewhere = [endpoint for endpoint in plan.head.endpoints if endpoint != AWS]
    if elsewhere:
        raise UsageError(f"Batch Operations are AWS's own, and the plan is for {elsewhere[0]}: pass --format sh.")
    for line in plan.entries:
        if isinstance(line, PlanLine):
            stream.write(_row(line.redundant))


def _row(item: PlannedObject) -> str:
    cells = [item.bucket, quote(item.key)] + ([] if item.version_id is None else [quote(item.version_id)])
    return ",".join(cells) + "\n"
