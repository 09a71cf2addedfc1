"""The demo from beginning to end: an S3 server of its own, two small buckets, one audit."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO

from s3dedup.audit import audit
from s3dedup.config import AuditConfig
from s3dedup.demo.corpus import BUCKETS, plant
from s3dedup.demo.process import LOOPBACK
from s3dedup.demo.seaweed import SeaweedServer
from s3dedup.demo.story import YOUR_OWN, Outcome, explanation, introduction, outcome
from s3dedup.model import Location
from s3dedup.report import render

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import FrameType


def tour(stream: TextIO) -> Outcome:
    """Start a server, plant the corpus, audit it, and explain the result; see `s3dedup.demo.run_demo`."""
    with _ended_in_order(), _past_proxies(), _state() as state, SeaweedServer() as server:
        _say(stream, [f"A SeaweedFS of its own answers at {server.endpoint_url}, on this machine only."])
        corpus = plant(server.client())
        _say(stream, introduction(corpus))
        report = audit(_config(server, state))
        render(report, "table", stream)
        _say(stream, ["", *explanation(corpus, report), YOUR_OWN])
        return outcome(corpus, report)  # before the state goes: the groups may still lie in it


def _config(server: SeaweedServer, state: Path) -> AuditConfig:
    return AuditConfig(
        locations=tuple(map(Location, BUCKETS)),
        state=state,
        endpoint_url=server.endpoint_url,
        region="us-east-1",
        access_key=server.access_key,
        secret_key=server.secret_key,
    )


def _say(stream: TextIO, lines: Iterable[str]) -> None:
    stream.writelines(f"{line}\n" for line in lines)
    stream.flush()


@contextmanager
def _state() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="s3dedup-demo-", ignore_cleanup_errors=True) as made:
        yield Path(made) / "state"


@contextmanager
def _past_proxies() -> Iterator[None]:
    """Keep requests to loopback away from the proxy that the environment may name."""
    before = {name: os.environ.get(name) for name in ("NO_PROXY", "no_proxy")}
    for name, value in before.items():
        os.environ[name] = f"{value},{LOOPBACK}" if value else LOOPBACK
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into an exit that cleans up, as Ctrl-C does by itself."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _exit) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _exit(number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
