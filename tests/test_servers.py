"""What the test servers do, and where they differ from AWS, as far as the suite's conclusions rest on it.

When one of these fails after an upgrade, look at the tests that lean on that server.
"""

from __future__ import annotations

import os
from hashlib import md5, sha1
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from s3dedup.demo.seaweed import KMS_KEY_ID

if TYPE_CHECKING:
    from pathlib import Path

    from s3dedup.demo.process import S3Client
    from tests.servers import S3Server
    from tests.servers.fixtures import FreshBucket

MIB = 1 << 20
PARTS = (b"a" * (5 * MIB), b"b" * MIB)
WHOLE = b"".join(PARTS)
MULTIPART_ETAG = md5(b"".join(md5(part).digest() for part in PARTS)).hexdigest() + "-2"


def put(client: S3Client, bucket: str, key: str, body: bytes, **more: object) -> str:
    """Put an object and return its ETag without quotes."""
    return str(client.put_object(Bucket=bucket, Key=key, Body=body, **more)["ETag"]).strip('"')


def put_file(server: S3Server, bucket: str, key: str, body: bytes) -> Path:
    """Put an object through the directory behind the server."""
    assert server.root is not None
    path = server.root / bucket / key
    path.write_bytes(body)
    return path


def put_parts(client: S3Client, bucket: str, key: str, **more: object) -> str:
    """Put `PARTS` as a multipart upload and return its ETag without quotes."""
    upload = client.create_multipart_upload(Bucket=bucket, Key=key, **more)["UploadId"]
    name = {"Bucket": bucket, "Key": key, "UploadId": upload}
    tags = [client.upload_part(**name, PartNumber=n, Body=part)["ETag"] for n, part in enumerate(PARTS, 1)]
    parts = [{"PartNumber": n, "ETag": tag} for n, tag in enumerate(tags, 1)]
    return str(client.complete_multipart_upload(**name, MultipartUpload={"Parts": parts})["ETag"]).strip('"')


def head_etag(client: S3Client, bucket: str, key: str, **more: object) -> str:
    """The ETag that HEAD gives, without quotes."""
    return str(client.head_object(Bucket=bucket, Key=key, **more)["ETag"]).strip('"')


def keys(client: S3Client, bucket: str, **more: object) -> list[str]:
    """The keys of one page of a listing, in the order of the answer."""
    return [entry["Key"] for entry in client.list_objects_v2(Bucket=bucket, **more).get("Contents", [])]


def status(error: pytest.ExceptionInfo[ClientError]) -> int:
    """The HTTP status of a refused request."""
    return int(error.value.response["ResponseMetadata"]["HTTPStatusCode"])


def test_seaweed_gives_the_md5_for_a_single_put_and_the_aws_formula_for_a_multipart_upload(
    seaweed: S3Server, fresh_bucket: FreshBucket
) -> None:
    client, bucket = seaweed.client(), fresh_bucket(seaweed)
    assert put(client, bucket, "single", WHOLE) == md5(WHOLE).hexdigest()
    assert put_parts(client, bucket, "parts") == MULTIPART_ETAG
    assert head_etag(client, bucket, "parts") == MULTIPART_ETAG


def test_seaweed_keeps_the_multipart_etag_of_a_copied_object_where_aws_gives_the_md5(
    seaweed: S3Server, fresh_bucket: FreshBucket
) -> None:
    client, bucket = seaweed.client(), fresh_bucket(seaweed)
    put_parts(client, bucket, "parts")
    client.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/parts")
    assert head_etag(client, bucket, "copy") == MULTIPART_ETAG


def test_moto_gives_the_md5_to_a_copied_multipart_object_as_aws_does(
    moto_server: S3Server, fresh_bucket: FreshBucket
) -> None:
    client, bucket = moto_server.client(), fresh_bucket(moto_server)
    assert put_parts(client, bucket, "parts") == MULTIPART_ETAG
    client.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/parts")
    assert head_etag(client, bucket, "copy") == md5(WHOLE).hexdigest()


def test_seaweed_tells_the_layout_of_a_multipart_object_and_one_part_for_a_single_put(
    seaweed: S3Server, fresh_bucket: FreshBucket
) -> None:
    client, bucket = seaweed.client(), fresh_bucket(seaweed)
    put_parts(client, bucket, "parts")
    put(client, bucket, "single", b"one")
    first = client.head_object(Bucket=bucket, Key="parts", PartNumber=1)
    assert (first["ContentLength"], first["PartsCount"]) == (len(PARTS[0]), 2)
    assert client.head_object(Bucket=bucket, Key="single", PartNumber=1)["PartsCount"] == 1  # AWS: no PartsCount


def test_seaweed_lists_by_directory_and_not_in_utf8_order(seaweed: S3Server, fresh_bucket: FreshBucket) -> None:
    client, bucket = seaweed.client(), fresh_bucket(seaweed)
    for key in ("a!", "a/b"):
        put(client, bucket, key, b"x")
    assert keys(client, bucket) == ["a/b", "a!"]


@pytest.mark.parametrize("name", ["moto_server", "ministack"])
def test_moto_and_ministack_list_in_utf8_order_as_aws_does(
    name: str, request: pytest.FixtureRequest, fresh_bucket: FreshBucket
) -> None:
    server: S3Server = request.getfixturevalue(name)
    client, bucket = server.client(), fresh_bucket(server)
    wanted = ["a!", "a/b", "a0", "\ufb00", "\U0001f600"]  # UTF-16 order would swap the last two
    for key in reversed(wanted):
        put(client, bucket, key, b"x")
    assert keys(client, bucket) == wanted
    assert keys(client, bucket, StartAfter="a!") == wanted[1:]


def test_seaweed_really_denies_what_an_identity_may_not_do(seaweed: S3Server, fresh_bucket: FreshBucket) -> None:
    bucket = fresh_bucket(seaweed)
    for key in ("open/a", "shut/a"):
        put(seaweed.client(), bucket, key, b"x")
    half, nobody = seaweed.as_identity("half").client(), seaweed.as_identity("nobody").client()
    assert keys(half, bucket) == ["open/a", "shut/a"]
    assert half.get_object(Bucket=bucket, Key="open/a")["Body"].read() == b"x"
    for denied in (
        lambda: half.get_object(Bucket=bucket, Key="shut/a"),
        lambda: half.head_object(Bucket=bucket, Key="shut/a"),
        lambda: put(half, bucket, "open/b", b"x"),
        lambda: keys(nobody, bucket),
    ):
        with pytest.raises(ClientError) as error:
            denied()
        assert status(error) == 403


@pytest.mark.parametrize("name", ["seaweed", "moto_server", "ministack"])
def test_if_match_with_another_etag_is_refused(
    name: str, request: pytest.FixtureRequest, fresh_bucket: FreshBucket
) -> None:
    server: S3Server = request.getfixturevalue(name)
    bucket = fresh_bucket(server)
    put(server.client(), bucket, "a", b"content")
    with pytest.raises(ClientError) as error:
        server.client().get_object(Bucket=bucket, Key="a", Range="bytes=0-1", IfMatch='"' + "0" * 32 + '"')
    assert status(error) == 412


def test_rclone_ignores_if_match_and_answers_a_range_with_200(rclone: S3Server, fresh_bucket: FreshBucket) -> None:
    client, bucket = rclone.client(), fresh_bucket(rclone)
    put(client, bucket, "a", b"content")
    answer = client.get_object(Bucket=bucket, Key="a", Range="bytes=0-1", IfMatch='"' + "0" * 32 + '"')
    assert answer["Body"].read() == b"co"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_hadro_ignores_if_match(hadro: S3Server, fresh_bucket: FreshBucket) -> None:
    bucket = fresh_bucket(hadro)
    put_file(hadro, bucket, "a", b"content")
    answer = hadro.client().get_object(Bucket=bucket, Key="a", Range="bytes=0-1", IfMatch='"' + "0" * 32 + '"')
    assert answer["Body"].read() == b"co"


def test_rclone_gives_the_sha1_for_an_etag(rclone: S3Server, fresh_bucket: FreshBucket) -> None:
    client, bucket = rclone.client(), fresh_bucket(rclone)
    put(client, bucket, "a", b"content")
    assert head_etag(client, bucket, "a") == sha1(b"content").hexdigest()


def test_hadro_gives_one_etag_to_different_contents_of_one_size_and_time(
    hadro: S3Server, fresh_bucket: FreshBucket
) -> None:
    bucket = fresh_bucket(hadro)
    for key, body in {"one": b"left", "two": b"diff"}.items():
        os.utime(put_file(hadro, bucket, key, body), (1_700_000_000, 1_700_000_000))
    one, two = (head_etag(hadro.client(), bucket, key) for key in ("one", "two"))
    assert one == two
    assert len(one) == 32  # it looks like an MD5


CUSTOMER = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": b"k" * 32}


@pytest.mark.parametrize("name", ["moto_server", "ministack"])
def test_kms_objects_have_an_etag_that_looks_like_an_md5_and_is_none(
    name: str, request: pytest.FixtureRequest, fresh_bucket: FreshBucket
) -> None:
    server: S3Server = request.getfixturevalue(name)
    client, bucket = server.client(), fresh_bucket(server)
    kms = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "alias/any"}
    first, second = (put(client, bucket, key, b"content", **kms) for key in ("one", "two"))
    assert len({first, second, md5(b"content").hexdigest()}) == 3
    assert len(first) == 32
    assert head_etag(client, bucket, "one") == first
    assert client.list_objects_v2(Bucket=bucket)["Contents"][0]["ETag"] == f'"{first}"'
    assert client.get_object(Bucket=bucket, Key="one", IfMatch=f'"{first}"')["Body"].read() == b"content"
    assert put_parts(client, bucket, "parts", **kms) != MULTIPART_ETAG
    assert put(client, bucket, "plain", b"content") == md5(b"content").hexdigest()


@pytest.mark.parametrize("name", ["moto_server", "ministack"])
def test_copying_between_kms_and_plain_changes_the_etag(
    name: str, request: pytest.FixtureRequest, fresh_bucket: FreshBucket
) -> None:
    server: S3Server = request.getfixturevalue(name)
    client, bucket = server.client(), fresh_bucket(server)
    kms = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "alias/any"}
    plain, hidden = put(client, bucket, "plain", b"x"), put(client, bucket, "hidden", b"x", **kms)
    client.copy_object(Bucket=bucket, Key="hidden-2", CopySource=f"{bucket}/plain", **kms)
    client.copy_object(Bucket=bucket, Key="plain-2", CopySource=f"{bucket}/hidden")
    assert head_etag(client, bucket, "plain-2") == plain == md5(b"x").hexdigest()
    assert head_etag(client, bucket, "hidden-2") not in (plain, hidden)


@pytest.mark.parametrize("name", ["moto_server", "ministack"])
def test_customer_key_objects_have_an_opaque_etag_and_are_refused_without_the_key(
    name: str, request: pytest.FixtureRequest, fresh_bucket: FreshBucket
) -> None:
    server: S3Server = request.getfixturevalue(name)
    client, bucket = server.client(), fresh_bucket(server)
    etag = put(client, bucket, "a", b"content", **CUSTOMER)
    assert etag != md5(b"content").hexdigest()
    assert head_etag(client, bucket, "a", **CUSTOMER) == etag
    for refused in (client.head_object, client.get_object):
        with pytest.raises(ClientError) as error:
            refused(Bucket=bucket, Key="a")
        assert status(error) == 400


def test_a_bucket_that_encrypts_with_kms_by_default_hides_the_md5_on_ministack(
    ministack: S3Server, fresh_bucket: FreshBucket
) -> None:
    client, bucket = ministack.client(), fresh_bucket(ministack)
    by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/any"}
    client.put_bucket_encryption(
        Bucket=bucket,
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": by_default}]},
    )
    assert put(client, bucket, "a", b"content") != md5(b"content").hexdigest()
    assert client.head_object(Bucket=bucket, Key="a")["ServerSideEncryption"] == "aws:kms"


def test_seaweed_shows_kms_on_head_and_gives_the_md5_all_the_same(seaweed: S3Server, fresh_bucket: FreshBucket) -> None:
    client, bucket = seaweed.client(), fresh_bucket(seaweed)
    kms = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KMS_KEY_ID}
    assert put(client, bucket, "a", b"content", **kms) == md5(b"content").hexdigest()
    assert client.head_object(Bucket=bucket, Key="a")["ServerSideEncryption"] == "aws:kms"
