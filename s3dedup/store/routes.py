"""How boto3 asks for an object or a listing, learnt from what it sent, so that the same can be sent without it.

boto3 knows the endpoint, the addressing, the region to sign for, and who else has a say in a request. None of that is
decided here: a route is taken from a request of boto3 that was answered well, and only if the same request, made the
short way, is the same to the last byte of its signature. Whatever is unusual is not the same, and stays with boto3.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import quote, urlsplit

from s3dedup.store.signing import EMPTY_BODY, Credentials, authorization

METHODS = {"GetObject": "GET", "HeadObject": "HEAD", "ListObjectVersions": "GET", "ListObjectsV2": "GET"}
"""All that goes the short way."""
SUBRESOURCES = {"ListObjectVersions": "versions", "ListObjectsV2": "list-type=2"}
"""With what the query of an operation begins, whatever its parameters."""
QUERY = {
    "ContinuationToken": "continuation-token",
    "EncodingType": "encoding-type",
    "KeyMarker": "key-marker",
    "MaxKeys": "max-keys",
    "PartNumber": "partNumber",
    "Prefix": "prefix",
    "StartAfter": "start-after",
    "VersionId": "versionId",
    "VersionIdMarker": "version-id-marker",
}
HEADERS = {
    "ChecksumMode": "x-amz-checksum-mode",
    "IfMatch": "if-match",
    "OptionalObjectAttributes": "x-amz-optional-object-attributes",
    "Range": "range",
    "RequestPayer": "x-amz-request-payer",
}
"""Where a parameter of boto3's stands in the request (API_GetObject, API_HeadObject, API_ListObjectsV2,
API_ListObjectVersions).
"""

_SIGNED_BY = re.compile(r"AWS4-HMAC-SHA256 Credential=(.+)/\d{8}/([^/]+)/s3/aws4_request, .*")
_PORTS = {"http": 80, "https": 443}
_ABOUT = ("user-agent", "amz-sdk-request")
"""What boto3 says of itself and of the attempt; neither is signed."""
_ID = "amz-sdk-invocation-id"
"""A new one for each request, not signed either."""
_ATTEMPT = re.compile(r"attempt=\d+")


class UnsendableError(Exception):
    """The request cannot be written down the short way."""


@dataclass(frozen=True, slots=True)
class Request:
    """A read as it will be sent; `target` is path and query, encoded. It has what botocore's hooks look at."""

    method: str
    origin: str
    target: str
    headers: dict[str, str]
    body: None = field(default=None, init=False)

    @property
    def url(self) -> str:
        """The whole address."""
        return self.origin + self.target

    def to_bytes(self) -> bytes:
        """As HTTP/1.1.

        Raises:
            UnsendableError: a header's value, which may come from a bucket, is more than a value.
        """
        values = "".join(self.headers.values())
        if not (values.isascii() and values.isprintable()):
            raise UnsendableError
        lines = "".join([f"{name}: {value}\r\n" for name, value in self.headers.items()])
        return f"{self.method} {self.target} HTTP/1.1\r\naccept-encoding: identity\r\n{lines}\r\n".encode("ascii")


@dataclass(frozen=True, slots=True)
class Route:
    """How to ask one bucket: where to connect, what stands before the key (for a listing, the whole path), and for
    which region to sign (None: not at all). `about` is what boto3 says of itself.
    """

    origin: str
    address: tuple[str, int]
    host: str
    before_key: str
    region: str | None
    about: dict[str, str]

    @classmethod
    def learn(cls, sent: Any, parameters: Mapping[str, Any]) -> Self | None:  # noqa: ANN401  botocore is untyped
        """Take a request of boto3 apart (an `AWSPreparedRequest`); None if it is none of the usual ones."""
        url, key = urlsplit(sent.url), _encoded_key(parameters)
        headers = sent_headers(sent)
        signed_by = _SIGNED_BY.fullmatch(headers.get("authorization", ""))
        default = _PORTS.get(url.scheme)
        known = signed_by is not None or "authorization" not in headers
        if not (known and url.hostname and default and url.path.endswith(key)):
            return None
        name = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
        return cls(
            origin=f"{url.scheme}://{url.netloc}",
            address=(url.hostname, url.port or default),
            host=name if url.port in {None, default} else f"{name}:{url.port}",
            before_key=url.path.removesuffix(key),
            region=signed_by[2] if signed_by else None,
            about={name: _ATTEMPT.sub("attempt=1", headers[name]) for name in _ABOUT if name in headers},
        )

    def request(
        self, operation: str, parameters: Mapping[str, Any], keys: Credentials | None, stamp: str | None = None
    ) -> Request:
        """What boto3 would send for an operation with these parameters, now or at `stamp` (20261122T180000Z).

        Raises:
            KeyError: that is no operation, or no parameter, for the short way.
        """
        query = "&".join(_query(operation, parameters))
        target = f"{self.before_key}{_encoded_key(parameters)}{'?' if query else ''}{query}"
        headers = {"host": self.host}
        for name, value in parameters.items():
            if name not in QUERY and name not in {"Bucket", "Key"}:
                headers[HEADERS[name]] = value if isinstance(value, str) else ",".join(value)
        method = METHODS[operation]
        if self.region is not None and keys is not None:
            self._sign(headers, method, target, keys, stamp or time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()))
        headers |= self.about
        headers[_ID] = str(uuid.uuid4())
        return Request(method, self.origin, target, headers)

    def _sign(self, headers: dict[str, str], method: str, target: str, keys: Credentials, stamp: str) -> None:
        headers |= {"x-amz-content-sha256": EMPTY_BODY, "x-amz-date": stamp}
        if keys.token:
            headers["x-amz-security-token"] = keys.token
        headers["authorization"] = authorization(keys, str(self.region), method, target, headers)

    def sends_the_same(
        self,
        sent: Any,  # noqa: ANN401  botocore is untyped
        operation: str,
        parameters: Mapping[str, Any],
        keys: Credentials | None,
    ) -> bool:
        """Whether this route makes just the request that boto3 sent, signature and all."""
        theirs = sent_headers(sent)
        own = self.request(operation, parameters, keys, theirs.get("x-amz-date"))
        headers = {name: value for name, value in own.headers.items() if name != "host"}
        return (own.method, own.url) == (sent.method, sent.url) and _comparable(headers) == _comparable(theirs)


def is_signed_by(sent: Any, keys: Credentials) -> bool:  # noqa: ANN401  botocore is untyped
    """Whether boto3 signed with these keys."""
    return f" Credential={keys.access_key}/" in sent_headers(sent).get("authorization", "")


def sent_headers(sent: Any) -> dict[str, str]:  # noqa: ANN401  botocore is untyped
    """The headers of an `AWSPreparedRequest`, names in lower case."""
    return {
        name.lower(): value.decode() if isinstance(value, bytes) else str(value) for name, value in sent.headers.items()
    }


def _comparable(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in {*_ABOUT, _ID}}


def _encoded_key(parameters: Mapping[str, Any]) -> str:
    return f"/{quote(parameters['Key'], safe='/')}" if "Key" in parameters else ""


def _query(operation: str, parameters: Mapping[str, Any]) -> Iterator[str]:
    if operation in SUBRESOURCES:
        yield SUBRESOURCES[operation]
    for name, value in parameters.items():
        if name in QUERY:
            yield f"{QUERY[name]}={quote(str(value), safe='')}"
