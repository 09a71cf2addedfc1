"""The benchmarks still run, and measure what they say; what comes of it is for whoever reads their tables."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.contenders import CONTENDERS, Run, Site
from tests.benchmarks.measure import environment, run

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
