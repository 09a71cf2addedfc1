"""Credentials of a role, which refresh themselves: asked for from STS with those that boto3 finds."""

from __future__ import annotations

from typing import Any

import boto3
import botocore.session
from botocore import exceptions as boto
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    CredentialResolver,
    RefreshableCredentials,
)

from s3dedup.errors import CredentialsError
from s3dedup.store import failures

SESSION_NAME = "s3dedup"
"""What the role's owner sees in CloudTrail, unless told otherwise."""


def session_as(role_arn: str, external_id: str | None, name: str | None, source: boto3.Session) -> boto3.Session:
    """A session that signs as a role, assumed with another one's credentials; all else is as in that one. STS is asked
    once here, so that a role that cannot be assumed is told before the audit begins.

    Raises:
        CredentialsError: the role may not be assumed.
        EndpointError: STS cannot be reached.
        BotoCoreError: there are no credentials, or these are no names.
    """
    extra = {"RoleSessionName": name or SESSION_NAME} | ({} if external_id is None else {"ExternalId": external_id})
    core = botocore.session.Session(profile=None if source.profile_name == "default" else source.profile_name)
    credentials = _refreshing(role_arn, extra, source)
    core.register_component("credential_provider", CredentialResolver([_Given(credentials)]))
    return boto3.Session(botocore_session=core, region_name=source.region_name)


def _refreshing(role_arn: str, extra: dict[str, str], source: boto3.Session) -> RefreshableCredentials:
    def sts(service: str, **keys: Any) -> Any:  # noqa: ANN401  botocore's own signature
        return source.client(service, region_name=source.region_name or "us-east-1", **keys)  # type: ignore[call-overload]

    found = source.get_credentials()
    if found is None:
        raise boto.NoCredentialsError
    fetcher = AssumeRoleCredentialFetcher(sts, found, role_arn, extra_args=extra)
    try:
        metadata = fetcher.fetch_credentials()
    except boto.ClientError as error:
        raise CredentialsError(
            f"The role {role_arn} cannot be assumed ({failures.short(error)}): check its name, its trust policy and the"
            " external id."
        ) from error
    except failures.NETWORK as error:
        raise failures.general(error, "STS") from error
    return RefreshableCredentials.create_from_metadata(metadata, fetcher.fetch_credentials, "assume-role")


class _Given(CredentialProvider):
    """Gives the credentials that it was made with."""

    METHOD = "assume-role"

    def __init__(self, credentials: RefreshableCredentials) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> RefreshableCredentials:
        return self._credentials
