"""Finds equal objects with s3dedup and its peers, in turns, and prints what each read, sent, took and would be charged.

    python tests/benchmarks/bench_reading.py [--scale 0.5]
    python tests/benchmarks/bench_reading.py --throughput
    python tests/benchmarks/bench_reading.py --memory

Needs Linux. A bucket of SeaweedFS is filled first, which does not count, with the mix of `mix.MIX`: of single-part
objects copies and strangers of one size; objects uploaded in parts of 8 and of 16 MiB; copies of multipart objects;
near-twins whose byte in the middle differs; multipart strangers of one size; objects of a size of their own. The truth
is known by construction, and whoever finds something else ends the benchmark. A second table has the audit of each kind
by itself: how much of another mix would be read can be told from it.

Requests and bytes are counted by a relay, in a run of their own that nobody times. Money is what S3 would charge for
these in us-east-1, by the price table that ships, read from within the region, were all objects of that class. The
server runs on the same machine; its CPU is not counted, but it is not there for whoever keeps all cores busy either.

`--throughput` has two equal objects of 1 GiB read whole by each, `--memory` has pairs of several sizes audited. What
reading takes shows in the largest process there: the anonymous memory of all peaks while several processes list.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[2]))

from s3dedup.cost import Pricer, Reads, shipped_table, total
from tests.benchmarks import markdown
from tests.benchmarks.contenders import Run, Site
from tests.benchmarks.measure import Usage, environment, run
from tests.benchmarks.mix import MIB, MIX, Groups, Planted, candidates, equal, filled, mix, twins
from tests.benchmarks.readers import NO_TRUST, READERS, TRUST, Reader, audit
from tests.benchmarks.relay import Counts, relay

REGION = "us-east-1"
CLASSES = ("STANDARD", "STANDARD_IA")
BASELINE = "every"
"""Whom to compare with."""
LARGE = 1024 * MIB
SIZES = (64 * MIB, 1024 * MIB, 4096 * MIB)
WHOLE = ("untrusting", "every", "rclone", "s5cmd")
"""Those who read everything where all candidates are equal."""


@dataclass(slots=True)
class Runs:
    """What a program took, run by run."""

    reader: Reader
    site: Site
    truth: Groups
    usages: list[Usage] = field(default_factory=list)

    def once_more(self) -> None:
        """Run it, and check what it has found."""
        self.usages.append(found_right(self.reader, self.site, self.truth))
        print(f"{self.reader.name}: {self.usages[-1].seconds:.2f} s", file=sys.stderr)

    def counted(self) -> Counts:
        """What it asks for, in a run that does not count otherwise."""
        with relay(self.site.endpoint_url) as (url, counts):
            found_right(self.reader, replace(self.site, endpoint_url=url), self.truth)
        return counts

    @property
    def seconds(self) -> float:
        """The median."""
        return median(usage.seconds for usage in self.usages)

    @property
    def cpu_seconds(self) -> float:
        """The median."""
        return median(usage.cpu_seconds for usage in self.usages)

    def time(self) -> list[str]:
        """Cells: seconds on the clock, and of CPU."""
        seconds = [usage.seconds for usage in self.usages]
        return [f"{self.seconds:,.2f} ({min(seconds):,.2f}-{max(seconds):,.2f})", f"{self.cpu_seconds:,.2f}"]

    def memory(self) -> list[str]:
        """Cells: the peaks of the largest process, and of the anonymous memory of all."""
        memories = [usage.memory for usage in self.usages]
        return [markdown.mebibytes(max(getattr(each, name) for each in memories)) for name in ("largest", "anonymous")]


TIME = ("seconds (least-most)", "CPU seconds")
MEMORY = ("largest process, peak MiB", "anonymous memory, peak MiB")


def found_right(reader: Reader, site: Site, truth: Groups) -> Usage:
    """Run a program on a bucket.

    Raises:
        SystemExit: it failed, or has not found exactly what is equal.
    """
    with tempfile.TemporaryDirectory(prefix="s3dedup-bench-") as made:
        to = Run(site, Path(made, "output"), Path(made, "state"))
        usage = run(reader.command(to), environment(site.settings()), to.output)
        if reader.groups(to.output) != truth:
            raise SystemExit(f"{reader.name} has not found the {len(truth):,} groups of equal objects that there are.")
    return usage


class Asked(NamedTuple):
    """What a program asked of a store: requests by kind, and the bytes of the answers to GETs, their heads included."""

    lists: int
    heads: int
    gets: int
    bytes: int

    @classmethod
    def of(cls, counts: Counts) -> Asked:
        """What a relay has counted."""
        sent = counts.requests
        return cls(sent["list"], sent["head"], sent["get"], counts.answered["get"])

    def cost(self, storage_class: str) -> str:
        """A cell: USD, where all objects are of this class."""
        pricer, reads = Pricer(shipped_table()), Reads(self.heads + self.gets, self.bytes)
        usd = total([pricer.listing(self.lists, REGION), pricer.reading(reads, storage_class, REGION)])
        return "-" if usd is None else f"{usd:.6f}"


def in_turns(readers: Sequence[Reader], site: Site, truth: Groups, rounds: int) -> dict[str, Runs]:
    """Run all in turns, so that noise hits all alike."""
    every = {reader.name: Runs(reader, site, truth) for reader in readers}
    for _ in range(rounds):
        for runs in every.values():
            runs.once_more()
    return every


def compare(readers: Sequence[Reader], scale: float, rounds: int) -> None:
    """Print what each takes to find what is equal in the mix; and what of each kind an audit reads."""
    objects = mix(scale)
    with filled(objects) as site:
        every = in_turns(readers, site, equal(objects), rounds)
        asked = {name: Asked.of(runs.counted()) for name, runs in every.items()}
        by_kind = _by_kind(site, objects) if "s3dedup" in every else []
    header = ["", "MiB read", *TIME, "HEAD", "GET", "LIST", *(f"USD, {name}" for name in CLASSES), *MEMORY]
    print_table(f"{_amount('The mix', objects)}; {markdown.rounds(rounds)}", *_with_ratios(header, every, asked))
    print(f"\n{', '.join(dict.fromkeys(runs.reader.version() for runs in every.values()))}.")
    if by_kind:
        print_table(f"The audit of each kind by itself, with {' '.join(TRUST)}", KIND_HEADER, by_kind)


def _amount(what: str, objects: Sequence[Planted]) -> str:
    size, doubtful = sum(each.size for each in objects), candidates(objects)
    share = sum(each.size for each in doubtful)
    return (
        f"{what}: {len(objects):,} objects, {markdown.mebibytes(size)} MiB; {len(doubtful):,} share their size with"
        f" another, {markdown.mebibytes(share)} MiB"
    )


def _with_ratios(
    header: list[str], every: dict[str, Runs], asked: dict[str, Asked]
) -> tuple[list[str], list[list[str]]]:
    """The table, with columns of what each takes for one that the baseline takes, where that takes part."""
    rows = [
        [
            runs.reader.title,
            f"{asked[name].bytes / MIB:,.1f}",
            *runs.time(),
            *(f"{count:,}" for count in (asked[name].heads, asked[name].gets, asked[name].lists)),
            *(asked[name].cost(storage_class) for storage_class in CLASSES),
            *runs.memory(),
        ]
        for name, runs in every.items()
    ]
    if BASELINE in every:
        base, read = every[BASELINE], asked[BASELINE].bytes
        header += [f"{what}, times {BASELINE}" for what in ("bytes", "seconds", "CPU")]
        for row, (name, runs) in zip(rows, every.items(), strict=True):
            ratios = asked[name].bytes / read, runs.seconds / base.seconds, runs.cpu_seconds / base.cpu_seconds
            row += [f"{ratio:.3f}" for ratio in ratios]
    return header, rows


KIND_HEADER = ("kind", "objects", "MiB", "equal objects, groups", "MiB read", "share read", "HEAD", "GET")


def _by_kind(site: Site, objects: Sequence[Planted]) -> list[list[str]]:
    """A row for each kind. ETags are trusted, as they are on AWS without being calibrated, which would count here."""
    rows = []
    for kind in MIX:
        members = [each for each in objects if each.key.startswith(f"{kind.name}/")]
        trusting = audit(kind.name, "", *TRUST, prefix=f"{kind.name}/")
        asked, size = Asked.of(Runs(trusting, site, equal(members)).counted()), sum(each.size for each in members)
        counts = [f"{len(members):,}", markdown.mebibytes(size), f"{len(equal(members)):,}"]
        read = [f"{asked.bytes / MIB:,.1f}", f"{asked.bytes / size:.1%}", f"{asked.heads:,}", f"{asked.gets:,}"]
        rows.append([kind.name, *counts, *read])
    return rows


def throughput(readers: Sequence[Reader], size: int, rounds: int) -> None:
    """Print how fast each reads two equal objects of which it knows nothing."""
    objects = twins(size)
    with filled(objects) as site:
        every = in_turns(readers, site, equal(objects), rounds)
    fastest = min((runs.seconds for name, runs in every.items() if name in PEERS), default=None)
    header = ["", "MB/s", *TIME, "CPU seconds a GB", *MEMORY, "times the fastest peer (goal 1)"]
    rows = [
        [
            runs.reader.title,
            f"{2 * size / runs.seconds / 1e6:,.0f}",
            *runs.time(),
            f"{runs.cpu_seconds / (2 * size / 1e9):.2f}",
            *runs.memory(),
            "-" if fastest is None else f"{fastest / runs.seconds:.2f}",
        ]
        for runs in every.values()
    ]
    print_table(f"Two equal objects of {markdown.mebibytes(size)} MiB; {markdown.rounds(rounds)}", header, rows)


PEERS = ("rclone", "s5cmd")


def memory(sizes: Sequence[int], rounds: int) -> None:
    """Print what memory an audit takes that reads two equal objects whole, by their size."""
    pairs = {size: twins(size, f"{size}/") for size in sizes}
    rows = []
    with filled([each for pair in pairs.values() for each in pair]) as site:
        for size, pair in pairs.items():
            reader = audit(f"2 of {markdown.mebibytes(size)} MiB", "", *NO_TRUST, prefix=f"{size}/")
            runs = in_turns([reader], site, equal(pair), rounds)[reader.name]
            rows.append([markdown.mebibytes(size), *runs.time(), *runs.memory()])
    what = f"The audit of two equal objects, with {' '.join(NO_TRUST)} (goal: memory is flat)"
    print_table(f"{what}; {markdown.rounds(rounds)}", ["MiB each", *TIME, *MEMORY], rows)


def print_table(what: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table with what it shows and where it comes from."""
    print(f"\n{what}. {markdown.origin()}\n\n{markdown.table(header, rows)}", flush=True)


def chosen(names: Sequence[str]) -> list[Reader]:
    """Those of the programs that are installed."""
    for name in names:
        if READERS[name].program is None:
            print(f"{name} is not installed and left out.", file=sys.stderr)
    return [READERS[name] for name in names if READERS[name].program]


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1, help="times the families of the mix, or the large sizes")
    parser.add_argument("--only", action="append", choices=READERS, help="may be repeated")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--throughput", action="store_true", help="two equal large objects instead of the mix")
    what.add_argument("--memory", action="store_true", help="pairs of equal objects of growing sizes, by s3dedup alone")
    return parser.parse_args(arguments)


def main() -> None:
    """Run what was asked for."""
    args = options(sys.argv[1:])
    if args.memory:
        memory([int(size * args.scale) for size in SIZES], args.rounds)
    elif args.throughput:
        throughput(chosen(args.only or WHOLE), int(LARGE * args.scale), args.rounds)
    else:
        compare(chosen(args.only or list(READERS)), args.scale, args.rounds)


if __name__ == "__main__":
    main()
