from __future__ import annotations

import io
import os
import tempfile
from typing import TYPE_CHECKING, NamedTuple

import pytest

from s3dedup.demo import run_demo
from s3dedup.demo.corpus import corpus
from s3dedup.demo.seaweed import SeaweedServer

if TYPE_CHECKING:
    from pathlib import Path

    from s3dedup.demo.story import Outcome


class Run(NamedTuple):
    """One run of the demo: what it found and printed, the servers it started, its temporary directory."""

    outcome: Outcome
    text: str
    servers: list[SeaweedServer]
    home: Path


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run the demo once, with a temporary directory of its own."""
    home, started = tmp_path_factory.mktemp("demo"), []
    start = SeaweedServer.__enter__

    def note(server: SeaweedServer) -> SeaweedServer:
        started.append(server)
        return start(server)

    stream = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SeaweedServer, "__enter__", note)
        patch.setattr(tempfile, "tempdir", str(home))
        found = run_demo(stream=stream)
    return Run(found, stream.getvalue(), started, home)


def test_the_demo_finds_exactly_what_was_planted(demo: Run) -> None:
    assert demo.outcome.found == demo.outcome.planted
    assert demo.outcome.as_planted


def test_the_demo_reads_less_than_what_is_stored(demo: Run) -> None:
    assert 0 < demo.outcome.work.bytes_read < corpus().bytes


def test_the_demo_says_what_it_planted_found_and_why_and_how_to_go_on(demo: Run) -> None:
    assert "were put into s3://demo-studio and s3://demo-archive" in demo.text
    assert "What it found, and why" in demo.text
    assert "exactly what was planted" in demo.text
    assert "s3dedup audit s3://my-bucket" in demo.text


def test_the_demo_leaves_no_process_and_no_file_behind(demo: Run) -> None:
    (server,) = demo.servers
    with pytest.raises(ProcessLookupError):
        os.kill(server.pid, 0)
    assert list(demo.home.iterdir()) == []
    assert [path for path in server.traces if path.exists()] == []
