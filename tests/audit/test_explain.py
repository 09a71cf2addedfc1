"""What `explain` says of the objects that an audit has left, by each kind of evidence, and of pairs of them."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from s3dedup.audit import explain
from s3dedup.engine import peers
from s3dedup.evidence import Meaning, Verdict
from s3dedup.explanation import Role
from s3dedup.model import Encryption, EtagTrust, EvidenceKind, SkipReason
from s3dedup.shelf import ObjectFacts
from s3dedup.shelf.database import Database, Table
from s3dedup.shelf.records import RecordShelf
from tests.audit.explaining import BODY, LARGE, OPAQUE, SMALL, one, text
from tests.audit.helpers import KIB, flipped, random_body
from tests.audit.test_reading import plant_collision
from tests.fakes3 import FakeS3

if TYPE_CHECKING:
    from s3dedup.explanation import PairExplained
    from tests.audit.helpers import Auditor


def pair(auditor: Auditor, *names: str) -> PairExplained:
    """What is said of two objects of bucket b, which does not depend on their order."""
    found = explain([f"s3://b/{name}" for name in names], auditor.state).pair
    again = explain([f"s3://b/{name}" for name in reversed(names)], auditor.state).pair
    assert found is not None
    assert again is not None
    assert found.verdict is again.verdict
    return found


def spaces(found: PairExplained) -> dict[str, bool]:
    """In which spaces both had a value, and whether these were equal."""
    return {each.space: each.equal for each in found.spaces}


def said(auditor: Auditor, *names: str) -> str:
    """The same, on one line."""
    return " ".join(text(explain([f"s3://b/{name}" for name in names], auditor.state)).split())


# One object, on AWS

aws = pytest.mark.usefixtures("as_aws")


@aws
def test_an_object_whose_size_no_other_has_was_asked_nothing(fake: FakeS3, auditor: Auditor) -> None:
    fake.put("b", "lone", b"alone")
    fake.put("b", "other", b"another")
    auditor("b")
    found = one(auditor, "lone")
    assert (found.same_size, found.etag, found.head, found.read, found.group) == (0, None, None, None, None)
    assert "has this size, so it has no twin and nothing was asked." in said(auditor, "lone")


@aws
def test_an_empty_object_is_never_grouped(fake: FakeS3, auditor: Auditor) -> None:
    fake.put("b", "empty", b"")
    fake.put("b", "empty-2", b"")
    auditor("b")
    assert "Empty objects are counted, and never grouped." in said(auditor, "empty")
    assert pair(auditor, "empty", "empty-2").verdict is Verdict.SAME


@aws
def test_where_and_when_an_object_was_listed_is_said(fake: FakeS3, auditor: Auditor) -> None:
    etag = fake.put("b", "a", b"alone", last_modified=datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)).etag
    run = auditor("b").run
    found = explain(["s3://b/a"], auditor.state)
    assert found.run == run
    words = said(auditor, "a")
    assert f"By audit {run.id[:8]}, which began {run.started:%Y-%m-%d %H:%M} UTC" in words
    assert f"5 bytes, STANDARD, last modified 2025-03-04 05:06:07 UTC, ETag {etag}." in words


@aws
def test_where_every_etag_of_a_size_is_an_md5_by_the_rule_the_listing_was_enough(
    fake: FakeS3, auditor: Auditor
) -> None:
    for number in range(20):
        fake.put("b", f"{number:02}", BODY if number < 3 else random_body(SMALL, number))
    auditor("b")
    found = [one(auditor, f"{number:02}") for number in range(20)]
    assert all(each.etag and each.etag.by_listing and each.etag.meaning is Meaning.MD5 for each in found)
    assert sum(each.head is not None for each in found) == 8, "some were asked, to confirm the rule"
    assert [each.group.role for each in found[:3] if each.group] == [Role.KEEPER, Role.REDUNDANT, Role.REDUNDANT]
    assert found[5].contrast is not None
    assert found[5].contrast.different == {"md5": 19}
    assert "default encryption AES256, confirmed by 8 objects." in said(auditor, "05")


@aws
def test_the_etag_of_a_kms_object_proves_nothing_and_its_head_is_why(fake: FakeS3, auditor: Auditor) -> None:
    fake.put("b", "plain", BODY)
    fake.put("b", "secret", BODY, **OPAQUE)
    auditor("b")
    found = one(auditor, "secret")
    assert found.etag is not None
    assert found.head is not None
    assert found.read is not None
    assert (found.etag.meaning, found.head.encryption) == (Meaning.OPAQUE, Encryption.KMS)
    assert (found.read.ranges, found.read.of, found.read.bytes) == (1, 1, SMALL)
    assert list(found.read.digests) == ["md5"]
    assert found.group is not None
    assert found.group.evidence is EvidenceKind.DERIVED
    assert [each.key for each in found.group.others] == ["plain"]
    assert "It proves nothing: a HEAD said that it is encrypted with SSE-KMS." in said(auditor, "secret")
    assert "Nothing of it was read." in said(auditor, "plain")


@aws
def test_a_near_twin_is_told_apart_by_the_ranges_that_were_read(fake: FakeS3, auditor: Auditor) -> None:
    body = random_body(LARGE)
    for key, content in {"a": body, "b": body, "near": flipped(body, -1)}.items():
        fake.put("b", key, content, **OPAQUE)
    auditor("b")
    found = one(auditor, "near")
    assert found.read is not None
    assert (found.read.ranges, found.read.of, found.read.bytes) == (2, 4, 128 * KIB)
    assert found.group is None
    assert found.contrast is not None
    assert found.contrast.different == {"sha1-begun-2": 2}
    assert spaces(pair(auditor, "near", "a")) == {"sha1-begun-2": False}
    same = one(auditor, "a")
    assert same.group is not None
    assert same.group.evidence is EvidenceKind.SHA1_RANGES
    assert spaces(pair(auditor, "a", "b")) == {"sha1-ranges": True}


@aws
def test_an_archived_object_is_said_to_be_skipped_and_against_whom_it_is_open(fake: FakeS3, auditor: Auditor) -> None:
    fake.put("b", "warm", BODY, **OPAQUE)
    fake.put("b", "cold", BODY, storage_class="GLACIER", **OPAQUE)
    auditor("b")
    cold, warm = one(auditor, "cold"), one(auditor, "warm")
    assert cold.skipped is not None
    assert cold.skipped.reason is SkipReason.ARCHIVED
    assert warm.skipped is None
    assert warm.contrast is not None
    assert [(each.object.key, each.reason) for each in warm.contrast.examples] == [("cold", SkipReason.ARCHIVED)]
    assert "In no group, and not decided against all others of its size." in said(auditor, "warm")
    assert "s3://b/cold (archived)" in said(auditor, "warm")
    assert pair(auditor, "warm", "cold").verdict is Verdict.UNDECIDED


@aws
def test_an_object_that_may_not_be_read_is_said_to_be_skipped_for_that(fake: FakeS3, auditor: Auditor) -> None:
    fake.put("b", "a", BODY, **OPAQUE)
    fake.put("b", "denied", BODY, **OPAQUE)
    fake.deny("b", "s3:GetObject", "denied")
    auditor("b")
    found = one(auditor, "denied")
    assert found.skipped is not None
    assert found.skipped.reason is SkipReason.ACCESS_DENIED
    assert found.head is None
    assert "It proves nothing as long as the encryption is unknown: no HEAD of it has told." in said(auditor, "denied")


@aws
def test_an_object_that_was_gone_is_held_against_no_other(fake: FakeS3, auditor: Auditor) -> None:
    for key in "abx":
        fake.put("b", key, BODY, **OPAQUE)
    fake.after(lambda request: request.operation == "ListObjectsV2", lambda: fake.delete("b", "x"))
    auditor("b")
    gone, left = one(auditor, "x"), one(auditor, "a")
    assert gone.skipped is not None
    assert (gone.skipped.reason, gone.contrast) == (SkipReason.VANISHED, None)
    assert left.contrast is not None
    assert [(each.object.key, each.reason) for each in left.contrast.examples] == [("x", SkipReason.VANISHED)]


@aws
def test_a_checksum_of_the_whole_counts_where_the_etag_does_not(fake: FakeS3, auditor: Auditor) -> None:
    for key in ("a", "b"):
        fake.put("b", key, BODY, encryption="SSE-KMS", checksum=("SHA256", "FULL_OBJECT"))
    auditor("b")
    found = one(auditor, "a")
    assert found.head is not None
    assert found.head.checksums == ("SHA256 (FULL_OBJECT)",)
    assert found.group is not None
    assert found.group.evidence is EvidenceKind.CHECKSUM
    assert spaces(pair(auditor, "a", "b")) == {"sha256": True}


@aws
def test_options_that_decide_what_etags_mean_are_named(fake: FakeS3, auditor: Auditor) -> None:
    for key in ("a", "b"):
        fake.put("b", key, BODY, checksum=None)
    auditor("b", etag_trust=EtagTrust.NEVER, digest="sha256")
    assert "It proves nothing: --etag-trust never was passed." in said(auditor, "a")
    assert spaces(pair(auditor, "a", "b")) == {"sha256-ranges": True}
    auditor("b", etag_trust=EtagTrust.ALWAYS)
    assert "It counts as the MD5 of the content: --etag-trust always was passed." in said(auditor, "a")


@aws
def test_a_protected_copy_is_said_to_stay(fake: FakeS3, auditor: Auditor) -> None:
    for key in ("a", "b", "c"):
        fake.put("b", key, BODY)
    auditor("b", protect=["a*", "b*"])
    roles = {key: found.group.role for key in "abc" if (found := one(auditor, key)).group}
    assert roles == {"a": Role.KEEPER, "b": Role.PROTECTED, "c": Role.REDUNDANT}
    assert "A duplicate, protected, so it stays." in said(auditor, "b")


def test_elsewhere_the_calibration_of_the_bucket_is_told(fake: FakeS3, auditor: Auditor) -> None:
    for key in ("a", "b"):
        fake.put("b", key, BODY)
    auditor("b")
    assert "single-part ETags proven by reading" in said(auditor, "a")
    fake.put("b", "a", BODY, etag="0" * 32)
    fake.put("b", "b", BODY, etag="1" * 32)
    (auditor.state / "facts.mdb").unlink()
    auditor("b")
    found = one(auditor, "a")
    assert found.etag is not None
    assert (found.etag.proven, found.etag.meaning) == (False, Meaning.OPAQUE)
    assert "ETags of this form are not proven to follow AWS's rules there." in said(auditor, "a")
    assert "single-part ETags not trusted (calibration failed)" in said(auditor, "a")


@aws
def test_of_very_many_objects_of_one_size_some_are_said_not_to_be_looked_at(
    fake: FakeS3, auditor: Auditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(9):
        fake.put("b", str(number), random_body(SMALL, number % 8))
    auditor("b")
    monkeypatch.setattr(peers, "MOST", 3)
    found = one(auditor, "8")
    assert found.group is not None
    assert found.group.copies == 2
    assert found.contrast is not None
    looked_at = 2 + sum(found.contrast.different.values())
    assert found.contrast.not_looked_at == 9 - looked_at > 0
    assert f"{found.contrast.not_looked_at} more objects of its size were not looked at here." in said(auditor, "8")


# Pairs


@aws
def test_objects_of_two_sizes_are_different(fake: FakeS3, auditor: Auditor) -> None:
    fake.put("b", "a", b"one")
    fake.put("b", "b", b"other")
    auditor("b")
    found = pair(auditor, "a", "b")
    assert (found.verdict, found.same_size) == (Verdict.DIFFERENT, False)


@aws
@pytest.mark.parametrize("same", [True, False])
def test_two_md5s_decide(same: bool, fake: FakeS3, auditor: Auditor) -> None:
    fake.put("b", "a", BODY, checksum=None)
    fake.put("b", "b", BODY if same else flipped(BODY, 0), checksum=None)
    auditor("b")
    found = pair(auditor, "a", "b")
    assert found.verdict is (Verdict.SAME if same else Verdict.DIFFERENT)
    assert spaces(found) == {"md5": same}


@aws
def test_multipart_etags_of_one_layout_decide(fake: FakeS3, auditor: Auditor) -> None:
    fake.put("b", "a", BODY, parts=400, checksum=None)
    fake.put("b", "b", flipped(BODY, 0), parts=400, checksum=None)
    auditor("b")
    found = pair(auditor, "a", "b")
    assert found.verdict is Verdict.DIFFERENT
    assert spaces(found) == {"multipart-3x400": False, "multipart-3": False}


@aws
def test_multipart_etags_of_two_layouts_are_settled_by_what_was_read(fake: FakeS3, auditor: Auditor) -> None:
    fake.put("b", "a", BODY, parts=400, checksum=None)
    fake.put("b", "b", BODY, parts=300, checksum=None)
    auditor("b")
    found = pair(auditor, "a", "b")
    assert found.verdict is Verdict.SAME
    assert any(found.spaces), "the bytes of one give the ETag of the other"
    assert sum(one(auditor, key).read is not None for key in "ab") == 1


@aws
def test_two_that_are_the_same_as_a_third_are_explained_through_it(fake: FakeS3, auditor: Auditor) -> None:
    fake.put("b", "plain", BODY, checksum=None)
    fake.put("b", "parts", BODY, parts=400, checksum=None)
    fake.put("b", "secret", BODY, **OPAQUE)
    auditor("b")
    found = pair(auditor, "plain", "parts")
    assert (found.verdict, found.spaces) == (Verdict.SAME, ())
    assert found.through is not None
    assert found.through.key == "secret"


@aws
def test_two_are_different_where_what_is_the_same_as_one_differs_from_the_other(fake: FakeS3, auditor: Auditor) -> None:
    fake.put("b", "parts", BODY, parts=400, checksum=None)
    fake.put("b", "secret", BODY, **OPAQUE)
    fake.put("b", "else", random_body(SMALL, 1), checksum=None)
    auditor("b")
    found = pair(auditor, "parts", "else")
    assert found.verdict is Verdict.DIFFERENT
    assert {holder.key for each in found.spaces for holder in each.holders} & {"secret", "parts"}


@aws
def test_a_collision_is_explained_by_what_tells_it_apart(fake: FakeS3, auditor: Auditor) -> None:
    fake.bucket("b", encryption_rule="aws:kms")  # no rule for all, so each candidate is asked
    plant_collision(fake, ("SHA256", "FULL_OBJECT"))
    auditor("b")
    found = pair(auditor, "good", "evil")
    assert found.verdict is Verdict.DIFFERENT
    assert spaces(found) == {"sha256": False}
    contrast = one(auditor, "good").contrast
    assert contrast is not None
    assert contrast.different == {"sha256": 1}


def forget_readings(auditor: Auditor) -> None:
    """Lose what was read, as if a budget had ended the audit before."""
    with closing(Database(auditor.state / "facts.mdb", ("meta", "objects", "rules"), durable=True)) as facts:
        shelf = RecordShelf(Table(facts, "objects"), ObjectFacts)
        for key, known in list(shelf.records()):
            shelf[key] = msgspec.structs.replace(known, ranges={}, parts={}, whole={})


@aws
@pytest.mark.parametrize(
    ("plain", "expected"),
    [
        pytest.param({}, [("secret", ("md5",))], id="the-md5-of-the-other"),
        pytest.param({"parts": 400}, [("secret", ("multipart-3x400",))], id="the-multipart-etag-of-the-other"),
        pytest.param({"encryption": "SSE-KMS"}, [("a", ()), ("secret", ())], id="both-in-ranges"),
    ],
)
def test_what_would_settle_a_pair_is_what_an_audit_would_read(
    plain: dict[str, Any], expected: list[tuple[str, tuple[str, ...]]], fake: FakeS3, auditor: Auditor
) -> None:
    fake.put("b", "a", BODY, checksum=None, **plain)
    fake.put("b", "secret", BODY, **OPAQUE)
    auditor("b")
    forget_readings(auditor)
    found = pair(auditor, "a", "secret")
    assert found.verdict is Verdict.UNDECIDED
    assert [(each.object.key, each.spaces) for each in found.settle] == expected
    assert "Reading this one (1000 B) would give" in said(auditor, "a", "secret")


@aws
def test_what_a_budget_left_open_is_said_to_be_open_and_what_would_settle_it(fake: FakeS3, auditor: Auditor) -> None:
    fake.put("b", "plain", BODY, checksum=None)
    fake.put("b", "secret", BODY, **OPAQUE)
    auditor("b", max_read=0)
    found = pair(auditor, "plain", "secret")
    assert found.verdict is Verdict.UNDECIDED
    assert [(each.object.key, each.spaces) for each in found.settle] == [("secret", ("md5",))]
    assert "In no group, and not decided against all others of its size." in said(auditor, "plain")
