"""What a report means to whoever waits for the command."""

from __future__ import annotations

from s3dedup.errors import OverLimitError
from s3dedup.model import AuditReport

INCOMPLETE = 3


def exit_code(report: AuditReport, fail_over: int | None) -> int:
    """The exit code of a report that is written; `fail_over` is in bytes. What was found is found, so it counts before
    what could not be compared.

    | reclaimable bytes over the limit | complete | exit code |
    |---|---|---|
    | yes | - | 4 |
    | no, or there is no limit | no | 3 |
    | no, or there is no limit | yes | 0 |

    Raises:
        OverLimitError: the first row, as a sentence.
    """
    if fail_over is not None and report.totals.over(fail_over):
        raise OverLimitError(report.totals.reclaimable_bytes, fail_over)
    return 0 if report.run.complete else INCOMPLETE
