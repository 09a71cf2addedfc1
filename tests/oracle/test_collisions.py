"""Published collisions: different bytes of one size with one digest. What that digest says must not be believed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from s3dedup import AuditConfig, audit
from s3dedup.evidence import withstands_collisions
from s3dedup.model import AuditReport, EtagTrust, EvidenceKind
from tests.fakes3 import PlantedS3
from tests.oracle.audits import held
from tests.oracle.memory import AWS, MemoryStore

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("in_process")

WANG = bytes.fromhex(
    "d131dd02c5e6eec4693d9a0698aff95c2fcab58712467eab4004583eb8fb7f89"
    "55ad340609f4b30283e488832571415a085125e8f7cdc99fd91dbdf280373c5b"
    "d8823e3156348f5bae6dacd436c919c6dd53e2b487da03fd02396306d248cda0"
    "e99f33420f577ee8ce54b67080a80d1ec69821bcb6a8839396f9652b6ff72a70"
)
"""Wang, Feng, Lai, Yu: Collisions for hash functions MD4, MD5, HAVAL-128 and RIPEMD (2004)."""
STEVENS = bytes.fromhex(
    "4dc968ff0ee35c209572d4777b721587d36fa7b21bdc56b74a3dc0783e7b9518"
    "afbfa200a8284bf36e8e4b55b35f427593d849676da0d1555d8360fb5f07fea2"
)
"""Stevens: Single-block collision attack on MD5 (2012)."""
SHATTERED = bytes.fromhex(
    "255044462d312e330a25e2e3cfd30a0a0a312030206f626a0a3c3c2f57696474"
    "682032203020522f4865696768742033203020522f547970652034203020522f"
    "537562747970652035203020522f46696c7465722036203020522f436f6c6f72"
    "53706163652037203020522f4c656e6774682038203020522f42697473506572"
    "436f6d706f6e656e7420383e3e0a73747265616d0affd8fffe00245348412d31"
    "20697320646561642121212121852fec092339759c39b1a1c63c4c97e1fffe01"
    "7346dc9166b67e118f029ab621b2560ff9ca67cca8c7f85ba84c79030c2b3de2"
    "18f86db3a90901d5df45c14f26fedfb3dc38e96ac22fe7bd728f0e45bce046d2"
    "3c570feb141398bb552ef5a0a82be331fea48037b8b5d71f0e332edf93ac3500"
    "eb4ddc0decc1a864790c782c76215660dd309791d06bd0af3f98cda4bc4629b1"
)
"""The first 320 bytes of shattered-1.pdf (https://shattered.io, 2017), which those of shattered-2.pdf collide with."""
SHATTERED_BLOCK = bytes.fromhex(
    "0c000002c0000010b400001c3c000004bc00001a20000010"
    "2400001cec0000140c000002c0000010b400001c2c000004bc000018b00000100000000cb8000010"
)
"""By what each of the last two blocks differs."""


def changed(body: bytes, difference: bytes) -> bytes:
    """The same bytes, but for the bits of a difference that ends where they end."""
    return (int.from_bytes(body) ^ int.from_bytes(difference)).to_bytes(len(body))


def bits(size: int, at: dict[int, int]) -> bytes:
    """Zeros, but for these bytes at these positions."""
    return bytes(at.get(position, 0) for position in range(size))


PAIRS = {
    "wang": (WANG, changed(WANG, bits(128, dict.fromkeys((19, 45, 59, 83, 109, 123), 0x80)))),
    "stevens": (STEVENS, changed(STEVENS, bits(64, {35: 0x02, 55: 0x80}))),
    "shattered": (SHATTERED, changed(SHATTERED, 2 * SHATTERED_BLOCK)),
}
COLLIDES = {"wang": "md5", "stevens": "md5", "shattered": "sha1"}
SUFFIX = b"what follows is the same" * 10
HOW: dict[str, dict[str, Any]] = {
    "as it comes": {"checksum": None},
    "under a KMS key": {"encryption": "SSE-KMS", "checksum": None},
    "in one part": {"parts": 10_000, "checksum": None},
    "in parts": {"parts": 320, "checksum": None},
    "with a CRC": {"encryption": "SSE-KMS", "checksum": ("CRC64NVME", "FULL_OBJECT")},
    "with an MD5": {"encryption": "SSE-KMS", "checksum": ("MD5", "FULL_OBJECT")},
    "with a SHA-1": {"encryption": "SSE-KMS", "checksum": ("SHA1", "FULL_OBJECT")},
    "with a SHA-1 of parts": {"parts": 320, "checksum": ("SHA1", "COMPOSITE")},
    "with a SHA-256": {"checksum": ("SHA256", "FULL_OBJECT")},
}
"""How both of a pair are stored. Parts of 320 bytes end where the difference has ended."""
BELIEVED = {
    "wang": {"as it comes", "in one part", "in parts", "with an MD5", "with a SHA-1 of parts", "with a SHA-256"},
    "stevens": {"as it comes", "in one part", "in parts", "with an MD5", "with a SHA-1 of parts", "with a SHA-256"},
    "shattered": {"with a SHA-1"},
}
"""What is taken for a duplicate unless an option says that nobody may be trusted."""


def audited(state: Path, pair: str, how: str, *, endpoint: str = AWS, **options: Any) -> AuditReport:  # noqa: ANN401  those of AuditConfig
    """Audit a pair with equal bytes behind it, beside a true pair."""
    s3 = PlantedS3()
    for key, body in zip(("good", "evil"), PAIRS[pair], strict=True):
        s3.put("b", key, body + SUFFIX, **HOW[how])
        s3.put("b", f"copy of {key}", body + SUFFIX, **HOW[how])
    config = AuditConfig(["s3://b"], state=state, concurrency=1, **options)
    return held(audit(config, open_store=lambda _: MemoryStore(s3, endpoint)))


def found(report: AuditReport) -> set[frozenset[str]]:
    """The keys of each group."""
    return {frozenset(each.key for each in group.objects) for group in report.groups}


TRUE = {frozenset({"good", "copy of good"}), frozenset({"evil", "copy of evil"})}


@pytest.mark.parametrize("pair", PAIRS)
def test_the_published_pairs_have_one_size_one_digest_and_different_bytes(pair: str) -> None:
    bodies = [body + suffix for suffix in (b"", SUFFIX) for body in PAIRS[pair]]
    assert len(set(bodies)) == 4
    digests = [(len(body), hashlib.new(COLLIDES[pair], body).digest()) for body in bodies]
    assert digests[::2] == digests[1::2]


@pytest.mark.parametrize("trust", [EtagTrust.AUTO, EtagTrust.NEVER])
@pytest.mark.parametrize("endpoint", [AWS, "http://elsewhere"])
@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("pair", PAIRS)
def test_by_sha256_no_collision_is_a_duplicate(
    pair: str, how: str, endpoint: str, trust: EtagTrust, tmp_path: Path
) -> None:
    report = audited(tmp_path, pair, how, endpoint=endpoint, digest="sha256", etag_trust=trust)
    assert found(report) == TRUE
    assert all(withstands_collisions(group.evidence, "sha256") for group in report.groups)


def test_what_an_audit_by_sha1_believed_is_not_believed_by_one_by_sha256(tmp_path: Path) -> None:
    assert found(audited(tmp_path, "shattered", "with a SHA-1")) != TRUE
    assert found(audited(tmp_path, "shattered", "with a SHA-1", digest="sha256")) == TRUE


@pytest.mark.parametrize("pair", PAIRS)
def test_reading_by_sha1_tells_even_a_sha1_collision_apart(pair: str, tmp_path: Path) -> None:
    """Ranges are hashed behind a salt that nobody knew who made the pair."""
    report = audited(tmp_path, pair, "under a KMS key")
    assert found(report) == TRUE
    assert {group.evidence.value for group in report.groups} == {"sha1-ranges"}


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("pair", PAIRS)
def test_a_collision_that_is_taken_for_a_duplicate_is_said_to_stand_on_what_s3_keeps(
    pair: str, how: str, tmp_path: Path
) -> None:
    report = audited(tmp_path, pair, how)
    assert (found(report) == TRUE) == (how not in BELIEVED[pair])
    wrong = {group.evidence for group in report.groups if len(group.objects) > 2}
    assert wrong <= {EvidenceKind.MD5_ETAG, EvidenceKind.MULTIPART_ETAG, EvidenceKind.CHECKSUM}
    assert not any(withstands_collisions(evidence, "sha1") for evidence in wrong)
