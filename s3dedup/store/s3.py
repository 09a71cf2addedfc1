"""The S3 store: boto3 for credentials, endpoints, signing, retries and errors; our own eyes for what it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from functools import partial
from typing import Any

from botocore import exceptions as boto
from botocore.parsers import ResponseParserError, create_parser

from s3dedup.errors import EndpointError, ObjectChangedError, ObjectDeniedError, ObjectUnreadableError
from s3dedup.model import Encryption, HeadFacts, ListedObject, PartSpan, ReplicationRule
from s3dedup.store import facts, failures, guard, pages, settings
from s3dedup.store.base import PageRequest
from s3dedup.store.client import StoreConfig, connect
from s3dedup.store.fast import Answer, FastWay, NoBody
from s3dedup.store.meter import Meter
from s3dedup.store.reach import Reach
from s3dedup.store.steps import Steps
from s3dedup.store.wire import Chunk, WireError

PAGE_KEYS = 1000
BODY_ATTEMPTS = 4
CHUNK = 1 << 20


class S3Store:
    """`ObjectStore` over one boto3 client; safe to use from many threads.

    Raises:
        UsageError: the profile, region or endpoint is unusable.
    """

    def __init__(self, config: StoreConfig) -> None:
        connected = connect(config)
        self._client = connected.client
        self._meter = Meter()
        self._payer = {"RequestPayer": "requester"} if config.requester_pays else {}
        self._regions: dict[str, str | None] = {}
        for hook in (guard, self._meter, pages, Reach()):
            hook.install(self._client.meta.events)
        self._fast = FastWay(connected, self._meter)

    @property
    def trusted_endpoint(self) -> bool:
        """Whether this is AWS, by the endpoint that the client resolved."""
        host = str(self._client.meta.endpoint_url).partition("://")[2].partition("/")[0]
        return host.endswith((".amazonaws.com", ".amazonaws.com.cn"))

    @property
    def endpoint(self) -> str:
        """The custom endpoint's URL, or "AWS"; a bucket's name is unique within AWS whatever its region."""
        return "AWS" if self.trusted_endpoint else str(self._client.meta.endpoint_url)

    def page(self, request: PageRequest) -> Steps[bytes]:
        """See `ObjectStore.page`."""
        operation = "ListObjectVersions" if request.versions else "ListObjectsV2"
        parameters = self._listing_parameters(request)
        try:
            quick = yield from self._fast.page(operation, parameters)
            return (yield partial(self._list_boto3, operation, parameters)) if quick is None else quick
        except (boto.BotoCoreError, boto.ClientError, ResponseParserError) as error:
            raise failures.of_bucket(error, request.bucket, self.endpoint) from error

    def _list_boto3(self, operation: str, parameters: dict[str, Any]) -> bytes:
        versions = operation == "ListObjectVersions"
        call = self._client.list_object_versions if versions else self._client.list_objects_v2
        body = call(**parameters).get("PageBody")
        if not isinstance(body, bytes):
            raise EndpointError(f"What answers at {self.endpoint} is no S3 server: check --endpoint-url.")
        self._fast.learn(operation, parameters)
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
        return settings.encryption(self._setting(self._client.get_bucket_encryption, bucket))

    def versioned(self, bucket: str) -> bool | None:
        """See `ObjectStore.versioned`."""
        return settings.versioned(self._setting(self._client.get_bucket_versioning, bucket))

    def locks_objects(self, bucket: str) -> bool | None:
        """See `ObjectStore.locks_objects`."""
        return settings.locks_objects(self._setting(self._client.get_object_lock_configuration, bucket))

    def replication_rules(self, bucket: str) -> tuple[ReplicationRule, ...] | None:
        """See `ObjectStore.replication_rules`."""
        return settings.replication_rules(self._setting(self._client.get_bucket_replication, bucket))

    def _setting(self, call: Callable[..., Mapping[str, Any]], bucket: str, **more: str) -> settings.Answer:
        """What the store answers to a question about a setting, and be it a refusal."""
        try:
            return settings.Answer(call(Bucket=bucket, **more))
        except boto.ClientError as error:
            return settings.Answer({}, *failures.code_and_status(error))
        except ResponseParserError:
            return settings.Answer({}, settings.UNREADABLE)
        except boto.BotoCoreError as error:
            raise failures.of_bucket(error, bucket, self.endpoint) from error

    def tells_locks(self, bucket: str, row: ListedObject) -> bool:
        """See `ObjectStore.tells_locks`."""
        calls = self._client.get_object_retention, self._client.get_object_legal_hold
        version = {} if row.version_id is None else {"VersionId": row.version_id}
        name = {"Key": row.key} | version | self._payer
        return all(settings.is_told(self._setting(call, bucket, **name)) for call in calls)

    def region(self, bucket: str) -> str | None:
        """See `ObjectStore.region`. Every answer to HeadBucket has it, a refusal too (API_HeadBucket)."""
        if bucket not in self._regions:
            self._regions[bucket] = self._asked_region(bucket) if self.trusted_endpoint else None
        return self._regions[bucket]

    def _asked_region(self, bucket: str) -> str | None:
        try:
            answer = self._client.head_bucket(Bucket=bucket)
        except boto.ClientError as error:
            answer = error.response
        except boto.BotoCoreError as error:
            raise failures.of_bucket(error, bucket, self.endpoint) from error
        region: str | None = answer["ResponseMetadata"].get("HTTPHeaders", {}).get("x-amz-bucket-region")
        return region

    def head(self, bucket: str, row: ListedObject, *, layout: bool) -> HeadFacts:
        """See `ObjectStore.head`. Checksums of a KMS object need kms:Decrypt (API_HeadObject): asked for, and done
        without where that is refused. Servers exist that answer for a part with its own ETag: then no layout is known.
        """
        if layout:
            with suppress(ObjectChangedError):
                return facts.head_facts(self._head(bucket, row, {"PartNumber": 1}))
            return facts.head_facts(self._head(bucket, row, {}))
        try:
            return facts.head_facts(self._head(bucket, row, {"ChecksumMode": "ENABLED"}))
        except ObjectDeniedError:
            return facts.head_facts(self._head(bucket, row, {}))

    def part(self, bucket: str, row: ListedObject, number: int) -> PartSpan | None:
        """See `ObjectStore.part`."""
        return facts.part_span(self._head(bucket, row, {"PartNumber": number}))

    def _head(self, bucket: str, row: ListedObject, extra: dict[str, Any]) -> facts.Headers:
        headers = self._ask("HeadObject", bucket, row, extra).headers
        if facts.etag(headers) != row.etag:
            raise ObjectChangedError("it was overwritten while the audit ran")
        return headers

    def read_range(self, bucket: str, row: ListedObject, start: int, stop: int) -> Iterator[Chunk]:
        """See `ObjectStore.read_range`. A body that breaks off is continued at the first missing byte."""
        position, failed = start, 0
        while position < stop:
            begun = position
            try:
                for chunk in self._body(bucket, row, position, stop):
                    position += len(chunk)
                    if position > stop:
                        raise ObjectUnreadableError(f"the store sent more than the bytes {begun}-{stop - 1}")
                    yield chunk
            except (*failures.NETWORK, WireError):
                pass  # what is missing is asked for again
            failed = failed + 1 if position == begun else 0
            if failed == BODY_ATTEMPTS:
                raise ObjectUnreadableError(f"its body broke off {failed} times")

    def _body(self, bucket: str, row: ListedObject, start: int, stop: int) -> Iterator[Chunk]:
        """One GET of `start` to `stop`. If-Match makes S3 refuse a changed object (API_GetObject); servers that ignore
        it, or the range, are caught by what they answer.
        """
        asked = {"Range": f"bytes={start}-{stop - 1}", "IfMatch": f'"{row.etag}"'}
        headers, body = self._ask("GetObject", bucket, row, asked)
        with closing(body):
            facts.check_range(headers, row, start, stop)
            for chunk in body.iter_chunks(CHUNK):
                self._meter.read(len(chunk))
                yield chunk

    def _ask(self, operation: str, bucket: str, row: ListedObject, extra: dict[str, Any]) -> Answer:
        """Ask for one object: the short way, or with boto3."""
        version = {} if row.version_id is None else {"VersionId": row.version_id}
        parameters = {"Bucket": bucket, "Key": row.key} | version | self._payer | extra
        try:
            return self._fast.ask(operation, parameters) or self._ask_boto3(operation, parameters)
        except failures.NETWORK as error:
            if self._answers(bucket):
                raise ObjectUnreadableError(f"its connection always fails ({failures.short(error)})") from error
            raise failures.general(error, self.endpoint) from error
        except (boto.BotoCoreError, boto.ClientError, ResponseParserError) as error:
            raise failures.of_object(error, self.endpoint) from error

    def _ask_boto3(self, operation: str, parameters: dict[str, Any]) -> Answer:
        call = self._client.get_object if operation == "GetObject" else self._client.head_object
        answer = call(**parameters)
        self._fast.learn(operation, parameters)
        return Answer(answer["ResponseMetadata"]["HTTPHeaders"], answer.get("Body") or NoBody())

    def _answers(self, bucket: str) -> bool:
        """Whether anything answers to an innocent question, and be it with a refusal."""
        try:
            self._client.head_bucket(Bucket=bucket)
        except boto.ClientError:
            return True
        except boto.BotoCoreError:
            return False
        return True

    @property
    def meter(self) -> Meter:
        """See `ObjectStore.meter`."""
        return self._meter

    def close(self) -> None:
        """Close the connection pools."""
        self._fast.close()
        self._client.close()
