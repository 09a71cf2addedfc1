"""Pages of a listing leave the SDK as the bytes that came, and it does not parse them first."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from botocore import handlers

from s3dedup.errors import EndpointError, StoreError
from s3dedup.store import PageRequest, S3Store, StoreConfig
from tests.fakes3 import FakeS3, Request, Response, matching
from tests.steps import finish

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def fake() -> Iterator[FakeS3]:
    with FakeS3() as running:
        running.bucket("b", versioning="Enabled")
        running.put("b", "k", b"content")
        yield running


@pytest.fixture
def store(fake: FakeS3) -> Iterator[S3Store]:
    with closing(S3Store(StoreConfig(fake.endpoint_url, None, "us-east-1", "key", "secret"))) as opened:
        yield opened


@pytest.mark.parametrize("versions", [False, True], ids=["objects", "versions"])
def test_a_page_is_handed_on_as_it_came(store: S3Store, *, versions: bool) -> None:
    body = finish(store.page(PageRequest("b", versions=versions)))
    assert b"<Key>k</Key>" in body
    assert body.startswith(b"<?xml")


@pytest.mark.parametrize("versions", [False, True], ids=["objects", "versions"])
def test_the_sdk_does_not_parse_a_page(store: S3Store, monkeypatch: pytest.MonkeyPatch, *, versions: bool) -> None:
    looked_at: list[bytes] = []

    def look(_: int, body: bytes) -> bool:
        looked_at.append(body)
        return False

    monkeypatch.setattr(handlers, "_looks_like_special_case_error", look)
    finish(store.page(PageRequest("b", versions=versions)))
    assert looked_at == [b"<ListBucketResult/>"]


def test_an_error_inside_a_200_is_asked_for_again(store: S3Store, fake: FakeS3) -> None:
    fake.faults.add("200-with-error-body", match=matching("ListObjectsV2"))
    assert b"<Key>k</Key>" in finish(store.page(PageRequest("b")))
    assert fake.count("ListObjectsV2") == 2


@pytest.mark.parametrize("length", [1, 40, 200, 400])
def test_a_page_that_was_cut_short_is_asked_for_again(store: S3Store, fake: FakeS3, length: int) -> None:
    fake.faults.add(f"truncate-body-after:{length}", match=matching("ListObjectsV2"))
    assert b"<Key>k</Key>" in finish(store.page(PageRequest("b")))
    assert fake.count("ListObjectsV2") == 2


def test_an_error_inside_every_200_ends_as_an_error(
    store: S3Store, fake: FakeS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    fake.faults.add("200-with-error-body", times=None)
    with pytest.raises(StoreError, match="InternalError"):
        finish(store.page(PageRequest("b")))


@pytest.mark.parametrize("page", [b"<html>Welcome</html>", b"{}", b"hello", b" <!doctype HTML><p>"])
def test_what_is_no_xml_is_not_asked_for_again(store: S3Store, fake: FakeS3, page: bytes) -> None:
    def welcome(_: Request) -> Response:
        return Response(body=page)

    fake.faults.add(welcome, times=None)
    with pytest.raises(EndpointError, match="is no S3 server"):
        finish(store.page(PageRequest("b")))
    assert len(fake.log) == 1


def test_a_server_that_cannot_tell_its_default_encryption_is_not_known_to_have_one(
    store: S3Store, fake: FakeS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    def welcome(_: Request) -> Response:
        return Response(body=b"<html><p>Welcome<br></html>")

    monkeypatch.setattr("time.sleep", lambda _: None)
    fake.faults.add(welcome, match=matching("GetBucketEncryption"), times=None)
    assert store.default_encryption("b") is None
