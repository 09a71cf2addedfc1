"""An audit that is killed at any point goes on where it was, and leaves the last finished report alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from queue import SimpleQueue
from typing import TYPE_CHECKING

import pytest

from s3dedup.audit import report as last_report
from s3dedup.engine import scan
from s3dedup.errors import S3DedupError, StateLockedError
from tests.audit.helpers import KIB, MIB, Auditor, groups_of, keys_of, random_body
from tests.fakes3 import FakeS3, Request, matching

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fakes3.faults import Match

CONCURRENCY = 2
SLOW = 0.1
"""Seconds an answer takes, so that an audit has kept what it learnt of one by the time the next is asked for."""
PROGRAM = "from s3dedup.shelf import facts; facts.LONGEST_PENDING = 0; from s3dedup.cli import main; main()"
"""The command line, but for facts waiting a quarter of a second for others to go to the disk with."""

UNCALIBRATED = "from s3dedup.engine import narrowing; narrowing.LARGEST_READ = 0; "
"""Nothing is read to check ETags, which would count as reading for the comparison, too."""
IN_SEQUENCE = "from s3dedup.engine import scan; scan.DIRECTORY_BUCKET = 'b'; "
"""Makes bucket b one that is listed page after page."""


def audit_killed(
    fake: FakeS3, auditor: Auditor, *, at: Match, nth: int, setup: str = "", before: Callable[[], object] = int
) -> None:
    """Audit bucket b in a process of its own, and kill it before the `nth` such request is answered."""
    started: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()

    def kill() -> None:
        before()
        started.get().kill()

    fake.after(at, kill, nth=nth)
    command = [sys.executable, "-c", setup + PROGRAM, "audit", "s3://b", "--quiet", "--concurrency", str(CONCURRENCY)]
    command += ["--state", str(auditor.state), "--endpoint-url", auditor.endpoint_url, "--region", "us-east-1"]
    keys = {"AWS_ACCESS_KEY_ID": auditor.access_key, "AWS_SECRET_ACCESS_KEY": auditor.secret_key}
    with subprocess.Popen(command, env={**os.environ, **keys}) as process:
        started.put(process)
        assert process.wait(60) == -signal.SIGKILL


def sent(fake: FakeS3, run: Callable[[], object]) -> Counter[str]:
    """How often each operation was asked for while something ran."""
    fake.log.clear()
    run()
    return Counter(entry.operation for entry in fake.log)


@pytest.fixture
def fresh_auditor(auditor: Auditor, tmp_path: Path) -> Auditor:
    """An auditor of the same store who knows nothing yet."""
    return Auditor(auditor.endpoint_url, auditor.access_key, auditor.secret_key, tmp_path / "other state")


PAGES = 7


def plant_pages(fake: FakeS3) -> None:
    """So many pages of objects, with a pair on the first and the last."""
    for number in range(6500):
        fake.put("b", f"k{number:05}", b"twin" if number in (5, 6400) else b"", checksum=None)


def plant_doubts(fake: FakeS3, *, pairs: int = 6, size: int = MIB + 256 * KIB) -> None:
    """Pairs that must be read, in three ranges an object."""
    for number in range(pairs):
        for key in ("a", "b"):
            fake.put("b", f"{number}/{key}", random_body(size + number), encryption="SSE-KMS", checksum=None)


@pytest.mark.parametrize("nth", [1, 2, 4, 7])
def test_an_audit_killed_while_it_lists_goes_on_with_the_page_it_was_at(
    nth: int, fake: FakeS3, auditor: Auditor, fresh_auditor: Auditor
) -> None:
    plant_pages(fake)
    alone = sent(fake, lambda: fresh_auditor("b", concurrency=CONCURRENCY))["ListObjectsV2"]
    killed = sent(fake, lambda: audit_killed(fake, auditor, at=matching("ListObjectsV2"), nth=nth))["ListObjectsV2"]
    resumed = sent(fake, lambda: auditor("b", concurrency=CONCURRENCY))["ListObjectsV2"]
    assert killed + resumed <= alone + 2 * CONCURRENCY  # what was under way, and a guess more or less
    found = last_report(auditor.state)
    assert keys_of(found) == {frozenset({"k00005", "k06400"})}
    assert (found.totals.objects, found.totals.empty_objects) == (6500, 6498)
    assert found.run.complete


@pytest.mark.parametrize("nth", [2, 3, 5, 6, 7])
def test_a_listing_in_sequence_that_was_killed_has_no_hole(
    nth: int, fake: FakeS3, auditor: Auditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant_pages(fake)
    audit_killed(fake, auditor, at=matching("ListObjectsV2"), nth=nth, setup=IN_SEQUENCE)
    monkeypatch.setattr(scan, "DIRECTORY_BUCKET", "b")
    fake.log.clear()
    found = auditor("b", concurrency=4)
    assert len(fake.requests("ListObjectsV2")) <= PAGES + 1 - nth + CONCURRENCY
    assert (found.totals.objects, found.totals.empty_objects) == (6500, 6498)
    assert keys_of(found) == {frozenset({"k00005", "k06400"})}


@pytest.mark.parametrize("nth", [1, 10, 30])
def test_an_audit_killed_while_it_reads_lists_nothing_again_and_reads_on(
    nth: int, fake: FakeS3, auditor: Auditor, fresh_auditor: Auditor
) -> None:
    plant_doubts(fake)
    alone = sent(fake, lambda: groups_of(fresh_auditor("b", concurrency=CONCURRENCY)))["GetObject"]
    fake.latency = SLOW if nth > 1 else 0
    killed = sent(fake, lambda: audit_killed(fake, auditor, at=reading_of_ranges, nth=nth))["GetObject"]
    fake.latency = 0
    after = sent(fake, lambda: auditor("b"))
    assert after["ListObjectsV2"] == after["GetBucketEncryption"] == 0
    assert killed + after["GetObject"] <= alone + 2 * CONCURRENCY  # asked for, and answered a moment ago
    assert groups_of(last_report(auditor.state)) == groups_of(last_report(fresh_auditor.state))
    assert len(keys_of(last_report(auditor.state))) == 6


def reading_of_ranges(request: Request) -> bool:
    """A GET of the reading stage; calibration reads whole objects."""
    start, _, last = (request.range or "").removeprefix("bytes=").partition("-")
    return request.operation == "GetObject" and (int(start) > 0 or int(last) < MIB)


def test_an_audit_killed_within_an_object_does_not_read_its_first_ranges_again(fake: FakeS3, auditor: Auditor) -> None:
    plant_doubts(fake, pairs=1, size=40 * MIB)
    fake.latency = SLOW
    audit_killed(fake, auditor, at=matching("GetObject"), nth=8, setup=UNCALIBRATED)
    fake.latency = 0
    killed = [(entry.key, entry.range) for entry in fake.requests("GetObject")]
    fake.log.clear()
    assert keys_of(auditor("b")) == {frozenset({"0/a", "0/b"})}
    resumed = [(entry.key, entry.range) for entry in fake.requests("GetObject")]
    assert not set(killed[: -2 * CONCURRENCY]) & set(resumed)


def test_the_last_finished_report_stays_readable_while_the_next_audit_runs_and_after_it_was_killed(
    fake: FakeS3, auditor: Auditor
) -> None:
    fake.put("b", "old-1", b"content")
    fake.put("b", "old-2", b"content")
    finished = auditor("b")
    plant_doubts(fake, pairs=2)
    seen = []
    audit_killed(fake, auditor, at=matching("GetObject"), nth=3, before=lambda: seen.append(last_report(auditor.state)))
    for report in (*seen, last_report(auditor.state)):
        assert report.run == finished.run
        assert keys_of(report) == {frozenset({"old-1", "old-2"})}
    assert len(seen) == 1
    assert len(keys_of(auditor("b"))) == 3


def test_a_state_in_use_is_refused_and_free_again_once_its_user_was_killed(fake: FakeS3, auditor: Auditor) -> None:
    plant_doubts(fake, pairs=1)
    refused: list[S3DedupError] = []

    def try_too() -> None:
        try:
            auditor("b")
        except S3DedupError as error:
            refused.append(error)

    audit_killed(fake, auditor, at=matching("ListObjectsV2"), nth=1, before=try_too)
    assert [type(error) for error in refused] == [StateLockedError]
    assert auditor("b").run.complete


def test_fresh_forgets_a_listing_that_was_interrupted(fake: FakeS3, auditor: Auditor) -> None:
    plant_pages(fake)
    audit_killed(fake, auditor, at=matching("ListObjectsV2"), nth=5)
    fake.log.clear()
    assert auditor("b", fresh=True).run.complete
    assert fake.count("ListObjectsV2") >= PAGES


def test_a_listing_that_asked_for_something_else_is_not_gone_on_with(fake: FakeS3, auditor: Auditor) -> None:
    plant_pages(fake)
    audit_killed(fake, auditor, at=matching("ListObjectsV2"), nth=5)
    fake.log.clear()
    assert not keys_of(auditor("b", exclude=["k06*"]))
    assert fake.count("ListObjectsV2") >= PAGES
