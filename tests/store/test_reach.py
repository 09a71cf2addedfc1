"""A mistyped endpoint is told apart from a bad object, and both from a bad moment."""

from __future__ import annotations

import socket
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from botocore import exceptions as boto

from s3dedup.errors import EndpointError, ObjectUnreadableError
from s3dedup.model import ListedObject
from s3dedup.store import PageRequest, S3Store, StoreConfig
from s3dedup.store.reach import QUICK_ATTEMPTS, QUICK_DELAY, Reach
from tests.fakes3 import FakeS3, Response, matching
from tests.steps import finish
from tests.store.helpers import listed, read, warm

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = "http://127.0.0.1:9"
REFUSED = boto.EndpointConnectionError(endpoint_url=HERE, error="refused")
NOWHERE = ListedObject("k", 1, "etag", "STANDARD", "")


def delay(reach: Reach, error: Exception | None, attempts: int) -> float | None:
    """What the hook answers to botocore."""
    return reach._delay(caught_exception=error, attempts=attempts)  # noqa: SLF001  it is botocore that calls it


def test_nothing_has_answered_and_there_is_no_connection_so_a_few_quick_attempts_are_enough() -> None:
    assert [delay(Reach(), REFUSED, attempt) for attempt in (1, 2)] == [QUICK_DELAY, QUICK_DELAY]
    with pytest.raises(boto.EndpointConnectionError):
        delay(Reach(), REFUSED, 3)


@pytest.mark.parametrize(
    "error",
    [None, boto.ReadTimeoutError(endpoint_url=HERE), boto.ConnectionClosedError(endpoint_url=HERE)],
    ids=["an answer", "silence", "a reset"],
)
def test_there_was_a_connection_so_botocore_decides(error: Exception | None) -> None:
    assert delay(Reach(), error, 3) is None


def test_something_has_answered_so_botocore_decides() -> None:
    reach = Reach()
    reach._has_answered()  # noqa: SLF001  same
    assert delay(reach, REFUSED, 3) is None


@pytest.fixture
def nobody() -> str:
    """An endpoint where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@pytest.mark.parametrize(
    "ask",
    [
        lambda store: finish(store.page(PageRequest("b"))),
        lambda store: store.head("b", NOWHERE, layout=True),
        lambda store: store.region("b"),
    ],
    ids=["list", "head", "region"],
)
def test_a_mistyped_endpoint_is_named_soon(
    ask: Callable[[S3Store], object], nobody: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(S3Store, "trusted_endpoint", property(lambda _: True))
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    with (
        closing(S3Store(StoreConfig(nobody, region="us-east-1", access_key="a", secret_key="s"))) as store,
        pytest.raises(EndpointError, match="cannot be reached"),
    ):
        ask(store)
    assert set(slept) == {QUICK_DELAY}
    assert len(slept) <= 2 * (QUICK_ATTEMPTS - 1)


@pytest.mark.parametrize("known", [False, True], ids=["the first", "one of many"])
def test_an_object_whose_connection_always_resets_is_unreadable_and_no_more_than_that(
    known: bool, fake: FakeS3, store: S3Store
) -> None:
    good, bad = (listed(fake.put("b", key, b"content")) for key in ("good", "bad"))
    if known:
        warm(store, good)
    fake.faults.add("reset", match=matching(key="bad"), times=None)
    with pytest.raises(ObjectUnreadableError, match="its connection always fails"):
        store.head("b", bad, layout=True)
    with pytest.raises(ObjectUnreadableError, match="its connection always fails"):
        read(store, bad)
    assert read(store, good) == b"content"


def test_where_the_whole_store_is_gone_the_audit_ends(fake: FakeS3, store: S3Store) -> None:
    row = listed(fake.put("b", "k", b"content"))
    warm(store, row)
    fake.faults.add("reset", times=None)
    with pytest.raises(EndpointError, match="cannot be reached"):
        read(store, row)


def test_a_store_that_may_not_be_asked_about_the_bucket_still_answers(fake: FakeS3, store: S3Store) -> None:
    row = listed(fake.put("b", "k", b"content"))
    fake.deny("b", "s3:ListBucket")
    fake.faults.add("reset", match=matching(key="k"), times=None)
    with pytest.raises(ObjectUnreadableError):
        store.head("b", row, layout=True)


# Where a bucket is


def test_on_aws_a_buckets_region_is_asked_for_once(
    fake: FakeS3, store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(S3Store, "trusted_endpoint", property(lambda _: True))
    fake.bucket("here")
    fake.bucket("there", region="eu-central-1")
    fake.bucket("moved", region="ap-south-1", region_error="redirect")
    buckets = ("here", "there", "moved", "no-such-bucket")
    expected = ["us-east-1", "eu-central-1", "ap-south-1", None]
    assert [store.region(bucket) for bucket in buckets] == expected
    fake.log.clear()
    assert [store.region(bucket) for bucket in buckets] == expected
    assert not fake.log


@pytest.mark.parametrize("told", [{"x-amz-bucket-region": "us-west-2"}, {}], ids=["told", "not told"])
def test_a_refusal_may_tell_the_region_too(
    told: dict[str, str], fake: FakeS3, store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(S3Store, "trusted_endpoint", property(lambda _: True))
    fake.faults.add(lambda _: Response(403, told))
    assert store.region("secret") == told.get("x-amz-bucket-region")


def test_elsewhere_nobody_is_asked(fake: FakeS3, store: S3Store) -> None:
    fake.bucket("b")
    assert store.region("b") is None
    assert not fake.log
