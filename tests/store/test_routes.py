"""The short way sends what boto3 sends, to the last byte of the signature; and where it would not, it is not taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import botocore
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from hypothesis import example, given
from hypothesis import strategies as st

from s3dedup.store.routes import Route, UnsendableError, sent_headers
from s3dedup.store.signing import Credentials

if TYPE_CHECKING:
    from collections.abc import Mapping

KEYS = Credentials("AKIA/ODD+KEY", "secret/with+signs=", None)
TOKEN = KEYS._replace(token="token//of+a=role==")
CALLS = {"HeadObject": "head_object", "GetObject": "get_object"}
LISTINGS = {"ListObjectsV2": "list_objects_v2", "ListObjectVersions": "list_object_versions"}
ODD_KEYS = [
    "plain",
    "a b",
    " ",
    "a+b",
    "100%",
    "%2F",
    "%zz",
    "é/ü",
    "\N{SNOWMAN}\N{PILE OF POO}",
    "//two//slashes//",
    "/",
    "./a/../b/.",
    "..",
    "ends/",
    "a?b=c&d",
    "a#b",
    "a;b:c@d,e'f(g)h!i*j$k[l]m",
    "~-_.",
    "tab\tline\nreturn\r",
    "\x00\x7f",
    "\\back\\slash",
    '<a href="x">',
]


SESSION = boto3.Session()


class Wiretap:
    """A boto3 client that sends nothing: what it would have sent is kept."""

    def __init__(
        self, keys: Credentials | None = KEYS, *, region: str = "eu-central-1", url: str | None = None
    ) -> None:
        self.keys = keys
        self.sent: Any = None
        self.client: Any = self._made(region, url, {})

    def _made(self, region: str, url: str | None, s3: dict[str, object]) -> Any:  # noqa: ANN401  built at run time
        signing = {} if self.keys else {"signature_version": botocore.UNSIGNED}
        access_key, secret_key, token = self.keys or (None, None, None)
        made: Any = SESSION.client(
            "s3",
            region_name=region,
            endpoint_url=url,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            aws_session_token=token,
            config=Config(s3=s3, response_checksum_validation="when_required", **signing),  # type: ignore[arg-type]  # as boto3 takes it
        )
        made.meta.events.register_last("before-send.s3", self._keep)
        return made

    def with_settings(self, region: str, **s3: object) -> Wiretap:
        """The same for another region, with these settings of S3."""
        self.client = self._made(region, None, s3)
        return self

    def _keep(self, *, request: Any, **_: object) -> AWSResponse:  # noqa: ANN401  botocore is untyped
        self.sent = request
        return AWSResponse(request.url, 200, HTTPHeaders(), Nothing())

    def send(self, operation: str, **parameters: Any) -> Any:  # noqa: ANN401  those of boto3
        """What boto3 sends for that."""
        getattr(self.client, {**CALLS, **LISTINGS}[operation])(**parameters)
        return self.sent


class Nothing:
    """An empty body."""

    def stream(self) -> list[bytes]:
        """No bytes."""
        return []


def learnt(tap: Wiretap, bucket: str = "b-1") -> Route:
    """The route that one plain request teaches."""
    parameters = {"Bucket": bucket, "Key": "any/key"}
    route = Route.learn(tap.send("HeadObject", **parameters), parameters)
    assert route is not None
    assert route.sends_the_same(tap.sent, "HeadObject", parameters, tap.keys)
    return route


PLAIN = Wiretap()
ROUTE = learnt(PLAIN)
ANY_PAGE = {"Prefix": "", "MaxKeys": 1000, "EncodingType": "url"}

parameters_of = st.fixed_dictionaries(
    {"Key": st.text(st.characters(codec="utf-8"), min_size=1)},
    optional={
        "VersionId": st.text(st.characters(codec="utf-8"), min_size=1),
        "PartNumber": st.integers(1, 10_000),
        "ChecksumMode": st.just("ENABLED"),
        "Range": st.just("bytes=0-99"),
        "IfMatch": st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1),
        "RequestPayer": st.just("requester"),
    },
)


@pytest.mark.parametrize("key", ODD_KEYS)
@pytest.mark.parametrize("operation", CALLS)
def test_every_odd_key_is_sent_and_signed_as_boto3_does(operation: str, key: str) -> None:
    parameters = {"Bucket": "b-1", "Key": key, "VersionId": key, "IfMatch": '"etag"'}
    sent = PLAIN.send(operation, **parameters)
    assert ROUTE.sends_the_same(sent, operation, parameters, KEYS)


@given(operation=st.sampled_from(sorted(CALLS)), asked=parameters_of)
@example(operation="HeadObject", asked={"Key": "k", "IfMatch": ' "two  spaces" '})
def test_whatever_is_asked_is_sent_and_signed_as_boto3_does(operation: str, asked: dict[str, Any]) -> None:
    parameters = {"Bucket": "b-1", **asked}
    sent = PLAIN.send(operation, **parameters)
    own = ROUTE.request(operation, parameters, KEYS, sent_headers(sent)["x-amz-date"])
    assert (own.method, own.url) == (sent.method, sent.url)
    assert own.headers.keys() - {"host"} == sent_headers(sent).keys()
    assert own.headers["authorization"] == sent_headers(sent)["authorization"]


def listing_route(operation: str, tap: Wiretap = PLAIN, bucket: str = "b-1") -> Route:
    """The route that the first page of a listing teaches."""
    parameters = {"Bucket": bucket, **ANY_PAGE}
    sent = tap.send(operation, **parameters)
    route = Route.learn(sent, parameters)
    assert route is not None
    assert route.sends_the_same(sent, operation, parameters, tap.keys)
    return route


LISTING_ROUTES = {operation: listing_route(operation) for operation in LISTINGS}
any_text = st.one_of(st.sampled_from(ODD_KEYS), st.text(st.characters(codec="utf-8"), min_size=1))
of_any_listing = {
    "MaxKeys": st.integers(1, 1000),
    "OptionalObjectAttributes": st.just(["RestoreStatus"]),
    "RequestPayer": st.just("requester"),
}
listings = st.one_of(
    st.tuples(
        st.just("ListObjectsV2"),
        st.fixed_dictionaries(
            {"Prefix": st.one_of(st.just(""), any_text), "EncodingType": st.just("url")},
            optional={"StartAfter": any_text, "ContinuationToken": any_text, **of_any_listing},
        ),
    ),
    st.tuples(
        st.just("ListObjectVersions"),
        st.fixed_dictionaries(
            {"Prefix": st.one_of(st.just(""), any_text), "EncodingType": st.just("url")},
            optional={"KeyMarker": any_text, "VersionIdMarker": any_text, **of_any_listing},
        ),
    ),
)


@given(listings)
@example(("ListObjectsV2", {"Prefix": "&versions", "StartAfter": "?list-type=1", "ContinuationToken": "1/+==\r\nx: y"}))
@example(("ListObjectVersions", {"Prefix": "=", "KeyMarker": "&prefix=", "VersionIdMarker": "#"}))
def test_whatever_page_is_asked_for_is_sent_and_signed_as_boto3_does(listing: tuple[str, dict[str, Any]]) -> None:
    operation, parameters = listing[0], {"Bucket": "b-1", "EncodingType": "url", **listing[1]}
    sent = PLAIN.send(operation, **parameters)
    route = LISTING_ROUTES[operation]
    assert route.sends_the_same(sent, operation, parameters, KEYS)
    assert b"\r\nx: y" not in route.request(operation, parameters, KEYS).to_bytes()


def test_a_key_that_cannot_be_sent_fails_as_in_boto3() -> None:
    parameters = {"Bucket": "b-1", "Key": "lone \ud800 surrogate"}
    with pytest.raises(UnicodeEncodeError):
        PLAIN.send("HeadObject", **parameters)
    with pytest.raises(UnicodeEncodeError):
        ROUTE.request("HeadObject", parameters, KEYS)


ENDPOINTS: dict[str, tuple[Wiretap, str, str]] = {
    "virtual host": (Wiretap(), "b-1", "https://b-1.s3.eu-central-1.amazonaws.com"),
    "us-east-1": (Wiretap(region="us-east-1"), "b-1", "https://b-1.s3.amazonaws.com"),
    "a bucket with dots": (Wiretap(), "b.1", "https://s3.eu-central-1.amazonaws.com/b.1"),
    "path": (
        Wiretap().with_settings("eu-central-1", addressing_style="path"),
        "b-1",
        "https://s3.eu-central-1.amazonaws.com/b-1",
    ),
    "dualstack": (
        Wiretap().with_settings("eu-central-1", use_dualstack_endpoint=True),
        "b-1",
        "https://b-1.s3.dualstack.eu-central-1.amazonaws.com",
    ),
    "accelerated": (
        Wiretap().with_settings("eu-central-1", use_accelerate_endpoint=True),
        "b-1",
        "https://b-1.s3-accelerate.amazonaws.com",
    ),
    "China": (Wiretap(region="cn-north-1"), "b-1", "https://b-1.s3.cn-north-1.amazonaws.com.cn"),
    "access point": (
        Wiretap(),
        "arn:aws:s3:eu-central-1:123456789012:accesspoint/a",
        "https://a-123456789012.s3-accesspoint.eu-central-1.amazonaws.com",
    ),
    "custom": (Wiretap(url="http://127.0.0.1:9000"), "b-1", "http://127.0.0.1:9000/b-1"),
    "custom, default port": (Wiretap(url="https://s3.example.org:443/"), "b-1", "https://s3.example.org:443/b-1"),
    "custom, below a path": (Wiretap(url="https://example.org/s3"), "b-1", "https://example.org/s3/b-1"),
    "IPv6": (Wiretap(url="http://[::1]:9000"), "b-1", "http://[::1]:9000/b-1"),
    "with a token": (Wiretap(TOKEN), "b-1", "https://b-1.s3.eu-central-1.amazonaws.com"),
    "unsigned": (Wiretap(None), "b-1", "https://b-1.s3.eu-central-1.amazonaws.com"),
}


@pytest.mark.parametrize("name", ENDPOINTS)
def test_a_route_is_learnt_for_every_endpoint(name: str) -> None:
    tap, bucket, url = ENDPOINTS[name]
    parameters = {"Bucket": bucket, "Key": "a b//é", "Range": "bytes=0-9"}
    route = Route.learn(tap.send("GetObject", **parameters), parameters)
    assert route is not None
    assert route.sends_the_same(tap.sent, "GetObject", parameters, tap.keys)
    assert route.request("GetObject", parameters, tap.keys).url == f"{url}/a%20b//%C3%A9"


@pytest.mark.parametrize("operation", LISTINGS)
@pytest.mark.parametrize("name", ENDPOINTS)
def test_a_route_to_the_listing_is_learnt_for_every_endpoint(name: str, operation: str) -> None:
    tap, bucket, url = ENDPOINTS[name]
    request = listing_route(operation, tap, bucket).request(operation, {"Bucket": bucket, "Prefix": "a b"}, tap.keys)
    subresource = "list-type=2" if operation == "ListObjectsV2" else "versions"
    slash = "/" if url.endswith((".com", ".com.cn")) else ""
    assert request.url == f"{url}{slash}?{subresource}&prefix=a%20b"


def unusual(change: Mapping[str, str]) -> Any:  # noqa: ANN401  botocore is untyped
    """A request that somebody has put a hand to."""

    def meddle(request: Any, **_: object) -> None:  # noqa: ANN401  same
        for name, value in change.items():
            request.headers[name] = value

    tap = Wiretap()
    tap.client.meta.events.register("before-sign.s3", meddle)
    return tap.send("HeadObject", Bucket="b-1", Key="k")


def test_a_request_with_a_header_of_somebody_elses_is_not_for_the_short_way() -> None:
    parameters = {"Bucket": "b-1", "Key": "k"}
    for change in ({"x-custom": "1"}, {"X-Amz-Expected-Bucket-Owner": "1"}, {"Range": "bytes=0-"}):
        sent = unusual(change)
        route = Route.learn(sent, parameters)
        assert route is not None
        assert not route.sends_the_same(sent, "HeadObject", parameters, KEYS)


@pytest.mark.parametrize("authorization", ["AWS AKIA:signature", "AWS4-ECDSA-P256-SHA256 Credential=a/b", "Bearer x"])
def test_another_signature_is_not_for_the_short_way(authorization: str) -> None:
    sent = PLAIN.send("HeadObject", Bucket="b-1", Key="k")
    sent.headers["Authorization"] = authorization
    assert Route.learn(sent, {"Bucket": "b-1", "Key": "k"}) is None


def test_a_directory_bucket_is_not_for_the_short_way() -> None:
    sent = PLAIN.send("HeadObject", Bucket="b-1", Key="k")
    sent.headers["Authorization"] = sent_headers(sent)["authorization"].replace("/s3/", "/s3express/")
    assert Route.learn(sent, {"Bucket": "b-1", "Key": "k"}) is None


@pytest.mark.parametrize("keys", [KEYS._replace(secret_key="other"), KEYS._replace(token="other")])
def test_what_is_signed_with_other_keys_is_not_the_same(keys: Credentials) -> None:
    parameters = {"Bucket": "b-1", "Key": "k"}
    sent = PLAIN.send("HeadObject", **parameters)
    assert not ROUTE.sends_the_same(sent, "HeadObject", parameters, keys)


@pytest.mark.parametrize("etag", ["x\r\nHost: elsewhere", "x\nrange: bytes=0-", "\x00", "ü", "\u2028"])
def test_a_value_from_a_bucket_cannot_become_another_header(etag: str) -> None:
    request = ROUTE.request("GetObject", {"Bucket": "b-1", "Key": "k", "IfMatch": etag}, KEYS)
    with pytest.raises(UnsendableError):
        request.to_bytes()


def test_nothing_but_reads_has_a_way_to_be_written_down() -> None:
    for operation in ("PutObject", "DeleteObject", "CopyObject"):
        with pytest.raises(KeyError):
            ROUTE.request(operation, {"Bucket": "b-1", "Key": "k"}, KEYS)
    with pytest.raises(KeyError):
        ROUTE.request("GetObject", {"Bucket": "b-1", "Key": "k", "Tagging": "x"}, KEYS)


def test_a_request_is_one_piece_of_http() -> None:
    lines = ROUTE.request("GetObject", {"Bucket": "b-1", "Key": "a b", "PartNumber": 2}, KEYS).to_bytes().split(b"\r\n")
    assert lines[0] == b"GET /a%20b?partNumber=2 HTTP/1.1"
    assert b"host: b-1.s3.eu-central-1.amazonaws.com" in lines
    assert lines[-2:] == [b"", b""]
