"""Progress on stderr: a live line on a terminal, plain log lines elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from s3dedup.engine.watch import Watch
from s3dedup.model import Work
from s3dedup.text import human_bytes, plain

REQUEST = 256 << 10
"""How many bytes take about as long as one more request: what the remaining time is reckoned with. By bytes alone,
millions of small objects would look like nothing."""
INTERVAL = 0.1
"""Seconds between two drawings of the live line."""


@contextmanager
def watching(*, quiet: bool, verbose: bool) -> Iterator[Watch]:
    """Set up logging to stderr, and watch the stages as fits the terminal."""
    logger = logging.getLogger("s3dedup")
    logger.setLevel(logging.ERROR if quiet else logging.DEBUG if verbose else logging.INFO)
    console = Console(stderr=True, highlight=False, markup=False)
    live = console.is_terminal and not quiet and not verbose
    handler = _Printing(console) if live else _lines()
    logger.addHandler(handler)
    try:
        if live:
            with _bar(console) as bar:
                yield LiveWatch(bar)
        else:
            yield Watch()
    finally:
        logger.removeHandler(handler)


def _lines() -> logging.Handler:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Plain("%(asctime)s %(message)s", "%Y-%m-%dT%H:%M:%S%z"))
    return handler


class _Plain(logging.Formatter):
    """One line a record, whatever the names in it hold."""

    def format(self, record: logging.LogRecord) -> str:
        return plain(super().format(record))


class _Printing(logging.Handler):
    """Prints above the live line."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        self._console.print(Text(plain(record.getMessage())))


def _bar(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[done]}", markup=False),
        TimeElapsedColumn(),
        TimeRemainingColumn(compact=True),
        console=console,
        transient=True,
        auto_refresh=False,
    )


class LiveWatch(Watch):
    """Draws the stage that is under way, on the thread that tells it: while there is another one, no process can be
    forked to work on other cores.
    """

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task("Connecting", total=None, done="")
        self._work: Callable[[], Work] = Work
        self._objects = self._bytes = 0
        self._drawn = 0.0

    def attach(self, work: Callable[[], Work]) -> None:
        """See `Watch.attach`."""
        self._work = work

    def stage(self, name: str, *, objects: int | None = None, size: int | None = None) -> None:
        """See `Watch.stage`."""
        self._objects = self._bytes = 0
        total = None if objects is None else REQUEST * objects + (size or 0)
        self._bar.remove_task(self._task)
        self._task = self._bar.add_task(name, total=total, done="")
        self._draw()

    def advance(self, objects: int = 0, size: int = 0) -> None:
        """See `Watch.advance`."""
        self._objects += objects
        self._bytes += size
        work = self._work()
        requests = work.list_requests + work.head_requests + work.get_requests
        done = f"{self._objects:,} objects, {human_bytes(self._bytes)}, {requests:,} requests"
        self._bar.update(self._task, completed=REQUEST * self._objects + self._bytes, done=done)
        if time.monotonic() - self._drawn > INTERVAL:
            self._draw()

    def _draw(self) -> None:
        self._bar.refresh()
        self._drawn = time.monotonic()
