"""Who is compared when it comes to finding equal objects, how each is called, and what each has found."""

from __future__ import annotations

import json
import shlex
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.contenders import CONTENDERS, RCLONE, S5CMD, Run
from tests.benchmarks.mix import Groups

AT_ONCE = 16
"""Objects that are read at once, by whoever can be told; the audit's default."""
PIPES = 4
"""As many `s5cmd cat` at once: each is two processes, and reads several stretches of its object at once."""
TRUST, NO_TRUST = ("--etag-trust", "always"), ("--etag-trust", "never")
_OURS = CONTENDERS["s3dedup"].version


@dataclass(frozen=True, slots=True)
class Reader:
    """A program that finds equal objects in a bucket. `program` is None where it is not installed."""

    name: str
    title: str
    program: str | None
    version: Callable[[], str]
    command: Callable[[Run], list[str]]
    groups: Callable[[Path], Groups]


def _reported(output: Path) -> Groups:
    """The groups of a JSON report."""
    groups = json.loads(output.read_bytes())["groups"]
    return {frozenset(each["key"] for each in group["objects"]) for group in groups}


def _same_digests(output: Path) -> Groups:
    """Lines of a digest and a key."""
    keys: dict[str, set[str]] = defaultdict(set)
    for line in output.read_text().splitlines():
        digest, key = line.split()
        keys[digest].add(key)
    return {frozenset(same) for same in keys.values() if len(same) > 1}


def audit(name: str, title: str, *more: str, prefix: str = "") -> Reader:
    """The whole audit, of all or of some of a bucket, with its report as JSON."""

    def command(run: Run) -> list[str]:
        where = [f"s3://{run.site.bucket}/{prefix}", "--endpoint-url", run.site.endpoint_url, "--state", str(run.state)]
        return [sys.executable, "-m", "s3dedup", "audit", *where, "--format", "json", "--quiet", *more]

    return Reader(name, title, sys.executable, _OURS, command, _reported)


def _every(run: Run) -> list[str]:
    script = str(Path(__file__).with_name("every_candidate.py"))
    return [sys.executable, script, run.site.endpoint_url, run.site.bucket, str(AT_ONCE)]


def _rclone(run: Run) -> list[str]:
    """It cannot be told to read candidates only, so it reads what has a size of its own, too."""
    return [RCLONE or "", "hashsum", "sha1", "--download", "--transfers", str(AT_ONCE), f"site:{run.site.bucket}"]


def _s5cmd(run: Run) -> list[str]:
    """S5cmd reads and has no digests: candidates are found by awk, and each goes through a pipe of its own."""
    s5cmd = f"{shlex.quote(S5CMD or '')} --endpoint-url {run.site.endpoint_url}"
    where = f"s3://{run.site.bucket}"
    candidates = "{count[$3]++; size[$4] = $3} END {for (key in size) if (count[size[key]] > 1) print key}"
    read = f'{s5cmd} cat "{where}/$1" | sha1sum | sed "s|-$|$1|"'
    script = (
        f'{s5cmd} ls "{where}/*" | awk {shlex.quote(candidates)} | xargs -P {PIPES} -n 1 sh -c {shlex.quote(read)} sh'
    )
    return ["sh", "-c", script]


def _peer(name: str, title: str, program: str | None, command: Callable[[Run], list[str]]) -> Reader:
    return Reader(name, title, program, CONTENDERS[name].version, command, _same_digests)


READERS = {
    each.name: each
    for each in (
        audit("s3dedup", "**s3dedup audit**"),
        audit("trusting", "s3dedup audit --etag-trust always", *TRUST),
        audit("untrusting", "s3dedup audit --etag-trust never", *NO_TRUST),
        Reader("every", "every candidate, by s3dedup's store", sys.executable, _OURS, _every, _same_digests),
        _peer("rclone", "rclone hashsum sha1 --download", RCLONE, _rclone),
        _peer("s5cmd", "s5cmd cat, sha1sum", S5CMD, _s5cmd),
    )
}
