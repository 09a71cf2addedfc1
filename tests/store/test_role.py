"""A role is assumed with the credentials that are there, and asked for again when what it gave has expired."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

import botocore.client
import pytest
from botocore.exceptions import ClientError

from s3dedup.errors import CredentialsError, EndpointError, UsageError
from s3dedup.store import S3Store, StoreConfig
from s3dedup.store.base import PageRequest
from s3dedup.store.client import connect
from tests.steps import finish

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers import S3Server

ROLE = "arn:aws:iam::111122223333:role/auditor"


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What is asked of any AWS service, with its parameters."""
    made: list[tuple[str, dict[str, Any]]] = []
    original: Callable[..., Any] = getattr(botocore.client.BaseClient, "_make_api_call")  # noqa: B009  not in its stubs

    def noted(self: object, operation: str, parameters: dict[str, Any]) -> object:
        made.append((operation, parameters))
        return original(self, operation, parameters)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", noted)
    return made


@pytest.fixture
def sts(ministack: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """A server that is STS, too."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", ministack.endpoint_url)
    return ministack


def config(server: S3Server, **more: Any) -> StoreConfig:  # noqa: ANN401  those of StoreConfig
    """How to reach a server as a role."""
    return StoreConfig(
        server.endpoint_url, None, "us-east-1", server.access_key, server.secret_key, role_arn=ROLE, **more
    )


def test_requests_are_signed_with_what_the_role_gives(sts: S3Server, calls: list[tuple[str, Any]]) -> None:
    found = connect(config(sts, external_id="42", role_session_name="nightly"))
    asked = {"RoleArn": ROLE, "ExternalId": "42", "RoleSessionName": "nightly"}
    assert calls == [("AssumeRole", asked)]
    keys = found.credentials.get_frozen_credentials()
    assert keys.access_key != sts.access_key
    assert keys.token
    signer = found.client._request_signer._credentials.get_frozen_credentials()  # noqa: SLF001  what the client uses
    assert signer == keys


def test_a_store_is_listed_as_the_role(sts: S3Server, calls: list[tuple[str, Any]]) -> None:
    sts.create_bucket("role-bucket")
    sts.client().put_object(Bucket="role-bucket", Key="k", Body=b"content")
    calls.clear()
    with closing(S3Store(config(sts))) as store:
        assert b"<Key>k</Key>" in finish(store.page(PageRequest("role-bucket")))
    assert [operation for operation, _ in calls] == ["AssumeRole", "ListObjectsV2"]
    assert calls[0][1]["RoleSessionName"] == "s3dedup"
    assert "ExternalId" not in calls[0][1]


def test_what_has_expired_is_asked_for_again(sts: S3Server, calls: list[tuple[str, Any]]) -> None:
    credentials = connect(config(sts)).credentials
    credentials.get_frozen_credentials()
    assert len(calls) == 1
    credentials._expiry_time = datetime.now(UTC) - timedelta(seconds=1)  # noqa: SLF001  time cannot be waited for
    credentials._refresh_using.__self__._cache.clear()  # noqa: SLF001  it would still be good for an hour
    credentials.get_frozen_credentials()
    assert [operation for operation, _ in calls] == ["AssumeRole", "AssumeRole"]


def test_a_profile_gives_the_credentials_that_the_role_is_assumed_with(
    sts: S3Server,
    calls: list[tuple[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Any,  # noqa: ANN401
) -> None:
    file = tmp_path / "config"
    file.write_text(f"[profile work]\naws_access_key_id = {sts.access_key}\naws_secret_access_key = {sts.secret_key}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(file))
    found = connect(StoreConfig(endpoint_url=sts.endpoint_url, profile="work", role_arn=ROLE))
    assert [operation for operation, _ in calls] == ["AssumeRole"]
    assert found.credentials.get_frozen_credentials().token


def test_a_role_that_may_not_be_assumed_is_told_before_anything_else_is_asked(
    sts: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    denied: Any = {"Error": {"Code": "AccessDenied", "Message": "not authorized"}}

    def refuse(*_: object) -> NoReturn:
        raise ClientError(denied, "AssumeRole")

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", refuse)
    with pytest.raises(CredentialsError, match=rf"The role {ROLE} cannot be assumed \(.*AccessDenied.*trust policy"):
        connect(config(sts))


def test_an_sts_that_is_not_there_is_told(sts: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(EndpointError, match="STS cannot be reached"):
        connect(config(sts))


def test_a_role_without_credentials_to_assume_it_with_is_told(sts: S3Server) -> None:
    with pytest.raises(CredentialsError, match="No usable AWS credentials"):
        connect(StoreConfig(endpoint_url=sts.endpoint_url, region="us-east-1", role_arn=ROLE))


def test_a_role_that_signs_nothing_makes_no_sense() -> None:
    with pytest.raises(UsageError, match="leave out either the role or no-sign-request"):
        StoreConfig(role_arn=ROLE, no_sign_request=True)


@pytest.mark.parametrize("settings", [{"external_id": "42"}, {"role_session_name": "nightly"}])
def test_what_is_for_a_role_makes_no_sense_without_one(settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="name the role, too"):
        StoreConfig(**settings)
