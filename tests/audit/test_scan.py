"""Listing by many connections at once, on stores that keep to S3's order and on those that do not."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pytest

from s3dedup.errors import EndpointError
from s3dedup.shelf import Segment
from s3dedup.store import S3Store
from tests.audit.helpers import Auditor
from tests.fakes3 import FakeS3, Response, matching

OBJECTS = 6_500


def keys() -> list[str]:
    """Keys that are ordered differently by directory: `a!` stands before `a/` in UTF-8."""
    return [f"{number // 500:02}{mark}{number:05}" for number in range(OBJECTS) for mark in "/!"[number % 2]]


def plant(fake: FakeS3, names: Sequence[str], **bucket: object) -> None:
    fake.bucket("b", **bucket)  # type: ignore[arg-type]  # the options of one bucket
    for number, name in enumerate(names):
        fake.put("b", name, b"%d" % (number // 2), checksum=None)


@pytest.fixture
def _as_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(S3Store, "trusted_endpoint", property(lambda _: True))


@pytest.mark.parametrize("order", ["utf-8", "by-directory", "unordered"])
@pytest.mark.parametrize("connections", [1, 8])
def test_every_object_is_listed_once_whatever_the_order(
    fake: FakeS3, auditor: Auditor, order: str, connections: int
) -> None:
    plant(fake, keys(), order=order)
    report = auditor("b", concurrency=connections, etag_trust="always")
    assert report.totals.objects == OBJECTS
    assert report.totals.groups == OBJECTS // 2
    assert all(len(group.objects) == 2 for group in report.groups)


def test_a_server_that_lists_more_than_an_object_can_hold_is_refused(fake: FakeS3, auditor: Auditor) -> None:
    entry = (
        "<Contents><Key>a</Key><LastModified>2026-11-22T00:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag>"
        f"<Size>{1 << 48}</Size><StorageClass>STANDARD</StorageClass></Contents>"
    )
    page = f"<ListBucketResult><IsTruncated>false</IsTruncated>{entry}</ListBucketResult>"
    fake.bucket("b")
    fake.faults.add(lambda _: Response(200, {}, page.encode()), match=matching("ListObjectsV2"), times=None)
    with pytest.raises(EndpointError, match=r"lists what no S3 store has, .* 281,474,976,710,656 bytes: check --end"):
        auditor("b")


def test_a_store_that_gets_start_after_wrong_is_listed_in_sequence(fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, keys(), start_after_broken=True)
    assert auditor("b", concurrency=8, etag_trust="always").totals.objects == OBJECTS


PAGES = -(-OBJECTS // 1000)


@pytest.mark.parametrize("trouble", [{"order": "by-directory"}, {"order": "unordered"}, {"start_after_broken": True}])
def test_a_bucket_that_had_to_be_listed_in_sequence_is_so_from_the_beginning_the_next_time(
    trouble: dict[str, object], fake: FakeS3, auditor: Auditor
) -> None:
    plant(fake, keys(), **trouble)
    first = auditor("b", concurrency=8, etag_trust="always")
    assert fake.count("ListObjectsV2") == first.work.list_requests > PAGES
    fake.log.clear()
    again = auditor("b", concurrency=8, etag_trust="always")
    assert fake.count("ListObjectsV2") == again.work.list_requests == PAGES
    assert again.totals == first.totals
    fake.log.clear()
    anew = auditor("b", concurrency=8, etag_trust="always", fresh=True)
    assert fake.count("ListObjectsV2") == anew.work.list_requests > PAGES
    assert anew.totals == first.totals


def test_what_does_not_fit_together_is_noticed_before_much_is_listed(fake: FakeS3, auditor: Auditor) -> None:
    directories = 60
    plant(fake, [f"d/{number // 500:03}/{number:06}" for number in range(500 * directories)], order="by-directory")
    report = auditor("b", concurrency=2, etag_trust="always")
    pages = 500 * directories // 1000
    assert report.totals.objects == 500 * directories
    assert pages < report.work.list_requests < 1.7 * pages


def test_a_bucket_is_listed_in_parts_whatever_another_one_needed(fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, keys(), order="by-directory")
    fake.bucket("c")
    for name in keys():
        fake.put("c", name, b"c", checksum=None)
    auditor("b", concurrency=8, etag_trust="always")
    fake.log.clear()
    auditor("b", "c", concurrency=8, etag_trust="always")
    assert any("start-after" in entry.query for entry in fake.log if entry.bucket == "c")
    assert not any("start-after" in entry.query for entry in fake.log if entry.bucket == "b")


def test_a_directory_bucket_is_listed_in_sequence(fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, keys(), directory_bucket=True)
    assert auditor("b", concurrency=8, etag_trust="always").totals.objects == OBJECTS


def test_pages_that_are_listed_in_sequence_are_kept_in_sequence_so_that_a_kill_leaves_no_hole(
    fake: FakeS3, auditor: Auditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: dict[int, list[int]] = defaultdict(list)
    add_page = Segment.add_page

    def slowly(segment: Segment, source: int, *page: Any) -> None:  # noqa: ANN401  passed on
        span = page[-1]
        time.sleep(2 * (span.order == 0))  # which is time enough to fetch the next one
        add_page(segment, source, *page)
        kept[source].append(span.order)

    monkeypatch.setattr(Segment, "add_page", slowly)
    plant(fake, keys(), directory_bucket=True)
    auditor("b", concurrency=8, etag_trust="always")
    assert kept[max(kept)] == list(range(-(-OBJECTS // 1000)))


@pytest.mark.usefixtures("_as_aws")
def test_a_store_that_is_asked_too_much_loses_no_object(fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, keys())
    fake.faults.add("503 SlowDown", match=matching("ListObjectsV2"), times=6, after=2)
    assert auditor("b", concurrency=8, etag_trust="always").totals.objects == OBJECTS


def test_versions_are_listed_once_each_by_many_connections(fake: FakeS3, auditor: Auditor) -> None:
    fake.bucket("b", versioning="Enabled")
    for number in range(OBJECTS):
        fake.put("b", f"k{number % 1300:05}", b"%d" % (number % 1300), checksum=None)
    report = auditor("b", concurrency=8, versions=True, etag_trust="always")
    assert report.totals.objects == OBJECTS
    assert report.totals.groups == 1300
    assert report.totals.redundant_objects == OBJECTS - 1300
