"""What the audit asks of a store, request by request, and what it does when an answer is not what it should be."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from s3dedup.model import EtagTrust, SkipReason
from tests.audit.helpers import KIB, MIB, evidence_of, flipped, groups_of, keys_of, random_body, skipped_of
from tests.fakes3 import FakeS3, matching

if TYPE_CHECKING:
    from tests.audit.helpers import Auditor
    from tests.fakes3 import LogEntry

EDGE = 64 * KIB
STEP = 8 * MIB
SMALL = 1000
LARGE = STEP + 2 * EDGE + 1
GRID = (
    (0, EDGE),
    (LARGE - EDGE, LARGE),
    (EDGE, STEP),
    (STEP, LARGE - EDGE),
)
"""How an object of LARGE bytes is read."""
WHOLE = ((0, SMALL),)

pytestmark = pytest.mark.usefixtures("as_aws")


def plant(fake: FakeS3, bodies: dict[str, bytes], **how: Any) -> None:  # noqa: ANN401  those of FakeS3.put
    """Objects whose metadata proves nothing, so that they must be read."""
    for key, body in bodies.items():
        fake.put("b", key, body, **{"encryption": "SSE-KMS", "checksum": None, **how})


def twins(size: int = SMALL, keys: str = "ab") -> dict[str, bytes]:
    """Objects with one content."""
    return dict.fromkeys(keys, random_body(size))


def header(start: int, stop: int) -> str:
    """The Range header that asks for these bytes."""
    return f"bytes={start}-{stop - 1}"


def reads(fake: FakeS3, key: str | None = None) -> list[LogEntry]:
    """The GETs of objects."""
    return fake.requests("GetObject", key)


def ranges(fake: FakeS3, key: str) -> list[str | None]:
    """What was read of an object, in the order of its bytes."""
    asked = [entry.range for entry in reads(fake, key)]
    return sorted(asked, key=lambda text: int((text or "=0-").partition("=")[2].partition("-")[0]))


def everything(grid: tuple[tuple[int, int], ...]) -> list[str]:
    """All ranges of a grid, in the order of their bytes."""
    return [header(*part) for part in sorted(grid)]


# How much is read


def test_near_twins_that_differ_in_the_first_bytes_cost_one_short_range_each(fake: FakeS3, auditor: Auditor) -> None:
    body = random_body(LARGE)
    plant(fake, {"a": body, "b": flipped(body, 0), "c": flipped(body, EDGE - 1)})
    report = auditor("b")
    assert [entry.range for entry in reads(fake)] == [header(0, EDGE)] * 3
    assert report.work.bytes_read == 3 * EDGE
    assert not list(report.groups)


def test_near_twins_that_differ_in_the_last_byte_cost_two_short_ranges_each(fake: FakeS3, auditor: Auditor) -> None:
    body = random_body(LARGE)
    plant(fake, {"a": body, "b": flipped(body, -1)})
    assert auditor("b").work.bytes_read == 4 * EDGE
    assert [ranges(fake, key) for key in "ab"] == [everything(GRID[:2])] * 2


def test_one_that_differs_costs_nothing_more_while_the_others_are_read_to_the_end(
    fake: FakeS3, auditor: Auditor
) -> None:
    body = random_body(LARGE)
    plant(fake, {"a": body, "b": body, "near": flipped(body, 1)})
    assert keys_of(auditor("b")) == {frozenset("ab")}
    assert [ranges(fake, key) for key in "ab"] == [everything(GRID)] * 2
    assert ranges(fake, "near") == [header(0, EDGE)]


@pytest.mark.parametrize("versions", [True, False])
@pytest.mark.parametrize(("size", "grid"), [(SMALL, WHOLE), (MIB, ((0, MIB),)), (LARGE, GRID)])
def test_equal_objects_are_read_once_each_as_they_were_listed(
    size: int, grid: tuple[tuple[int, int], ...], versions: bool, fake: FakeS3, auditor: Auditor
) -> None:
    fake.bucket("b", versioning="Enabled")
    plant(fake, twins(size))
    listed = {key: fake.client().head_object(Bucket="b", Key=key) for key in "ab"}
    report = auditor("b", versions=versions)
    assert [ranges(fake, key) for key in "ab"] == [everything(grid)] * 2
    assert all(entry.headers["if-match"] == listed[entry.key]["ETag"] for entry in reads(fake))
    assert {entry.request.version_id for entry in reads(fake)} == (
        {head["VersionId"] for head in listed.values()} if versions else {None}
    )
    assert report.work.bytes_read == 2 * size
    assert evidence_of(report) == ["sha1-ranges"]


def test_what_an_etag_says_is_derived_from_the_bytes_of_another_object_instead_of_read(
    fake: FakeS3, auditor: Auditor
) -> None:
    body = random_body(SMALL)
    plant(fake, {"plain-1": body, "plain-2": body, "plain-3": body}, encryption="SSE-S3")
    plant(fake, {"secret": body})
    report = auditor("b")
    assert keys_of(report) == {frozenset({"plain-1", "plain-2", "plain-3", "secret"})}
    assert evidence_of(report) == ["derived"]
    assert [entry.key for entry in reads(fake)] == ["secret"]
    assert report.work.bytes_read == SMALL


def test_one_reading_settles_every_layout_that_the_others_have(fake: FakeS3, auditor: Auditor) -> None:
    body = random_body(SMALL)
    plant(fake, {"copy": body}, encryption="SSE-S3")
    plant(fake, {"in-3": body}, encryption="SSE-S3", parts=3)
    plant(fake, {"in-5": body}, encryption="SSE-S3", parts=5)
    plant(fake, {"stranger": random_body(SMALL, 1)}, encryption="SSE-S3", parts=1)
    plant(fake, {"secret": body})
    report = auditor("b")
    assert keys_of(report) == {frozenset({"copy", "in-3", "in-5", "secret"})}
    assert len(reads(fake)) <= 4
    assert "copy" not in {entry.key for entry in reads(fake)}


def test_near_twins_are_told_apart_by_the_etag_of_the_one_that_is_not_read(fake: FakeS3, auditor: Auditor) -> None:
    body = random_body(LARGE)
    plant(fake, {"a": flipped(body, LARGE // 2)}, encryption="SSE-S3")
    plant(fake, {"b": body})
    assert not keys_of(auditor("b"))
    assert ranges(fake, "a") == everything(GRID[:2])
    assert auditor("b").work.bytes_read == 0


def test_an_object_without_another_of_its_size_is_never_asked_for(fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, {"a": b"1", "b": b"22", "c": b"333"})
    auditor("b")
    assert {entry.operation for entry in fake.log} == {"ListObjectsV2", "HeadBucket"}


def test_what_is_read_with_sha256_is_reported_so_and_not_taken_from_an_earlier_sha1(
    fake: FakeS3, auditor: Auditor
) -> None:
    plant(fake, twins())
    assert evidence_of(auditor("b")) == ["sha1-ranges"]
    assert evidence_of(auditor("b", digest="sha256")) == ["sha256-ranges"]
    assert len(reads(fake)) == 4


# A second run


def plant_all_kinds(fake: FakeS3) -> None:
    """Pairs that are settled by the listing, by HEADs, and by reading."""
    plant(fake, {"md5-1": b"plain", "md5-2": b"plain"}, encryption="SSE-S3")
    plant(fake, {"parts-1": b"in parts", "parts-2": b"in parts"}, encryption="SSE-S3", parts=3)
    plant(fake, {"sha-1": b"sha", "sha-2": b"sha"}, checksum=("SHA256", "FULL_OBJECT"))
    plant(fake, twins(LARGE))
    plant(fake, {"near": flipped(random_body(LARGE), -1)})


def test_a_second_run_on_an_unchanged_bucket_asks_nothing_of_objects(fake: FakeS3, auditor: Auditor) -> None:
    plant_all_kinds(fake)
    first = auditor("b")
    found, evidence = groups_of(first), evidence_of(first)
    fake.log.clear()
    second = auditor("b")
    assert {entry.operation for entry in fake.log} == {"ListObjectsV2", "GetBucketVersioning"}
    assert (groups_of(second), evidence_of(second)) == (found, evidence)
    assert [group.id for group in second.groups] == [group.id for group in first.groups]
    assert second.run.complete


def test_a_second_run_on_a_custom_endpoint_asks_nothing_of_objects(
    fake: FakeS3, auditor: Auditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    plant_all_kinds(fake)
    found = groups_of(auditor("b"))
    fake.log.clear()
    assert groups_of(auditor("b")) == found
    assert {entry.operation for entry in fake.log} == {"ListObjectsV2", "GetBucketVersioning"}


@pytest.mark.parametrize("count", [3, 30])
def test_a_second_run_in_a_bucket_whose_rule_is_known_asks_nothing_of_objects_either(
    count: int, fake: FakeS3, auditor: Auditor
) -> None:
    for number in range(count):
        plant(fake, {f"{number}-1": b"%2d" % number, f"{number}-2": b"%2d" % number}, encryption="SSE-S3")
    found = groups_of(auditor("b"))
    assert fake.count("HeadObject") == min(8, 2 * count)
    fake.log.clear()
    assert groups_of(auditor("b")) == found
    assert {entry.operation for entry in fake.log} == {"ListObjectsV2", "GetBucketVersioning"}


@pytest.mark.parametrize("encryption", ["SSE-KMS", "DSSE-KMS"])
def test_what_was_added_under_another_encryption_is_compared_though_the_buckets_rule_is_remembered(
    encryption: str, fake: FakeS3, auditor: Auditor
) -> None:
    plant(fake, {"a": b"same", "b": b"same"}, encryption="SSE-S3")
    assert keys_of(auditor("b")) == {frozenset("ab")}
    plant(fake, {"c": b"same"}, encryption=encryption)
    assert keys_of(auditor("b")) == {frozenset("abc")}


def test_what_was_added_under_a_customers_key_is_skipped_though_the_buckets_rule_is_remembered(
    fake: FakeS3, auditor: Auditor
) -> None:
    plant(fake, {"a": b"same", "b": b"same"}, encryption="SSE-S3")
    auditor("b")
    plant(fake, {"c": b"same"}, encryption="SSE-C")
    check_skipped(auditor, {"c": SkipReason.UNREADABLE}, "ab")


def test_what_was_overwritten_deleted_or_added_between_two_runs_is_noticed(fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, twins(keys="abcd"))
    assert keys_of(auditor("b")) == {frozenset("abcd")}
    fake.delete("b", "a")
    plant(fake, {"b": flipped(random_body(SMALL), 5)})
    plant(fake, twins(keys="e"))
    fake.log.clear()
    assert keys_of(auditor("b")) == {frozenset("cde")}
    assert {entry.key for entry in reads(fake)} == {"b", "e"}


def test_an_object_that_was_overwritten_under_the_same_etag_is_read_again(fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, twins(), etag="stubborn")
    assert keys_of(auditor("b")) == {frozenset("ab")}
    plant(fake, {"b": flipped(random_body(SMALL), 5)}, etag="stubborn")
    assert not keys_of(auditor("b"))


def test_a_calibration_that_could_read_nothing_is_tried_again(
    fake: FakeS3, auditor: Auditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    plant(fake, {"a": b"same", "b": b"same"}, encryption="SSE-S3")
    for key in "ab":
        fake.deny("b", "s3:GetObject", key)
    assert not keys_of(auditor("b"))
    for key in "ab":
        fake.allow("b", "s3:GetObject", key)
    report = auditor("b")
    assert (keys_of(report), evidence_of(report)) == ({frozenset("ab")}, ["md5-etag"])


# Objects that cannot be compared


def check_skipped(auditor: Auditor, skipped: dict[str, SkipReason], *groups: str) -> None:
    """The report names what was not compared, is incomplete, and has the rest."""
    report = auditor("b")
    assert skipped_of(report) == skipped
    assert not report.run.complete
    assert keys_of(report) == set(map(frozenset, groups))


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_an_object_that_is_overwritten_before_it_is_read_is_skipped(size: int, fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, twins(size, "abx"))
    fake.after(matching("GetBucketEncryption"), lambda: plant(fake, {"x": flipped(random_body(size), 9)}))
    check_skipped(auditor, {"x": SkipReason.CHANGED}, "ab")


def test_an_object_that_is_overwritten_while_it_is_read_is_skipped(fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, twins(LARGE, "abx"))
    fake.replace_after_get("b", "x", flipped(random_body(LARGE), LARGE // 2))
    check_skipped(auditor, {"x": SkipReason.CHANGED}, "ab")


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_an_object_that_vanishes_is_skipped(size: int, fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, twins(size, "abx"))
    fake.after(matching("ListObjectsV2"), lambda: fake.delete("b", "x"))
    check_skipped(auditor, {"x": SkipReason.VANISHED}, "ab")


def test_an_object_that_vanishes_between_two_of_its_ranges_is_skipped(fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, twins(LARGE, "abx"))
    fake.delete_after_get("b", "x", nth=2)
    check_skipped(auditor, {"x": SkipReason.VANISHED}, "ab")


def test_objects_that_may_not_be_read_are_skipped_even_where_they_may_be_listed(fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, twins(keys="abxy"))
    for key in "xy":
        fake.deny("b", "s3:GetObject", key)
    check_skipped(auditor, dict.fromkeys("xy", SkipReason.ACCESS_DENIED), "ab")


def test_objects_whose_key_may_not_be_used_are_skipped(fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, twins(keys="abx"), checksum=("CRC64NVME", "FULL_OBJECT"))
    fake.deny("b", "kms:Decrypt", "x")
    check_skipped(auditor, {"x": SkipReason.ACCESS_DENIED}, "ab")


def test_a_failure_is_not_remembered(fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, twins(keys="abx"))
    fake.deny("b", "s3:GetObject", "x")
    check_skipped(auditor, {"x": SkipReason.ACCESS_DENIED}, "ab")
    fake.allow("b", "s3:GetObject", "x")
    report = auditor("b")
    assert keys_of(report) == {frozenset("abx")}
    assert report.run.complete


@pytest.mark.parametrize("fault", ["403", "404"])
def test_where_one_object_of_a_content_cannot_be_read_another_is(fault: str, fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, twins(LARGE, "abc"), encryption="SSE-S3")
    plant(fake, twins(LARGE, "x"))
    fake.faults.add(fault, match=matching("GetObject", "a"), times=None)
    report = auditor("b")
    assert Counter(entry.key for entry in reads(fake)) == {"a": 1, "b": 2, "x": 4}
    if fault == "403":  # it is still there, and its ETag still says what it is
        assert (keys_of(report), report.run.complete) == ({frozenset("abcx")}, True)
    else:
        assert (keys_of(report), skipped_of(report)) == ({frozenset("bcx")}, {"a": SkipReason.VANISHED})


def test_what_was_read_of_an_object_before_it_changed_is_not_read_again_of_its_twin(
    fake: FakeS3, auditor: Auditor
) -> None:
    plant(fake, twins(LARGE, "ab"), encryption="SSE-S3")
    plant(fake, twins(LARGE, "x"))
    fake.delete_after_get("b", "a")
    check_skipped(auditor, {"a": SkipReason.VANISHED}, "bx")
    assert ranges(fake, "b") == [header(*GRID[1])]


# Networks and servers that fail


@pytest.mark.parametrize("fault", ["503 SlowDown", "503", "500", "429", "reset"])
@pytest.mark.parametrize(
    "operation", ["ListObjectsV2", "GetBucketEncryption", "GetBucketVersioning", "HeadObject", "GetObject"]
)
def test_a_request_that_fails_is_repeated(operation: str, fault: str, fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, twins())
    fake.faults.add(fault, match=matching(operation), times=2)
    report = auditor("b")
    assert keys_of(report) == {frozenset("ab")}
    assert report.run.complete
    sent = [entry.operation for entry in fake.log]
    assert (report.work.list_requests, report.work.head_requests) == (
        sent.count("ListObjectsV2"),
        sent.count("HeadObject") + sent.count("HeadBucket"),
    )
    settings = sent.count("GetBucketEncryption") + sent.count("GetBucketVersioning")
    assert report.work.get_requests == sent.count("GetObject") + settings


@pytest.mark.parametrize("fault", ["503 SlowDown", "500", "429"])
def test_an_object_whose_reading_always_fails_is_skipped(fault: str, fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, twins(keys="abx"))
    fake.faults.add(fault, match=matching("GetObject", "x"), times=None)
    check_skipped(auditor, {"x": SkipReason.UNREADABLE}, "ab")


def test_a_body_that_breaks_off_is_gone_on_with_where_it_broke(fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, twins(LARGE))
    middle = [header(EDGE, STEP)]
    fake.faults.add(
        f"truncate-body-after:{3 * MIB}", match=lambda request: (request.key, [request.range]) == ("a", middle)
    )
    report = auditor("b")
    assert keys_of(report) == {frozenset("ab")}
    assert report.run.complete
    assert ranges(fake, "a") == everything((*GRID, (EDGE + 3 * MIB, STEP)))
    assert report.work.bytes_read == 2 * LARGE


def test_a_listing_that_breaks_off_is_asked_for_again(fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, twins())
    fake.faults.add("truncate-body-after:300", match=matching("ListObjectsV2"), times=2)
    report = auditor("b")
    assert keys_of(report) == {frozenset("ab")}
    assert report.work.list_requests == 3


def test_a_short_body_that_breaks_off_is_read_again(fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, twins())
    fake.faults.add("truncate-body-after:10", match=matching("GetObject", "a"), times=2)
    report = auditor("b")
    assert keys_of(report) == {frozenset("ab")}
    assert report.run.complete


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_body_that_always_breaks_off_is_skipped(size: int, fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, twins(size, "abx"))
    fake.faults.add("truncate-body-after:0", match=matching("GetObject", "x"), times=None)
    check_skipped(auditor, {"x": SkipReason.UNREADABLE}, "ab")


@pytest.mark.parametrize("refusal", ["malformed", "redirect"])
def test_a_bucket_in_another_region_just_works(refusal: Any, fake: FakeS3, auditor: Auditor) -> None:  # noqa: ANN401
    fake.bucket("b", region="eu-central-1", region_error=refusal)
    plant(fake, twins())
    report = auditor("b")
    assert keys_of(report) == {frozenset("ab")}
    assert report.run.complete


# Archives


archived_in_any_way = pytest.mark.parametrize(
    "archived",
    [
        {"storage_class": "GLACIER"},
        {"storage_class": "DEEP_ARCHIVE"},
        {"storage_class": "GLACIER", "restore": "ongoing"},
        {"storage_class": "INTELLIGENT_TIERING", "archive_status": "ARCHIVE_ACCESS"},
        {"storage_class": "INTELLIGENT_TIERING", "archive_status": "DEEP_ARCHIVE_ACCESS"},
    ],
)


@archived_in_any_way
def test_archived_objects_are_compared_by_their_etags(archived: dict[str, Any], fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, twins(keys="ab"), encryption="SSE-S3", **archived)
    plant(fake, twins(keys="c"), encryption="SSE-S3")
    report = auditor("b")
    assert keys_of(report) == {frozenset("abc")}
    assert report.run.complete
    assert not reads(fake)


@archived_in_any_way
def test_archived_objects_are_skipped_where_only_reading_could_tell_and_never_restored(
    archived: dict[str, Any], fake: FakeS3, auditor: Auditor
) -> None:
    plant(fake, twins(keys="xy"), **archived)
    plant(fake, twins(keys="ab"))
    check_skipped(auditor, dict.fromkeys("xy", SkipReason.ARCHIVED), "ab")
    assert {entry.method for entry in fake.log} == {"GET", "HEAD"}


@archived_in_any_way
def test_an_archived_object_takes_part_where_a_readable_one_has_its_etag(
    archived: dict[str, Any], fake: FakeS3, auditor: Auditor
) -> None:
    plant(fake, twins(keys="a"), encryption="SSE-S3", **archived)
    plant(fake, twins(keys="b"), encryption="SSE-S3")
    plant(fake, twins(keys="c"))
    report = auditor("b")
    assert keys_of(report) == {frozenset("abc")}
    assert report.run.complete


def test_objects_in_glacier_are_not_even_asked_for(fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, twins(keys="xy"), storage_class="GLACIER")
    check_skipped(auditor, dict.fromkeys("xy", SkipReason.ARCHIVED))
    assert not reads(fake)


def test_a_restored_object_is_read(fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, twins(keys="a"), storage_class="GLACIER", restore=datetime(2027, 1, 1, tzinfo=UTC))
    plant(fake, twins(keys="b"))
    report = auditor("b")
    assert keys_of(report) == {frozenset("ab")}
    assert report.run.complete


def test_archived_objects_whose_etag_is_known_are_compared_with_the_bytes_of_others(
    fake: FakeS3, auditor: Auditor
) -> None:
    plant(fake, twins(keys="xy"), encryption="SSE-S3", storage_class="GLACIER")
    plant(fake, twins(keys="ab"))
    report = auditor("b")
    assert (keys_of(report), report.run.complete) == ({frozenset("abxy")}, True)
    assert {entry.key for entry in reads(fake)} <= {"a", "b"}


# What is audited


def test_with_versions_every_version_is_compared_and_delete_markers_are_not_objects(
    fake: FakeS3, auditor: Auditor
) -> None:
    fake.bucket("b", versioning="Enabled")
    old, other, copy = (fake.put("b", key, body) for key, body in (("a", b"1st"), ("a", b"2nd"), ("b", b"1st")))
    fake.delete("b", "b")
    assert auditor("b").totals.objects == 1
    report = auditor("b", versions=True)
    (group,) = report.groups
    assert [(each.key, each.version_id) for each in group.objects] == [("a", old.version_id), ("b", copy.version_id)]
    assert other.version_id not in {each.version_id for each in group.objects}
    assert report.totals.objects == 3


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"logs/a.gz", "logs/b.txt", "data/c.txt", "data/d.txt"}),
        ({"include": ["*.txt"]}, {"logs/b.txt", "data/c.txt", "data/d.txt"}),
        ({"include": ["data/*", "*.gz"]}, {"logs/a.gz", "data/c.txt", "data/d.txt"}),
        ({"exclude": ["logs/*"]}, {"data/c.txt", "data/d.txt"}),
        ({"include": ["*.txt"], "exclude": ["data/c*"]}, {"logs/b.txt", "data/d.txt"}),
        ({"storage_classes": ["STANDARD_IA", "GLACIER_IR"]}, {"data/c.txt", "data/d.txt"}),
        ({"storage_classes": ["STANDARD"]}, {"logs/a.gz", "logs/b.txt"}),
        ({"min_size": SMALL}, {"logs/a.gz", "logs/b.txt", "data/c.txt", "data/d.txt"}),
        ({"min_size": SMALL + 1}, set()),
    ],
)
def test_only_what_is_selected_is_audited(
    options: dict[str, Any], expected: set[str], fake: FakeS3, auditor: Auditor
) -> None:
    classes = {"data/c.txt": "STANDARD_IA", "data/d.txt": "GLACIER_IR"}
    for key in ("logs/a.gz", "logs/b.txt", "data/c.txt", "data/d.txt"):
        fake.put("b", key, random_body(SMALL), storage_class=classes.get(key))
    report = auditor("b", **options)
    assert keys_of(report) == ({frozenset(expected)} if expected else set())
    assert report.totals.objects == len(expected)


def test_overlapping_locations_are_audited_once(fake: FakeS3, auditor: Auditor) -> None:
    for key in ("p/a", "p/q/b", "other"):
        fake.put("b", key, b"same")
    report = auditor("b/p/q/", "b/p/", "b/p/", "b/p/q/b")
    assert keys_of(report) == {frozenset({"p/a", "p/q/b"})}
    assert report.run.locations == ("s3://b/p/",)
    assert (report.totals.objects, fake.count("ListObjectsV2")) == (2, 1)


def test_a_prefix_is_only_a_beginning_of_keys(fake: FakeS3, auditor: Auditor) -> None:
    for key in ("log", "log/1", "logs/1", "lo"):
        fake.put("b", key, b"same")
    assert keys_of(auditor("b/log")) == {frozenset({"log", "log/1", "logs/1"})}


def test_empty_objects_are_counted_and_never_grouped(fake: FakeS3, auditor: Auditor) -> None:
    for key in "abc":
        fake.put("b", key, b"", encryption="SSE-KMS")
    report = auditor("b")
    assert (report.totals.objects, report.totals.empty_objects) == (3, 3)
    assert not list(report.groups)
    assert {entry.operation for entry in fake.log} == {"ListObjectsV2", "HeadBucket"}


def test_the_keeper_is_the_oldest_then_the_shortest_key_then_the_first_in_byte_order(
    fake: FakeS3, auditor: Auditor
) -> None:
    late, early = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    for key, modified in {"a": late, "zzz": early, "zz": early, "yy": early, "é": early, "ab": early}.items():
        fake.put("b", key, b"same", last_modified=modified)
    (group,) = auditor("b").groups
    assert [each.key for each in group.objects] == ["ab", "yy", "zz", "é", "zzz", "a"]
    assert group.keeper.key == "ab"


def test_groups_come_by_what_they_could_give_back(fake: FakeS3, auditor: Auditor) -> None:
    for size, count in ((10, 5), (100, 2), (30, 2), (7, 3)):
        for number in range(count):
            fake.put("b", f"{size}-{number}", random_body(size))
    report = auditor("b")
    assert [group.reclaimable_bytes for group in report.groups] == [100, 40, 30, 14]
    assert (report.totals.groups, report.totals.redundant_objects, report.totals.reclaimable_bytes) == (4, 8, 184)


# What is believed


def test_etags_that_are_always_trusted_settle_everything_without_a_question_about_objects(
    fake: FakeS3, auditor: Auditor
) -> None:
    plant(fake, {"a": b"same", "b": b"same"}, etag="0" * 32)
    plant(fake, {"c": b"diff"}, etag="1" * 32)
    report = auditor("b", etag_trust=EtagTrust.ALWAYS)
    assert keys_of(report) == {frozenset("ab")}
    assert {entry.operation for entry in fake.log} == {"ListObjectsV2", "HeadBucket", "GetBucketVersioning"}
    assert evidence_of(report) == ["md5-etag"]


def test_etags_that_are_never_trusted_make_every_candidate_be_read(fake: FakeS3, auditor: Auditor) -> None:
    for key in "ab":
        fake.put("b", key, b"same", checksum=None)
    assert evidence_of(auditor("b")) == ["md5-etag"]
    assert not reads(fake)
    assert evidence_of(auditor("b", etag_trust=EtagTrust.NEVER)) == ["sha1-ranges"]
    assert [entry.key for entry in sorted(reads(fake), key=lambda entry: entry.key)] == ["a", "b"]


def test_full_checksums_settle_what_opaque_etags_do_not(fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, {"a": b"same", "b": b"same", "c": b"diff"}, checksum=("SHA256", "FULL_OBJECT"))
    report = auditor("b")
    assert keys_of(report) == {frozenset("ab")}
    assert evidence_of(report) == ["checksum"]
    assert not reads(fake)


def test_unequal_crcs_spare_the_reading_and_equal_ones_do_not(fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, {"a": b"same", "b": b"same", "c": b"diff"}, checksum=("CRC32", "FULL_OBJECT"))
    report = auditor("b")
    assert evidence_of(report) == ["sha1-ranges"]
    assert sorted(entry.key for entry in reads(fake)) == ["a", "b"]


def test_equal_crcs_of_different_bytes_are_no_proof(fake: FakeS3, auditor: Auditor) -> None:
    checksum = ("CRC32", "FULL_OBJECT", "AAAAAA==")
    plant(fake, {"a": b"left", "b": b"diff"}, checksum=checksum)
    assert not keys_of(auditor("b"))
    assert len(reads(fake)) == 2


@pytest.mark.parametrize(("one", "other", "expected"), [(3, 3, 0), (3, 5, 1), (3, None, 1), (None, 10, 0)])
def test_multipart_etags_are_compared_where_their_layouts_are_the_same(
    one: int | None, other: int | None, expected: int, fake: FakeS3, auditor: Auditor
) -> None:
    plant(fake, {"a": b"ten bytes!"}, encryption="SSE-S3", parts=one)
    plant(fake, {"b": b"ten bytes!"}, encryption="SSE-S3", parts=other)
    assert keys_of(auditor("b")) == {frozenset("ab")}
    assert len(reads(fake)) == expected


# What the audit takes on trust, and may miss a duplicate by; it never calls different bytes the same


def test_one_kms_object_that_is_not_in_the_sample_of_a_bucket_is_taken_at_the_buckets_word(
    fake: FakeS3, auditor: Auditor
) -> None:
    plant(fake, {f"plain-{number}": b"same" for number in range(100)}, encryption="SSE-S3")
    plant(fake, {"secret": b"same"})
    report = auditor("b")
    assert "secret" not in {entry.key for entry in fake.requests("HeadObject")}
    assert [len(group.objects) for group in report.groups] == [100]
    learnt, on_trust = report.notes
    assert learnt == "s3://b: single-part ETags follow AWS's rules; default encryption AES256, confirmed by 8 objects."
    assert on_trust.startswith("1 object shared the size of others, but no ETag, and")
    assert [len(group.objects) for group in auditor("b", etag_trust=EtagTrust.NEVER).groups] == [101]


@pytest.mark.parametrize("parts", [[6, 5, 5], [4, 3, 5, 4], [4, 4, 3, 5], [3, 4, 3, 3, 3], [2, 2, 3, 2, 3, 2, 2]])
def test_uneven_parts_of_which_the_count_is_that_of_even_ones_are_read(
    parts: list[int], fake: FakeS3, auditor: Auditor
) -> None:
    plant(fake, {"a": b"sixteen bytes...", "b": b"sixteen bytes..."}, encryption="SSE-S3", parts=parts)
    plant(fake, {"c": b"sixteen bytes..."}, encryption="SSE-S3", parts=parts[0])
    assert keys_of(auditor("b")) == {frozenset("abc")}
    assert reads(fake)


def test_uneven_parts_that_begin_and_end_as_even_ones_do_are_taken_for_those(fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, {"a": b"sixteen bytes...", "b": b"sixteen bytes..."}, encryption="SSE-S3", parts=[3, 2, 4, 3, 3, 1])
    plant(fake, {"c": b"sixteen bytes..."}, encryption="SSE-S3", parts=3)
    report = auditor("b")
    assert keys_of(report) == {frozenset("ab")}
    assert any(
        note.startswith("3 objects were told from others by ETags of five or more parts") for note in report.notes
    )


def test_where_every_candidate_was_asked_nothing_is_said_of_a_sample(fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, {f"plain-{number}": f"{number} is not another".encode() for number in range(8)}, encryption="SSE-S3")
    (learnt,) = auditor("b").notes
    assert learnt.endswith("confirmed by 8 objects.")


def test_candidates_of_each_month_are_among_those_that_are_asked(fake: FakeS3, auditor: Auditor) -> None:
    january, july = datetime(2026, 1, 1, tzinfo=UTC), datetime(2025, 7, 1, tzinfo=UTC)
    plain, secret = (
        {f"{name}-{n}": b"same" for n in range(many)} for name, many in {"plain": 100, "secret": 5}.items()
    )
    plant(fake, plain, encryption="SSE-S3", last_modified=january)
    plant(fake, secret, encryption="SSE-KMS", last_modified=july)
    report = auditor("b")
    assert [len(group.objects) for group in report.groups] == [105]
    assert not [note for note in report.notes if "shared the size" in note]


@pytest.mark.parametrize(("part", "heads"), [(8, 1), (6, 2), (4, 2), (2, 2)])
def test_objects_in_even_parts_are_told_apart_by_at_most_two_heads_each(
    part: int, heads: int, fake: FakeS3, auditor: Auditor
) -> None:
    plant(fake, {"a": b"sixteen bytes...", "b": b"and another one."}, encryption="SSE-S3", parts=part)
    assert not keys_of(auditor("b"))
    assert not reads(fake)
    assert len(fake.requests("HeadObject")) <= 2 * heads + 2


def test_uneven_parts_that_cannot_be_even_ones_are_read(fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, {"a": b"sixteen bytes..."}, encryption="SSE-S3", parts=[5, 5, 6])
    plant(fake, {"b": b"sixteen bytes..."}, encryption="SSE-S3", parts=[5, 6, 5])
    assert keys_of(auditor("b")) == {frozenset("ab")}


# Two contents with one MD5: Wang, Feng, Lai, Yu, "Collisions for hash functions MD4, MD5, HAVAL-128 and RIPEMD", 2004

GOOD = bytes.fromhex(
    "d131dd02c5e6eec4693d9a0698aff95c2fcab58712467eab4004583eb8fb7f89"
    "55ad340609f4b30283e488832571415a085125e8f7cdc99fd91dbdf280373c5b"
    "d8823e3156348f5bae6dacd436c919c6dd53e2b487da03fd02396306d248cda0"
    "e99f33420f577ee8ce54b67080a80d1ec69821bcb6a8839396f9652b6ff72a70"
)
EVIL = flipped(GOOD, 19, 45, 59, 83, 109, 123, by=0x80)
"""They differ in one bit of six bytes."""


def plant_collision(fake: FakeS3, checksum: tuple[str, str] | None) -> None:
    """Two objects that AWS gives one ETag."""
    assert GOOD != EVIL
    etags = {fake.put("b", key, body, checksum=checksum).etag for key, body in {"good": GOOD, "evil": EVIL}.items()}
    assert len(etags) == 1


def test_a_collision_is_grouped_by_its_etag_where_nothing_else_is_looked_at(fake: FakeS3, auditor: Auditor) -> None:
    """What single-part ETags cannot tell; `digest="sha256"` is for where somebody may have made such a pair."""
    plant_collision(fake, ("SHA256", "FULL_OBJECT"))
    report = auditor("b")
    assert (keys_of(report), evidence_of(report)) == ({frozenset({"good", "evil"})}, ["md5-etag"])


@pytest.mark.parametrize("digest", ["sha1", "sha256"])
@pytest.mark.parametrize("checksum", [None, ("CRC64NVME", "FULL_OBJECT"), ("SHA256", "FULL_OBJECT")])
def test_a_collision_is_told_apart_where_etags_are_not_trusted(
    checksum: tuple[str, str] | None, digest: str, fake: FakeS3, auditor: Auditor
) -> None:
    plant_collision(fake, checksum)
    report = auditor("b", etag_trust=EtagTrust.NEVER, digest=digest)
    assert not keys_of(report)
    assert len(reads(fake)) == (2 if checksum is None else 0)


@pytest.mark.parametrize("parts", [None, 1])
def test_a_collision_is_never_grouped_with_sha256(parts: int | None, fake: FakeS3, auditor: Auditor) -> None:
    plant_collision(fake, None)
    plant(fake, {"good-2": GOOD, "good-3": GOOD}, encryption="SSE-S3", parts=parts)
    report = auditor("b", digest="sha256")
    assert (keys_of(report), evidence_of(report)) == ({frozenset({"good", "good-2", "good-3"})}, ["sha256-ranges"])


def test_unequal_md5s_spare_the_reading_with_sha256_as_well(fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, {"a": b"one content", "b": b"two content"}, encryption="SSE-S3")
    assert not keys_of(auditor("b", digest="sha256"))
    assert not reads(fake)


def test_a_collision_is_told_apart_where_the_objects_are_asked_for_their_checksums(
    fake: FakeS3, auditor: Auditor
) -> None:
    fake.bucket("b", encryption_rule="aws:kms")  # no rule for all, so each candidate is asked
    plant_collision(fake, ("SHA256", "FULL_OBJECT"))
    report = auditor("b")
    assert not keys_of(report)
    assert report.run.complete


# One ETag unites them, and bytes contradict it: what united them proves nothing any more


APART = {frozenset({"good", "good-copy"}), frozenset({"evil", "evil-copy"})}


def plant_contradiction(fake: FakeS3) -> None:
    """A collision, and copies of both that must be read."""
    plant(fake, {"good": GOOD, "evil": EVIL}, encryption="SSE-S3")
    plant(fake, {"good-copy": GOOD, "evil-copy": EVIL})


def test_what_an_etag_unites_and_bytes_contradict_is_read_apart(fake: FakeS3, auditor: Auditor) -> None:
    plant_contradiction(fake)
    report = auditor("b")
    assert (keys_of(report), evidence_of(report)) == (APART, ["sha1-ranges"] * 2)
    assert report.run.complete
    asked = len(fake.log)
    assert keys_of(auditor("b")) == APART
    assert {entry.operation for entry in fake.log[asked:]} == {"ListObjectsV2", "GetBucketVersioning"}


@pytest.mark.parametrize("key", ["good", "evil"])
def test_of_what_is_read_apart_that_which_cannot_be_read_is_named(key: str, fake: FakeS3, auditor: Auditor) -> None:
    plant_contradiction(fake)
    fake.faults.add("403", match=matching("GetObject", key), times=None)
    report = auditor("b")
    assert keys_of(report) == {pair for pair in APART if key not in pair}
    assert skipped_of(report) == {key: SkipReason.ACCESS_DENIED}


@pytest.mark.parametrize("objects", range(6))
def test_what_is_read_apart_has_to_be_granted_anew(objects: int, fake: FakeS3, auditor: Auditor) -> None:
    plant_contradiction(fake)
    report = auditor("b", max_read=objects * len(GOOD))
    assert report.work.bytes_read <= objects * len(GOOD)
    assert report.run.complete == (keys_of(report) == APART) == (objects >= 4)


def test_what_was_read_of_one_object_is_never_remembered_of_another(fake: FakeS3, auditor: Auditor) -> None:
    """Two that an ETag unites differ in what is read of the first; the rest is read of the second."""
    suffix = random_body(9 * MIB)
    plant(fake, {"evil": EVIL + suffix, "good": GOOD + suffix}, encryption="SSE-S3")
    plant(fake, {"evil-copy": EVIL + suffix}, encryption="SSE-S3", parts=MIB, storage_class="GLACIER")
    fake.faults.add("403", match=matching("GetObject", "evil"), after=1, times=None)
    assert keys_of(auditor("b")) == {frozenset({"evil", "evil-copy", "good"})}
    assert [entry.key for entry in reads(fake) if entry.status < 300] == ["evil", "good"]
    fake.faults.clear()
    assert not keys_of(auditor("b", etag_trust=EtagTrust.NEVER))


def test_what_is_the_same_as_something_that_could_be_read_is_not_named_for_what_could_not(
    fake: FakeS3, auditor: Auditor
) -> None:
    """An archived object has a twin that reading finds; only the one that nobody can read stays undecided."""
    plant(fake, {"in parts": b"same"}, encryption="SSE-S3", parts=1)
    plant(fake, {"archived": b"same"}, encryption="NOT-SSE", storage_class="GLACIER")
    plant(fake, {"locked": b"same"}, encryption="SSE-C")
    report = auditor("b")
    assert keys_of(report) == {frozenset({"in parts", "archived"})}
    assert skipped_of(report) == {"locked": SkipReason.UNREADABLE}
