"""Whatever is stored, and however: the groups are exactly those that hashing every byte gives."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Literal

import pytest

from s3dedup.model import EtagTrust, SkipReason
from tests.audit.helpers import (
    KIB,
    MIB,
    Auditor,
    Place,
    equal_contents,
    flipped,
    groups_of,
    keys_of,
    random_body,
    skipped_of,
    upload,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from s3dedup.model import AuditReport
    from tests.fakes3 import FakeS3
    from tests.servers import S3Server
    from tests.servers.fixtures import FreshBucket

EDGE = 64 * KIB
GRID_SIZES = (1, 2, EDGE - 1, EDGE, EDGE + 1, 2 * EDGE, MIB - 1, MIB, MIB + 1, MIB + EDGE)
PART_SIZES = (5 * MIB, 5 * MIB + 1, 6 * MIB)
ODD_KEYS = (
    *("a b", "a+b", "100%", "100%25", "a%20b", "quo\"te's", "<&>", "&amp;", "~*()!", "q?x=1&y#z"),
    *("한글/é", "e\u0301", "\U0001f600"),
)


def contents(size: int, chance: random.Random) -> Iterator[bytes]:
    """A content of this size, and others that differ from it in one byte: where ranges begin and end, and anywhere."""
    base = random_body(size, chance.randrange(1 << 30))
    yield base
    edges = {0, EDGE - 1, EDGE, size // 2, size - EDGE - 1, size - EDGE, size - 1, chance.randrange(size)}
    possible = sorted(position for position in edges if 0 <= position < size)
    for position in chance.sample(possible, min(3, len(possible))):
        yield flipped(base, position)


def copies(sizes: Sequence[int], chance: random.Random) -> list[bytes]:
    """Contents of these sizes, each once, twice or three times."""
    return [body for size in sizes for body in contents(size, chance) for _ in range(chance.randint(1, 3))]


def places(buckets: Sequence[str], chance: random.Random) -> Iterator[Place]:
    """Buckets and keys without end, most of the keys odd."""
    number = 0
    while True:
        number += 1
        prefix = chance.choice(("left/", "right part/", "left/deep+er/"))
        yield chance.choice(buckets), f"{prefix}{chance.choice(ODD_KEYS)}-{number}"


def plant_on_seaweed(server: S3Server, buckets: Sequence[str], seed: int) -> dict[Place, bytes]:
    """Fill two buckets; what is larger than 5 MiB comes in one piece or in parts of one of several sizes."""
    chance = random.Random(seed)
    bodies = [b"", b"", *copies(GRID_SIZES, chance)]
    large = [body for body in contents(11 * MIB + seed, chance) for _ in range(2)]
    planted = dict(zip(places(buckets, chance), bodies + large, strict=False))
    for (bucket, key), body in planted.items():
        part_size = chance.choice((None, *PART_SIZES)) if len(body) > 5 * MIB else None
        upload(server.client(), bucket, key, body, part_size)
    return planted


@pytest.mark.parametrize("seed", range(3))
def test_on_a_real_store_the_groups_are_those_of_the_bytes_with_and_without_etags(
    seed: int, seaweed: S3Server, fresh_bucket: FreshBucket, auditor_of: Callable[[S3Server], Auditor]
) -> None:
    buckets, audit = [fresh_bucket(seaweed), fresh_bucket(seaweed)], auditor_of(seaweed)
    planted = plant_on_seaweed(seaweed, buckets, seed)
    upload(seaweed.client(), buckets[1], "elsewhere/twin", next(body for body in planted.values() if body))
    locations = [buckets[0], f"{buckets[1]}/left/", f"{buckets[1]}/right part/"]
    for trust in (EtagTrust.AUTO, EtagTrust.NEVER):
        report = audit(*locations, etag_trust=trust)
        assert groups_of(report) == equal_contents(planted)
        assert report.run.complete
        assert report.totals.objects == len(planted)
        assert report.totals.empty_objects == 2


# An AWS in which everything occurs

Rule = Literal["AES256", "aws:kms", "404", "403"]
RULES: tuple[Rule, ...] = ("AES256", "aws:kms", "404", "403")
ENCRYPTIONS: tuple[dict[str, Any], ...] = (
    {"encryption": "SSE-S3"},
    {"encryption": "NOT-SSE"},
    {"encryption": "SSE-KMS"},
    {"encryption": "SSE-KMS", "md5_kept": True},
    {"encryption": "DSSE-KMS"},
)
SINGLE_CHECKSUMS = (None, ("CRC64NVME", "FULL_OBJECT"), ("CRC32", "FULL_OBJECT"), ("SHA256", "FULL_OBJECT"))
MULTIPART_CHECKSUMS = (None, ("CRC64NVME", "FULL_OBJECT"), ("CRC32", "COMPOSITE"), ("SHA256", "COMPOSITE"))
STORED_SIZES = (1, 2, 5, 24, 1000, EDGE + 1)


def make_buckets(fake: FakeS3, rule: Rule) -> list[str]:
    """Two buckets with the same default encryption, as far as it may be known."""
    for name in ("one", "two"):
        fake.bucket(name, encryption_rule={"aws:kms": "aws:kms", "404": None}.get(rule, "AES256"))
        if rule == "403":
            fake.deny(name, "s3:GetEncryptionConfiguration")
    return ["one", "two"]


def stored_somehow(size: int, chance: random.Random) -> dict[str, Any]:
    """Encryption, layout and checksum of an object, drawn from all that AWS allows."""
    parts = chance.choice((None, size, -(-size // 2), -(-size // 3), 7)) if 0 < size < EDGE else None
    checksum = chance.choice(SINGLE_CHECKSUMS if parts is None else MULTIPART_CHECKSUMS)
    return {"parts": parts, "checksum": checksum, **chance.choice(ENCRYPTIONS)}


def plant_on_fake(fake: FakeS3, buckets: Sequence[str], seed: int) -> dict[Place, bytes]:
    """Fill the buckets with objects that are stored in every possible way."""
    chance = random.Random(seed)
    bodies = [b"", *copies(STORED_SIZES, chance), *copies(STORED_SIZES[:4], chance)]
    bodies += [body for body in contents(MIB + EDGE + 1, chance) for _ in range(2)]
    planted = dict(zip(places(buckets, chance), bodies, strict=False))
    for (bucket, key), body in planted.items():
        how = stored_somehow(len(body), chance)
        small = len(body) < MIB or how["checksum"] is None or how["checksum"][0] == "SHA256"
        fake.put(bucket, key, body, **(how if small else how | {"checksum": None}))
    return planted


def check_against_bytes(report: AuditReport, planted: dict[Place, bytes]) -> None:
    """Nothing wrongly the same, nothing missed, nothing left out."""
    assert groups_of(report) == equal_contents(planted)
    assert report.run.complete
    assert not list(report.skipped)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("seed", range(4))
def test_on_any_other_endpoint_the_groups_are_those_of_the_bytes(
    rule: Rule, seed: int, fake: FakeS3, auditor: Auditor
) -> None:
    planted = plant_on_fake(fake, make_buckets(fake, rule), seed)
    check_against_bytes(auditor("one", "two"), planted)


@pytest.mark.usefixtures("as_aws")
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("seed", range(4))
def test_on_aws_the_groups_are_those_of_the_bytes(rule: Rule, seed: int, fake: FakeS3, auditor: Auditor) -> None:
    planted = plant_on_fake(fake, make_buckets(fake, rule), seed)
    check_against_bytes(auditor("one", "two"), planted)


@pytest.mark.usefixtures("as_aws")
@pytest.mark.parametrize("trust", [EtagTrust.AUTO, EtagTrust.NEVER])
def test_on_aws_the_groups_are_those_of_the_bytes_for_either_digest(
    trust: EtagTrust, fake: FakeS3, auditor: Auditor
) -> None:
    planted = plant_on_fake(fake, make_buckets(fake, "aws:kms"), 99)
    for digest in ("sha1", "sha256"):
        check_against_bytes(auditor("one", "two", etag_trust=trust, digest=digest), planted)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("parts", [None, 4])
def test_objects_under_a_customers_key_are_named_as_skipped_and_the_rest_is_compared(
    rule: Rule, parts: int | None, fake: FakeS3, auditor: Auditor, request: pytest.FixtureRequest
) -> None:
    plant_beside_locked(fake, make_buckets(fake, rule)[0], parts)
    check_locked_are_skipped(auditor("one"))
    request.getfixturevalue("as_aws")
    check_locked_are_skipped(auditor("one"))


def plant_beside_locked(fake: FakeS3, bucket: str, parts: int | None) -> None:
    """A pair that can be read, and a pair of the same content that cannot."""
    for key in ("a", "b"):
        fake.put(bucket, key, b"content", parts=parts)
        fake.put(bucket, f"locked-{key}", b"content", encryption="SSE-C", parts=parts)


def check_locked_are_skipped(report: AuditReport) -> None:
    """The readable pair is found, the other is named."""
    assert keys_of(report) == {frozenset({"a", "b"})}
    assert skipped_of(report) == dict.fromkeys(("locked-a", "locked-b"), SkipReason.UNREADABLE)
    assert not report.run.complete
