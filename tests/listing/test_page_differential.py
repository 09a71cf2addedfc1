"""The page parser against botocore's own, on pages as servers write them and on broken ones."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus, unquote_plus

import botocore.parsers
import botocore.session
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from s3dedup.listing.page import Page, parse_page, peek_markers, peek_token
from s3dedup.listing.parsed import page_from_parsed
from s3dedup.model import utc_from_iso

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SAMPLES = Path(__file__).parent / "samples"
MANY = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


# --- botocore's way ---------------------------------------------------------------------------------------


@cache
def output_shape(operation: str) -> Any:  # noqa: ANN401 -- botocore has no types of its own
    return botocore.session.get_session().get_service_model("s3").operation_model(operation).output_shape


def botocores_page(body: bytes, *, versions: bool) -> Page:
    shape = output_shape("ListObjectVersions" if versions else "ListObjectsV2")
    response = {"body": body, "headers": {}, "status_code": 200}
    parser = botocore.parsers.create_parser("rest-xml")
    return page_from_parsed(parser.parse(response, shape), versions=versions)


def comparable(page: Page) -> Page:
    """The page with its times as instants: botocore's way writes them differently."""
    instant = [utc_from_iso(text).isoformat() for text in page.modified]
    restores = [text if text in {"", "ongoing"} else utc_from_iso(text).isoformat() for text in page.restores]
    return replace(page, modified=instant, restores=restores)


def check_agreement(body: bytes, page: Page, *, versions: bool) -> None:
    assert comparable(page) == comparable(botocores_page(body, versions=versions))
    if versions:
        markers = (page.truncated, page.next_key_marker, page.next_version_id_marker)
        assert (peek_token(body), peek_markers(body)) == (None, markers)
    else:
        assert (peek_token(body), peek_markers(body)) == ((page.truncated, page.next_token), None)


# --- pages as servers write them --------------------------------------------------------------------------


@dataclass(frozen=True)
class Dialect:
    """How one server writes XML."""

    declaration: str
    namespace: str
    quote: str
    escape: Callable[[str], str]
    empty: str
    encode: Callable[[str], str] | None
    frame_first: bool
    order: Sequence[str] | None

    def element(self, name: str, text: str) -> str:
        """A leaf, written empty in this server's way where there is no text."""
        return f"<{name}>{self.escape(text)}</{name}>" if text else self.empty.format(name)

    def arranged(self, draw: st.DrawFn, fields: list[str]) -> str:
        """The elements of an entry in this server's order; where it has none, in any."""
        if self.order is None:
            return "".join(draw(st.permutations(fields)))
        places = {name: place for place, name in enumerate(self.order)}
        return "".join(sorted(filter(None, fields), key=lambda field: places[re.findall("[A-Za-z]+", field)[0]]))

    def key(self, text: str) -> str:
        """A key under the encoding-type that this server was asked for."""
        return self.encode(text) if self.encode else text


def as_aws(text: str) -> str:
    named = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return named.replace("\r", "&#13;").replace("\n", "&#10;").replace("\t", "&#9;").replace("'", "&apos;")


def as_go(text: str) -> str:
    named = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&#34;")
    return named.replace("\r", "&#xD;").replace("\n", "&#xA;").replace("\t", "&#x9;").replace("'", "&#39;")


def by_numbers(text: str) -> str:
    return "".join(character if character.isalnum() else f"&#x{ord(character):x};" for character in text)


def every_byte(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


DECLARATIONS = (
    '<?xml version="1.0" encoding="UTF-8"?>\n',
    "<?xml version='1.0' encoding='utf-8' ?>",
    "",
)
FIELDS = (
    *("Key", "LastModified", "Owner", "Size", "ETag", "StorageClass", "ChecksumType", "ChecksumAlgorithm"),
    *("RestoreStatus", "Type", "VersionId", "IsLatest"),
)
NAMESPACES = (' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"', "")
dialects = st.builds(
    Dialect,
    declaration=st.sampled_from(DECLARATIONS),
    namespace=st.sampled_from(NAMESPACES),
    quote=st.sampled_from(["&quot;", "&#34;", "&#x22;", '"', ""]),
    escape=st.sampled_from([as_aws, as_go, by_numbers]),
    empty=st.sampled_from(["<{0}></{0}>", "<{0}/>", "<{0} />"]),
    encode=st.sampled_from([None, quote_plus, quote, lambda text: quote_plus(text, safe="/"), every_byte]),
    frame_first=st.booleans(),
    order=st.one_of(st.none(), st.permutations(FIELDS)),
)

HOSTILE = st.sampled_from([
    "+", "%2B", "%", "%4", "%zz", "%E2%82", "&amp;", "&#38;", "<Key>x</Key>", "</Contents>", "]]>",
    "a/>b", "\u00e9", "<NextContinuationToken>no</NextContinuationToken>", " ", "\n", "\r\n", "\t",
    "\U0001f600", "\ufffd", "\x7f\x85",
])  # fmt: skip
legal_text = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff", min_codepoint=32), min_size=1
)
any_text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
words = st.text("abcdefghijklmnopqrstuvwxyzABCDEF0123456789-_.=+/", max_size=40)
times = st.datetimes().flatmap(
    lambda moment: st.sampled_from(
        [
            f"{moment:%Y-%m-%dT%H:%M:%S}Z".rjust(20, "0"),
            f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z".rjust(24, "0"),
            f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06}987Z".rjust(30, "0"),
        ]
    )
)


def draw_text(draw: st.DrawFn, dialect: Dialect) -> str:
    parts = draw(st.lists(st.one_of(HOSTILE, any_text if dialect.encode else legal_text), min_size=1, max_size=4))
    return "".join(parts)


def sometimes(draw: st.DrawFn, text: Callable[[], str]) -> str:
    return text() if draw(st.booleans()) else ""


def owner(draw: st.DrawFn, dialect: Dialect) -> str:
    name = draw(st.sampled_from(["web file", "R&D", "caf\u00e9", ""]))
    inside = [dialect.element("ID", draw(words))]
    inside.insert(draw(st.integers(0, 1)), f"<DisplayName>{name.replace('&', '&amp;')}</DisplayName>")
    return draw(st.sampled_from([f"<Owner>{''.join(inside)}</Owner>", dialect.empty.format("Owner")]))


def restore(draw: st.DrawFn) -> str:
    progress = draw(st.sampled_from(["true", "false"]))
    expiry = sometimes(draw, lambda: f"<RestoreExpiryDate>{draw(times)}</RestoreExpiryDate>")
    return f"<RestoreStatus><IsRestoreInProgress>{progress}</IsRestoreInProgress>{expiry}</RestoreStatus>"


def checksums(draw: st.DrawFn) -> str:
    algorithms = draw(st.lists(st.sampled_from(["CRC32", "CRC64NVME", "SHA256", ""]), min_size=1, max_size=3))
    return "".join(f"<ChecksumAlgorithm>{algorithm}</ChecksumAlgorithm>" for algorithm in algorithms)


def draw_entry(draw: st.DrawFn, dialect: Dialect, tag: str) -> str:
    plain = replace(dialect, escape=str)
    fields = [
        dialect.element("Key", dialect.key(draw_text(draw, dialect))),
        f"<LastModified>{draw(times)}</LastModified>",
        sometimes(draw, lambda: owner(draw, plain)),
    ]
    if tag != "DeleteMarker":
        fields += [
            f"<Size>{draw(st.integers(0, 5 * 2**40))}</Size>",
            sometimes(draw, lambda: f"<ETag>{dialect.quote}{draw(words)}{dialect.quote}</ETag>"),
            sometimes(
                draw,
                lambda: plain.element("StorageClass", draw(st.sampled_from(["STANDARD", "GLACIER", ""]))),
            ),
            sometimes(draw, lambda: plain.element("ChecksumType", draw(st.sampled_from(["FULL_OBJECT", ""])))),
            sometimes(draw, lambda: checksums(draw)),
            sometimes(draw, lambda: restore(draw)),
            sometimes(draw, lambda: "<Type>Normal</Type>"),
        ]
    if tag != "Contents":
        fields += [plain.element("VersionId", draw(words)), "<IsLatest>true</IsLatest>"]
    return f"<{tag}>{dialect.arranged(draw, fields)}</{tag}>"


def draw_frame(draw: st.DrawFn, dialect: Dialect, names: Sequence[str]) -> list[str]:
    elements = [
        f"<IsTruncated>{draw(st.sampled_from(['true', 'false']))}</IsTruncated>",
        f"<MaxKeys>{draw(st.integers(0, 1000))}</MaxKeys>",
        *(["<EncodingType>url</EncodingType>"] if dialect.encode else []),
    ]
    for name in names:
        text = sometimes(draw, lambda: dialect.key(draw_text(draw, dialect)))
        elements.append(sometimes(draw, lambda name=name, text=text: dialect.element(name, text)))  # type: ignore[misc]
    return list(draw(st.permutations(elements)))


PLAIN_FRAME = ("Name", "Prefix", "Delimiter", "ContinuationToken", "NextContinuationToken", "StartAfter")
VERSION_FRAME = ("Name", "KeyMarker", "VersionIdMarker", "NextKeyMarker", "NextVersionIdMarker")


@st.composite
def pages(draw: st.DrawFn, *, versions: bool) -> bytes:
    dialect = draw(dialects)
    tags = st.sampled_from(["Version", "DeleteMarker"]) if versions else st.just("Contents")
    entries = [draw_entry(draw, dialect, tag) for tag in draw(st.lists(tags, max_size=5))]
    frame = draw_frame(draw, dialect, VERSION_FRAME if versions else PLAIN_FRAME)
    cut = draw(st.integers(0, len(frame))) if not dialect.frame_first else len(frame)
    prefixes = [
        f"<CommonPrefixes>{dialect.element('Prefix', dialect.key(draw_text(draw, dialect)))}</CommonPrefixes>"
        for _ in range(draw(st.integers(0, 2)))
    ]
    root = "ListVersionsResult" if versions else "ListBucketResult"
    content = "".join((*frame[:cut], *entries, *prefixes, *frame[cut:]))
    return f"{dialect.declaration}<{root}{dialect.namespace}>{content}</{root}>".encode()


@MANY
@given(body=pages(versions=False))
def test_a_page_of_objects_reads_as_botocore_reads_it(body: bytes) -> None:
    page = parse_page(body)
    assert page is not None
    check_agreement(body, page, versions=False)


@MANY
@given(body=pages(versions=True))
def test_a_page_of_versions_reads_as_botocore_reads_it(body: bytes) -> None:
    page = parse_page(body)
    assert page is not None
    check_agreement(body, page, versions=True)


@given(key=st.lists(st.one_of(HOSTILE, any_text), min_size=1).map("".join))
@MANY
def test_a_key_is_unquoted_as_urllib_does_it(key: str) -> None:
    legal = "".join(character for character in key if character.isprintable())
    escaped = legal.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    entry = f"<Key>{escaped}</Key><Size>0</Size><LastModified>2026-11-22T14:50:41Z</LastModified>"
    frame = "<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>"
    page = parse_page(f"<ListBucketResult>{frame}<Contents>{entry}</Contents></ListBucketResult>".encode())
    assert page is not None
    assert page.keys == [unquote_plus(legal)]


# --- broken pages -----------------------------------------------------------------------------------------

SNIPPETS = (
    b"<!-- -->", b"<![CDATA[x]]>", b"<!DOCTYPE a>", b"<?pi?>", b"]]>", b"&", b"&foo;", b"&#0;",
    b"&#xFFFE;", b"&#x1;", b"&amp;", b"&quot;", b"<", b">", b"/>", b"<a/>", b"<Key>x</Key>",
    b"<Size>1</Size>", b"<Size>x</Size>", b"<ETag/>", b"<Contents>", b"</Contents>",
    b"<Contents></Contents>", b"<Version>", b"</Version>", b"<DeleteMarker/>",
    b"<IsTruncated>true</IsTruncated>", b"<KeyCount>x</KeyCount>", b"<Owner/>", b"<Owner><ID/></Owner>",
    b'"', b" ", b"\n", b"\r", b"\t", b"\x00", b"\x01", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xef\xbf\xbe",
    b"\xef\xbb\xbf", b"%", b"%ff", b"+", b"0", b"9", b"-",
    b"<LastModified>2026-02-30T00:00:00Z</LastModified>", b" a='b'",
    b"<ChecksumAlgorithm>SHA1</ChecksumAlgorithm>",
    b"<CommonPrefixes><Prefix>a</Prefix><Prefix>b</Prefix></CommonPrefixes>",
)  # fmt: skip


@st.composite
def broken(draw: st.DrawFn, body: bytes) -> bytes:
    for _ in range(draw(st.integers(1, 2))):
        # Where an element or a text begins or ends is where a change does most.
        edges = [0, len(body), *(match.start() + (match[0] == b">") for match in re.finditer(b"[<>]", body))]
        places = st.one_of(st.sampled_from(edges), st.integers(0, len(body)))
        at, to = sorted((draw(places), draw(places)))
        near = min(to, at + draw(st.integers(0, 12)))
        body = draw(
            st.sampled_from(
                [
                    body[:at] + draw(st.sampled_from(SNIPPETS)) + body[at:],
                    body[:at] + draw(st.sampled_from(SNIPPETS)) + body[near:],
                    body[:at] + draw(st.binary(min_size=1, max_size=2)) + body[at + 1 :],
                    body[:at] + body[near:],
                    body[:at] + body[to:],
                    body[:to] + body[at:],
                    body[:at],
                ]
            )
        )
    return body


def check_refused_or_equal(body: bytes, *, versions: bool) -> None:
    """Where botocore raises, or gives what cannot be audited, so does the comparison, and the test fails."""
    page = parse_page(body)
    if page is not None:
        check_agreement(body, page, versions=versions)


@MANY
@given(body=pages(versions=False).flatmap(broken))
def test_a_broken_page_of_objects_is_refused_or_reads_as_botocore_reads_it(body: bytes) -> None:
    check_refused_or_equal(body, versions=False)


@MANY
@given(body=pages(versions=True).flatmap(broken))
def test_a_broken_page_of_versions_is_refused_or_reads_as_botocore_reads_it(body: bytes) -> None:
    check_refused_or_equal(body, versions=True)


@given(body=st.sampled_from(sorted(SAMPLES.glob("*.xml"))).map(Path.read_bytes).flatmap(broken))
@MANY
def test_a_broken_page_of_a_real_server_is_refused_or_reads_as_botocore_reads_it(body: bytes) -> None:
    check_refused_or_equal(body, versions=b"<ListVersionsResult" in body)


# --- real servers -----------------------------------------------------------------------------------------

# Raw tabs, raw control characters (no XML at all) and indentation are left to botocore.
SLOW = {
    "ministack-v2-plain",
    "ministack-versions",
    "moto-v2-plain",
    "moto-versions",
    "moto-versions-cut",
    "rclone-v2",
}


@pytest.mark.parametrize("sample", sorted(path.stem for path in SAMPLES.glob("*.xml")))
def test_a_page_of_a_real_server_reads_as_botocore_reads_it(sample: str) -> None:
    body = (SAMPLES / f"{sample}.xml").read_bytes()
    page = parse_page(body)
    assert (page is None) == (sample in SLOW)
    if page is not None:
        check_agreement(body, page, versions="versions" in sample)
