"""Lists one bucket with s3dedup and its peers, in turns, and prints what each took.

    python tests/benchmarks/bench_listing.py --objects 1000000
    python tests/benchmarks/bench_listing.py --latency-ms 50 --shape flat --shape uuid --shape dates --shape skewed
    python tests/benchmarks/bench_listing.py --seaweedfs --objects 100000
    python tests/benchmarks/bench_listing.py --growth --objects 1000000

Needs Linux. A peer that is not installed is named and left out. Every run is checked: who has not listed
all objects ends the benchmark. The server runs on the same machine; its CPU is not counted, but it is not
there for whoever keeps all cores busy either.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import urllib3

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks import markdown
from tests.benchmarks.contenders import CONTENDERS, Contender, Run, Site
from tests.benchmarks.measure import Usage, environment, python_server, run
from tests.benchmarks.seaweed_bucket import seaweed_bucket
from tests.benchmarks.synthetic import PAGE, SHAPES

GOALS = {"s5cmd": 5, "boto3": 15, "sequential": 20}
"""Whom to compare with, and how many times as fast the audit is to be."""
HEADER = (
    "objects/s",
    "objects per CPU second",
    "seconds (least-most)",
    "CPU seconds",
    "largest process, peak MiB",
    "anonymous memory, peak MiB",
    "LIST requests",
)


@dataclass(slots=True)
class Runs:
    """What a contender took, run by run; `files` are the bytes that its last run has left in its state, by file.

    `lists` stays empty where the server does not count.
    """

    contender: Contender
    site: Site
    usages: list[Usage] = field(default_factory=list)
    lists: list[int] = field(default_factory=list)
    files: dict[str, int] = field(default_factory=dict)

    def once_more(self) -> None:
        """Run it, and check that it has listed everything."""
        if self.site.counts:
            _stats(self.site.endpoint_url, "?reset")
        with tempfile.TemporaryDirectory(prefix="s3dedup-bench-") as made:
            to = Run(self.site, Path(made, "output"), Path(made, "state"))
            self.usages.append(run(self.contender.command(to), environment(self.site.settings()), to.output))
            self.contender.check(to)
            self.files = _bytes_by_file(to.state)
        if self.site.counts:
            self.lists.append(_stats(self.site.endpoint_url)["pages"])
        print(f"{self.contender.name}: {self.usages[-1].seconds:.2f} s", file=sys.stderr)

    @property
    def seconds(self) -> float:
        """The median."""
        return median(usage.seconds for usage in self.usages)

    @property
    def cpu_seconds(self) -> float:
        """The median."""
        return median(usage.cpu_seconds for usage in self.usages)

    def cells(self) -> list[str]:
        """A row of the table, without who it is and without ratios."""
        seconds = [usage.seconds for usage in self.usages]
        return [
            f"{self.site.objects / self.seconds:,.0f}",
            f"{self.site.objects / self.cpu_seconds:,.0f}",
            f"{self.seconds:,.2f} ({min(seconds):,.2f}-{max(seconds):,.2f})",
            f"{self.cpu_seconds:,.2f}",
            markdown.mebibytes(max(usage.memory.largest for usage in self.usages)),
            markdown.mebibytes(max(usage.memory.anonymous for usage in self.usages)),
            self._requests(),
        ]

    def _requests(self) -> str:
        """How many, and how many more than a listing needs."""
        if not self.lists:
            return "-"
        least, sent = -(-self.site.objects // PAGE), median(self.lists)
        return f"{sent:,.0f} ({sent / least - 1:+.1%})"


def _bytes_by_file(state: Path) -> dict[str, int]:
    """Files that differ in their number only are taken together."""
    files: Counter[str] = Counter()
    for path in state.glob("*.mdb"):
        files[re.sub(r"\d+", "*", path.name)] += path.stat().st_size
    return dict(files)


def _stats(endpoint_url: str, query: str = "") -> dict[str, Any]:
    """What the listing server tells; "?reset" has it count anew."""
    told: dict[str, Any] = urllib3.request("GET", f"{endpoint_url}/__stats{query}").json()
    return told


@contextmanager
def synthetic(objects: int, shapes: Sequence[str], latency_ms: float) -> Iterator[list[Site]]:
    """The listing server, with a bucket for each shape of keys."""
    options = ["--objects", str(objects), "--latency-ms", str(latency_ms)]
    for shape in shapes:
        options += ["--shape", shape]
    with python_server("listing_server.py", *options) as url:
        buckets = _stats(url)["buckets"]
        yield [Site(url, shape, objects, buckets[shape]["redundant_objects"], counts=True) for shape in shapes]


def compare(site: Site, contenders: Sequence[Contender], rounds: int, what: str) -> None:
    """Run all in turns, so that noise hits all alike, and print the table."""
    every = {contender.name: Runs(contender, site) for contender in contenders}
    for _ in range(rounds):
        for runs in every.values():
            runs.once_more()
    against = {name: every[name] for name in GOALS if name in every}
    header = ["", *HEADER, *(f"times {name} (goal {GOALS[name]})" for name in against)]
    rows = [
        [runs.contender.title, *runs.cells(), *(f"{other.seconds / runs.seconds:.2f}" for other in against.values())]
        for runs in every.values()
    ]
    versions = dict.fromkeys(runs.contender.version() for runs in every.values())
    print_table(f"{what}: {site.objects:,} objects, {markdown.rounds(rounds)}", header, rows)
    print(f"\n{', '.join(versions)}.")


def growth(objects: int, rounds: int) -> None:
    """What ten times as many objects cost: time, memory, and bytes on disk for each object, by file."""
    steps = [_audits(count, rounds) for count in (objects, 10 * objects)]
    files = sorted({name for runs in steps for name in runs.files})
    header = ["objects", *HEADER, "times the time", "times the CPU", *(f"bytes an object in {name}" for name in files)]
    rows = [
        [
            f"{runs.site.objects:,}",
            *runs.cells(),
            f"{runs.seconds / steps[0].seconds:.2f}",
            f"{runs.cpu_seconds / steps[0].cpu_seconds:.2f}",
            *(f"{runs.files.get(name, 0) / runs.site.objects:.1f}" for name in files),
        ]
        for runs in steps
    ]
    print_table(f"The whole audit of flat keys, {markdown.rounds(rounds)}", header, rows)


def _audits(objects: int, rounds: int) -> Runs:
    with synthetic(objects, ["flat"], 0) as (site,):
        runs = Runs(CONTENDERS["s3dedup"], site)
        for _ in range(rounds):
            runs.once_more()
        return runs


def print_table(what: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table with what it shows and where it comes from."""
    print(f"\n{what}. {markdown.origin()}\n\n{markdown.table(header, rows)}", flush=True)


def chosen(only: Sequence[str] | None, *, delayed: bool) -> list[Contender]:
    """Who takes part: unless told, all that are installed, and the sequential listing where the server is far."""
    wanted = [CONTENDERS[name] for name in only or CONTENDERS if only or delayed or name != "sequential"]
    for each in wanted:
        if each.program is None:
            print(f"{each.name} is not installed and left out.", file=sys.stderr)
    return [each for each in wanted if each.program]


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--objects", type=int, default=1_000_000, help="in each bucket")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", action="append", choices=CONTENDERS, help="may be repeated")
    parser.add_argument("--shape", action="append", choices=SHAPES, help="of the keys; may be repeated")
    parser.add_argument("--latency-ms", type=float, default=0, help="added to each answer of the server")
    parser.add_argument("--seaweedfs", action="store_true", help="a real bucket instead of a synthetic one")
    parser.add_argument("--growth", action="store_true", help="audit so many objects, and ten times as many")
    return parser.parse_args(arguments)


def main() -> None:
    """Run what was asked for."""
    args = options(sys.argv[1:])
    if args.growth:
        growth(args.objects, args.rounds)
        return
    contenders = chosen(args.only, delayed=args.latency_ms > 0)
    if args.seaweedfs:
        with seaweed_bucket(args.objects) as site:
            compare(site, contenders, args.rounds, "A SeaweedFS bucket")
        return
    shapes = list(dict.fromkeys(args.shape or ["flat"]))
    with synthetic(args.objects, shapes, args.latency_ms) as sites:
        for site in sites:
            compare(site, contenders, args.rounds, f"Keys of shape {site.bucket}, {args.latency_ms:g} ms an answer")


if __name__ == "__main__":
    main()
