"""Ctrl-C, and what a terminal shows meanwhile."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from tests.fakes3 import matching

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.command import Command
    from tests.fakes3 import FakeS3

PAGE = 1000
HIDE, SHOW, ERASE = "\x1b[?25l", "\x1b[?25h", "\x1b[2K"


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, and not for long."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.01)


@pytest.fixture
def long_listing(fake: FakeS3) -> FakeS3:
    """A bucket of five pages, of which three come."""
    for number in range(5 * PAGE):
        fake.put("b", f"{number:05}", str(number % 2000).encode() * 9)
    fake.faults.add("delay:600", match=matching("ListObjectsV2"), after=3, times=None)
    return fake


def test_ctrl_c_ends_an_audit_at_once_with_one_sentence(
    command: Command, long_listing: FakeS3, settings: dict[str, str]
) -> None:
    with command.to(settings).start("audit", "s3://b") as process:
        wait_until(lambda: len(kept_pages(command)) > 0 and long_listing.count("ListObjectsV2") >= 3)
        time.sleep(0.3)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert time.monotonic() - began < 5
    assert (process.returncode, out) == (130, "")
    assert err.splitlines() == [
        "s3dedup: Interrupted. What was learnt is kept: the same command goes on where this one stopped."
    ]


def kept_pages(command: Command) -> list[Path]:
    return list(command.state.glob("*.mdb"))


def test_after_ctrl_c_the_same_command_goes_on_with_the_listing(
    command: Command, long_listing: FakeS3, settings: dict[str, str]
) -> None:
    with command.to(settings).start("audit", "s3://b") as process:
        wait_until(lambda: long_listing.count("ListObjectsV2") >= 3)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    long_listing.faults.clear()
    long_listing.log.clear()
    ran = command.to(settings).run("audit", "s3://b", "--format", "json", "-q")
    report = json.loads(ran.out)
    assert ran.code == 0
    assert report["totals"]["objects"] == 5 * PAGE
    assert len(report["groups"]) == 2000
    requests = long_listing.requests("ListObjectsV2")
    places = [entry.query.keys() & {"start-after", "continuation-token"} for entry in requests]
    assert places
    assert all(places), "the beginning was listed before"


def test_after_ctrl_c_no_byte_is_read_twice(command: Command, fake: FakeS3, settings: dict[str, str]) -> None:
    for number in range(40):
        fake.put("b", f"{number:02}", bytes([number // 2]) * 50_000, encryption="SSE-KMS")
    fake.faults.add("delay:600", match=matching("GetObject"), after=20, times=None)
    line = ("audit", "s3://b", "--concurrency", "1", "--etag-trust", "never", "--format", "json", "-q")
    with command.to(settings).start(*line) as process:
        wait_until(lambda: fake.count("GetObject") >= 20)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == 130
    first = {entry.key for entry in fake.requests("GetObject")[:20]}
    fake.faults.clear()
    fake.log.clear()
    ran = command.to(settings).run(*line)
    assert len(json.loads(ran.out)["groups"]) == 20
    second = {entry.key for entry in fake.requests("GetObject")}
    assert len(first) == 20
    assert not first & second
    assert len(first | second) == 40


LOST = """
import os, signal, time
from s3dedup.cli.interrupts import heed_interrupts

class Finalized:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000):
            pass

heed_interrupts()
try:
    Finalized()
    time.sleep(20)
except KeyboardInterrupt:
    print("heeded")
"""


def test_an_interrupt_that_comes_in_a_finalizer_is_not_lost() -> None:
    ran = subprocess.run([sys.executable, "-c", LOST], capture_output=True, text=True, timeout=60, check=False)
    assert (ran.stdout, ran.stderr) == ("heeded\n", "")


# --- on a terminal --------------------------------------------------------------------------------------------------


class Terminal:
    """A pseudo-terminal of 80 columns, and everything that was written to it."""

    def __init__(self) -> None:
        self.master, self.slave = pty.openpty()
        self.seen = b""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while True:
            try:
                self.seen += os.read(self.master, 65536)
            except OSError:
                return

    @property
    def text(self) -> str:
        """What was written so far."""
        return self.seen.decode()

    def close(self) -> str:
        """Everything that was written, after the program has ended."""
        os.close(self.slave)
        self._thread.join(10)
        os.close(self.master)
        return self.text


def started(command: Command, terminal: Terminal, *arguments: str) -> subprocess.Popen[str]:
    return command.to({"COLUMNS": "80"}).start(*arguments, stderr=terminal.slave, start_new_session=True)


def left_on_screen(text: str) -> list[str]:
    """The lines that stand on the terminal in the end; what was erased is gone."""
    lines = [""]
    for piece in text.replace("\r\n", "\n").replace(HIDE, "").replace(SHOW, "").split("\n"):
        line = piece.rpartition("\r")[2]
        while "\x1b[1A" in line:
            line = line.partition("\x1b[1A")[2]
            lines.pop()
        lines.append(line.replace(ERASE, "").strip())
    return [line for line in lines if line]


@pytest.fixture
def slow(fake: FakeS3) -> FakeS3:
    fake.latency = 0.2
    for number in range(6):
        fake.put("b", f"{number}", b"same")
    return fake


def test_on_a_terminal_each_stage_is_drawn_and_in_the_end_only_its_lines_are_left(
    command: Command, slow: FakeS3, settings: dict[str, str]
) -> None:
    terminal = Terminal()
    with started(command.to(settings), terminal, "audit", "s3://b", "--format", "json") as process:
        out, _ = process.communicate(timeout=60)
    text = terminal.close()
    assert slow.log
    assert process.returncode == 0
    assert json.loads(out)["totals"]["groups"] == 1
    assert "Listing" in text
    assert "Checking what ETags mean" in text
    assert text.rindex(SHOW) > text.rindex(HIDE)
    assert [line.partition(" ")[2] for line in left_on_screen(text)[:2]] == [
        "objects (24 B) after listing 1 page",
        "candidates (24 B) after grouping by size",
    ]
    assert not any("Listing" in line or "━" in line for line in left_on_screen(text))


def test_on_a_terminal_ctrl_c_cleans_up_and_says_what_to_do(
    command: Command, slow: FakeS3, settings: dict[str, str]
) -> None:
    slow.faults.add("delay:600", match=matching("ListObjectsV2"))
    terminal = Terminal()
    with started(command.to(settings), terminal, "audit", "s3://b") as process:
        wait_until(lambda: "Listing" in terminal.text)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    text = terminal.close()
    assert process.returncode == 130
    assert text.rindex(SHOW) > text.rindex(HIDE)
    assert " ".join(left_on_screen(text)).endswith("the same command goes on where this one stopped.")
    assert "Traceback" not in text


def test_on_a_terminal_a_failure_leaves_its_sentence_alone(
    command: Command, fake: FakeS3, settings: dict[str, str]
) -> None:
    fake.bucket("b")
    terminal = Terminal()
    with started(command.to(settings), terminal, "audit", "s3://none") as process:
        process.communicate(timeout=60)
    left = left_on_screen(terminal.close())
    assert process.returncode == 1
    assert left == ["s3dedup: There is no bucket named 'none': check the spelling, the profile and the endpoint."]


def test_quiet_draws_nothing_on_a_terminal(command: Command, slow: FakeS3, settings: dict[str, str]) -> None:
    terminal = Terminal()
    with started(command.to(settings), terminal, "audit", "s3://b", "--quiet") as process:
        process.communicate(timeout=60)
    assert slow.log
    assert terminal.close() == ""


def test_verbose_draws_no_bar_that_the_lines_would_tear(
    command: Command, slow: FakeS3, settings: dict[str, str]
) -> None:
    terminal = Terminal()
    with started(command.to(settings), terminal, "audit", "s3://b", "--verbose") as process:
        process.communicate(timeout=60)
    text = terminal.close()
    assert slow.log
    assert "\x1b" not in text
    assert "HEAD s3://b/0" in text
