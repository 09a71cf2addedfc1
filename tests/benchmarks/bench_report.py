"""Seconds, CPU seconds and peak memory to render a report in each format, each in a process of its own.

python tests/benchmarks/bench_report.py [--groups 1000000] [--formats csv,parquet]

The groups are made as they are read and never held: "none" is what making them takes, and is part of every other row.
Three groups of four have two objects, the others four; keys have about 45 characters.
"""

from __future__ import annotations

import argparse
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from s3dedup.model import AuditReport, DuplicateGroup, EvidenceKind, ObjectVersion
from s3dedup.report import FORMATS, render
from tests.report import samples

NOTHING = "none"
MADE = datetime(2024, 2, 29, tzinfo=UTC)


class Groups(Collection[DuplicateGroup]):
    """So many groups, largest first; every fourth has four objects, the others two."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __contains__(self, group: object) -> bool:
        raise AssertionError("a report is rendered without searching it")

    def __iter__(self) -> Iterator[DuplicateGroup]:
        for number in range(self._count):
            size = (self._count - number) * 1000
            copies = 2 if number % 4 else 4
            objects = tuple(self._object(number, copy, size) for copy in range(copies))
            billable = size * (copies - 1)
            usd = Decimal(billable) * Decimal("0.0000000000214")
            yield DuplicateGroup(f"{number:032x}", size, EvidenceKind.MD5_ETAG, objects, billable, usd)

    @staticmethod
    def _object(number: int, copy: int, size: int) -> ObjectVersion:
        key = f"{'photos' if copy else 'originals'}/2024/{number % 366:03}/camera-{copy}/IMG_{number:09}.CR2"
        modified = MADE + timedelta(seconds=number)
        return ObjectVersion(f"bucket-{copy}", key, None, size, f"{number:032x}", "STANDARD", modified)


def report(count: int) -> AuditReport:
    """A report of so many groups."""
    rich = samples.rich_report()
    return replace(rich, groups=Groups(count), totals=replace(rich.totals, groups=count))


def measure(name: str, count: int) -> str:
    """Render once, here; the cells of its row."""
    with tempfile.TemporaryDirectory() as directory, Path(directory, "report").open("w", encoding="utf-8") as stream:
        began = time.perf_counter()
        if name == NOTHING:
            sum(1 for _ in Groups(count))
        else:
            render(report(count), name, stream)
        stream.flush()
        seconds = time.perf_counter() - began
        written = Path(stream.name).stat().st_size
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return f"{seconds:.1f} | {time.process_time():.1f} | {peak / 2**20:,.0f} | {written / 2**20:,.1f}"


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--groups", type=int, default=1_000_000)
    options.add_argument("--formats", default=",".join((NOTHING, *FORMATS)))
    options.add_argument("--here", help=argparse.SUPPRESS)
    args = options.parse_args()
    if args.here:
        print(measure(args.here, args.groups))
        return
    command = f"python tests/benchmarks/bench_report.py --groups {args.groups} --formats {args.formats}"
    print(f"`{command}`, {datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {platform.machine()}\n")
    print("| format | seconds | CPU seconds | peak memory, MiB | written, MiB |")
    print("|:--|--:|--:|--:|--:|")
    for name in args.formats.split(","):
        child = [sys.executable, __file__, "--groups", str(args.groups), "--here", name]
        row = subprocess.run(child, check=True, capture_output=True, text=True).stdout.strip()
        print(f"| {name} | {row} |", flush=True)


if __name__ == "__main__":
    main()
