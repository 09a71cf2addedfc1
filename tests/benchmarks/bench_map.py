"""Puts the same into s3dedup's map, `shelve.open`, sqlite3 and a dict, in turns, and prints what each took.

    python tests/benchmarks/bench_map.py --objects 1000000
    python tests/benchmarks/bench_map.py --objects 10000000 --rounds 1 --only s3dedup --only sqlite3

First table: listed objects go in page by page and come out grouped by size. Second table: a map from digest
to object versions, to which each digest is put twice, the second time with one version more; the last column
tells how many of the digests are as the last put has left them when the process is killed in the middle of
that. Needs Linux.
"""

from __future__ import annotations

import argparse
import dbm
import json
import shelve
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks import markdown
from tests.benchmarks.maps import DIGESTS, OBJECTS
from tests.benchmarks.measure import environment, run

SCRIPT = str(Path(__file__).with_name("maps.py"))
OBJECTS_HEADER = (
    "objects/s in (goal 200,000)",
    "objects/s out, by size",
    "anonymous memory, peak MiB (goal 300 for 10 million)",
    "bytes on disk an object",
)
DIGESTS_HEADER = (
    "puts/s",
    "gets/s",
    "items/s iterated",
    "anonymous memory, peak MiB",
    "bytes on disk a digest",
    "right after SIGKILL",
)


@dataclass(slots=True)
class Runs:
    """What one map took for one job, run by run. `told` is what the job says: seconds, and how many it found."""

    job: str
    name: str
    count: int
    told: list[dict[str, float]] = field(default_factory=list)
    anonymous: int = 0
    disk: int = 0

    def once_more(self) -> None:
        """Run the job on a fresh map."""
        with tempfile.TemporaryDirectory(prefix="s3dedup-bench-") as made:
            output, home = Path(made, "output"), Path(made, "map")
            home.mkdir()
            usage = run(_command(self.job, self.name, self.count, home), environment({}), output)
            self.told.append(json.loads(output.read_text()))
            self.anonymous = max(self.anonymous, usage.memory.anonymous)
            self.disk = sum(path.stat().st_size for path in home.iterdir())
        print(f"{self.job}, {self.name}: {usage.seconds:.2f} s", file=sys.stderr)

    def median(self, what: str) -> float:
        """Of what the job says."""
        return median(told[what] for told in self.told)

    def size(self) -> list[str]:
        """Memory and disk, as cells."""
        return [markdown.mebibytes(self.anonymous), f"{self.disk / self.count:,.0f}" if self.disk else "-"]


def _command(job: str, name: str, count: int, home: Path, *more: str) -> list[str]:
    return [sys.executable, SCRIPT, job, name, str(count), str(home), *more]


def run_all(job: str, names: Sequence[str], count: int, rounds: int) -> list[Runs]:
    """In turns. All have to find the same.

    Raises:
        SystemExit: they do not.
    """
    every = [Runs(job, name, count) for name in names]
    for _ in range(rounds):
        for runs in every:
            runs.once_more()
    found = {runs.name: runs.median("found") for runs in every}
    if len(set(found.values())) > 1:
        raise SystemExit(f"The maps do not agree on what is in them: {found}")
    return every


def share_left(name: str, count: int) -> float:
    """Kill the process that puts in the middle of the second puts; the share of the digests that are still right."""
    with tempfile.TemporaryDirectory(prefix="s3dedup-bench-") as made:
        output, home = Path(made, "output"), Path(made, "map")
        home.mkdir()
        taken = _killed(_command("put-until-killed", name, count, home), count + count // 2)
        run(_command("count-left", name, count, home, str(taken)), environment({}), output)
        left: int = json.loads(output.read_text())["left"]
        return left / count


def _killed(command: Sequence[str], most: int) -> int:
    """Kill a process that says how many puts were taken once they are so many; how many they were in the end."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment({})) as process:
        assert process.stdout is not None
        taken = next(number for number in map(int, process.stdout) if number >= most)
        process.kill()
        return max([taken, *map(int, process.stdout)])


def print_objects(names: Sequence[str], count: int, rounds: int) -> None:
    """The first table."""
    rows = [
        [runs.name, _rate(count, runs.median("put")), _rate(count, runs.median("grouped")), *runs.size()]
        for runs in run_all("group", names, count, rounds)
    ]
    _print(f"{count:,} listed objects", rounds, OBJECTS_HEADER, rows)


def print_digests(names: Sequence[str], count: int, rounds: int) -> None:
    """The second table."""
    rows = []
    for runs in run_all("use", names, count, rounds):
        rates = [_rate(2 * count, runs.median("put")), *(_rate(1, runs.median(what)) for what in ("get", "iterate"))]
        rows.append([runs.name, *rates, *runs.size(), f"{share_left(runs.name, count):.1%}"])
    _print(f"{count:,} digests, each put twice", rounds, DIGESTS_HEADER, rows)


def _rate(count: int, seconds: float) -> str:
    return f"{count / seconds:,.0f}"


def _print(what: str, rounds: int, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    bold = [[f"**{name}**" if name == "s3dedup" else name, *cells] for name, *cells in rows]
    print(f"\n{what}, {markdown.rounds(rounds)}. {markdown.origin()}")
    print(f"shelve.open takes {_backend()} here.\n\n{markdown.table(['', *header], bold)}", flush=True)


def _backend() -> str:
    """What `shelve.open` stands on in this Python."""
    with tempfile.TemporaryDirectory() as made:
        path = str(Path(made, "map"))
        shelve.open(path).close()  # noqa: S301 - our own
        return dbm.whichdb(path) or "something unknown"


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--objects", type=int, default=1_000_000, help="listed objects")
    parser.add_argument("--digests", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", action="append", choices=DIGESTS, help="may be repeated")
    return parser.parse_args(arguments)


def main() -> None:
    """Print both tables."""
    args = options(sys.argv[1:])
    wanted = args.only or list(DIGESTS)
    print_objects([name for name in wanted if name in OBJECTS], args.objects, args.rounds)
    print_digests(wanted, args.digests, args.rounds)


if __name__ == "__main__":
    main()
