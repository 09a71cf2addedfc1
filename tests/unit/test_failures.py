"""Whatever boto3 raises becomes one of this project's errors, on one line that says what to do next."""

from __future__ import annotations

import inspect
from string import Formatter
from typing import TYPE_CHECKING

import pytest
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
    ObjectError,
    ObjectUnreadableError,
    ObjectVanishedError,
    S3DedupError,
    StoreError,
    UsageError,
)
from s3dedup.model import SkipReason
from s3dedup.store.failures import BAD_CREDENTIALS, general, of_bucket, of_object

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "http://127.0.0.1:9"
TWO_LINES = "first line,\n   second line."


def client_error(code: str, status: int, operation: str = "ListObjectsV2") -> boto.ClientError:
    answer = {"Error": {"Code": code, "Message": TWO_LINES}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return boto.ClientError(answer, operation)  # type: ignore[arg-type]  # as little of an answer as is looked at


def botocore_errors() -> Iterator[type[boto.BotoCoreError]]:
    """Every kind that this botocore has, but for that of waiters, which nothing here uses."""
    for _, kind in inspect.getmembers(boto, inspect.isclass):
        if issubclass(kind, boto.BotoCoreError) and kind is not boto.WaiterError:
            yield kind


def made(kind: type[boto.BotoCoreError]) -> boto.BotoCoreError:
    """One such error, with two lines of text in each of its fields."""
    fields = {name for _, name, _, _ in Formatter().parse(kind.fmt) if name}
    return kind(**dict.fromkeys({"error", *fields}, TWO_LINES))


EXPECTED: dict[type[boto.BotoCoreError], type[S3DedupError]] = {
    boto.NoCredentialsError: CredentialsError,
    boto.PartialCredentialsError: CredentialsError,
    boto.CredentialRetrievalError: CredentialsError,
    boto.TokenRetrievalError: CredentialsError,
    boto.SSOTokenLoadError: CredentialsError,
    boto.UnauthorizedSSOTokenError: CredentialsError,
    boto.NoAuthTokenError: CredentialsError,
    boto.MetadataRetrievalError: CredentialsError,
    boto.RefreshWithMFAUnsupportedError: CredentialsError,
    boto.UnknownCredentialError: CredentialsError,
    boto.EndpointConnectionError: EndpointError,
    boto.ConnectTimeoutError: EndpointError,
    boto.ReadTimeoutError: EndpointError,
    boto.ConnectionClosedError: EndpointError,
    boto.ProxyConnectionError: EndpointError,
    boto.SSLError: EndpointError,
    boto.HTTPClientError: EndpointError,
    boto.ResponseStreamingError: EndpointError,
    boto.IncompleteReadError: EndpointError,
    boto.ParamValidationError: UsageError,
    boto.InvalidRegionError: UsageError,
    boto.NoRegionError: UsageError,
    boto.EndpointResolutionError: UsageError,
    boto.UnsupportedS3ArnError: UsageError,
    boto.InvalidEndpointConfigurationError: UsageError,
    boto.MissingDependencyException: UsageError,
}


@pytest.mark.parametrize(("kind", "expected"), EXPECTED.items(), ids=lambda kind: kind.__name__)
def test_what_the_sdk_raises_is_of_the_right_class(
    kind: type[boto.BotoCoreError], expected: type[S3DedupError]
) -> None:
    for found in (general(made(kind), HOST), of_bucket(made(kind), "b", HOST), of_object(made(kind), HOST)):
        assert type(found) is expected


@pytest.mark.parametrize("kind", list(botocore_errors()), ids=lambda kind: kind.__name__)
def test_every_error_of_the_sdk_is_told_on_one_line_that_says_what_to_do(kind: type[boto.BotoCoreError]) -> None:
    message = str(of_bucket(made(kind), "b", HOST))
    assert "\n" not in message
    assert "  " not in message
    assert message.endswith(".")
    assert "check" in message or "run `aws configure`" in message


def test_an_answer_that_is_no_xml_is_not_from_an_s3_server() -> None:
    for found in (of_bucket(ResponseParserError("<html>"), "b", HOST), of_object(ResponseParserError("<html>"), HOST)):
        assert type(found) is EndpointError
        assert str(found) == f"What answers at {HOST} is no S3 server (<html>): check --endpoint-url."


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        *[pytest.param(code, 403, CredentialsError, id=code) for code in sorted(BAD_CREDENTIALS)],
        pytest.param("ExpiredToken", 400, CredentialsError, id="an-expired-token-is-a-400"),
        pytest.param("NoSuchBucket", 404, BucketNotFoundError, id="no-such-bucket"),
        pytest.param("404", 404, BucketNotFoundError, id="a-404-without-a-body"),
        pytest.param("AccessDenied", 403, ListingDeniedError, id="access-denied"),
        pytest.param("AllAccessDisabled", 403, ListingDeniedError, id="another-403"),
        pytest.param("NotImplemented", 501, StoreError, id="not-implemented"),
        pytest.param("InternalError", 500, StoreError, id="internal-error"),
        pytest.param("SlowDown", 503, StoreError, id="slow-down"),
        pytest.param("InternalError", 200, StoreError, id="an-error-inside-a-200"),
        pytest.param("", 0, StoreError, id="an-answer-without-anything"),
    ],
)
def test_what_listing_a_bucket_is_answered_is_of_the_right_class(
    code: str, status: int, expected: type[S3DedupError]
) -> None:
    found = of_bucket(client_error(code, status), "b", HOST)
    assert type(found) is expected
    assert "\n" not in str(found)
    assert ":" in str(found)


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        *[pytest.param(code, 403, CredentialsError, id=code) for code in sorted(BAD_CREDENTIALS)],
        pytest.param("AccessDenied", 403, ObjectDeniedError, id="access-denied"),
        pytest.param("403", 403, ObjectDeniedError, id="a-403-without-a-body"),
        pytest.param("NoSuchKey", 404, ObjectVanishedError, id="no-such-key"),
        pytest.param("404", 404, ObjectVanishedError, id="a-404-without-a-body"),
        pytest.param("NoSuchVersion", 404, ObjectVanishedError, id="no-such-version"),
        pytest.param("PreconditionFailed", 412, ObjectChangedError, id="precondition-failed"),
        pytest.param("InvalidObjectState", 403, ObjectArchivedError, id="archived"),
        pytest.param("ObjectNotInActiveTierError", 403, ObjectArchivedError, id="in-an-archive-tier"),
        pytest.param("InvalidRequest", 400, ObjectUnreadableError, id="sse-c-without-its-key"),
        pytest.param("400", 400, ObjectUnreadableError, id="a-400-without-a-body"),
        pytest.param("InvalidRange", 416, ObjectUnreadableError, id="a-range-it-does-not-have"),
        pytest.param("SlowDown", 503, ObjectUnreadableError, id="slow-down"),
        pytest.param("", 0, ObjectUnreadableError, id="an-answer-without-anything"),
    ],
)
@pytest.mark.parametrize("operation", ["HeadObject", "GetObject"])
def test_what_an_object_is_answered_with_is_of_the_right_class(
    code: str, status: int, operation: str, expected: type[S3DedupError]
) -> None:
    found = of_object(client_error(code, status, operation), HOST)
    assert type(found) is expected
    assert "\n" not in str(found)


@pytest.mark.parametrize("operation", ["AssumeRole", "AssumeRoleWithWebIdentity", "GetRoleCredentials"])
def test_a_role_that_may_not_be_assumed_is_not_taken_for_a_bucket_that_may_not_be_listed(operation: str) -> None:
    error = client_error("AccessDenied", 403, operation)
    for found in (of_bucket(error, "b", HOST), of_object(error, HOST), general(error, HOST)):
        assert type(found) is CredentialsError
        assert operation in str(found)


def test_every_error_of_an_object_has_a_reason_that_a_report_knows() -> None:
    kinds: list[type[ObjectError]] = [ObjectError, *ObjectError.__subclasses__()]
    reasons = {kind.reason for kind in kinds}
    assert reasons <= set(SkipReason)


def test_the_exit_codes_are_those_of_the_contract() -> None:
    def codes(kind: type[S3DedupError]) -> Iterator[tuple[str, int]]:
        yield kind.__name__, kind.exit_code
        for each in kind.__subclasses__():
            yield from codes(each)

    special = {name: code for name, code in codes(S3DedupError) if code != 1}
    assert special.pop("DemoExtraMissingError", 2) == 2
    assert special == {"UsageError": 2, "ScheduleError": 2, "OverLimitError": 4, "StateLockedError": 11}
