"""Sets up boto3, which owns credentials, regions, endpoints, proxies and TLS settings."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from typing import Any, NamedTuple

import boto3
import botocore
import botocore.session
from botocore import exceptions as boto
from botocore.config import Config
from botocore.httpsession import create_urllib3_context, get_cert_path

from s3dedup.errors import UsageError
from s3dedup.store import failures
from s3dedup.store.role import session_as


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """How to reach a store. What is None comes from boto3's own configuration. `role_arn` is a role to assume with the
    credentials that are found; its owner may ask for an `external_id`, and sees the `role_session_name`.

    Raises:
        UsageError: some of this makes no sense together.
    """

    endpoint_url: str | None = None
    profile: str | None = None
    region: str | None = None
    access_key: str | None = None
    secret_key: str | None = None
    no_sign_request: bool = False
    requester_pays: bool = False
    role_arn: str | None = None
    external_id: str | None = None
    role_session_name: str | None = None
    connections: int = 16

    def __post_init__(self) -> None:
        if self.role_arn is None and (self.external_id or self.role_session_name):
            raise UsageError("An external id and a session name are for a role: name the role, too.")
        if self.role_arn is not None and self.no_sign_request:
            raise UsageError("A role signs its requests: leave out either the role or no-sign-request.")


class Connected(NamedTuple):
    """A boto3 client, and what it does not tell about itself: the credentials that it signs with, which may refresh
    themselves (None: none), and the CA bundle that it trusts (True: the usual one).
    """

    client: Any
    credentials: Any
    verify: bool | str


def connect(config: StoreConfig) -> Connected:
    """Make the client; nothing is sent yet but what it takes to assume a role.

    Raises:
        UsageError: the profile, region or endpoint is unusable, or a role makes no sense.
        CredentialsError: what the configuration says of credentials is, or the role may not be assumed.
    """
    try:
        return _connect(config)
    except failures.NO_CREDENTIALS as error:
        raise failures.general(error, config.endpoint_url or "AWS") from error
    except (boto.BotoCoreError, ValueError) as error:
        message = " ".join(str(error).split()).rstrip(".")
        raise UsageError(
            f"The AWS SDK cannot be set up so ({message}): check --profile, --region and --endpoint-url."
        ) from error


def _connect(config: StoreConfig) -> Connected:
    core = botocore.session.get_session()
    session = boto3.Session(
        botocore_session=core,
        profile_name=config.profile,
        region_name=config.region,
        aws_access_key_id=config.access_key,
        aws_secret_access_key=config.secret_key,
    )
    if config.role_arn is not None:
        session = session_as(config.role_arn, config.external_id, config.role_session_name, session)
    verify = _verify(core)
    client = session.client("s3", endpoint_url=config.endpoint_url, verify=verify, config=_settings(config))
    return Connected(client, None if config.no_sign_request else session.get_credentials(), verify)


def _settings(config: StoreConfig) -> Config:
    return Config(
        retries={"mode": "standard", "max_attempts": 5},
        max_pool_connections=config.connections,
        connect_timeout=10,
        response_checksum_validation="when_required",
        user_agent_extra="s3dedup",
        **({"signature_version": botocore.UNSIGNED} if config.no_sign_request else {}),
    )


def _verify(core: botocore.session.Session) -> bool | str:
    """What botocore would take for itself: it does not tell, so it is told."""
    bundle: str | None = core.get_config_variable("ca_bundle")
    return os.environ.get("REQUESTS_CA_BUNDLE") or True if bundle is None else bundle


def tls_settings(verify: bool | str) -> ssl.SSLContext:
    """For a connection of one's own: as botocore sets up its own ones, with the CA bundle that it trusts."""
    context: ssl.SSLContext = create_urllib3_context()
    if verify:
        context.check_hostname = True
        context.load_verify_locations(get_cert_path(verify))  # type: ignore[arg-type]  # a path, too
    else:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
