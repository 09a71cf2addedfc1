"""The benchmarks still run, and measure what they say; what comes of it is for whoever reads their tables."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from s3dedup.model import ListedObject
from s3dedup.store import PageRequest, S3Store, StoreConfig
from tests.benchmarks.bench_reading import found_right
from tests.benchmarks.contenders import CONTENDERS, Run, Site
from tests.benchmarks.measure import environment, run
from tests.benchmarks.mix import Planted, filled, twins
from tests.benchmarks.readers import READERS
from tests.benchmarks.relay import relay
from tests.steps import finish

CHILD = """
import time
kept = b"x" * (60 << 20)
while time.process_time() < 0.4:
    pass
"""
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CHILD!r}], check=True)"


def rows(script: str, *arguments: str) -> dict[str, list[str]]:
    """The rows of the tables that a benchmark prints, by what stands in front; of one name the last."""
    command = [sys.executable, str(Path(__file__).with_name(script)), "--rounds", "1", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = [line.strip("| ").split(" | ") for line in done.stdout.splitlines() if line.startswith("|")]
    return {line[0].strip("*"): line[1:] for line in lines}


def test_the_listing_benchmark_compares_what_is_installed_and_counts_requests() -> None:
    found = rows("bench_listing.py", "--objects", "3000", "--latency-ms", "1")
    for name in ("boto3 paginator", "rclone lsf -R --fast-list", "one listing, next page prefetched"):
        assert found[name][6] == "3 (+0.0%)"
    for name in ("s3dedup, listing only", "s3dedup, whole audit"):
        assert int(found[name][6].partition(" ")[0]) >= 3
    assert found["boto3 paginator"][-2] == found["one listing, next page prefetched"][-1] == "1.00"


def test_the_listing_benchmark_compares_on_a_real_bucket_whose_server_counts_nothing() -> None:
    found = rows("bench_listing.py", "--objects", "1100", "--seaweedfs", "--only", "s3dedup", "--only", "rclone")
    assert [found[name][6] for name in ("s3dedup, whole audit", "rclone lsf -R --fast-list")] == ["-", "-"]


def test_the_listing_benchmark_tells_what_ten_times_as_many_objects_cost() -> None:
    found = rows("bench_listing.py", "--objects", "300", "--growth")
    assert found["300"][7:9] == ["1.00", "1.00"]
    assert len(found["3,000"]) == len(found["objects"])
    assert found["objects"][-1].startswith("bytes an object in ")


@pytest.mark.parametrize("name", ["s3dedup", "sqlite3"])
def test_the_benchmark_of_maps_finds_everything_again_after_a_kill(name: str) -> None:
    assert rows("bench_map.py", "--objects", "3000", "--digests", "5000", "--only", name)[name][-1] == "100.0%"


def test_the_benchmark_of_maps_finds_nothing_again_of_what_was_in_memory() -> None:
    found = rows("bench_map.py", "--objects", "3000", "--digests", "5000", "--only", "shelve.open", "--only", "dict")
    assert found["dict"][-1] == "0.0%"
    assert found["shelve.open"][-1].endswith("%")


def test_the_reading_benchmark_compares_what_everybody_reads_to_find_what_is_equal() -> None:
    found = rows("bench_reading.py", "--scale", "0.01", "--only", "s3dedup", "--only", "every", "--only", "rclone")
    audit, every = found["s3dedup audit"], found["every candidate, by s3dedup's store"]
    assert (every[4], every[-3:]) == ("15", ["1.000", "1.000", "1.000"])
    assert float(audit[0]) < float(every[0]) < float(found["rclone hashsum sha1 --download"][0])
    assert [found[kind][3] for kind in ("single-part-copies", "single-part-strangers")] == ["0.0", "0.0"]


def test_the_reading_benchmark_compares_how_fast_and_with_what_memory_bodies_are_read() -> None:
    fast = rows("bench_reading.py", "--throughput", "--scale", "0.01", "--only", "untrusting", "--only", "rclone")
    assert fast["rclone hashsum sha1 --download"][-1] == "1.00"
    flat = rows("bench_reading.py", "--memory", "--scale", "0.01")
    assert [len(flat[size]) for size in ("1", "10", "41")] == [4, 4, 4]


def test_who_finds_something_else_ends_the_benchmark() -> None:
    cat = replace(READERS["every"], command=lambda _: ["echo", "0  one"])
    with pytest.raises(SystemExit, match="every has not found the 1 groups of equal objects"):
        found_right(cat, Site("http://localhost", "b", 2, 1), {frozenset({"one", "other"})})


@pytest.mark.parametrize(("changed", "differ"), [(False, []), (True, [3_000_000 // 2])])
def test_a_near_twin_differs_in_the_byte_in_the_middle_however_it_is_put_together(
    *, changed: bool, differ: list[int]
) -> None:
    size, cut = 3_000_000, 1_234_567
    one = Planted("one", size, "same", None).body(0, size)
    twin = Planted("twin", size, "same", None, changed=changed)
    other = twin.body(0, cut) + twin.body(cut, size)
    assert [at for at, pair in enumerate(zip(one, other, strict=True)) if len(set(pair)) > 1] == differ


def test_the_relay_counts_what_is_asked_and_the_bytes_of_each_answer() -> None:
    objects = twins(3 << 20)
    with filled(objects) as site, relay(site.endpoint_url) as (url, counts):
        store = S3Store(StoreConfig(url, None, "us-east-1", site.access_key, site.secret_key))
        with closing(store):
            page = store.parse_listing(finish(store.page(PageRequest(site.bucket))), versions=False)
            row = ListedObject("one", 3 << 20, page["Contents"][0]["ETag"].strip('"'), "STANDARD", "")
            store.head(site.bucket, row, layout=False)
            read = sum(map(len, store.read_range(site.bucket, row, 0, 1 << 20)))
    assert dict(counts.requests) == {"list": 1, "head": 1, "get": 1}
    assert read < counts.answered["get"] < read + 2000
    assert 0 < counts.answered["head"] < 2000


def test_what_a_program_starts_counts_as_its_own(tmp_path: Path) -> None:
    usage = run([sys.executable, "-c", PARENT], environment({}), tmp_path / "output")
    assert usage.cpu_seconds > 0.4
    assert min(usage.memory.largest, usage.memory.anonymous) > 60 << 20


def test_a_program_that_fails_ends_the_benchmark_with_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="ended with code 1:\nno such thing"):
        run([sys.executable, "-c", "raise SystemExit('no such thing')"], environment({}), tmp_path / "output")


def test_who_lists_less_ends_the_benchmark(tmp_path: Path) -> None:
    done = Run(Site("http://localhost", "b", 3, 0), tmp_path / "output", tmp_path / "state")
    done.output.write_text("a\nb\n")
    with pytest.raises(SystemExit, match="rclone has listed 2 objects, and there are 3"):
        CONTENDERS["rclone"].check(done)
