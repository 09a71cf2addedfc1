"""Sets up boto3, which owns credentials, regions, endpoints, proxies and TLS settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import boto3
import botocore
from botocore import exceptions as boto
from botocore.config import Config

from s3dedup.errors import UsageError
from s3dedup.store import failures


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """How to reach a store. What is None comes from boto3's own configuration."""

    endpoint_url: str | None = None
    profile: str | None = None
    region: str | None = None
    access_key: str | None = None
    secret_key: str | None = None
    no_sign_request: bool = False
    requester_pays: bool = False
    connections: int = 16


def connect(config: StoreConfig) -> Any:  # noqa: ANN401  boto3 builds its clients at run time
    """Make the client; nothing is sent yet.

    Raises:
        UsageError: the profile, region or endpoint is unusable.
        CredentialsError: what the configuration says of credentials is.
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


def _connect(config: StoreConfig) -> Any:  # noqa: ANN401  same
    session = boto3.Session(
        profile_name=config.profile,
        region_name=config.region,
        aws_access_key_id=config.access_key,
        aws_secret_access_key=config.secret_key,
    )
    return session.client("s3", endpoint_url=config.endpoint_url, config=_settings(config))


def _settings(config: StoreConfig) -> Config:
    return Config(
        retries={"mode": "standard", "max_attempts": 5},
        max_pool_connections=config.connections,
        connect_timeout=10,
        response_checksum_validation="when_required",
        user_agent_extra="s3dedup",
        **({"signature_version": botocore.UNSIGNED} if config.no_sign_request else {}),
    )
