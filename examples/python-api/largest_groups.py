"""Audit some locations and print the largest duplicate groups as CSV. See README.md beside this file."""  # noqa: INP001  a script, not a package

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from s3dedup import AuditConfig, audit
from s3dedup.errors import S3DedupError
from s3dedup.model import AuditReport, DuplicateGroup

COLUMNS = ("reclaimable_bytes", "size", "copies", "evidence", "keeper", "redundant")
INCOMPLETE = 3


def rows(groups: Iterable[DuplicateGroup]) -> Iterator[tuple[object, ...]]:
    """One row for each redundant object, next to the keeper of its group."""
    for group in groups:
        for copy in group.redundant:
            yield group.reclaimable_bytes, group.size, len(group.objects), group.evidence, group.keeper.uri, copy.uri


def run(locations: list[str], state: Path | None, top: int) -> AuditReport:
    """Audit, and write the `top` groups with the most reclaimable bytes to standard output."""
    report = audit(AuditConfig(locations, state=state))
    table = csv.writer(sys.stdout)
    table.writerow(COLUMNS)
    table.writerows(rows(islice(report.groups, top)))
    return report


def main() -> int:
    """Read the arguments; the exit codes are those of `s3dedup audit`."""
    arguments = argparse.ArgumentParser(description=__doc__.partition(" See ")[0] if __doc__ else None)
    arguments.add_argument("locations", nargs="+", metavar="s3://BUCKET[/PREFIX]")
    arguments.add_argument("--state", type=Path, help="where what is learnt is kept (default: the user's own)")
    arguments.add_argument("--top", type=int, default=10, help="how many groups (default: 10)")
    chosen = arguments.parse_args()
    try:
        report = run(chosen.locations, chosen.state, chosen.top)
    except S3DedupError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    if not report.run.complete:
        sys.stderr.write(f"Incomplete: {len(report.skipped)} objects were not compared.\n")
        return INCOMPLETE
    return 0


if __name__ == "__main__":
    sys.exit(main())
