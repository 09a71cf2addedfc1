"""What is read of a bucket's settings: what is told, what is not there, what is refused, what is no answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest

from s3dedup.model import ReplicationRule
from s3dedup.store import S3Store, StoreConfig
from s3dedup.store.settings import Answer, is_told, replication_rules
from tests.fakes3 import FakeS3, Replication

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def fake() -> Iterator[FakeS3]:
    with FakeS3() as server:
        yield server


@pytest.fixture
def store(fake: FakeS3) -> Iterator[S3Store]:
    made = S3Store(StoreConfig(endpoint_url=fake.endpoint_url, region="us-east-1", access_key="A" * 20, secret_key="s"))
    yield made
    made.close()


@pytest.mark.parametrize(("versioning", "versioned"), [(None, False), ("Enabled", True), ("Suspended", True)])
def test_versioning_is_told_also_where_it_was_suspended(
    fake: FakeS3,
    store: S3Store,
    versioning: Literal["Enabled", "Suspended"] | None,
    *,
    versioned: bool,
) -> None:
    fake.bucket("b", versioning=versioning)
    assert store.versioned("b") is versioned


@pytest.mark.parametrize("object_lock", [True, False])
def test_object_lock_is_told(fake: FakeS3, store: S3Store, *, object_lock: bool) -> None:
    fake.bucket("b", object_lock=object_lock)
    assert store.locks_objects("b") is object_lock


def test_replication_rules_are_told_with_what_they_take(fake: FakeS3, store: S3Store) -> None:
    rules = [Replication("r", "x/"), Replication("r", enabled=False), Replication("s", "y/", tag="keep")]
    fake.bucket("b", versioning="Enabled", replication=rules)
    assert store.replication_rules("b") == (
        ReplicationRule("r", "x/"),
        ReplicationRule("r", certain=False),
        ReplicationRule("s", "y/", certain=False),
    )
    fake.bucket("b")
    assert store.replication_rules("b") == ()


def test_a_rule_of_the_first_kind_has_its_prefix_beside_it() -> None:
    rule = {"Prefix": "x/", "Status": "Enabled", "Destination": {"Bucket": "arn:aws-cn:s3:::r"}}
    answer = Answer({"ReplicationConfiguration": {"Rules": [rule]}})
    assert replication_rules(answer) == (ReplicationRule("r", "x/"),)


def test_a_refusal_is_unknown_and_never_no(fake: FakeS3, store: S3Store) -> None:
    fake.bucket("b")
    for action in (
        "s3:GetBucketVersioning",
        "s3:GetBucketObjectLockConfiguration",
        "s3:GetReplicationConfiguration",
    ):
        fake.deny("b", action)
    assert [store.versioned("b"), store.locks_objects("b"), store.replication_rules("b")] == [None, None, None]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer({"Retention": {}}), True),
        (Answer({}, "NoSuchObjectLockConfiguration", 404), True),
        (Answer({}, "AccessDenied", 403), False),
        (Answer({}, "NoSuchKey", 404), False),
        (Answer({}, "NotImplemented", 501), False),
        (Answer({}, "Unreadable"), False),
    ],
)
def test_locks_are_told_to_whom_it_is_also_said_that_there_are_none(answer: Answer, *, told: bool) -> None:
    assert is_told(answer) is told
