"""Turns what boto3 raises into this project's errors: one sentence each, and never a 403 read as "absent"."""

from __future__ import annotations

from http import HTTPStatus

from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from s3dedup.errors import (
    BucketNotFoundError,
    CredentialsError,
    EndpointError,
    ListingDeniedError,
    ObjectArchivedError,
    ObjectChangedError,
    ObjectDeniedError,
    ObjectUnreadableError,
    ObjectVanishedError,
    S3DedupError,
    StoreError,
    UsageError,
)
from s3dedup.store.guard import READS

BAD_CREDENTIALS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidToken",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
    }
)
NO_CREDENTIALS = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
    boto.TokenRetrievalError,
    boto.SSOError,
    boto.NoAuthTokenError,
    boto.MetadataRetrievalError,
    boto.RefreshWithMFAUnsupportedError,
    boto.UnknownCredentialError,
    getattr(boto, "LoginError", boto.SSOError),  # not in every botocore
)
NETWORK = (boto.HTTPClientError, boto.ConnectionError, boto.EndpointConnectionError, boto.IncompleteReadError)
"""A body that ends too early is an `IncompleteReadError`, which is none of the others."""


def code_and_status(error: boto.ClientError) -> tuple[str, int]:
    """The error code and HTTP status; a HEAD has no body, so botocore gives its status as the code."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return code, int(status)


def general(error: Exception, endpoint: str) -> S3DedupError:
    """What any request can fail with, whatever it asked for."""
    if isinstance(error, boto.ClientError):
        return _answered(error, endpoint)
    if isinstance(error, NO_CREDENTIALS):
        return _no_credentials(error)
    if isinstance(error, NETWORK):
        return EndpointError(f"{endpoint} cannot be reached ({short(error)}): check the address and the network.")
    if isinstance(error, boto.ParamValidationError):
        complaint = short(error).partition(": Bucket name must match")[0]
        return UsageError(f"The request makes no sense to S3 ({complaint}): check the bucket's name.")
    if isinstance(error, ResponseParserError):
        return EndpointError(f"What answers at {endpoint} is no S3 server ({short(error)}): check --endpoint-url.")
    return UsageError(
        f"The AWS SDK cannot send this request ({short(error)}): check the bucket's name, --region and your AWS"
        " configuration."
    )


def _answered(error: boto.ClientError, endpoint: str) -> S3DedupError:
    if _is_of_another_service(error):
        return _no_credentials(error)
    if code_and_status(error)[0] in BAD_CREDENTIALS:
        return CredentialsError(
            f"{endpoint} does not accept the credentials ({short(error)}): refresh them or pass another --profile."
        )
    return StoreError(
        f"{endpoint} answered with an error that retries did not cure ({short(error)}): what was learnt is kept, so"
        " run the same command again later."
    )


def _is_of_another_service(error: boto.ClientError) -> bool:
    """Whether it comes from the service that was to give the credentials, such as STS for a role."""
    return error.operation_name not in READS


def _no_credentials(error: Exception) -> CredentialsError:
    return CredentialsError(
        f"No usable AWS credentials ({short(error)}): run `aws configure`, set AWS_ACCESS_KEY_ID and"
        " AWS_SECRET_ACCESS_KEY, pass --profile, or --no-sign-request for a public bucket."
    )


def of_bucket(error: Exception, bucket: str, endpoint: str) -> S3DedupError:
    """What listing a bucket failed with."""
    if isinstance(error, boto.ClientError):
        code, status = code_and_status(error)
        if code in BAD_CREDENTIALS or _is_of_another_service(error):
            return general(error, endpoint)
        if code == "NoSuchBucket" or status == HTTPStatus.NOT_FOUND:
            return BucketNotFoundError(bucket)
        if status == HTTPStatus.FORBIDDEN:
            return ListingDeniedError(bucket, code or "403")
        if status == HTTPStatus.NOT_IMPLEMENTED:
            return StoreError(f"{endpoint} does not support this listing ({code}): leave out --versions.")
    return general(error, endpoint)


def of_object(error: Exception, endpoint: str) -> S3DedupError:
    """What a HEAD or GET of one object failed with: an `ObjectError` unless the whole audit is in trouble."""
    if not isinstance(error, boto.ClientError):
        return general(error, endpoint)
    code, status = code_and_status(error)
    if code in BAD_CREDENTIALS or _is_of_another_service(error):
        return general(error, endpoint)
    if code in {"InvalidObjectState", "ObjectNotInActiveTierError"}:
        return ObjectArchivedError("it is archived and would have to be restored first")
    known: dict[int, S3DedupError] = {
        HTTPStatus.FORBIDDEN: ObjectDeniedError(f"these credentials may not read it ({code})"),
        HTTPStatus.NOT_FOUND: ObjectVanishedError("it was listed and is gone"),
        HTTPStatus.PRECONDITION_FAILED: ObjectChangedError("it was overwritten while the audit ran"),
    }
    return known.get(status) or ObjectUnreadableError(short(error))


def short(error: Exception) -> str:
    """The SDK's message on one line, without its full stop."""
    return " ".join(str(error).split()).rstrip(".")
