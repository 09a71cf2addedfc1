"""Listings the short way: the same pages, the same errors, and boto3 for whatever is unusual."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

import pytest

from s3dedup.errors import BucketNotFoundError, CredentialsError, ListingDeniedError, S3DedupError, StoreError
from s3dedup.store import PageRequest, S3Store
from tests.fakes3 import FakeS3, Request, Response, matching
from tests.steps import finish
from tests.store.helpers import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

KEYS = [
    " ",
    "&prefix=x",
    "+plus%2B",
    "?versions&list-type=1",
    "a\r\nx-evil: 1",
    "a/b//",
    "é\N{PILE OF POO}",
]
"""In UTF-8 order."""
KINDS = pytest.mark.parametrize("versions", [False, True], ids=["objects", "versions"])


@pytest.fixture(autouse=True)
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of two entries."""
    monkeypatch.setattr("s3dedup.store.s3.PAGE_KEYS", 2)


@pytest.fixture
def filled(fake: FakeS3) -> FakeS3:
    """A bucket `b` of odd keys, each with two versions."""
    fill(fake)
    return fake


def fill(fake: FakeS3, region: str = "us-east-1") -> None:
    """Make the bucket anew."""
    fake.bucket("b", region=region, versioning="Enabled")
    for key in KEYS * 2:
        fake.put("b", key, key.encode())


@pytest.fixture
def by_boto3(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The listings that boto3 was asked for, from now on."""
    asked: list[str] = []
    original = S3Store._list_boto3  # noqa: SLF001  to see who asks is all this is for

    def ask(store: S3Store, operation: str, parameters: dict[str, Any]) -> bytes:
        asked.append(operation)
        return original(store, operation, parameters)

    monkeypatch.setattr(S3Store, "_list_boto3", ask)
    return asked


def pages(store: S3Store, *, versions: bool = False, prefix: str = "") -> Iterator[bytes]:
    """All pages of a listing of bucket `b`, by tokens and markers."""
    request = PageRequest("b", prefix, versions=versions)
    while True:
        body = finish(store.page(request))
        yield body
        parsed = store.parse_listing(body, versions=versions)
        if not parsed["IsTruncated"]:
            return
        marker = parsed.get("NextKeyMarker")
        request = request._replace(
            token=parsed.get("NextContinuationToken"),
            key_marker=marker and unquote_plus(marker),
            version_id_marker=parsed.get("NextVersionIdMarker"),
        )


def sent(fake: FakeS3) -> list[tuple[object, ...]]:
    """All that the server was told, but for what is new with each request."""
    new = {"x-amz-date", "authorization", "amz-sdk-invocation-id"}
    return [
        (entry.method, entry.query, {name: value for name, value in entry.headers.items() if name not in new})
        for entry in fake.log
    ]


@pytest.mark.parametrize(
    "options",
    [{}, {"requester_pays": True}, {"no_sign_request": True, "access_key": None, "secret_key": None}],
    ids=["signed", "requester pays", "unsigned"],
)
@KINDS
def test_from_the_second_page_on_the_same_is_sent_and_answered_without_boto3(
    options: dict[str, Any], versions: bool, filled: FakeS3, by_boto3: list[str]
) -> None:
    with closing(open_store(filled, **options)) as store:
        store._fast._possible = False  # noqa: SLF001  the reference
        expected = list(pages(store, versions=versions)), sent(filled)
        lists = store.meter.counted().lists
    assert len(expected[0]) > 2
    filled.log.clear()
    by_boto3.clear()
    with closing(open_store(filled, **options)) as store:
        assert (list(pages(store, versions=versions)), sent(filled)) == expected
        assert store.meter.counted().lists == lists == len(filled.log)
    assert len(by_boto3) == 1


@pytest.mark.parametrize("key", KEYS)
@KINDS
def test_a_page_behind_any_key_and_below_any_prefix_is_the_one_that_boto3_gets(
    key: str, versions: bool, filled: FakeS3, store: S3Store, by_boto3: list[str]
) -> None:
    finish(store.page(PageRequest("b", versions=versions)))
    behind = {"key_marker": key} if versions else {"after": key}
    requests = [PageRequest("b", key, versions=versions), PageRequest("b", versions=versions, **behind)]
    quick = [finish(store.page(request)) for request in requests]
    assert len(by_boto3) == 1
    with closing(open_store(filled)) as plain:
        plain._fast._possible = False  # noqa: SLF001  the reference
        assert quick == [finish(plain.page(request)) for request in requests]


@KINDS
def test_a_listing_in_chunks_is_read_the_short_way(
    versions: bool, filled: FakeS3, store: S3Store, by_boto3: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = list(pages(store, versions=versions))
    serve = filled.serve

    def in_chunks(request: Request) -> Response:  # as AWS sends its listings
        response = serve(request)
        response.chunked = True
        return response

    monkeypatch.setattr(filled._server, "serve", in_chunks)  # noqa: SLF001  same
    by_boto3.clear()
    assert list(pages(store, versions=versions)) == expected
    assert not by_boto3


@pytest.mark.parametrize(
    "fault", ["503 SlowDown", "503", "500", "429", "reset", "200-with-error-body", "truncate-body-after:40"]
)
@KINDS
def test_what_fails_is_asked_for_again_with_all_of_boto3s_retries(
    fault: str, versions: bool, filled: FakeS3, store: S3Store, by_boto3: list[str]
) -> None:
    expected = list(pages(store, versions=versions))
    before, sent_before = store.meter.counted(), len(filled.log)
    by_boto3.clear()
    filled.faults.add(fault, times=3)
    assert list(pages(store, versions=versions)) == expected
    after = store.meter.counted()
    assert after.lists - before.lists == len(filled.log) - sent_before == len(expected) + 3
    assert after.slow_downs == (3 if fault in {"503 SlowDown", "503", "429"} else 0)
    assert len(by_boto3) == 1


@pytest.mark.parametrize("page", [b"<html>Welcome</html>", b"", b"<ListBucketResult>and no end"])
def test_what_is_no_listing_is_never_taken_for_one(
    page: bytes, filled: FakeS3, store: S3Store, by_boto3: list[str]
) -> None:
    expected = finish(store.page(PageRequest("b")))
    by_boto3.clear()
    filled.faults.add(lambda _: Response(body=page))
    assert finish(store.page(PageRequest("b"))) == expected
    assert len(by_boto3) == 1


def test_a_listing_that_moves_is_followed(filled: FakeS3, store: S3Store, by_boto3: list[str]) -> None:
    listed = list(pages(store))
    fill(filled, region="ap-south-1")
    for _ in range(2):
        assert len(list(pages(store))) == len(listed)
    assert len(by_boto3) == 2


# Errors


def error_of(code: str, status: int = 403) -> Response:
    """An answer that is an S3 error."""
    return Response(status, {}, f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode())


ERRORS: dict[str, tuple[Response, type[S3DedupError]]] = {
    "denied": (error_of("AccessDenied"), ListingDeniedError),
    "no such bucket": (error_of("NoSuchBucket", 404), BucketNotFoundError),
    "expired": (error_of("ExpiredToken", 400), CredentialsError),
    "signature": (error_of("SignatureDoesNotMatch"), CredentialsError),
    "not implemented": (error_of("NotImplemented", 501), StoreError),
    "odd": (error_of("Teapot", 418), StoreError),
    "slow": (error_of("SlowDown", 503), StoreError),
}


@pytest.mark.parametrize("name", ERRORS)
@KINDS
def test_an_error_is_the_same_in_both_ways(name: str, versions: bool, filled: FakeS3) -> None:
    answer, expected = ERRORS[name]
    with closing(open_store(filled)) as plain, closing(open_store(filled)) as quick:
        plain._fast._possible = False  # noqa: SLF001  the reference
        for store in (plain, quick):
            list(pages(store, versions=versions))
        filled.faults.add(lambda _: answer, times=None)
        raised = [failure(store, versions=versions) for store in (plain, quick)]
    assert raised[0] == raised[1]
    assert raised[0][0] is expected


def failure(store: S3Store, *, versions: bool) -> tuple[type[S3DedupError], str]:
    """What a listing fails with."""
    with pytest.raises(S3DedupError) as raised:
        finish(store.page(PageRequest("b", versions=versions)))
    return raised.type, str(raised.value)


def test_a_plain_refusal_is_asked_for_once(filled: FakeS3, store: S3Store) -> None:
    list(pages(store))
    filled.deny("b", "s3:ListBucket")
    filled.log.clear()
    with pytest.raises(ListingDeniedError):
        finish(store.page(PageRequest("b")))
    assert len(filled.log) == 1


def test_objects_and_listings_of_a_bucket_are_learnt_apart(filled: FakeS3, store: S3Store, by_boto3: list[str]) -> None:
    filled.faults.add(lambda _: error_of("NotImplemented", 501), match=matching("ListObjectVersions"), times=None)
    list(pages(store))
    with pytest.raises(StoreError):
        list(pages(store, versions=True))
    list(pages(store))
    assert by_boto3 == ["ListObjectsV2", "ListObjectVersions"]
