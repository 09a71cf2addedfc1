"""An `ObjectStore` over `PlantedS3`: AWS's rules, or a server that lies, without a socket and so in microseconds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from botocore.exceptions import ClientError

from s3dedup.errors import ObjectChangedError, ObjectDeniedError
from s3dedup.model import Encryption, HeadFacts, ListedObject, PartSpan, ReplicationRule
from s3dedup.store import Counted, PageRequest, Steps, facts, failures, settings
from s3dedup.store.meter import Meter
from tests.fakes3 import PlantedS3, Request, Response

AWS = "AWS"


@dataclass
class MemoryStore:
    """One store. `endpoint` "AWS" is trusted as AWS is; any other is a custom endpoint. A page holds `page_keys` keys.

    A server with `ignores_conditions` answers an If-Match that does not hold with whatever is there now.
    """

    s3: PlantedS3
    endpoint: str = AWS
    page_keys: int = 1000
    ignores_conditions: bool = False
    meter: Meter = field(default_factory=Meter)

    @property
    def trusted_endpoint(self) -> bool:
        return self.endpoint == AWS

    def page(self, request: PageRequest) -> Steps[bytes]:
        yield from ()  # nothing is waited for
        return self._page(request)

    def _page(self, request: PageRequest) -> bytes:
        wanted = {
            "versions" if request.versions else "list-type": "" if request.versions else "2",
            "prefix": request.prefix,
            "max-keys": str(self.page_keys),
            "encoding-type": "url",
            "start-after": request.after,
            "continuation-token": request.token,
            "key-marker": request.key_marker,
            "version-id-marker": request.version_id_marker,
        }
        query = {name: value for name, value in wanted.items() if value is not None}
        headers = {"x-amz-optional-object-attributes": "RestoreStatus"} if self.trusted_endpoint else {}
        operation = "ListObjectVersions" if request.versions else "ListObjectsV2"
        self.meter.add(Counted(lists=1))
        try:
            return bytes(self._answer(Request("GET", operation, request.bucket, "", query, headers)).body)
        except ClientError as error:
            raise failures.of_bucket(error, request.bucket, self.endpoint) from error

    def parse_listing(self, body: bytes, *, versions: bool) -> Mapping[str, Any]:
        raise AssertionError(f"AWS's own XML is read without the SDK (versions: {versions}): {body!r}")

    def default_encryption(self, bucket: str) -> Encryption | None:
        self.meter.add(Counted(gets=1))
        try:
            body = self._answer(Request("GET", "GetBucketEncryption", bucket, "", {}, {})).body
        except ClientError as error:
            return Encryption.NONE if failures.code_and_status(error)[1] == HTTPStatus.NOT_FOUND else None
        named = re.search(rb"<SSEAlgorithm>(.*?)</SSEAlgorithm>", bytes(body))
        return Encryption(named[1].decode()) if named else None

    def versioned(self, bucket: str) -> bool | None:
        return settings.versioned(self._setting("GetBucketVersioning", bucket))

    def locks_objects(self, bucket: str) -> bool | None:
        return settings.locks_objects(self._setting("GetObjectLockConfiguration", bucket))

    def replication_rules(self, bucket: str) -> tuple[ReplicationRule, ...] | None:
        return settings.replication_rules(self._setting("GetBucketReplication", bucket))

    def _setting(self, operation: str, bucket: str) -> settings.Answer:
        self.meter.add(Counted(gets=1))
        try:
            body = bytes(self._answer(Request("GET", operation, bucket, "", {}, {})).body)
        except ClientError as error:
            return settings.Answer({}, *failures.code_and_status(error))
        status = re.search(rb"<Status>(.*?)</Status>", body)
        return settings.Answer({settings.IS_VERSIONING: True, "Status": status and status[1].decode()})

    def tells_locks(self, bucket: str, row: ListedObject) -> bool:
        raise AssertionError(f"No bucket here has Object Lock: {bucket}, {row}")

    def head(self, bucket: str, row: ListedObject, *, layout: bool) -> HeadFacts:
        if layout:
            return self._head(bucket, row, {"partNumber": "1"}, {})
        try:
            return self._head(bucket, row, {}, {"x-amz-checksum-mode": "ENABLED"})
        except ObjectDeniedError:
            return self._head(bucket, row, {}, {})

    def _head(self, bucket: str, row: ListedObject, query: dict[str, str], headers: dict[str, str]) -> HeadFacts:
        return facts.head_facts(self._of_object("HeadObject", bucket, row, query, headers).headers)

    def region(self, _: str) -> None:
        """Not told; only prices depend on it."""

    def part(self, bucket: str, row: ListedObject, number: int) -> PartSpan | None:
        return facts.part_span(self._of_object("HeadObject", bucket, row, {"partNumber": str(number)}, {}).headers)

    def read_range(self, bucket: str, row: ListedObject, start: int, stop: int) -> Iterator[bytes]:
        headers = {"range": f"bytes={start}-{stop - 1}"}
        if not self.ignores_conditions:
            headers["if-match"] = f'"{row.etag}"'
        response = self._of_object("GetObject", bucket, row, {}, headers)
        facts.check_range(response.headers, row, start, stop)
        body = bytes(response.body)
        self.meter.read(len(body))
        middle = len(body) // 2
        yield from (body[:middle], body[middle:])

    def _of_object(
        self, operation: str, bucket: str, row: ListedObject, query: dict[str, str], headers: dict[str, str]
    ) -> Response:
        head = operation == "HeadObject"
        self.meter.add(Counted(heads=1) if head else Counted(gets=1))
        version = {} if row.version_id is None else {"versionId": row.version_id}
        try:
            response = self._answer(
                Request("HEAD" if head else "GET", operation, bucket, row.key, query | version, headers)
            )
        except ClientError as error:
            raise failures.of_object(error, self.endpoint) from error
        response.headers["content-length"] = str(len(response.body))
        if facts.etag(response.headers) != row.etag:
            raise ObjectChangedError("it was overwritten while the audit ran")
        return response

    def _answer(self, request: Request) -> Response:
        """What S3 answers; an error as boto3 raises it, who knows no code where there is no body."""
        response = self.s3.serve(request)
        if response.status < HTTPStatus.BAD_REQUEST:
            return response
        named = re.search(rb"<Code>(.*?)</Code>", bytes(response.body))
        code = named[1].decode() if named else str(response.status)
        told = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": response.status}}
        raise ClientError(told, request.operation)  # type: ignore[arg-type]  # boto3 tells more, nobody asks

    def close(self) -> None:
        """There is nothing to give back."""
