"""Runs a program as a process of its own and tells what it took, together with all processes that it starts."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
INTERVAL = 0.05
"""How often memory is looked at (seconds): what comes and goes between two looks is not seen."""
_PEAK = re.compile(rb"^VmHWM:\s+(\d+) kB", re.MULTILINE)
_ANONYMOUS = re.compile(rb"^RssAnon:\s+(\d+) kB", re.MULTILINE)
_INHERITED = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH")


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes: the largest process' peak of resident memory, and the anonymous memory of all processes.

    Resident memory counts mapped files, such as LMDB's, which the system takes back when it needs room; anonymous
    memory is what only the program itself can give back. Pages that forked processes share are counted in each.
    Both are the kernel's figures for the process: the maxrss of wait4 would begin with that of this benchmark.
    """

    largest: int = 0
    anonymous: int = 0

    def most(self, other: Memory) -> Memory:
        """The greater of each."""
        return Memory(max(self.largest, other.largest), max(self.anonymous, other.anonymous))


@dataclass(frozen=True, slots=True)
class Usage:
    """What a program took: seconds on the clock, seconds of CPU (user and system) of all its processes, memory."""

    seconds: float
    cpu_seconds: float
    memory: Memory


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """The environment of a program under test: nobody's AWS settings, and this checkout's s3dedup."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    aws = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_DEFAULT_REGION": "us-east-1"}
    return {**inherited, **aws, "AWS_EC2_METADATA_DISABLED": "true", "PYTHONPATH": str(ROOT), **more}


def run(command: Sequence[str], settings: Mapping[str, str], output: Path) -> Usage:
    """Run a program to its end, its standard output into a file. Linux only.

    Raises:
        SystemExit: it failed; with the end of what it said.
    """
    with tempfile.TemporaryFile() as errors, output.open("wb") as out:
        start = time.perf_counter()
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=errors, env=settings) as process:
            memory = watch(process.pid)
            seconds = time.perf_counter() - start
            _, status, spent = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            said = errors.read()[-2000:].decode(errors="replace")
            raise SystemExit(f"{' '.join(command)} ended with code {process.returncode}:\n{said}")
    return Usage(seconds, spent.ru_utime + spent.ru_stime, memory)


def watch(pid: int) -> Memory:
    """The peaks of a process and of all that descend from it, looked at until it ends. It is not collected."""
    peak = Memory()
    with ExitStack() as opened:
        ended = os.pidfd_open(pid)
        opened.callback(os.close, ended)
        poll = select.poll()
        poll.register(ended, select.POLLIN)
        while not poll.poll(INTERVAL * 1000):
            peak = peak.most(memory_of(_tree(pid)))
    return peak


def memory_of(pids: Sequence[int]) -> Memory:
    """The memory of these processes, as far as they are still there."""
    total = Memory()
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):
            status = Path(f"/proc/{pid}/status").read_bytes()
            total = Memory(max(total.largest, _kib(_PEAK, status)), total.anonymous + _kib(_ANONYMOUS, status))
    return total


def _kib(pattern: re.Pattern[bytes], status: bytes) -> int:
    found = pattern.search(status)
    return int(found[1]) * 1024 if found else 0


def _tree(pid: int) -> list[int]:
    """A process and its descendants: the kernel lists them by the thread that started them."""
    pids = [pid]
    for each in pids:
        with suppress(FileNotFoundError, ProcessLookupError):
            for task in Path(f"/proc/{each}/task").iterdir():
                pids += map(int, (task / "children").read_bytes().split())
    return pids


@contextmanager
def python_server(script: str, *arguments: str) -> Iterator[str]:
    """A server of the benchmarks as a process of its own: the line that it prints when it is ready."""
    command = [sys.executable, str(Path(__file__).with_name(script)), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment({})) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()
