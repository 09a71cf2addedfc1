"""AWS's public price list: plain GETs of files that anybody may read, without credentials and apart from S3.

Source: AWS Billing User Guide, using-the-aws-price-list-bulk-api-fetching-price-list-files-manually.
"""

from __future__ import annotations

import re
from contextlib import closing
from http import HTTPStatus

import botocore.session
from botocore import exceptions as boto
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from s3dedup.errors import EndpointError, UsageError

ROOT = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonS3/current"
SECONDS = 30
ABSENT = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})
"""What a static site on S3 answers for a file that is not there, with and without the right to list."""

_REGION = re.compile(r"[a-z0-9-]+")


def fetch_region_index() -> bytes:
    """The file that names the regions of Amazon S3 that have an offer file.

    Raises:
        EndpointError: the price list cannot be reached, or does not give the file.
    """
    answer = _get("region_index.json")
    if answer.status_code != HTTPStatus.OK:
        raise _unusable(f"status {answer.status_code}")
    return answer.content


def fetch_offer(region: str) -> bytes:
    """The offer file of Amazon S3 for one region (JSON).

    Raises:
        UsageError: the price list has no such region.
        EndpointError: the price list cannot be reached, or does not give the file.
    """
    answer = _get(f"{region}/index.json") if _REGION.fullmatch(region) else None
    if answer is None or answer.status_code in ABSENT:
        raise UsageError(f"AWS's price list has no region {region!r}: check the spelling, as in eu-central-1.")
    if answer.status_code != HTTPStatus.OK:
        raise _unusable(f"status {answer.status_code}")
    return answer.content


def _get(path: str) -> AWSResponse:
    """One GET with the SDK's own client, so that proxies and certificates are those that S3 is reached with."""
    url = f"{ROOT}/{path}"
    try:
        verify = botocore.session.Session().get_config_variable("ca_bundle") or True
        with closing(URLLib3Session(verify=verify, proxies=get_environ_proxies(url), timeout=SECONDS)) as session:
            return session.send(AWSRequest("GET", url).prepare())
    except boto.BotoCoreError as error:
        raise _unusable(" ".join(str(error).split()).rstrip(".")) from error


def _unusable(reason: str) -> EndpointError:
    return EndpointError(
        f"AWS's price list cannot be read ({reason}): check the network and try again later; the prices that were"
        " known are still there."
    )
