"""Pure: what storage is billed for."""

from s3dedup.cost.billable import billable_bytes

__all__ = ["billable_bytes"]
