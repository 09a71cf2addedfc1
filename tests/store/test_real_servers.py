"""On every real server both ways tell the same of every object, and the short way is the one that is taken."""

from __future__ import annotations

from contextlib import closing, suppress
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from s3dedup.errors import S3DedupError
from s3dedup.model import ListedObject, PartSpan
from s3dedup.store import S3Store, StoreConfig
from tests.audit.helpers import MIB, random_body
from tests.store.helpers import read
from tests.store.test_routes import ODD_KEYS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers import S3Server
    from tests.servers.fixtures import FreshBucket

SERVERS = ["seaweed", "moto_server", "ministack", "hadro", "rclone"]
BODY = random_body(100_000)


def store_on(server: S3Server) -> S3Store:
    """A store on a real server."""
    access_key, secret_key = server.access_key, server.secret_key
    return S3Store(StoreConfig(server.endpoint_url, region="us-east-1", access_key=access_key, secret_key=secret_key))


def planted(server: S3Server, bucket: str) -> list[ListedObject]:
    """An object under each of the odd keys that this server takes for what they are."""
    rows, client = [], server.client()
    for key in ODD_KEYS:
        with suppress(ClientError, BotoCoreError, OSError, ValueError):
            if server.name == "hadro" and server.root is not None:
                (server.root / bucket / key.replace("/", "+")).write_bytes(BODY)
            else:
                client.put_object(Bucket=bucket, Key=key, Body=BODY)
            kept = client.head_object(Bucket=bucket, Key=key)
            if kept["ContentLength"] == len(BODY):
                rows.append(ListedObject(key, len(BODY), kept["ETag"].strip('"'), "STANDARD", ""))
    return rows


def outcomes(store: S3Store, bucket: str, row: ListedObject) -> list[object]:
    """All that a store can tell of an object, and how it fails where that is gone or another one."""
    asked: list[Callable[[], object]] = [
        lambda: store.head(bucket, row, layout=True),
        lambda: store.head(bucket, row, layout=False),
        lambda: store.part(bucket, row, 1),
        lambda: store.part(bucket, row, 2),
        lambda: read(store, row, bucket=bucket),
        lambda: read(store, row, 10, 20, bucket=bucket),
        lambda: read(store, row._replace(etag="0" * 32), bucket=bucket),
        lambda: read(store, row._replace(key=f"{row.key}-not-there"), bucket=bucket),
    ]
    return [outcome(ask) for ask in asked]


def outcome(ask: Callable[[], object]) -> object:
    """What is answered, or what it fails with."""
    try:
        return ask()
    except S3DedupError as error:
        return type(error), str(error)


@pytest.mark.parametrize("name", SERVERS)
def test_both_ways_tell_the_same_of_every_odd_key(
    name: str, request: pytest.FixtureRequest, fresh_bucket: FreshBucket
) -> None:
    server: S3Server = request.getfixturevalue(name)
    bucket = fresh_bucket(server)
    rows = planted(server, bucket)
    assert len(rows) > 10
    with closing(store_on(server)) as plain, closing(store_on(server)) as quick:
        plain._fast._possible = False  # noqa: SLF001  the reference
        outcomes(quick, bucket, rows[0])
        for row in rows:
            expected = outcomes(plain, bucket, row)
            assert expected[4:6] == [BODY, BODY[10:20]]
            assert outcomes(quick, bucket, row) == expected


@pytest.mark.parametrize("name", SERVERS)
def test_every_server_is_asked_the_short_way(
    name: str, request: pytest.FixtureRequest, fresh_bucket: FreshBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    server: S3Server = request.getfixturevalue(name)
    bucket = fresh_bucket(server)
    with closing(store_on(server)) as store:
        rows = planted(server, bucket)
        outcomes(store, bucket, rows[0])
        monkeypatch.setattr(S3Store, "_ask_boto3", lambda *_: pytest.fail("boto3 was asked"))
        for row in rows:
            assert store.head(bucket, row, layout=False).size == len(BODY)
            assert read(store, row, bucket=bucket) == BODY


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("seaweed", [PartSpan(0, 5 * MIB), PartSpan(5 * MIB, 11 * MIB), PartSpan(11 * MIB, 11 * MIB + 7)]),
        ("ministack", [None] * 3),
    ],
)
def test_where_a_server_knows_its_parts_each_of_them_is_told(
    name: str, expected: list[PartSpan | None], request: pytest.FixtureRequest, fresh_bucket: FreshBucket
) -> None:
    server: S3Server = request.getfixturevalue(name)
    bucket, client = fresh_bucket(server), server.client()
    where = {"Bucket": bucket, "Key": "uneven"}
    where["UploadId"] = client.create_multipart_upload(**where)["UploadId"]
    bodies = [random_body(size) for size in (5 * MIB, 6 * MIB, 7)]
    tags = [client.upload_part(**where, PartNumber=n, Body=body)["ETag"] for n, body in enumerate(bodies, 1)]
    parts = [{"PartNumber": number, "ETag": tag} for number, tag in enumerate(tags, 1)]
    etag = client.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})["ETag"].strip('"')
    row = ListedObject("uneven", 11 * MIB + 7, etag, "STANDARD", "")
    with closing(store_on(server)) as store:
        assert [store.part(bucket, row, number) for number in (1, 2, 3)] == expected
