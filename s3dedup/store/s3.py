"""The S3 store: boto3 for credentials, endpoints, signing, retries and errors; our own eyes for what it answers."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

from botocore import exceptions as boto
from botocore.parsers import ResponseParserError, create_parser

from s3dedup.errors import (
    EndpointError,
    ObjectChangedError,
    ObjectDeniedError,
    ObjectUnreadableError,
)
from s3dedup.model import Encryption, HeadFacts, ListedObject, StoredChecksum
from s3dedup.store import failures, guard, pages
from s3dedup.store.base import PageRequest
from s3dedup.store.client import StoreConfig, connect
from s3dedup.store.meter import Meter

PAGE_KEYS = 1000
BODY_ATTEMPTS = 4
CHUNK = 1 << 20
CHECKSUMS = (
    "CRC32",
    "CRC32C",
    "CRC64NVME",
    "SHA1",
    "SHA256",
    "SHA512",
    "MD5",
    "XXHASH64",
    "XXHASH3",
    "XXHASH128",
)
"""As in the API's ChecksumAlgorithm; older SDKs know fewer and then simply never return the others."""


class S3Store:
    """`ObjectStore` over one boto3 client; safe to use from many threads.

    Raises:
        UsageError: the profile, region or endpoint is unusable.
    """

    def __init__(self, config: StoreConfig) -> None:
        self._client = connect(config)
        self._meter = Meter()
        self._payer = {"RequestPayer": "requester"} if config.requester_pays else {}
        events = self._client.meta.events
        guard.install(events)
        self._meter.install(events)
        pages.install(events)

    @property
    def trusted_endpoint(self) -> bool:
        """Whether this is AWS, by the endpoint that the client resolved."""
        host = str(self._client.meta.endpoint_url).partition("://")[2].partition("/")[0]
        return host.endswith((".amazonaws.com", ".amazonaws.com.cn"))

    @property
    def endpoint(self) -> str:
        """The custom endpoint's URL, or "AWS"; a bucket's name is unique within AWS whatever its region."""
        return "AWS" if self.trusted_endpoint else str(self._client.meta.endpoint_url)

    def list_page(self, request: PageRequest) -> bytes:
        """See `ObjectStore.list_page`."""
        call = self._client.list_object_versions if request.versions else self._client.list_objects_v2
        try:
            answer = call(**self._listing_parameters(request))
        except (boto.BotoCoreError, boto.ClientError, ResponseParserError) as error:
            raise failures.of_bucket(error, request.bucket, self.endpoint) from error
        body = answer.get("PageBody")
        if not isinstance(body, bytes):
            raise EndpointError(f"What answers at {self.endpoint} is no S3 server: check --endpoint-url.")
        return body

    def _listing_parameters(self, request: PageRequest) -> dict[str, Any]:
        """The API's parameters, those that are None left out."""
        wanted = {
            "Bucket": request.bucket,
            "Prefix": request.prefix,
            "MaxKeys": PAGE_KEYS,
            "EncodingType": "url",
            "StartAfter": request.after,
            "ContinuationToken": request.token,
            "KeyMarker": request.key_marker,
            "VersionIdMarker": request.version_id_marker,
            "OptionalObjectAttributes": ["RestoreStatus"] if self.trusted_endpoint else None,
        }
        return {name: value for name, value in wanted.items() if value is not None} | self._payer

    def parse_listing(self, body: bytes, *, versions: bool) -> Mapping[str, Any]:
        """See `ObjectStore.parse_listing`."""
        operation = "ListObjectVersions" if versions else "ListObjectsV2"
        shape = self._client.meta.service_model.operation_model(operation).output_shape
        response = {"status_code": 200, "headers": {}, "body": body}
        try:
            parsed: dict[str, Any] = create_parser("rest-xml").parse(response, shape)
        except (ResponseParserError, ValueError, KeyError) as error:
            raise EndpointError(f"{self.endpoint} sent a listing that is no XML ({error}).") from error
        return parsed

    def default_encryption(self, bucket: str) -> Encryption | None:
        """See `ObjectStore.default_encryption`."""
        try:
            answer: Mapping[str, Any] = self._client.get_bucket_encryption(Bucket=bucket)
        except boto.ClientError as error:
            code, _ = failures.code_and_status(error)
            return Encryption.NONE if code == "ServerSideEncryptionConfigurationNotFoundError" else None
        except ResponseParserError:
            return None
        except boto.BotoCoreError as error:
            raise failures.of_bucket(error, bucket, self.endpoint) from error
        rules = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
        default = rules[0].get("ApplyServerSideEncryptionByDefault", {}) if rules else {}
        return _encryption(default.get("SSEAlgorithm")) if default else None

    def head(self, bucket: str, row: ListedObject, *, layout: bool) -> HeadFacts:
        """See `ObjectStore.head`. Checksums of a KMS object need kms:Decrypt (API_HeadObject): asked for, and done
        without where that is refused.
        """
        if layout:
            return _facts(self._head(bucket, row, {"PartNumber": 1}))
        try:
            return _facts(self._head(bucket, row, {"ChecksumMode": "ENABLED"}))
        except ObjectDeniedError:
            return _facts(self._head(bucket, row, {}))

    def _head(self, bucket: str, row: ListedObject, extra: dict[str, Any]) -> Mapping[str, Any]:
        try:
            answer: Mapping[str, Any] = self._client.head_object(**self._address(bucket, row), **extra)
        except (boto.BotoCoreError, boto.ClientError, ResponseParserError) as error:
            raise failures.of_object(error, self.endpoint) from error
        if answer.get("ETag", "").strip('"') != row.etag:
            raise ObjectChangedError("it was overwritten while the audit ran")
        return answer

    def _address(self, bucket: str, row: ListedObject) -> dict[str, Any]:
        version = {} if row.version_id is None else {"VersionId": row.version_id}
        return {"Bucket": bucket, "Key": row.key} | version | self._payer

    def read_range(self, bucket: str, row: ListedObject, start: int, stop: int) -> Iterator[bytes]:
        """See `ObjectStore.read_range`. A body that breaks off is continued at the first missing byte."""
        position, failed = start, 0
        while position < stop:
            try:
                for chunk in self._body(bucket, row, position, stop):
                    position += len(chunk)
                    yield chunk
            except failures.NETWORK as error:
                failed += 1
                if failed == BODY_ATTEMPTS:
                    raise ObjectUnreadableError(f"its body broke off {failed} times") from error

    def _body(self, bucket: str, row: ListedObject, start: int, stop: int) -> Iterator[bytes]:
        """One GET of `start` to `stop`. If-Match makes S3 refuse a changed object (API_GetObject); servers that ignore
        it, or the range, are caught by what they answer.
        """
        try:
            answer: Mapping[str, Any] = self._client.get_object(
                **self._address(bucket, row), Range=f"bytes={start}-{stop - 1}", IfMatch=f'"{row.etag}"'
            )
        except (boto.BotoCoreError, boto.ClientError, ResponseParserError) as error:
            raise failures.of_object(error, self.endpoint) from error
        with closing(answer["Body"]) as body:
            _check_answer(answer, row, start, stop)
            for chunk in body.iter_chunks(CHUNK):
                self._meter.read(len(chunk))
                yield chunk

    @property
    def meter(self) -> Meter:
        """See `ObjectStore.meter`."""
        return self._meter

    def close(self) -> None:
        """Close the connection pool."""
        self._client.close()


def _facts(answer: Mapping[str, Any]) -> HeadFacts:
    parts = answer.get("PartsCount")
    total = str(answer.get("ContentRange", "")).rpartition("/")[2]
    layout_known = parts is not None and total.isdigit()
    return HeadFacts(
        etag=answer.get("ETag", "").strip('"'),
        size=int(total) if total.isdigit() else int(answer["ContentLength"]),
        encryption=_encryption_of(answer),
        archived="ArchiveStatus" in answer,
        first_part=int(answer["ContentLength"]) if layout_known else None,
        parts=parts if layout_known else None,
        checksums=tuple(_checksums(answer)),
    )


def _encryption_of(answer: Mapping[str, Any]) -> Encryption:
    """HEAD names the encryption of every encrypted object (API_HeadObject); no header means none."""
    if "SSECustomerAlgorithm" in answer:
        return Encryption.SSE_C
    return _encryption(answer.get("ServerSideEncryption")) or Encryption.NONE


def _encryption(name: str | None) -> Encryption | None:
    """An algorithm as the API names it. One not known here is treated like KMS: its ETag proves nothing."""
    if name is None:
        return None
    return Encryption(name) if name in set(Encryption) else Encryption.KMS


def _checksums(answer: Mapping[str, Any]) -> Iterator[StoredChecksum]:
    full = answer.get("ChecksumType") == "FULL_OBJECT"
    for algorithm in CHECKSUMS:
        text = answer.get(f"Checksum{algorithm}")
        if text:
            value, _, parts = text.partition("-")
            yield StoredChecksum(algorithm, base64.b64decode(value), full and not parts)


def _check_answer(answer: Mapping[str, Any], row: ListedObject, start: int, stop: int) -> None:
    """Hold a range's answer against what was asked for: servers exist that ignore If-Match, and some ignore Range."""
    if answer.get("ETag", "").strip('"') != row.etag:
        raise ObjectChangedError("it was overwritten while the audit ran")
    whole = start == 0 and stop == row.size
    expected = f"bytes {start}-{stop - 1}/{row.size}"
    answered = answer.get("ContentRange") or ("" if not whole else expected)
    if answered != expected or answer["ContentLength"] != stop - start:
        raise ObjectUnreadableError(f"asked for {expected}, the store sent {answered or 'something else'}")
