"""What the page parser reads, what it leaves to botocore, and what it never takes for something else."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from s3dedup.errors import StoreError
from s3dedup.listing import page
from s3dedup.listing.page import Page, parse_page, peek_markers, peek_token
from s3dedup.listing.parsed import page_from_parsed

HEAD = "<Name>b</Name><IsTruncated>false</IsTruncated>"
TIME = "2026-11-22T14:50:41.000Z"
NEEDED = f"<Key>k</Key><LastModified>{TIME}</LastModified><Size>3</Size>"
VERSION = f"{NEEDED}<VersionId>null</VersionId><IsLatest>true</IsLatest>"


def objects(*entries: str, head: str = HEAD, tail: str = "") -> bytes:
    rows = "".join(f"<Contents>{entry}</Contents>" for entry in entries)
    declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f"{declaration}<ListBucketResult>{head}{rows}{tail}</ListBucketResult>".encode()


def versions(*entries: str, head: str = HEAD) -> bytes:
    return f"<ListVersionsResult>{head}{''.join(entries)}</ListVersionsResult>".encode()


def page_of(body: bytes) -> Page:
    page = parse_page(body)
    assert page is not None
    return page


def with_key(key: str, *, url: bool = False) -> bytes:
    encoding = "<EncodingType>url</EncodingType>" if url else ""
    return objects(NEEDED.replace("<Key>k", f"<Key>{key}"), tail=encoding)


def test_an_object_comes_with_every_field_that_the_audit_uses() -> None:
    algorithms = "<ChecksumAlgorithm>CRC32</ChecksumAlgorithm><ChecksumAlgorithm>SHA256</ChecksumAlgorithm>"
    checksum = f"{algorithms}<ChecksumType>COMPOSITE</ChecksumType>"
    rest = "<ETag>&quot;e-2&quot;</ETag><StorageClass>GLACIER</StorageClass>"
    assert page_of(objects(NEEDED + checksum + rest)) == Page(
        keys=["k"],
        sizes=[3],
        etags=["e-2"],
        storage_classes=["GLACIER"],
        modified=[TIME],
        checksum_algorithms=["CRC32,SHA256"],
        checksum_types=["COMPOSITE"],
        restores=[""],
        version_ids=None,
        entries=1,
        truncated=False,
    )


def test_what_an_object_does_not_say_is_empty_and_its_class_is_standard() -> None:
    page = page_of(objects(NEEDED))
    assert (page.etags, page.storage_classes, page.checksum_algorithms) == ([""], ["STANDARD"], [""])


def test_the_same_fields_in_another_order_give_the_same_page() -> None:
    swapped = f"<Size>3</Size><LastModified>{TIME}</LastModified><Key>k</Key>"
    assert parse_page(objects(NEEDED, swapped)) == page_of(objects(NEEDED, NEEDED))


ALL = {
    "Key": "k",
    "LastModified": TIME,
    "ETag": "&quot;e&quot;",
    "ChecksumAlgorithm": "SHA1</ChecksumAlgorithm><ChecksumAlgorithm>MD5",
    "ChecksumType": "FULL_OBJECT",
    "Owner": "<ID>1</ID>",
    "Size": "3",
    "StorageClass": "GLACIER",
    "RestoreStatus": "<IsRestoreInProgress>true</IsRestoreInProgress>",
    "VersionId": "v",
    "IsLatest": "true",
}
OPTIONAL = {"ETag", "ChecksumAlgorithm", "ChecksumType", "Owner", "StorageClass", "RestoreStatus", "IsLatest"}


def entry_without(*missing: str, names: Iterable[str] = ALL) -> str:
    """An entry with all that there is, but for some."""
    return "".join(f"<{name}>{ALL[name]}</{name}>" for name in names if name not in missing)


@pytest.mark.parametrize("order", [tuple(ALL), tuple(reversed(ALL)), tuple(sorted(ALL))])
@pytest.mark.parametrize("tag", ["Contents", "Version"])
def test_entries_of_one_order_are_read_in_it_whatever_some_of_them_lack(
    tag: str, order: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [name for name in order if tag == "Version" or name not in {"VersionId", "IsLatest"}]
    lacking = ["", *(OPTIONAL.intersection(names))]
    entries = [entry_without(missing, names=names) for missing in lacking]
    body = versions(*(f"<Version>{entry}</Version>" for entry in entries)) if tag == "Version" else objects(*entries)
    monkeypatch.setattr(page, "_in_one_order", lambda _: None)
    expected = page_of(body)
    monkeypatch.undo()
    monkeypatch.setattr(page, "_in_any_order", lambda *_: pytest.fail("the order was not recognised"))
    assert page_of(body) == expected
    assert len(expected.keys) == len(lacking)


@pytest.mark.parametrize("missing", sorted(OPTIONAL - {"IsLatest"}))
def test_what_the_first_entry_lacks_may_come_where_aws_has_it(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    aws = ("Key", "LastModified", "ETag", "ChecksumAlgorithm", "ChecksumType", "Size", "StorageClass", "RestoreStatus")
    names = (*aws, "Owner")
    monkeypatch.setattr(page, "_in_any_order", lambda *_: pytest.fail("the order was not recognised"))
    assert len(page_of(objects(entry_without(missing, names=names), entry_without(names=names))).keys) == 2


@pytest.mark.parametrize(
    "second",
    [
        NEEDED + NEEDED,
        NEEDED.replace("<Size>3</Size>", ""),
        NEEDED.replace("<Size>3</Size>", "<Size></Size>"),
        NEEDED + "<Size>3</Size>",
        NEEDED.replace("Size", "Sise"),
        f"{NEEDED}</Contents>x<Contents>{NEEDED}",
        NEEDED + "<ETag>&quot;e</ETag>",
    ],
)
def test_the_order_of_the_first_entry_lets_nothing_pass_that_is_wrong(second: str) -> None:
    assert parse_page(objects(NEEDED, second)) is None


@pytest.mark.parametrize("quote", ["&quot;", "&#34;", "&#x22;", '"', ""])
def test_an_etag_loses_its_quotes_however_they_are_written(quote: str) -> None:
    assert page_of(objects(f"{NEEDED}<ETag>{quote}abc-1{quote}</ETag>")).etags == ["abc-1"]


def test_delete_markers_are_counted_and_have_no_row() -> None:
    marker = VERSION.replace("<Size>3</Size>", "")
    found = page_of(versions(f"<DeleteMarker>{marker}</DeleteMarker>", f"<Version>{VERSION}</Version>", head=HEAD))
    assert (found.keys, found.sizes, found.version_ids, found.entries) == (["k"], [3], ["null"], 2)


def test_an_empty_page_of_versions_is_still_one_of_versions() -> None:
    assert page_of(versions()).version_ids == []


@pytest.mark.parametrize(
    ("status", "restore"),
    [
        ("<IsRestoreInProgress>true</IsRestoreInProgress>", "ongoing"),
        ("<IsRestoreInProgress>false</IsRestoreInProgress>", ""),
        (
            "<RestoreExpiryDate>2026-12-21T00:00:00.000Z</RestoreExpiryDate>",
            "2026-12-21T00:00:00.000Z",
        ),
    ],
)
def test_a_restore_is_ongoing_or_expires_or_is_not_there(status: str, restore: str) -> None:
    assert page_of(objects(f"{NEEDED}<RestoreStatus>{status}</RestoreStatus>")).restores == [restore]


@pytest.mark.parametrize(
    ("sent", "key"),
    [
        ("a+b", "a b"),
        ("a%2Bb%20c", "a+b c"),
        ("%252B", "%2B"),
        ("%00%0A%F0%9F%98%80", "\x00\n\U0001f600"),
        ("%26amp%3B", "&amp;"),
        ("a&amp;b", "a&b"),
        ("100%", "100%"),
    ],
)
def test_an_encoded_key_is_decoded_exactly_once(sent: str, key: str) -> None:
    assert page_of(with_key(sent, url=True)).keys == [key]


@pytest.mark.parametrize("key", ["a+b", "%41", "%2B"])
def test_a_key_that_is_not_declared_encoded_stays_as_it_is(key: str) -> None:
    assert page_of(with_key(key)).keys == [key]


def test_a_key_that_looks_like_an_element_is_a_key() -> None:
    token = "<NextContinuationToken>no</NextContinuationToken></Contents>"
    body = with_key(token.replace("<", "&lt;").replace(">", "&gt;"))
    assert page_of(body).keys == [token]
    assert peek_token(body) == (False, None)


def test_the_token_is_found_before_and_after_the_objects() -> None:
    token = "<NextContinuationToken>a&amp;b=</NextContinuationToken>"
    truncated = "<IsTruncated>true</IsTruncated>"
    for body in (objects(NEEDED, head=truncated + token), objects(NEEDED, head=truncated, tail=token)):
        assert peek_token(body) == (True, "a&b=")
        assert page_of(body).next_token == "a&b="


def test_the_key_marker_is_decoded_and_the_version_id_marker_is_not() -> None:
    markers = "<NextKeyMarker>a%2Bb</NextKeyMarker><NextVersionIdMarker>x%2B</NextVersionIdMarker>"
    head = f"<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>{markers}"
    assert peek_markers(versions(head=head)) == (True, "a+b", "x%2B")
    assert peek_token(versions(head=head)) is None
    assert peek_markers(objects()) is None


REFUSED = {
    "an error in a 200": b"<Error><Code>SlowDown</Code></Error>",
    "nothing": b"",
    "an element that is not known": objects(f"{NEEDED}<Colour>red</Colour>"),
    "an attribute": objects(NEEDED.replace("<Key>", "<Key a='b'>")),
    "a comment": objects(f"{NEEDED}<!-- -->"),
    "CDATA": with_key("<![CDATA[k]]>"),
    "a document type": b"<!DOCTYPE a>" + objects(NEEDED),
    "indentation": objects(f"\n  {NEEDED}"),
    "text between elements": objects(f"{NEEDED}x"),
    "a field twice": objects(f"{NEEDED}<Size>3</Size>"),
    "no key": objects(NEEDED.replace("<Key>k</Key>", "")),
    "no size": objects(NEEDED.replace("<Size>3</Size>", "")),
    "no time": objects(NEEDED.replace(f"<LastModified>{TIME}</LastModified>", "")),
    "a version without an id": versions(f"<Version>{NEEDED}</Version>"),
    "a version id in a plain listing": objects(f"{NEEDED}<VersionId>null</VersionId>"),
    "a version in a plain listing": objects(tail=f"<Version>{VERSION}</Version>"),
    "a delete marker closed as a version": versions(f"<DeleteMarker>{VERSION}</Version>"),
    "a day that does not exist": objects(NEEDED.replace("11-22", "02-30")),
    "a delete marker of a day that does not exist": versions(
        f"<DeleteMarker>{VERSION.replace('11-22', '02-30')}</DeleteMarker>"
    ),
    "digits that are not ASCII": objects(NEEDED.replace("<Size>3", "<Size>\u0663")),
    "an entity that XML does not have": with_key("&nbsp;"),
    "a character that XML does not have": with_key("&#1;"),
    "a noncharacter as an entity": with_key("&#xFFFE;"),
    "a control character in an owner": objects(f"{NEEDED}<Owner><ID>a\x01</ID></Owner>"),
    "the end of CDATA in an owner": objects(f"{NEEDED}<Owner><ID>]]></ID></Owner>"),
    "a restore until a day that does not exist": objects(
        f"{NEEDED}<RestoreStatus><RestoreExpiryDate>2026-02-30T00:00:00Z</RestoreExpiryDate></RestoreStatus>"
    ),
    "a lone surrogate": with_key("&#xD800;"),
    "an ampersand alone": with_key("a&b"),
    "the end of CDATA in text": with_key("a]]>b"),
    "a raw control character": with_key("a\x01"),
    "a raw newline": with_key("a\nb"),
    "a noncharacter": with_key("a\uffff"),
    "bytes that are not UTF-8": objects(NEEDED).replace(b"<Key>k", b"<Key>\xff"),
    "a truncated body": objects(NEEDED)[:-1],
    "something behind the end": objects(NEEDED) + b"x",
    "a page that does not say whether it is truncated": objects(head=""),
    "a page that says so twice": objects(head=HEAD + HEAD),
    "a number that is none": objects(head=f"{HEAD}<KeyCount>x</KeyCount>"),
    "an element cut in two by the objects": objects(NEEDED, head=f"{HEAD}<Pre", tail="fix>p</Prefix>"),
}


ODD_TIMES = [
    "",
    "2026-11-22",
    "20261122T145041Z",
    "2026-W47-7T14:50:41.00Z",
    "2026-11-22T14:50:41.000",
    "2026-11-22T14:50:41-05:00",
    "2026-11-22T14:50:41.000Z2026-11-22T14:50:41.000Z",
    "2026:11:22T14-50-41.000Z",
    "2026-11-22T14:50:4-.000Z",
    "2026-11-22T14:50:41.0.0Z",
    "2026-11-22T14:50:41Z000.",
    "2026-11-22T24:50:41.000Z",
]


@pytest.mark.parametrize("others", [0, 1, 2])
@pytest.mark.parametrize("time", ODD_TIMES)
def test_a_time_in_another_form_than_that_of_s3_is_refused_wherever_it_stands(time: str, others: int) -> None:
    for at in range(others + 1):
        entries = [NEEDED] * others
        entries.insert(at, NEEDED.replace(TIME, time))
        assert parse_page(objects(*entries)) is None


def test_times_with_and_without_fractions_may_come_together() -> None:
    times = [TIME, "2026-11-22T14:50:41Z", "2026-11-22T14:50:41.5Z", "2024-02-29T00:00:00.000Z"]
    for first in times:
        found = parse_page(objects(*(NEEDED.replace(TIME, time) for time in (first, *times))))
        assert found is not None
        assert found.modified == [first, *times]


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_what_is_not_recognised_is_refused(body: bytes) -> None:
    assert parse_page(body) is None


@pytest.mark.parametrize("name", ["Key", "Size", "LastModified"])
def test_an_entry_that_cannot_be_audited_stops_the_slow_way_too(name: str) -> None:
    entry: dict[str, Any] = {"Key": "k", "Size": 1, "LastModified": datetime(2026, 11, 22, tzinfo=UTC)}
    del entry[name]
    with pytest.raises(StoreError, match=f"without {name}"):
        page_from_parsed({"Contents": [entry], "IsTruncated": False}, versions=False)


def test_the_slow_way_has_version_ids_only_where_versions_were_listed() -> None:
    assert page_from_parsed({"IsTruncated": False}, versions=False).version_ids is None
    assert page_from_parsed({"IsTruncated": False}, versions=True).version_ids == []
