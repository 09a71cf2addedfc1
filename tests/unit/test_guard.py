"""Whatever is not a read never leaves the machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import boto3
import pytest

from s3dedup.errors import ReadOnlyViolationError
from s3dedup.store import S3Store, StoreConfig
from s3dedup.store.guard import READS, install
from tests.fakes3 import FakeS3

META = boto3.Session().client("s3", region_name="us-east-1").meta
METHODS = {operation: method for method, operation in META.method_to_api_mapping.items()}


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeS3]:
    with FakeS3() as running:
        running.put("b", "k", b"content")
        yield running


@pytest.fixture
def client(fake: FakeS3) -> Any:  # noqa: ANN401  boto3 builds its clients at run time
    """A client with the guard, that does not look at parameters: nothing else may stop a write."""
    made = fake.client(parameter_validation=False, signature_version="s3v4")
    install(made.meta.events)
    return made


@pytest.mark.parametrize("operation", sorted(METHODS.keys() - READS))
def test_every_other_operation_is_refused_before_anything_is_sent(
    fake: FakeS3,
    client: Any,  # noqa: ANN401
    operation: str,
) -> None:
    before = len(fake.log)
    call = getattr(client, METHODS[operation])
    with pytest.raises(ReadOnlyViolationError, match=f"refused to send {operation}: please report this as a bug"):
        call(Bucket="b", Key="k")
    assert len(fake.log) == before


def test_reads_are_not_refused(fake: FakeS3, client: Any) -> None:  # noqa: ANN401
    before = len(fake.log)
    assert client.get_object(Bucket="b", Key="k")["Body"].read() == b"content"
    client.head_object(Bucket="b", Key="k")
    client.list_objects_v2(Bucket="b")
    assert len(fake.log) == before + 3


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH"])
def test_a_read_that_would_leave_as_a_write_is_refused(
    fake: FakeS3,
    client: Any,  # noqa: ANN401
    method: str,
) -> None:
    def disguise(*, model: Any, params: dict[str, Any], **_: object) -> None:  # noqa: ANN401
        assert model.name == "GetObject"
        params["method"] = method

    client.meta.events.register("before-call.s3.GetObject", disguise)
    before = len(fake.log)
    with pytest.raises(ReadOnlyViolationError, match=f"refused to send {method} {fake.endpoint_url}/b/k:"):
        client.get_object(Bucket="b", Key="k")
    assert len(fake.log) == before


def test_the_audits_own_client_has_the_guard(fake: FakeS3) -> None:
    with closing(S3Store(StoreConfig(fake.endpoint_url, None, "us-east-1", "key", "secret"))) as store:
        before = len(fake.log)
        with pytest.raises(ReadOnlyViolationError):
            store._client.put_object(Bucket="b", Key="k", Body=b"")  # noqa: SLF001  there is no other way to try
        assert len(fake.log) == before


def test_nothing_on_the_list_of_reads_is_a_write() -> None:
    methods = {META.service_model.operation_model(name).http["method"] for name in READS}
    assert methods == {"GET", "HEAD"}
