"""The fake S3 holds to AWS's rules, as boto3 sees them."""

from __future__ import annotations

import base64
import hashlib
import random
import re
import subprocess
import sys
import time
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest
import urllib3
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from tests.fakes3 import SSE_C_KEY, FakeS3, ImpossibleObjectError, Request, Response, checksums, matching

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.fakes3.fake import ChecksumSpec, S3Client
    from tests.fakes3.objects import Encryption

ODD_KEYS = [
    "a b",
    "a+b",
    "100%.csv",
    "한글/x",
    "a~b*c",
    "q?x=1&y",
    "tab\there",
    "\x01control",
    "<&>\"'",
    "//x/../y/",
]
HEX32 = re.compile(r"[0-9a-f]{32}")


@pytest.fixture
def s3(fake: FakeS3) -> S3Client:
    return fake.client()


def refused(call: Callable[..., object], **arguments: object) -> tuple[int, str, dict[str, Any]]:
    """Status, code and whole answer of a call that fails."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    answer: dict[str, Any] = dict(caught.value.response)
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"], answer


def raw_get(fake: FakeS3, target: str, **headers: str) -> urllib3.BaseHTTPResponse:
    return urllib3.request("GET", fake.endpoint_url + target, headers=headers, retries=False)


def listed_keys(client: S3Client, bucket: str = "b", **arguments: object) -> list[str]:
    return [found["Key"] for found in client.list_objects_v2(Bucket=bucket, **arguments).get("Contents", [])]


# ETags


@pytest.mark.parametrize("encryption", ["SSE-S3", "NOT-SSE"])
def test_a_single_put_that_is_plain_or_sse_s3_has_its_md5_as_etag(
    fake: FakeS3, s3: S3Client, encryption: Encryption
) -> None:
    fake.put("b", "k", b"body", encryption=encryption)
    assert s3.head_object(Bucket="b", Key="k")["ETag"] == f'"{hashlib.md5(b"body").hexdigest()}"'


@pytest.mark.parametrize("encryption", ["SSE-KMS", "DSSE-KMS", "SSE-C"])
def test_a_kms_or_sse_c_object_has_32_hex_digits_that_are_not_its_md5(fake: FakeS3, encryption: Encryption) -> None:
    first = fake.put("b", "k1", b"body", encryption=encryption)
    second = fake.put("b", "k2", b"body", encryption=encryption)
    assert HEX32.fullmatch(first.etag)
    assert len({first.etag, second.etag, hashlib.md5(b"body").hexdigest()}) == 3


def test_an_object_whose_encryption_was_changed_in_place_keeps_its_md5(fake: FakeS3, s3: S3Client) -> None:
    fake.put("b", "k", b"body", encryption="SSE-KMS", md5_kept=True)
    head = s3.head_object(Bucket="b", Key="k")
    assert (head["ServerSideEncryption"], head["ETag"]) == (
        "aws:kms",
        f'"{hashlib.md5(b"body").hexdigest()}"',
    )


def test_a_multipart_etag_is_the_md5_of_the_parts_md5s(fake: FakeS3) -> None:
    digests = hashlib.md5(b"abcd").digest() + hashlib.md5(b"ef").digest()
    assert fake.put("b", "k", b"abcdef", parts=[4, 2]).etag == f"{hashlib.md5(digests).hexdigest()}-2"
    assert fake.put("b", "k", b"abcdef", parts=4).part_sizes == (4, 2)
    assert fake.put("b", "k", b"abcdef", parts=[6]).etag.endswith("-1")
    assert fake.put("b", "k", b"abcdef", parts=4, encryption="SSE-KMS").etag.endswith("-2")


def test_parts_that_do_not_add_up_are_refused(fake: FakeS3) -> None:
    with pytest.raises(ImpossibleObjectError, match="do not add up"):
        fake.put("b", "k", b"abcdef", parts=[4, 4])


# HEAD


def test_head_of_a_part_tells_its_size_the_whole_and_how_many_there_are(fake: FakeS3, s3: S3Client) -> None:
    fake.put("b", "k", b"abcdefg", parts=[4, 3])
    head = s3.head_object(Bucket="b", Key="k", PartNumber=2)
    assert head["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert (head["ContentLength"], head["PartsCount"]) == (3, 2)
    assert head["ResponseMetadata"]["HTTPHeaders"]["content-range"] == "bytes 4-6/7"
    assert "PartsCount" not in s3.head_object(Bucket="b", Key="k")
    assert refused(s3.head_object, Bucket="b", Key="k", PartNumber=3)[0] == 416


def test_head_of_part_1_of_a_single_put_has_no_parts_count(fake: FakeS3, s3: S3Client) -> None:
    fake.put("b", "k", b"abc")
    head = s3.head_object(Bucket="b", Key="k", PartNumber=1)
    assert head["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert (head["ContentLength"], "PartsCount" in head) == (3, False)


def test_head_tells_encryption_class_tier_and_restore(fake: FakeS3, s3: S3Client) -> None:
    expiry = datetime(2026, 12, 24, tzinfo=UTC)
    fake.put("b", "double", b"x", encryption="DSSE-KMS", replication_status="REPLICA")
    fake.put("b", "tier", b"x", storage_class="INTELLIGENT_TIERING", archive_status="ARCHIVE_ACCESS")
    fake.put("b", "ice", b"x", storage_class="GLACIER", restore=expiry)
    fake.put("b", "thawing", b"x", storage_class="DEEP_ARCHIVE", restore="ongoing")
    fake.put("b", "plain", b"x", encryption="NOT-SSE")
    double, tier, ice, thawing, plain = (
        s3.head_object(Bucket="b", Key=key) for key in ("double", "tier", "ice", "thawing", "plain")
    )
    assert (double["ServerSideEncryption"], double["ReplicationStatus"]) == ("aws:kms:dsse", "REPLICA")
    assert double["SSEKMSKeyId"].startswith("arn:aws:kms:")
    assert (tier["StorageClass"], tier["ArchiveStatus"]) == ("INTELLIGENT_TIERING", "ARCHIVE_ACCESS")
    assert ice["Restore"] == 'ongoing-request="false", expiry-date="Thu, 24 Dec 2026 00:00:00 GMT"'
    assert thawing["Restore"] == 'ongoing-request="true"'
    assert not {"ServerSideEncryption", "StorageClass", "VersionId"} & plain.keys()


@pytest.mark.parametrize("call", ["get_object", "head_object"])
def test_an_sse_c_object_is_read_with_its_key_only(fake: FakeS3, s3: S3Client, call: str) -> None:
    fake.put("b", "k", b"secret", encryption="SSE-C")
    read = getattr(s3, call)
    key = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": SSE_C_KEY}
    assert refused(read, Bucket="b", Key="k")[0] == 400
    assert refused(read, Bucket="b", Key="k", **key | {"SSECustomerKey": b"0" * 32})[0] == 403
    assert read(Bucket="b", Key="k", **key)["SSECustomerAlgorithm"] == "AES256"


# Checksums


@pytest.mark.parametrize(
    ("algorithm", "check"),
    [("CRC32", 0xCBF43926), ("CRC32C", 0xE3069283), ("CRC64NVME", 0xAE8B14860A799888)],
)
def test_the_crcs_give_their_published_check_values(algorithm: str, check: int) -> None:
    assert checksums.crc(algorithm, b"123456789") == check


def test_the_crc_of_any_length_is_zlibs() -> None:
    body = random.Random(1).randbytes(1001)
    assert all(checksums.crc("CRC32", body[:size]) == zlib.crc32(body[:size]) for size in (0, 1, 2, 1000, 1001))


@pytest.mark.parametrize("algorithm", ["MD5", "SHA1", "SHA256", "SHA512"])
def test_a_full_object_digest_is_the_base64_of_the_hash(fake: FakeS3, s3: S3Client, algorithm: str) -> None:
    fake.put("b", "k", b"body", checksum=(algorithm, "FULL_OBJECT"))
    head = s3.head_object(Bucket="b", Key="k", ChecksumMode="ENABLED")
    assert base64.b64decode(head[f"Checksum{algorithm}"]) == hashlib.new(algorithm, b"body").digest()
    assert head["ChecksumType"] == "FULL_OBJECT"


def test_a_composite_checksum_is_that_of_the_parts_checksums_and_their_number(fake: FakeS3, s3: S3Client) -> None:
    fake.put("b", "k", b"abcdef", parts=[4, 2], checksum=("SHA256", "COMPOSITE"))
    head = s3.head_object(Bucket="b", Key="k", ChecksumMode="ENABLED")
    joined = hashlib.sha256(b"abcd").digest() + hashlib.sha256(b"ef").digest()
    assert head["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(joined).digest()).decode() + "-2"
    assert head["ChecksumType"] == "COMPOSITE"


def test_checksums_are_told_only_where_they_are_asked_for(fake: FakeS3) -> None:
    fake.put("b", "k", b"body")
    assert not [name for name in raw_get(fake, "/b/k").headers if name.startswith("x-amz-checksum")]
    assert "x-amz-checksum-crc64nvme" in raw_get(fake, "/b/k", **{"x-amz-checksum-mode": "ENABLED"}).headers


def test_an_algorithm_the_fake_cannot_compute_has_the_given_value(fake: FakeS3, s3: S3Client) -> None:
    fake.put("b", "k", b"body", checksum=("XXHASH64", "FULL_OBJECT", "AAAAAAAAAAA="))
    assert s3.head_object(Bucket="b", Key="k", ChecksumMode="ENABLED")["ChecksumXXHASH64"] == "AAAAAAAAAAA="


@pytest.mark.parametrize(
    ("checksum", "parts"),
    [
        (("SHA256", "FULL_OBJECT"), 2),
        (("CRC64NVME", "COMPOSITE"), 2),
        (("CRC32", "COMPOSITE"), None),
        (("XXHASH3", "FULL_OBJECT"), None),
    ],
)
def test_a_checksum_that_s3_never_stores_is_refused(fake: FakeS3, checksum: ChecksumSpec, parts: int | None) -> None:
    with pytest.raises(ImpossibleObjectError):
        fake.put("b", "k", b"abcd", parts=parts, checksum=checksum)


# GET


@pytest.mark.parametrize(
    ("asked", "body", "content_range"),
    [
        ("bytes=2-4", b"cde", "bytes 2-4/10"),
        ("bytes=7-", b"hij", "bytes 7-9/10"),
        ("bytes=8-99", b"ij", "bytes 8-9/10"),
        ("bytes=-3", b"hij", "bytes 7-9/10"),
    ],
)
def test_a_range_answers_206_with_those_bytes(
    fake: FakeS3, s3: S3Client, asked: str, body: bytes, content_range: str
) -> None:
    fake.put("b", "k", b"abcdefghij")
    got = s3.get_object(Bucket="b", Key="k", Range=asked)
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert (got["Body"].read(), got["ContentRange"]) == (body, content_range)


def test_a_range_past_the_end_is_416_and_two_ranges_give_the_whole(fake: FakeS3, s3: S3Client) -> None:
    fake.put("b", "k", b"abc")
    assert refused(s3.get_object, Bucket="b", Key="k", Range="bytes=3-5")[:2] == (416, "InvalidRange")
    got = s3.get_object(Bucket="b", Key="k", Range="bytes=0-0,2-2")
    assert (got["ResponseMetadata"]["HTTPStatusCode"], got["Body"].read()) == (200, b"abc")


def test_if_match_with_another_etag_is_412(fake: FakeS3, s3: S3Client) -> None:
    etag = fake.put("b", "k", b"abc").etag
    assert s3.get_object(Bucket="b", Key="k", IfMatch=f'"{etag}"')["Body"].read() == b"abc"
    assert refused(s3.get_object, Bucket="b", Key="k", IfMatch='"other"')[:2] == (412, "PreconditionFailed")


@pytest.mark.parametrize(
    ("facts", "readable"),
    [
        ({"storage_class": "GLACIER"}, False),
        ({"storage_class": "DEEP_ARCHIVE"}, False),
        ({"storage_class": "GLACIER", "restore": "ongoing"}, False),
        ({"storage_class": "GLACIER", "restore": datetime(2027, 1, 1, tzinfo=UTC)}, True),
        ({"storage_class": "GLACIER_IR"}, True),
        ({"storage_class": "INTELLIGENT_TIERING"}, True),
        ({"storage_class": "INTELLIGENT_TIERING", "archive_status": "DEEP_ARCHIVE_ACCESS"}, False),
    ],
)
def test_an_archived_object_can_be_headed_and_not_read(
    fake: FakeS3, s3: S3Client, facts: dict[str, Any], readable: bool
) -> None:
    fake.put("b", "k", b"abc", **facts)
    assert s3.head_object(Bucket="b", Key="k")["ContentLength"] == 3
    if readable:
        assert s3.get_object(Bucket="b", Key="k")["Body"].read() == b"abc"
    else:
        status, code, answer = refused(s3.get_object, Bucket="b", Key="k")
        assert (status, code) == (403, "InvalidObjectState")
        assert answer["StorageClass"] == facts["storage_class"]


# Listing


@pytest.mark.parametrize("call", ["list_objects_v2", "list_object_versions"])
def test_odd_keys_come_through_boto3_as_they_are_in_utf8_order(fake: FakeS3, s3: S3Client, call: str) -> None:
    for key in ODD_KEYS:
        fake.put("b", key, b"x")
    answer = getattr(s3, call)(Bucket="b")
    keys = [found["Key"] for found in answer.get("Contents", []) + answer.get("Versions", [])]
    assert keys == sorted(ODD_KEYS, key=str.encode)
    assert all(s3.get_object(Bucket="b", Key=key)["Body"].read() == b"x" for key in keys)


@pytest.mark.parametrize(
    ("key", "encoded"),
    [
        ("a b.txt", "a+b.txt"),
        ("a+b.txt", "a%2Bb.txt"),
        ("100%.csv", "100%25.csv"),
        ("한글/x.txt", "%ED%95%9C%EA%B8%80/x.txt"),
    ],
)
def test_encoding_type_url_is_what_was_measured_on_aws(fake: FakeS3, key: str, encoded: str) -> None:
    fake.put("b", key, b"x")
    text = raw_get(fake, "/b?list-type=2&encoding-type=url").data.decode()
    assert f"<Key>{encoded}</Key>" in text
    assert "<EncodingType>url</EncodingType><IsTruncated>false" in text


def test_without_encoding_type_keys_are_escaped_for_xml(fake: FakeS3) -> None:
    fake.put("b", "<&>\x01", b"x")
    assert "<Key>&lt;&amp;&gt;&#x1;</Key>" in raw_get(fake, "/b?list-type=2").data.decode()


def test_a_page_looks_as_aws_renders_it(fake: FakeS3) -> None:
    etag = fake.put("b", "k", b"abc", last_modified=datetime(2026, 11, 22, 14, 50, 41, tzinfo=UTC)).etag
    assert raw_get(fake, "/b?list-type=2&max-keys=5").data.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix></Prefix>'
        "<KeyCount>1</KeyCount><MaxKeys>5</MaxKeys><IsTruncated>false</IsTruncated><Contents><Key>k</Key>"
        f"<LastModified>2026-11-22T14:50:41.000Z</LastModified><ETag>&quot;{etag}&quot;</ETag>"
        "<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType><Size>3</Size>"
        "<StorageClass>STANDARD</StorageClass></Contents></ListBucketResult>"
    )


def test_a_page_holds_1000_keys_at_most_and_tokens_lead_through_all(fake: FakeS3, s3: S3Client) -> None:
    for number in range(2001):
        fake.put("b", f"k{number:05}", b"", checksum=None)
    first = s3.list_objects_v2(Bucket="b", MaxKeys=5000)
    assert (first["KeyCount"], first["MaxKeys"], first["IsTruncated"]) == (1000, 1000, True)
    pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket="b"))
    assert [page["KeyCount"] for page in pages] == [1000, 1000, 1]
    assert "ChecksumAlgorithm" not in pages[0]["Contents"][0]


def test_the_next_token_stands_before_the_keys(fake: FakeS3) -> None:
    for key in "abc":
        fake.put("b", key, b"")
    text = raw_get(fake, "/b?list-type=2&max-keys=2").data
    assert 0 < text.index(b"<NextContinuationToken>") < text.index(b"<Contents>")


def test_start_after_takes_any_key_and_prefix_narrows(fake: FakeS3, s3: S3Client) -> None:
    for key in ("a", "a/1", "a/2", "b", "b/1"):
        fake.put("b", key, b"")
    assert listed_keys(s3, StartAfter="a/15") == ["a/2", "b", "b/1"]
    assert listed_keys(s3, Prefix="a/") == ["a/1", "a/2"]
    assert listed_keys(s3, Prefix="b", StartAfter="b") == ["b/1"]
    assert listed_keys(s3, MaxKeys=0) == []


def test_a_delimiter_rolls_keys_up_across_pages(fake: FakeS3, s3: S3Client) -> None:
    for key in ("a/1", "a/2", "b", "c/1", "c/2", "d"):
        fake.put("b", key, b"")
    pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket="b", Delimiter="/", MaxKeys=1))
    commons = [each["Prefix"] for page in pages for each in page.get("CommonPrefixes", [])]
    assert commons == ["a/", "c/"]
    assert [each["Key"] for page in pages for each in page.get("Contents", [])] == ["b", "d"]


def test_a_wrong_token_or_encoding_is_refused(fake: FakeS3, s3: S3Client) -> None:
    fake.bucket("b")
    status = refused(s3.list_objects_v2, Bucket="b", ContinuationToken="no token")[:2]
    assert status == (400, "InvalidArgument")
    assert raw_get(fake, "/b?list-type=2&encoding-type=odd").status == 400


def test_restore_status_is_listed_where_it_is_asked_for(fake: FakeS3, s3: S3Client) -> None:
    fake.put("b", "k", b"x", storage_class="GLACIER", restore=datetime(2027, 1, 2, tzinfo=UTC))
    asked = s3.list_objects_v2(Bucket="b", OptionalObjectAttributes=["RestoreStatus"])["Contents"][0]
    assert asked["RestoreStatus"]["RestoreExpiryDate"] == datetime(2027, 1, 2, tzinfo=UTC)
    assert asked["RestoreStatus"]["IsRestoreInProgress"] is False
    assert "RestoreStatus" not in s3.list_objects_v2(Bucket="b")["Contents"][0]


def test_a_directory_bucket_has_random_etags_no_order_and_no_start_after(fake: FakeS3, s3: S3Client) -> None:
    fake.bucket("b", directory_bucket=True)
    planted = [fake.put("b", f"k{number:03}", b"same") for number in range(50)]
    assert len({each.etag for each in planted} | {hashlib.md5(b"same").hexdigest()}) == 51
    pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket="b", MaxKeys=7))
    keys = [found["Key"] for page in pages for found in page["Contents"]]
    assert keys != sorted(keys)
    assert sorted(keys) == [each.key for each in planted]
    assert refused(s3.list_objects_v2, Bucket="b", StartAfter="k010")[0] == 501
    assert refused(s3.list_object_versions, Bucket="b")[0] == 501


def test_a_bucket_ordered_by_directory_misses_keys_after_start_after(fake: FakeS3, s3: S3Client) -> None:
    fake.bucket("b", order="by-directory")
    for key in ("a!", "a/b"):
        fake.put("b", key, b"")
    assert listed_keys(s3) == ["a/b", "a!"]
    assert listed_keys(s3, StartAfter="a!") == []


def test_a_bucket_with_start_after_broken_starts_at_the_first_key(fake: FakeS3, s3: S3Client) -> None:
    fake.bucket("b", start_after_broken=True)
    for key in ("a", "b"):
        fake.put("b", key, b"")
    assert listed_keys(s3, StartAfter="a") == ["a", "b"]


# Versions


def test_versions_and_delete_markers_are_listed_newest_first(fake: FakeS3, s3: S3Client) -> None:
    fake.bucket("b", versioning="Enabled")
    old, new = fake.put("b", "k", b"1"), fake.put("b", "k", b"22")
    fake.delete("b", "k")
    listed = s3.list_object_versions(Bucket="b")
    versions = [(each["VersionId"], each["Size"], each["IsLatest"]) for each in listed["Versions"]]
    assert versions == [(new.version_id, 2, False), (old.version_id, 1, False)]
    assert [each["IsLatest"] for each in listed["DeleteMarkers"]] == [True]
    assert s3.get_object(Bucket="b", Key="k", VersionId=old.version_id)["Body"].read() == b"1"
    assert refused(s3.get_object, Bucket="b", Key="k", VersionId="none")[:2] == (404, "NoSuchVersion")
    marker = listed["DeleteMarkers"][0]["VersionId"]
    assert refused(s3.get_object, Bucket="b", Key="k", VersionId=marker)[:2] == (405, "MethodNotAllowed")
    status, code, answer = refused(s3.get_object, Bucket="b", Key="k")
    assert (status, code) == (404, "NoSuchKey")
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-amz-delete-marker"] == "true"
    assert listed_keys(s3) == []


def test_version_markers_lead_through_all_versions(fake: FakeS3, s3: S3Client) -> None:
    fake.bucket("b", versioning="Enabled")
    for number in range(7):
        fake.put("b", f"k{number % 3}", str(number).encode())
    pages = list(s3.get_paginator("list_object_versions").paginate(Bucket="b", MaxKeys=2))
    found = [(each["Key"], each["VersionId"]) for page in pages for each in page["Versions"]]
    assert len(pages) == 4
    assert len(set(found)) == 7
    assert [key for key, _ in found] == ["k0"] * 3 + ["k1"] * 2 + ["k2"] * 2


def test_an_unversioned_bucket_lists_null_versions(fake: FakeS3, s3: S3Client) -> None:
    fake.put("b", "k", b"x")
    assert [each["VersionId"] for each in s3.list_object_versions(Bucket="b")["Versions"]] == ["null"]
    assert "Status" not in s3.get_bucket_versioning(Bucket="b")


# Buckets


def test_default_encryption_is_told_or_absent_or_denied(fake: FakeS3, s3: S3Client) -> None:
    bucket = fake.bucket("b")
    rule = s3.get_bucket_encryption(Bucket="b")["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    bucket.encryption_rule = "aws:kms"
    rule = s3.get_bucket_encryption(Bucket="b")["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    bucket.encryption_rule = None
    status, code, _ = refused(s3.get_bucket_encryption, Bucket="b")
    assert (status, code) == (404, "ServerSideEncryptionConfigurationNotFoundError")
    fake.deny("b", "s3:GetEncryptionConfiguration")
    assert refused(s3.get_bucket_encryption, Bucket="b")[:2] == (403, "AccessDenied")


def test_an_unknown_bucket_is_404_and_an_unknown_key_too(fake: FakeS3, s3: S3Client) -> None:
    assert refused(s3.list_objects_v2, Bucket="none")[:2] == (404, "NoSuchBucket")
    assert refused(s3.head_bucket, Bucket="none")[0] == 404
    fake.bucket("b")
    assert refused(s3.get_object, Bucket="b", Key="none")[:2] == (404, "NoSuchKey")
    fake.deny("b", "s3:ListBucket")
    assert refused(s3.get_object, Bucket="b", Key="none")[:2] == (403, "AccessDenied")


def test_denied_actions_are_403_until_they_are_allowed(fake: FakeS3, s3: S3Client) -> None:
    fake.put("b", "k1", b"1", encryption="SSE-KMS")
    fake.put("b", "k2", b"2")
    fake.deny("b", "s3:ListBucket")
    fake.deny("b", "s3:GetObject", key="k2")
    fake.deny("b", "kms:Decrypt")
    status, code, answer = refused(s3.list_objects_v2, Bucket="b")
    assert (status, code) == (403, "AccessDenied")
    assert "not authorized to perform: s3:ListBucket" in answer["Error"]["Message"]
    assert refused(s3.head_object, Bucket="b", Key="k2")[:2] == (403, "403")
    assert s3.head_object(Bucket="b", Key="k1")["ContentLength"] == 1
    assert refused(s3.head_object, Bucket="b", Key="k1", ChecksumMode="ENABLED")[0] == 403
    assert refused(s3.get_object, Bucket="b", Key="k1")[0] == 403
    fake.allow("b", "s3:ListBucket")
    assert listed_keys(s3) == ["k1", "k2"]


def test_location_and_region_are_told(fake: FakeS3, s3: S3Client) -> None:
    fake.bucket("here")
    fake.bucket("there", region="eu-west-1")
    assert s3.get_bucket_location(Bucket="here")["LocationConstraint"] is None
    assert s3.get_bucket_location(Bucket="there")["LocationConstraint"] == "eu-west-1"
    assert s3.head_bucket(Bucket="here")["BucketRegion"] == "us-east-1"
    assert [each["Name"] for each in s3.list_buckets()["Buckets"]] == ["here", "there"]


@pytest.mark.parametrize("region_error", ["malformed", "redirect"])
@pytest.mark.parametrize("call", ["list_objects_v2", "head_bucket", "head_object", "get_object"])
def test_boto3_signs_again_for_the_region_that_the_error_names(
    fake: FakeS3, s3: S3Client, region_error: Literal["malformed", "redirect"], call: str
) -> None:
    fake.bucket("b", region="eu-west-1", region_error=region_error)
    fake.put("b", "k", b"x")
    key = {"Key": "k"} if call.endswith("object") else {}
    for _ in range(2):
        getattr(s3, call)(Bucket="b", **key)
    assert [entry.status for entry in fake.log] == [400 if region_error == "malformed" else 301, 200, 200]
    assert [entry.request.region for entry in fake.log] == ["us-east-1", "eu-west-1", "eu-west-1"]


def test_unsigned_requests_are_answered(fake: FakeS3) -> None:
    fake.put("b", "k", b"x")
    assert raw_get(fake, "/b/k").data == b"x"


def test_a_write_is_refused_and_logged(fake: FakeS3, s3: S3Client) -> None:
    fake.bucket("b")
    assert refused(s3.put_object, Bucket="b", Key="k", Body=b"x")[:2] == (405, "MethodNotAllowed")
    assert [entry.method for entry in fake.log] == ["PUT"]


# Faults, hooks and the log


@pytest.mark.parametrize(
    ("action", "status", "code"),
    [
        ("503 SlowDown", 503, "SlowDown"),
        ("500", 500, "InternalError"),
        ("403", 403, "AccessDenied"),
        ("404", 404, "NoSuchKey"),
    ],
)
def test_a_scripted_error_is_answered_as_often_as_asked(
    fake: FakeS3, s3: S3Client, action: str, status: int, code: str
) -> None:
    fake.put("b", "k", b"x")
    fake.faults.add(action, match=matching("GetObject", "k"), times=2, after=1)
    assert s3.get_object(Bucket="b", Key="k")["Body"].read() == b"x"
    assert refused(s3.get_object, Bucket="b", Key="k")[:2] == (status, code)
    assert refused(s3.get_object, Bucket="b", Key="k")[:2] == (status, code)
    assert s3.get_object(Bucket="b", Key="k")["Body"].read() == b"x"


def test_boto3_retries_a_slow_down(fake: FakeS3) -> None:
    fake.put("b", "k", b"x")
    fake.faults.add("503 SlowDown")
    assert fake.client(attempts=2).head_object(Bucket="b", Key="k")["ContentLength"] == 1
    assert [entry.status for entry in fake.log] == [503, 200]


def test_a_reset_connection_and_a_cut_body_reach_the_client(fake: FakeS3, s3: S3Client) -> None:
    fake.put("b", "k", b"0123456789")
    fake.faults.add("reset")
    with pytest.raises(ConnectionClosedError):
        s3.get_object(Bucket="b", Key="k")
    fake.faults.add("truncate-body-after:4")
    with pytest.raises((IncompleteReadError, ResponseStreamingError)):
        s3.get_object(Bucket="b", Key="k")["Body"].read()
    assert [(entry.status, entry.body_bytes) for entry in fake.log] == [(0, 0), (200, 4)]


def test_an_error_can_hide_in_a_200(fake: FakeS3) -> None:
    fake.bucket("b")
    fake.faults.add("200-with-error-body")
    answer = raw_get(fake, "/b?list-type=2")
    assert (answer.status, b"<Error><Code>InternalError" in answer.data) == (200, True)


def test_a_fault_can_be_any_answer_and_all_can_be_cleared(fake: FakeS3) -> None:
    def teapot(request: Request) -> Response | None:
        return Response(418, body=b"tea") if request.key == "k" else None

    fake.put("b", "k", b"x")
    fake.faults.add(teapot, times=None)
    assert [raw_get(fake, "/b/k").status for _ in range(3)] == [418] * 3
    assert raw_get(fake, "/b/other").status == 404
    fake.faults.clear()
    assert raw_get(fake, "/b/k").status == 200
    with pytest.raises(ValueError, match="no fault named"):
        fake.faults.add("explode")


def test_delays_and_latency_are_waited_for(fake: FakeS3) -> None:
    fake.put("b", "k", b"x")
    fake.latency = 0.05
    fake.faults.add("delay:0.1")
    started = time.perf_counter()
    raw_get(fake, "/b/k")
    assert 0.14 < time.perf_counter() - started < 1


def test_a_long_delay_ends_with_the_server() -> None:
    with FakeS3() as fake:
        fake.put("b", "k", b"x")
        fake.faults.add("delay:60")
        with pytest.raises(ReadTimeoutError):
            fake.client(read_timeout=0.1).get_object(Bucket="b", Key="k")


def test_an_object_can_change_or_vanish_while_it_is_read(fake: FakeS3, s3: S3Client) -> None:
    etag = fake.put("b", "k", b"before").etag
    fake.replace_after_get("b", "k", b"after!", nth=2)
    fake.delete_after_get("b", "k", nth=4)
    seen = [s3.get_object(Bucket="b", Key="k")["Body"].read() for _ in range(3)]
    assert seen == [b"before", b"before", b"after!"]
    assert refused(s3.get_object, Bucket="b", Key="k", IfMatch=etag)[0] == 412
    assert refused(s3.get_object, Bucket="b", Key="k")[0] == 404


def test_the_log_tells_what_was_asked_and_answered(fake: FakeS3, s3: S3Client) -> None:
    fake.put("b", "a key", b"0123456789")
    listed_keys(s3)
    s3.head_object(Bucket="b", Key="a key")
    s3.get_object(Bucket="b", Key="a key", Range="bytes=0-3", IfMatch="*")["Body"].read()
    assert [entry.operation for entry in fake.log] == ["ListObjectsV2", "HeadObject", "GetObject"]
    last = fake.requests("GetObject")[0]
    assert (last.method, last.bucket, last.key, last.range) == ("GET", "b", "a key", "bytes=0-3")
    assert (last.headers["if-match"], last.status, last.body_bytes) == ("*", 206, 4)
    assert (fake.count(), fake.count("HeadObject", key="a key"), fake.count(bucket="c")) == (3, 1, 0)


# The listing server of the benchmarks, with the fake as its measure


@pytest.fixture(scope="module")
def listing_server() -> Iterator[str]:
    script = Path(__file__).parent / "benchmarks" / "listing_server.py"
    shapes = ("--shape", "dates", "--shape", "skewed")
    command = [sys.executable, str(script), "--objects", "2500", "--rate", "200", *shapes]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.kill()


@pytest.fixture
def bench(fake: FakeS3, listing_server: str) -> S3Client:
    return fake.client(attempts=5, endpoint_url=listing_server)


def test_the_listing_server_pages_as_the_fake_does(fake: FakeS3, s3: S3Client, bench: S3Client) -> None:
    pages = list(bench.get_paginator("list_objects_v2").paginate(Bucket="skewed"))
    assert [page["KeyCount"] for page in pages] == [1000, 1000, 500]
    keys = [found["Key"] for page in pages for found in page["Contents"]]
    for key in keys:
        fake.put("skewed", key, b"")
    for arguments in (
        {"StartAfter": keys[1200]},
        {"StartAfter": keys[3] + "!", "MaxKeys": 7},
        {"Prefix": "a", "MaxKeys": 1000},
        {"Prefix": "a", "StartAfter": "b"},
        {"Prefix": "datasets/", "StartAfter": keys[1], "MaxKeys": 2},
        {"MaxKeys": 0},
        {"StartAfter": "~"},
    ):
        assert listed_keys(bench, "skewed", **arguments) == listed_keys(s3, "skewed", **arguments)
    versions = [
        [
            each["Key"]
            for page in client.get_paginator("list_object_versions").paginate(Bucket="skewed")
            for each in page["Versions"]
        ]
        for client in (bench, s3)
    ]
    assert versions[0] == versions[1] == keys
    rolled = [
        [
            each["Prefix"]
            for page in client.get_paginator("list_objects_v2").paginate(Bucket="skewed", Delimiter="/", MaxKeys=9)
            for each in page["CommonPrefixes"]
        ]
        for client in (bench, s3)
    ]
    assert rolled[0] == rolled[1]


def test_the_listing_server_knows_its_duplicates(bench: S3Client, listing_server: str) -> None:
    pages = list(bench.get_paginator("list_objects_v2").paginate(Bucket="dates"))
    found = [(each["Size"], each["ETag"]) for page in pages for each in page["Contents"]]
    told = urllib3.request("GET", f"{listing_server}/__stats").json()["buckets"]["dates"]
    assert len(found) - len(set(found)) == told["redundant_objects"]
    assert 150 < told["redundant_objects"] < 350
    assert sum(size for size, _ in found) == told["bytes"]
    assert sum(size for size, _ in found) - sum(size for size, _ in set(found)) == told["reclaimable_bytes"]


def test_the_listing_server_says_slow_down_above_its_rate(listing_server: str) -> None:
    with urllib3.HTTPConnectionPool("127.0.0.1", int(listing_server.rpartition(":")[2])) as pool:
        statuses = [pool.request("GET", "/dates?list-type=2&max-keys=1", retries=False).status for _ in range(500)]
    assert set(statuses) == {200, 503}
