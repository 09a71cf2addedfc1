"""A custom endpoint with ETags of several kinds, or not what they look like, is noticed by the pairs they unite."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from s3dedup.model import EtagTrust
from tests.audit.helpers import KIB, MIB, equal_contents, evidence_of, flipped, groups_of, keys_of, random_body

if TYPE_CHECKING:
    from tests.audit.helpers import Auditor
    from tests.fakes3 import FakeS3

LIE = hashlib.md5(b"the time of day").hexdigest()
LARGE = 2 * MIB
MULTIPART_LIE = f"{LIE}-2"


def plant_honest(
    fake: FakeS3, pairs: int = 3, bucket: str = "b", parts: int | None = None
) -> dict[tuple[str, str], bytes]:
    """Small pairs whose ETags are what AWS's rules say."""
    planted = {(bucket, f"{side}-{number}"): bytes([number]) * 10 for number in range(pairs) for side in ("one", "two")}
    for (_, key), body in planted.items():
        fake.put(bucket, key, body, parts=parts, checksum=None)
    return planted


def plant_lie(fake: FakeS3, bodies: dict[tuple[str, str], bytes], etag: str = LIE) -> dict[tuple[str, str], bytes]:
    """Objects that all get this ETag."""
    for (bucket, key), body in bodies.items():
        fake.put(bucket, key, body, etag=etag, parts=LARGE // 2 if "-" in etag else None, checksum=None)
    return bodies


def left_and_right(bucket: str = "b", other: str = "b") -> dict[tuple[str, str], bytes]:
    """Two different large contents of one size."""
    return {(bucket, "left"): random_body(LARGE, 1), (other, "right"): random_body(LARGE, 2)}


@pytest.mark.parametrize(("etag", "parts"), [(LIE, None), (MULTIPART_LIE, 5)])
def test_a_large_pair_that_one_etag_calls_equal_is_noticed_beside_small_honest_ones(
    etag: str, parts: int | None, fake: FakeS3, auditor: Auditor
) -> None:
    fake.bucket("b")
    planted = plant_honest(fake, parts=parts) | plant_lie(fake, left_and_right(), etag)
    report = auditor("b")
    assert groups_of(report) == equal_contents(planted)
    assert "ETags not trusted (calibration failed)" in report.notes[0]


def test_a_pair_of_which_each_half_is_in_another_bucket_is_noticed(fake: FakeS3, auditor: Auditor) -> None:
    for bucket in ("b", "c"):
        fake.bucket(bucket)
    planted = plant_honest(fake) | plant_honest(fake, bucket="c") | plant_lie(fake, left_and_right("b", "c"))
    report = auditor("b", "c")
    assert groups_of(report) == equal_contents(planted)
    assert all("single-part ETags not trusted" in note for note in report.notes[:2])


def test_of_a_large_pair_only_the_ends_are_read_and_where_these_agree_the_etag_is_believed(
    fake: FakeS3, auditor: Auditor
) -> None:
    fake.bucket("b")
    body = random_body(LARGE)
    planted = plant_honest(fake) | {("b", "large"): body, ("b", "large again"): body}
    for key in ("large", "large again"):
        fake.put("b", key, body, checksum=None)
    report = auditor("b")
    assert groups_of(report) == equal_contents(planted)
    assert set(evidence_of(report)) == {"md5-etag"}
    assert "single-part ETags proven by reading 6 objects and by 4 pairs of equal ETags" in report.notes[0]
    assert sum(entry.body_bytes for entry in fake.requests("GetObject")) == 4 * 64 * KIB + 6 * 10


def test_a_pair_is_looked_at_again_only_where_it_is_another(fake: FakeS3, auditor: Auditor) -> None:
    fake.bucket("b")
    plant_honest(fake)
    auditor("b")
    asked = len(fake.requests("GetObject"))
    auditor("b")
    assert len(fake.requests("GetObject")) == asked
    plant_lie(fake, left_and_right())
    assert frozenset({"left", "right"}) not in keys_of(auditor("b"))


def test_pairs_that_cannot_be_paid_prove_nothing(fake: FakeS3, auditor: Auditor) -> None:
    fake.bucket("b")
    plant_honest(fake)
    plant_lie(fake, left_and_right())
    report = auditor("b", max_read=100 * KIB)
    assert frozenset({"left", "right"}) not in keys_of(report)
    assert not report.run.complete
    assert "single-part ETags not trusted (too few could be read)" in report.notes[0]
    assert report.work.bytes_read <= 100 * KIB


# What remains possible


def test_large_pairs_that_differ_only_between_their_ends_are_believed_beside_honest_ones(
    fake: FakeS3, auditor: Auditor
) -> None:
    fake.bucket("b")
    body = random_body(LARGE)
    plant_honest(fake)
    plant_lie(fake, {("b", "left"): body, ("b", "right"): flipped(body, LARGE // 2)})
    assert frozenset({"left", "right"}) in keys_of(auditor("b"))
    assert frozenset({"left", "right"}) not in keys_of(auditor("b", etag_trust=EtagTrust.NEVER))
