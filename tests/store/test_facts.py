"""What the headers of an answer say, and what they do not."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3dedup.errors import ObjectChangedError, ObjectUnreadableError
from s3dedup.model import Encryption, ListedObject, PartSpan, StoredChecksum
from s3dedup.store.facts import check_range, head_facts, part_span
from tests.store.helpers import listed

if TYPE_CHECKING:
    from s3dedup.store import S3Store
    from tests.fakes3 import FakeS3
    from tests.fakes3.objects import Lock

ROW = ListedObject("k", 10, "etag", "STANDARD", "")
LOCKED_UNTIL = datetime(2030, 2, 3, 4, 5, 6, tzinfo=UTC)
LENGTH = {"content-length": "10"}


def test_a_head_tells_of_replication_lock_and_legal_hold(fake: FakeS3, store: S3Store) -> None:
    lock: Lock = ("COMPLIANCE", LOCKED_UNTIL)
    kept = fake.put("b", "kept", b"kept", replication_status="REPLICA", lock=lock, legal_hold=True)
    told = store.head("b", listed(kept), layout=False)
    assert (told.replication, told.lock_mode, told.retain_until, told.legal_hold) == ("REPLICA", *lock, True)
    free = store.head("b", listed(fake.put("b", "free", b"free", legal_hold=False)), layout=False)
    assert (free.replication, free.lock_mode, free.retain_until, free.legal_hold) == (None, None, None, False)


def test_what_may_not_be_known_of_a_lock_is_unknown(fake: FakeS3, store: S3Store) -> None:
    kept = fake.put("b", "kept", b"kept", lock=("GOVERNANCE", LOCKED_UNTIL), legal_hold=True)
    fake.deny("b", "s3:GetObjectRetention")
    fake.deny("b", "s3:GetObjectLegalHold")
    told = store.head("b", listed(kept), layout=False)
    assert (told.lock_mode, told.retain_until, told.legal_hold) == (None, None, None)


def test_a_head_tells_when_an_object_was_written_and_where_versions_are_kept_its_version(
    fake: FakeS3, store: S3Store
) -> None:
    plain = fake.put("b", "k", b"plain")
    told = store.head("b", listed(plain), layout=False)
    assert (told.modified, told.version_id) == (plain.last_modified, None)
    fake.bucket("v", versioning="Enabled")
    version = fake.put("v", "k", b"version")
    assert store.head("v", listed(version), layout=False).version_id == version.version_id


def test_every_header_of_a_head_has_its_place() -> None:
    value = base64.b64encode(b"digest").decode()
    told = head_facts(
        {
            "etag": '"hex-2"',
            "content-length": "6",
            "content-range": "bytes 0-5/10",
            "x-amz-mp-parts-count": "2",
            "x-amz-archive-status": "ARCHIVE_ACCESS",
            "x-amz-server-side-encryption": "aws:kms",
            "x-amz-checksum-sha1": f"{value}-2",
            "x-amz-checksum-xxhash128": value,
            "x-amz-checksum-type": "FULL_OBJECT",
        }
    )
    assert (told.etag, told.size, told.first_part, told.parts) == ("hex-2", 10, 6, 2)
    assert (told.archived, told.encryption) == (True, Encryption.KMS)
    assert told.checksums == (
        StoredChecksum("SHA1", b"digest", full_object=False),
        StoredChecksum("XXHASH128", b"digest", full_object=True),
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("AES256", Encryption.SSE_S3),
        ("aws:kms:dsse", Encryption.DSSE),
        ("aws:fsx", Encryption.KMS),
        (None, Encryption.NONE),
    ],
)
def test_an_encryption_that_is_not_known_proves_as_little_as_kms(name: str | None, expected: Encryption) -> None:
    header = {} if name is None else {"x-amz-server-side-encryption": name}
    assert head_facts(LENGTH | header).encryption is expected


@pytest.mark.parametrize(
    "headers",
    [
        {"x-amz-checksum-sha1": "no base64!"},
        {"x-amz-checksum-sha1": "é"},
        {"x-amz-mp-parts-count": "many", "content-range": "bytes 0-5/10"},
        {"content-range": "bytes 0-5/*", "x-amz-mp-parts-count": "2"},
        {"x-amz-object-lock-retain-until-date": "when it thaws"},
        {"x-amz-object-lock-legal-hold": "PERHAPS"},
        {"last-modified": "yesterday"},
        {"last-modified": "Sun, 22 Nov 99999999999999999999 00:00:00 GMT"},
    ],
)
def test_what_makes_no_sense_is_unknown(headers: dict[str, str]) -> None:
    told = head_facts(LENGTH | headers)
    assert (told.size, told.checksums, told.parts, told.retain_until, told.legal_hold) == (10, (), None, None, None)
    assert told.modified is None


HOSTILE = ["content-range", "x-amz-mp-parts-count", "x-amz-checksum-md5", "last-modified"]


@given(st.dictionaries(st.sampled_from(HOSTILE), st.text()))
def test_no_header_is_a_crash(headers: dict[str, str]) -> None:
    assert head_facts(LENGTH | headers).etag == ""
    part_span(headers)


def test_a_head_without_a_length_is_no_answer() -> None:
    with pytest.raises(ObjectUnreadableError, match="how long"):
        head_facts({"etag": '"etag"'})


def test_each_part_of_an_uneven_object_tells_where_it_lies(fake: FakeS3, store: S3Store) -> None:
    even = listed(fake.put("b", "even", b"x" * 20, parts=8))
    uneven = listed(fake.put("b", "uneven", b"x" * 20, parts=[8, 5, 7]))
    assert [store.head("b", row, layout=True).first_part for row in (even, uneven)] == [8, 8]
    assert [store.part("b", row, 3) for row in (even, uneven)] == [PartSpan(16, 20), PartSpan(13, 20)]
    assert store.part("b", uneven, 2) == PartSpan(8, 13)


def test_an_object_in_one_piece_and_a_store_that_ignores_parts_tell_of_none(fake: FakeS3, store: S3Store) -> None:
    assert store.part("b", listed(fake.put("b", "single", b"whole")), 1) is None
    assert part_span({"content-length": "20"}) is None


ANSWER = {"etag": '"etag"', "content-range": "bytes 2-5/10", "content-length": "4"}


def test_the_bytes_that_were_asked_for_are_accepted_with_and_without_a_length() -> None:
    check_range(ANSWER, ROW, 2, 6)
    check_range({name: value for name, value in ANSWER.items() if name != "content-length"}, ROW, 2, 6)
    check_range({"etag": '"etag"', "content-length": "10"}, ROW, 0, 10)


@pytest.mark.parametrize(
    "change",
    [
        {"content-range": "bytes 0-3/10"},
        {"content-range": "bytes 2-5/11"},
        {"content-range": ""},
        {"content-length": "5"},
        {"content-length": "10", "content-range": ""},
    ],
)
def test_other_bytes_than_were_asked_for_are_refused(change: dict[str, str]) -> None:
    with pytest.raises(ObjectUnreadableError, match="asked for bytes 2-5/10"):
        check_range(ANSWER | change, ROW, 2, 6)


def test_another_etag_is_another_object() -> None:
    with pytest.raises(ObjectChangedError):
        check_range(ANSWER | {"etag": '"other"'}, ROW, 2, 6)
