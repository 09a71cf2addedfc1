"""One audit over several stores: each bucket by its own way, all by one pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from s3dedup import AuditConfig, Source, audit
from s3dedup.audit import named_apart
from s3dedup.engine.scan import Pace
from s3dedup.errors import UsageError
from tests.audit.helpers import groups_of
from tests.fakes3 import FakeS3, matching

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from s3dedup.model import AuditReport

AWS, ELSEWHERE = "AWS", "http://minio:9000"


@pytest.fixture
def other() -> Iterator[FakeS3]:
    """A second server, with other objects."""
    with FakeS3() as server:
        yield server


def source(fake: FakeS3, location: str, key: str = "AKIAFAKEFAKEFAKEFAKE") -> Source:
    return Source(f"s3://{location}", fake.endpoint_url, region="us-east-1", access_key=key, secret_key="fake")


def audited(state: Path, *sources: Source, concurrency: int = 4) -> AuditReport:
    return audit(AuditConfig(sources, state=state, concurrency=concurrency))


def host(fake: FakeS3) -> str:
    return fake.endpoint_url.partition("://")[2]


def test_objects_of_several_stores_are_compared(fake: FakeS3, other: FakeS3, tmp_path: Path) -> None:
    fake.put("here", "a", b"twin")
    fake.put("here", "b", b"alone")
    other.put("there", "a", b"twin", encryption="SSE-KMS")
    report = audited(tmp_path, source(fake, "here"), source(other, "there"))
    assert groups_of(report) == {frozenset({("here", "a"), ("there", "a")})}
    assert report.run.locations == ("s3://here", "s3://there")
    assert report.run.complete


def test_buckets_of_one_name_are_told_apart_by_their_hosts(fake: FakeS3, other: FakeS3, tmp_path: Path) -> None:
    fake.put("b", "k", b"twin")
    other.put("b", "k", b"twin")
    other.put("b", "stranger", b"nobody")
    report = audited(tmp_path, source(fake, "b"), source(other, "b"))
    one, two = f"b@{host(fake)}", f"b@{host(other)}"
    assert groups_of(report) == {frozenset({(one, "k"), (two, "k")})}
    assert report.run.locations == (f"s3://{one}", f"s3://{two}")
    assert report.totals.objects == 3


def test_what_was_learnt_of_one_store_is_not_believed_of_another(fake: FakeS3, other: FakeS3, tmp_path: Path) -> None:
    """The same bucket, key, size, time and ETag; only one of the two servers keeps to AWS's rules."""
    for server in (fake, other):
        server.put("b", "x", b"one content", encryption="SSE-KMS")
        server.put("b", "y", b"two content", encryption="SSE-KMS")
    other.put("b", "y", b"one content", encryption="SSE-KMS")
    assert groups_of(audited(tmp_path, source(fake, "b"))) == set()
    assert groups_of(audited(tmp_path, source(other, "b"))) == {frozenset({("b", "x"), ("b", "y")})}


def test_every_bucket_is_asked_with_its_own_credentials(fake: FakeS3, other: FakeS3, tmp_path: Path) -> None:
    fake.put("here", "a", b"twin")
    other.put("there", "a", b"twin")
    audited(tmp_path, source(fake, "here", key="AKIAONE"), source(other, "there", key="AKIATWO"))
    assert all("Credential=AKIAONE/" in entry.headers["authorization"] for entry in fake.log)
    assert all("Credential=AKIATWO/" in entry.headers["authorization"] for entry in other.log)
    assert fake.log
    assert other.log


def test_a_small_bucket_does_not_wait_for_a_large_one(fake: FakeS3, other: FakeS3, tmp_path: Path) -> None:
    for number in range(12_000):
        fake.put("large", f"{number:05}", b"")
    for number in range(1500):
        other.put("small", f"{number:05}", b"")
    pages_before: list[int] = []
    for nth in (1, 2):
        other.after(
            matching("ListObjectsV2"), lambda: pages_before.append(len(fake.requests("ListObjectsV2"))), nth=nth
        )
    audited(tmp_path, source(fake, "large"), source(other, "small"), concurrency=2)
    assert len(pages_before) == 2
    assert pages_before[0] <= 3
    assert pages_before[1] <= 6, "its second page comes when there is much to be had of the large one"


def test_where_one_store_is_asked_too_much_no_object_is_lost(fake: FakeS3, other: FakeS3, tmp_path: Path) -> None:
    for number in range(3000):
        fake.put("slow", f"{number:05}", b"")
        other.put("fast", f"{number:05}", b"")
    fake.faults.add("503 SlowDown", match=matching("ListObjectsV2"), times=3)
    report = audited(tmp_path, source(fake, "slow"), source(other, "fast"), concurrency=8)
    assert report.totals.objects == 6000


def test_a_store_is_asked_less_when_it_says_so_and_more_again_when_it_does_not() -> None:
    pace = Pace(most=12, at_once=8, allowed=12, under_way=12)
    assert not pace.has_room
    pace.answered(slow_downs=1)
    assert (pace.allowed, pace.under_way, pace.has_room) == (4, 11, False)
    pace.answered(slow_downs=2)
    assert pace.allowed == 4, "what was under way by then says nothing new"
    for _ in range(100):
        pace.under_way += 1
        pace.answered(slow_downs=2)
    assert pace.allowed == 12
    for slow_downs in range(3, 10):
        pace.eased = 0
        pace.answered(slow_downs)
    assert pace.allowed == 1, "it is always asked for something"


def test_a_bucket_that_is_named_with_two_credentials_is_refused_in_one_sentence(fake: FakeS3, tmp_path: Path) -> None:
    fake.put("b", "x/a", b"1")
    with pytest.raises(UsageError, match="s3://b is named with two profiles or credentials: audit all of it with one"):
        audited(tmp_path, source(fake, "b/x", key="AKIAONE"), source(fake, "b/y", key="AKIATWO"))


def test_names_are_as_short_as_they_can_be() -> None:
    places = [(AWS, 0, "a"), (AWS, 0, "b"), (ELSEWHERE, 1, "b"), (ELSEWHERE, 1, "c")]
    assert named_apart(places) == {(0, "a"): "a", (0, "b"): "b@AWS", (1, "b"): "b@minio:9000", (1, "c"): "c"}
