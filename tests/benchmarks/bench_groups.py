"""CPU microseconds per group: choosing keepers, rolling up, remembering, comparing, and a report with other keepers.

python tests/benchmarks/bench_groups.py [--groups 200000]
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[2]))

from s3dedup.engine import Emitter, rearranged
from s3dedup.groups import Choice, RollUp, changes, keeper_first, sum_changes
from s3dedup.model import EvidenceKind, ListedObject, RunInfo, Totals, Work
from s3dedup.shelf import State, Summary, group_marks, remember

if TYPE_CHECKING:
    from collections.abc import Callable

    from s3dedup.groups import Placed

RULES = Choice.parse(["location:s3://backup/2025/", "newest"], ["*/masters/*"])


def groups(count: int, directories: int = 8000) -> list[list[Placed]]:
    """So many groups of two: one in data/, its twin in a backup of it."""
    chance = random.Random(1)
    found: list[list[Placed]] = []
    for number in range(count):
        name = f"{number % 97}/{number % directories}/IMG_{number:08}.png"
        etag, size = chance.randbytes(16).hex(), chance.randrange(1 << 24)
        rows = [
            ListedObject(f"{top}/{name}", size, etag, "STANDARD", f"2026-01-{day:02}T00:00:00.000Z")
            for day, top in enumerate(("data", "2025/data"), 1)
        ]
        found.append([("photos", rows[0]), ("backup", rows[1])])
    return found


def finished(directory: Path, run: str, every: list[list[Placed]]) -> None:
    """An audit that found these groups."""
    with closing(State(directory)) as state:
        emitter = Emitter(state.results.add, Choice())
        for members in every:
            _, row = members[0]
            emitter.emit(row.size, b"md5:" + bytes.fromhex(row.etag), EvidenceKind.MD5_ETAG, members)
        now = datetime.now(UTC)
        totals = Totals(0, 0, 0, len(every), 0, 0, 0, None)
        info = RunInfo(run, now, now, ("s3://photos", "s3://backup"), complete=True)
        state.results.finish(Summary("0", info, totals, Work(), [], emitter.tally.rollup.finish({})))


def clock(name: str, count: int, work: Callable[[], object]) -> None:
    """Run something once, and say what it cost for each group."""
    began = time.process_time()
    work()
    print(f"{name:42} {1e6 * (time.process_time() - began) / count:8.2f} us")


def feed(rollup: RollUp, every: list[list[Placed]]) -> None:
    for members in every:
        rollup.add(members, [None] * (len(members) - 1))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--groups", type=int, default=200_000)
    count = parser.parse_args().groups
    every, rollup, other = groups(count), RollUp(), RollUp()
    clock("keeper_first", count, lambda: [keeper_first(members) for members in every])
    clock("Choice().order", count, lambda: [Choice().order(members) for members in every])
    clock("order by two rules and a protection", count, lambda: [RULES.order(members) for members in every])
    clock("RollUp.add", count, lambda: feed(rollup, every))
    feed(other, every)
    clock("RollUp.merge", count, lambda: rollup.merge(other))
    known = dict.fromkeys(rollup.prefixes(), 10 * count)
    clock(f"RollUp.prefixes ({len(known)})", count, rollup.prefixes)
    clock("RollUp.finish", count, lambda: rollup.finish(known))
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        clock("a report of them", count, lambda: finished(directory, "one", every))
        clock("remember", count, lambda: remember(directory))
        finished(directory, "two", every[: count // 2])
        remember(directory)
        size = (directory / "history" / "00000001.groups").stat().st_size
        print(f"{'their place in the history':42} {size / count:8.2f} bytes")
        clock("compare", count, lambda: sum_changes(changes(group_marks(directory, 1), group_marks(directory, 2))))
        clock("the report with other keepers", count // 2, lambda: rearranged(directory, RULES))


if __name__ == "__main__":
    main()
