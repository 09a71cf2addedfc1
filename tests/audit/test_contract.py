"""One contract for every store: honest or lying, it never makes the audit say "same" of what is not."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from s3dedup.errors import ReadOnlyViolationError
from s3dedup.model import EtagTrust, SkipReason
from s3dedup.store import S3Store, StoreConfig
from s3dedup.store.guard import READS
from tests.audit.helpers import (
    KIB,
    MIB,
    Auditor,
    Place,
    equal_contents,
    evidence_of,
    flipped,
    groups_of,
    keys_of,
    random_body,
    skipped_of,
    upload,
    upload_in,
)
from tests.fakes3 import FakeS3, Request, Response, matching

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.servers import S3Server
    from tests.servers.fixtures import FreshBucket

HONEST = ["seaweed", "moto_server", "ministack"]
LIARS = ["hadro", "rclone"]
SAME_TIME = (1_700_000_000, 1_700_000_000)


def corpus() -> dict[str, bytes]:
    """What every store is given: twins, near twins, triplets, empty objects, and what is read in ranges."""
    long = random_body(MIB + 200 * KIB)
    return {
        "small/one": b"left",
        "small/two": b"diff",
        "small/one-again": b"left",
        "deep/er/one-more": b"left",
        "odd/a b+c%20&d": b"odd content",
        "odd/twin": b"odd content",
        "page/only": b"said once",
        "empty/1": b"",
        "empty/2": b"",
        "long/1": long,
        "long/2": long,
        "long/differs-first": flipped(long, 0),
        "long/differs-within": flipped(long, len(long) // 2),
        "long/differs-last": flipped(long, -1),
    }


@dataclass(frozen=True)
class Stocked:
    """A server that holds the corpus in a bucket of its own."""

    server: S3Server
    planted: dict[Place, bytes]
    bucket: str


@pytest.fixture(params=[*HONEST, *LIARS])
def stocked(request: pytest.FixtureRequest, fresh_bucket: FreshBucket) -> Stocked:
    """Every server in turn."""
    server: S3Server = request.getfixturevalue(request.param)
    bucket = fresh_bucket(server)
    planted = {(bucket, key): body for key, body in corpus().items()}
    for (_, key), body in planted.items():
        store(server, bucket, key, body)
    return Stocked(server, planted, bucket)


def store(server: S3Server, bucket: str, key: str, body: bytes) -> None:
    """Store an object; through hadro's directory with one time for all, so that sizes alone make its ETags."""
    if server.name != "hadro" or server.root is None:
        upload(server.client(), bucket, key, body)
        return
    path = server.root / bucket / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    os.utime(path, SAME_TIME)


@pytest.mark.parametrize("trust", [EtagTrust.AUTO, EtagTrust.NEVER])
def test_every_store_gives_the_groups_of_the_bytes(
    trust: EtagTrust, stocked: Stocked, auditor_of: Callable[[S3Server], Auditor]
) -> None:
    report = auditor_of(stocked.server)(stocked.bucket, etag_trust=trust)
    assert groups_of(report) == equal_contents(stocked.planted)
    believed = trust is EtagTrust.AUTO and stocked.server.name not in LIARS
    assert set(evidence_of(report)) == {"md5-etag" if believed else "sha1-ranges"}
    assert report.run.complete
    assert (report.totals.objects, report.totals.empty_objects) == (len(stocked.planted), 2)


def test_every_store_can_be_audited_by_prefix(stocked: Stocked, auditor_of: Callable[[S3Server], Auditor]) -> None:
    bucket = stocked.bucket
    report = auditor_of(stocked.server)(f"{bucket}/small/", f"{bucket}/odd/")
    assert keys_of(report) == {
        frozenset({"small/one", "small/one-again"}),
        frozenset({"odd/a b+c%20&d", "odd/twin"}),
    }


@pytest.mark.parametrize("name", HONEST)
def test_the_same_bytes_in_one_piece_and_in_parts_of_two_sizes_are_one_group(
    name: str,
    request: pytest.FixtureRequest,
    fresh_bucket: FreshBucket,
    auditor_of: Callable[[S3Server], Auditor],
) -> None:
    server: S3Server = request.getfixturevalue(name)
    bucket, body = fresh_bucket(server), random_body(11 * MIB)
    for key, part_size in {"single": None, "five": 5 * MIB, "six": 6 * MIB, "six-again": 6 * MIB}.items():
        upload(server.client(), bucket, key, body, part_size)
    upload(server.client(), bucket, "six-near", flipped(body, -1), 6 * MIB)
    report = auditor_of(server)(bucket)
    assert keys_of(report) == {frozenset({"single", "five", "six", "six-again"})}
    assert report.run.complete


@pytest.mark.parametrize("name", HONEST)
def test_the_same_bytes_in_parts_that_only_look_even_are_one_group(
    name: str,
    request: pytest.FixtureRequest,
    fresh_bucket: FreshBucket,
    auditor_of: Callable[[S3Server], Auditor],
) -> None:
    """6, 5 and 5 MiB are as many parts as 6, 6 and 4 MiB, and begin as these do."""
    server: S3Server = request.getfixturevalue(name)
    bucket, body = fresh_bucket(server), random_body(16 * MIB)
    upload(server.client(), bucket, "even", body, 6 * MIB)
    upload_in(server.client(), bucket, "uneven", [body[: 6 * MIB], body[6 * MIB : 11 * MIB], body[11 * MIB :]])
    report = auditor_of(server)(bucket)
    assert keys_of(report) == {frozenset({"even", "uneven"})}
    assert report.run.complete


def test_on_hadro_two_contents_share_an_etag_and_are_told_apart(
    hadro: S3Server, fresh_bucket: FreshBucket, auditor_of: Callable[[S3Server], Auditor]
) -> None:
    bucket = fresh_bucket(hadro)
    for key, body in {"one": b"left", "two": b"diff", "three": b"left"}.items():
        store(hadro, bucket, key, body)
    listed = hadro.client().list_objects_v2(Bucket=bucket)["Contents"]
    assert len({each["ETag"] for each in listed}) == 1
    assert keys_of(auditor_of(hadro)(bucket)) == {frozenset({"one", "three"})}


def test_on_the_word_of_a_user_even_a_liar_is_believed(
    hadro: S3Server, fresh_bucket: FreshBucket, auditor_of: Callable[[S3Server], Auditor]
) -> None:
    bucket = fresh_bucket(hadro)
    for key in ("one", "two"):
        store(hadro, bucket, key, key.encode())
    report = auditor_of(hadro)(bucket, etag_trust=EtagTrust.ALWAYS)
    assert keys_of(report) == {frozenset({"one", "two"})}
    assert (report.work.head_requests, report.work.bytes_read) == (0, 0)


# Servers that do not do what was asked, as no server that can be installed does


def whole_body(etag: str, body: bytes) -> Callable[[Request], Response]:
    """Answer a GET as a server does that ignores ranges and conditions."""
    return lambda _: Response(200, {"etag": f'"{etag}"'}, body)


def test_where_ranges_are_ignored_large_objects_are_skipped_and_small_ones_compared(
    fake: FakeS3, auditor: Auditor
) -> None:
    long = random_body(MIB + 1)
    for key, body in {"long-1": long, "long-2": long, "short-1": b"same", "short-2": b"same"}.items():
        etag = fake.put("b", key, body, etag=f"opaque-{key}").etag
        fake.faults.add(whole_body(etag, body), match=matching("GetObject", key), times=None)
    report = auditor("b")
    assert keys_of(report) == {frozenset({"short-1", "short-2"})}
    assert skipped_of(report) == {"long-1": SkipReason.UNREADABLE, "long-2": SkipReason.UNREADABLE}
    assert not report.run.complete


def test_where_other_bytes_are_sent_than_were_asked_for_the_objects_are_skipped(fake: FakeS3, auditor: Auditor) -> None:
    long = random_body(MIB + 1)
    for key, body in {"a": long, "b": flipped(long, -1)}.items():
        fake.put("b", key, body, etag=f"opaque-{key}")
    fake.faults.add(first_bytes(fake, long), match=matching("GetObject"), times=None)
    report = auditor("b")
    assert not keys_of(report)
    assert skipped_of(report) == dict.fromkeys("ab", SkipReason.UNREADABLE)


def first_bytes(fake: FakeS3, body: bytes) -> Callable[[Request], Response]:
    """Answer every range with as many bytes from the beginning, and say so."""

    def answer(request: Request) -> Response:
        start, _, last = (request.range or "").removeprefix("bytes=").partition("-")
        count = int(last) - int(start) + 1
        etag = fake.client().head_object(Bucket=request.bucket, Key=request.key)["ETag"]
        headers = {"etag": etag, "content-range": f"bytes 0-{count - 1}/{len(body)}"}
        return Response(206, headers, body[:count])

    return answer


@pytest.mark.parametrize("size", [100, MIB + 1])
def test_an_overwritten_object_is_noticed_where_if_match_is_ignored(size: int, fake: FakeS3, auditor: Auditor) -> None:
    body = random_body(size)
    for key in ("a", "b", "overwritten"):
        fake.put("b", key, body, etag=f"opaque-{key}")
    fake.faults.add(as_if_unconditional(fake), match=matching("GetObject", "overwritten"), times=None)
    report = auditor("b")
    assert keys_of(report) == {frozenset({"a", "b"})}
    assert skipped_of(report) == {"overwritten": SkipReason.CHANGED}


def as_if_unconditional(fake: FakeS3) -> Callable[[Request], Response | None]:
    """Overwrite the object as it is asked for, and answer with the new one whatever If-Match said."""

    def answer(request: Request) -> None:
        request.headers.pop("if-match")
        asked = fake.client().head_object(Bucket=request.bucket, Key=request.key)
        fake.put(request.bucket, request.key, b"x" * asked["ContentLength"], etag="opaque-new")

    return answer


# Read-only


@pytest.fixture
def client(fake: FakeS3) -> Iterator[Any]:
    """The store's own boto3 client."""
    store = S3Store(StoreConfig(fake.endpoint_url, region="us-east-1", access_key="a", secret_key="s"))
    yield store._client  # noqa: SLF001  that is what is guarded
    store.close()


WRITES: dict[str, dict[str, Any]] = {
    "put_object": {"Key": "k", "Body": b"x"},
    "delete_object": {"Key": "k"},
    "delete_objects": {"Delete": {"Objects": [{"Key": "k"}]}},
    "copy_object": {"Key": "k", "CopySource": "b/other"},
    "create_multipart_upload": {"Key": "k"},
    "restore_object": {"Key": "k"},
    "put_bucket_lifecycle_configuration": {},
    "delete_bucket": {},
    "put_object_tagging": {"Key": "k", "Tagging": {"TagSet": []}},
    "get_object_acl": {"Key": "k"},
}


@pytest.mark.parametrize("call", WRITES)
def test_an_operation_that_is_not_on_the_list_of_reads_is_refused_before_anything_is_sent(
    call: str,
    fake: FakeS3,
    client: Any,  # noqa: ANN401  boto3 builds its clients at run time
) -> None:
    fake.put("b", "k", b"x")
    with pytest.raises(ReadOnlyViolationError, match=f"send {client.meta.method_to_api_mapping[call]}:"):
        getattr(client, call)(Bucket="b", **WRITES[call])
    assert not fake.log


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH"])
def test_a_read_that_was_turned_into_a_write_is_refused_by_its_method(
    method: str,
    fake: FakeS3,
    client: Any,  # noqa: ANN401  same
) -> None:
    fake.put("b", "k", b"x")
    client.meta.events.register("before-sign.s3", lambda request, **_: setattr(request, "method", method))
    with pytest.raises(ReadOnlyViolationError, match=method):
        client.get_object(Bucket="b", Key="k")
    assert not fake.log


@pytest.mark.parametrize("aws", [True, False])
@pytest.mark.parametrize("versions", [True, False])
def test_an_audit_sends_nothing_but_reads(
    aws: bool, versions: bool, fake: FakeS3, auditor: Auditor, request: pytest.FixtureRequest
) -> None:
    if aws:
        request.getfixturevalue("as_aws")
    plant_everything(fake)
    auditor("b", versions=versions)
    assert {entry.method for entry in fake.log} == {"GET", "HEAD"}
    assert {entry.operation for entry in fake.log} <= READS
    assert {"GetObject", "HeadObject", "GetBucketEncryption"} <= {entry.operation for entry in fake.log}


def plant_everything(fake: FakeS3) -> None:
    """Pairs of every kind in one bucket with versions."""
    fake.bucket("b", versioning="Enabled", region="eu-central-1")
    long, archived = random_body(MIB + 1), {"storage_class": "GLACIER", "encryption": "SSE-KMS"}
    for number in range(2):
        fake.put("b", f"plain-{number}", b"plain")
        fake.put("b", f"kms-{number}", b"a secret", encryption="SSE-KMS")
        fake.put("b", f"parts-{number}", b"some parts", parts=3 + number)
        fake.put("b", f"locked-{number}", b"locked up", encryption="SSE-C")
        fake.put("b", f"archived-{number}", b"in the ice", **archived)  # type: ignore[arg-type]
        fake.put("b", f"long-{number}", long, encryption="DSSE-KMS", checksum=None)
        fake.put("b", f"gone-{number}", b"deleted")
        fake.delete("b", f"gone-{number}")
