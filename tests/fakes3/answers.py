"""What S3 answers to each read: status, headers and body, by AWS's own rules."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from tests.fakes3 import listings, pages
from tests.fakes3.faults import Headers, Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes3.objects import Bucket, StoredObject

SSE_C_KEY = b"0123456789abcdef0123456789abcdef"
"""The key that reads every SSE-C object of the fake (SSECustomerKey)."""

_KMS_KEY = "arn:aws:kms:us-east-1:123456789012:key/fake"
_SSE_C = "x-amz-server-side-encryption-customer-"
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_NOT_FOR_DIRECTORY_BUCKETS = frozenset({"ListObjectVersions", "GetBucketLocation", "GetBucketVersioning"})

ACTIONS = {
    "HeadBucket": "s3:ListBucket",
    "ListObjectsV2": "s3:ListBucket",
    "ListObjectVersions": "s3:ListBucketVersions",
    "GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "GetBucketLocation": "s3:GetBucketLocation",
    "GetBucketVersioning": "s3:GetBucketVersioning",
    "GetBucketReplication": "s3:GetReplicationConfiguration",
    "GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
    "GetObjectLegalHold": "s3:GetObjectLegalHold",
    "GetObjectRetention": "s3:GetObjectRetention",
    "HeadObject": "s3:GetObject",
    "GetObject": "s3:GetObject",
    "ListBuckets": "s3:ListAllMyBuckets",
}


class S3Error(Exception):
    """An error answer, raised where it is decided."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: dict[str, str] | None = None,
        headers: Headers | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.details = details or {}
        self.headers = headers or {}


def error_response(request: Request, problem: S3Error) -> Response:
    """The error as XML, or without a body for HEAD."""
    headers = {"content-type": "application/xml", **problem.headers}
    body = b"" if request.method == "HEAD" else pages.error(problem.code, str(problem), problem.details)
    return Response(problem.status, headers, body)


@dataclass
class World:
    """All buckets, and what is denied: (bucket, action, key), the key None for all of them."""

    buckets: dict[str, Bucket] = field(default_factory=dict)
    denied: set[tuple[str, str, str | None]] = field(default_factory=set)

    def allows(self, bucket: str, action: str, key: str = "") -> bool:
        """Whether nothing denies the action."""
        return not {(bucket, action, None), (bucket, action, key)} & self.denied

    def require(self, bucket: str, action: str, key: str = "") -> None:
        """Raise AccessDenied where the action is denied."""
        if self.allows(bucket, action, key):
            return
        resource = f"arn:aws:s3:::{bucket}" + (f"/{key}" if key else "")
        raise S3Error(
            403,
            "AccessDenied",
            f"User: arn:aws:iam::123456789012:user/auditor is not authorized to perform: {action} "
            f'on resource: "{resource}" because no identity-based policy allows the {action} action',
        )


def _check_region(bucket: Bucket, request: Request) -> None:
    if request.region in {None, bucket.region} or request.operation == "GetBucketLocation":
        return
    headers = {"x-amz-bucket-region": bucket.region}
    if bucket.region_error == "redirect":
        raise S3Error(
            301,
            "PermanentRedirect",
            "The bucket you are attempting to access must be addressed using the specified endpoint. "
            "Please send all future requests to this endpoint.",
            {"Endpoint": f"s3.{bucket.region}.amazonaws.com", "Bucket": bucket.name},
            headers,
        )
    raise S3Error(
        400,
        "AuthorizationHeaderMalformed",
        f"The authorization header is malformed; the region '{request.region}' is wrong; expecting '{bucket.region}'",
        {"Region": bucket.region},
        headers,
    )


def answer(world: World, request: Request) -> Response:
    """What AWS would answer."""
    try:
        return _answer(world, request)
    except S3Error as problem:
        return error_response(request, problem)
    except listings.BadListingError as problem:
        return error_response(request, S3Error(problem.status, problem.code, str(problem)))


def _answer(world: World, request: Request) -> Response:
    if request.operation == "ListBuckets":
        world.require("", "s3:ListAllMyBuckets")
        return _xml(pages.buckets(sorted(world.buckets)))
    bucket = world.buckets.get(request.bucket)
    if bucket is None:
        message = "The specified bucket does not exist"
        raise S3Error(404, "NoSuchBucket", message, {"BucketName": request.bucket})
    _check_region(bucket, request)
    if request.operation in {"HeadObject", "GetObject"}:
        return _object(world, bucket, request)
    if request.operation in {"GetObjectLegalHold", "GetObjectRetention"}:
        return _lock(world, bucket, request)
    handler = _BUCKET_HANDLERS.get(request.operation)
    if handler is None:
        status = 501 if request.method in {"GET", "HEAD"} else 405
        code = "NotImplemented" if status == 501 else "MethodNotAllowed"
        raise S3Error(status, code, f"The fake is read-only and does not know {request.operation}")
    if bucket.directory_bucket and request.operation in _NOT_FOR_DIRECTORY_BUCKETS:
        raise S3Error(501, "NotImplemented", f"{request.operation} is not supported by directory buckets")
    world.require(bucket.name, ACTIONS[request.operation])
    return handler(bucket, request)


def _xml(body: bytes) -> Response:
    return Response(headers={"content-type": "application/xml"}, body=body)


def _head_bucket(bucket: Bucket, _: Request) -> Response:
    return Response(headers={"x-amz-bucket-region": bucket.region, "x-amz-access-point-alias": "false"})


def _list_objects(bucket: Bucket, request: Request) -> Response:
    response = _xml(listings.list_objects_v2(bucket, request))
    response.headers["x-amz-bucket-region"] = bucket.region
    return response


def _encryption(bucket: Bucket, _: Request) -> Response:
    if bucket.encryption_rule is None:
        code = "ServerSideEncryptionConfigurationNotFoundError"
        message = "The server side encryption configuration was not found"
        raise S3Error(404, code, message, {"BucketName": bucket.name})
    return _xml(pages.encryption(bucket.encryption_rule))


def _location(bucket: Bucket, _: Request) -> Response:
    region = "" if bucket.region == "us-east-1" else bucket.region
    return _xml(pages.document("LocationConstraint", region))


def _versioning(bucket: Bucket, _: Request) -> Response:
    return _xml(pages.document("VersioningConfiguration", pages.element("Status", bucket.versioning)))


def _replication(bucket: Bucket, _: Request) -> Response:
    if not bucket.replication:
        message = "The replication configuration was not found"
        raise S3Error(404, "ReplicationConfigurationNotFoundError", message, {"BucketName": bucket.name})
    return _xml(pages.replication(bucket.replication))


def _object_lock(bucket: Bucket, _: Request) -> Response:
    if not bucket.object_lock:
        message = "Object Lock configuration does not exist for this bucket"
        raise S3Error(404, "ObjectLockConfigurationNotFoundError", message, {"BucketName": bucket.name})
    return _xml(pages.document("ObjectLockConfiguration", pages.element("ObjectLockEnabled", "Enabled")))


_BUCKET_HANDLERS: dict[str, Callable[[Bucket, Request], Response]] = {
    "HeadBucket": _head_bucket,
    "ListObjectsV2": _list_objects,
    "ListObjectVersions": lambda bucket, request: _xml(listings.list_object_versions(bucket, request)),
    "GetBucketEncryption": _encryption,
    "GetBucketLocation": _location,
    "GetBucketVersioning": _versioning,
    "GetBucketReplication": _replication,
    "GetObjectLockConfiguration": _object_lock,
}


def _find(world: World, bucket: Bucket, request: Request) -> StoredObject:
    """The version asked for, once the right to read it is checked."""
    key, version_id = request.key, request.version_id
    world.require(bucket.name, "s3:GetObjectVersion" if version_id else "s3:GetObject", key)
    found = bucket.version(key, version_id) if version_id else bucket.current(key)
    marker = {"x-amz-delete-marker": "true", "x-amz-version-id": found.version_id} if found else {}
    if found and not found.delete_marker:
        return found
    if found and version_id:
        message = "The specified method is not allowed against this resource."
        raise S3Error(405, "MethodNotAllowed", message, {"Method": request.method}, {**marker, "allow": "DELETE"})
    world.require(bucket.name, "s3:ListBucket")
    if version_id:
        message = "The specified version does not exist."
        raise S3Error(404, "NoSuchVersion", message, {"Key": key, "VersionId": version_id})
    raise S3Error(404, "NoSuchKey", "The specified key does not exist.", {"Key": key}, marker)


def _check_encryption(world: World, found: StoredObject, request: Request) -> None:
    if found.encryption == "SSE-C":
        if request.headers.get(f"{_SSE_C}algorithm") != "AES256":
            raise S3Error(
                400,
                "InvalidRequest",
                "The object was stored using a form of Server Side Encryption. "
                "The correct parameters must be provided to retrieve the object.",
            )
        if request.headers.get(f"{_SSE_C}key") != base64.b64encode(SSE_C_KEY).decode():
            raise S3Error(403, "AccessDenied", "Access Denied")
    needs_key = request.operation == "GetObject" or _wants_checksum(request)
    if found.encryption in {"SSE-KMS", "DSSE-KMS"} and needs_key:
        world.require(request.bucket, "kms:Decrypt", request.key)


def _check_conditions(found: StoredObject, request: Request) -> None:
    wanted = request.headers.get("if-match", "*").strip('"')
    if wanted not in {"*", found.etag}:
        message = "At least one of the pre-conditions you specified did not hold"
        raise S3Error(412, "PreconditionFailed", message, {"Condition": "If-Match"})


def _check_archive(found: StoredObject) -> None:
    if found.archived:
        details = {"StorageClass": found.storage_class}
        if found.archive_status:
            details["AccessTier"] = found.archive_status
        message = "The operation is not valid for the object's storage class"
        raise S3Error(403, "InvalidObjectState", message, details)


def _wants_checksum(request: Request) -> bool:
    return request.headers.get("x-amz-checksum-mode", "").upper() == "ENABLED"


def _span(found: StoredObject, request: Request) -> tuple[int, int] | None:
    """First byte and end of what is asked for, or None for the whole object."""
    size, number = len(found.body), request.query.get("partNumber")
    if number is not None:
        if request.range is not None:
            message = "Cannot specify both Range header and partNumber query parameter."
            raise S3Error(400, "InvalidRequest", message)
        span = found.part_range(int(number))
        if span is None:
            raise S3Error(416, "InvalidPartNumber", "The requested partnumber is not satisfiable")
        return span if size else None
    wanted = _RANGE.fullmatch(request.range or "")
    if wanted is None or wanted[0] == "bytes=-":
        return None
    first, last = wanted.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(size, int(last) + 1) if first and last else size
    if start >= size or (first and last and int(last) < start):
        details = {"RangeRequested": request.range or "", "ActualObjectSize": str(size)}
        raise S3Error(416, "InvalidRange", "The requested range is not satisfiable", details)
    return start, end


def _encryption_headers(found: StoredObject) -> Headers:
    if found.encryption == "SSE-C":
        md5 = base64.b64encode(hashlib.md5(SSE_C_KEY).digest()).decode()
        return {f"{_SSE_C}algorithm": "AES256", f"{_SSE_C}key-md5": md5}
    header = "x-amz-server-side-encryption"
    if found.encryption == "SSE-S3":
        return {header: "AES256"}
    if found.encryption == "NOT-SSE":
        return {}
    return {
        header: "aws:kms" if found.encryption == "SSE-KMS" else "aws:kms:dsse",
        f"{header}-aws-kms-key-id": _KMS_KEY,
    }


def _archive_headers(found: StoredObject) -> Headers:
    headers = {}
    if found.storage_class != "STANDARD":
        headers["x-amz-storage-class"] = found.storage_class
    if found.archive_status:
        headers["x-amz-archive-status"] = found.archive_status
    if found.restore == "ongoing":
        headers["x-amz-restore"] = 'ongoing-request="true"'
    elif isinstance(found.restore, datetime):
        headers["x-amz-restore"] = f'ongoing-request="false", expiry-date="{pages.http_date(found.restore)}"'
    return headers


def _lock(world: World, bucket: Bucket, request: Request) -> Response:
    """The retention or the legal hold of an object."""
    world.require(bucket.name, ACTIONS[request.operation], request.key)
    found = bucket.version(request.key, request.version_id) if request.version_id else bucket.current(request.key)
    if found is None:
        raise S3Error(404, "NoSuchKey", "The specified key does not exist.", {"Key": request.key})
    if not bucket.object_lock:
        raise S3Error(400, "InvalidRequest", "Bucket is missing Object Lock Configuration")
    if request.operation == "GetObjectRetention" and found.lock:
        return _xml(pages.retention(found.lock))
    if request.operation == "GetObjectLegalHold" and found.legal_hold is not None:
        return _xml(pages.document("LegalHold", pages.element("Status", "ON" if found.legal_hold else "OFF")))
    raise S3Error(404, "NoSuchObjectLockConfiguration", "The specified object does not have a ObjectLock configuration")


def _lock_headers(world: World, request: Request, found: StoredObject) -> Headers:
    """Object Lock, for those who may know of it."""
    headers: Headers = {}
    name = "x-amz-object-lock"
    if found.lock and world.allows(request.bucket, "s3:GetObjectRetention", found.key):
        mode, until = found.lock
        headers |= {f"{name}-mode": mode, f"{name}-retain-until-date": pages.iso(until)}
    if found.legal_hold is not None and world.allows(request.bucket, "s3:GetObjectLegalHold", found.key):
        headers[f"{name}-legal-hold"] = "ON" if found.legal_hold else "OFF"
    return headers


def _object(world: World, bucket: Bucket, request: Request) -> Response:
    found = _find(world, bucket, request)
    _check_encryption(world, found, request)
    _check_conditions(found, request)
    if request.operation == "GetObject":
        _check_archive(found)
    span = _span(found, request)
    headers = {
        "accept-ranges": "bytes",
        "content-type": "binary/octet-stream",
        "etag": f'"{found.etag}"',
        "last-modified": pages.http_date(found.last_modified),
        **_encryption_headers(found),
        **_archive_headers(found),
    }
    if bucket.versioning:
        headers["x-amz-version-id"] = found.version_id
    if found.replication_status:
        headers["x-amz-replication-status"] = found.replication_status
    headers |= _lock_headers(world, request, found)
    if found.part_sizes and "partNumber" in request.query:
        headers["x-amz-mp-parts-count"] = str(len(found.part_sizes))
    if span is None and _wants_checksum(request) and found.checksum:
        headers[f"x-amz-checksum-{found.checksum.algorithm.lower()}"] = found.checksum_value or ""
        headers["x-amz-checksum-type"] = found.checksum.type
    body = memoryview(found.body)
    if span is None:
        return Response(200, headers, body)
    headers["content-range"] = f"bytes {span[0]}-{span[1] - 1}/{len(body)}"
    return Response(206, headers, body[span[0] : span[1]])
