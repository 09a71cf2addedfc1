"""What the tests of the audit share: bodies, how they are stored, who audits them, and what is true of them."""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from s3dedup import AuditConfig, audit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from s3dedup.demo.process import S3Client
    from s3dedup.model import AuditReport, SkipReason

KIB = 1 << 10
MIB = 1 << 20

Place = tuple[str, str]
"""A bucket and a key."""
Groups = set[frozenset[Place]]


@dataclass(frozen=True)
class Auditor:
    """Audits one store, always with the same state directory."""

    endpoint_url: str
    access_key: str
    secret_key: str
    state: Path

    def __call__(self, *locations: str, **options: Any) -> AuditReport:  # noqa: ANN401  those of AuditConfig
        """Audit the locations, `s3://` left out, with these options of an `AuditConfig`."""
        return audit(self.config(*locations, **options))

    def config(self, *locations: str, **options: Any) -> AuditConfig:  # noqa: ANN401  same
        """What would be audited, and how."""
        return AuditConfig(
            [f"s3://{location}" for location in locations],
            state=self.state,
            endpoint_url=self.endpoint_url,
            region="us-east-1",
            access_key=self.access_key,
            secret_key=self.secret_key,
            **options,
        )


def random_body(size: int, seed: int = 0) -> bytes:
    """Bytes that are the same in each run."""
    return random.Random(f"{size}/{seed}").randbytes(size)


def flipped(body: bytes, *positions: int, by: int = 0xFF) -> bytes:
    """The same bytes, but for some bits of those at some positions (negative ones count from the end)."""
    changed = bytearray(body)
    for position in positions:
        changed[position] ^= by
    return bytes(changed)


def upload(client: S3Client, bucket: str, key: str, body: bytes, part_size: int | None = None) -> None:
    """Store an object, in parts of one size where one is given."""
    if part_size is None:
        client.put_object(Bucket=bucket, Key=key, Body=body)
        return
    upload_in(client, bucket, key, [body[start : start + part_size] for start in range(0, len(body), part_size)])


def upload_in(client: S3Client, bucket: str, key: str, pieces: Sequence[bytes]) -> None:
    """Store an object in these parts."""
    name = {"Bucket": bucket, "Key": key}
    name["UploadId"] = client.create_multipart_upload(**name)["UploadId"]
    tags = [client.upload_part(**name, PartNumber=n, Body=piece)["ETag"] for n, piece in enumerate(pieces, 1)]
    parts = [{"PartNumber": number, "ETag": tag} for number, tag in enumerate(tags, 1)]
    client.complete_multipart_upload(**name, MultipartUpload={"Parts": parts})


def equal_contents(planted: Mapping[Place, bytes]) -> Groups:
    """The truth: places whose bytes have one SHA-256, empty ones left out."""
    by_digest: dict[bytes, set[Place]] = defaultdict(set)
    for place, body in planted.items():
        if body:
            by_digest[hashlib.sha256(body).digest()].add(place)
    return {frozenset(places) for places in by_digest.values() if len(places) > 1}


def groups_of(report: AuditReport) -> Groups:
    """What an audit found."""
    return {frozenset((each.bucket, each.key) for each in group.objects) for group in report.groups}


def keys_of(report: AuditReport) -> set[frozenset[str]]:
    """What an audit of one bucket found."""
    return {frozenset(each.key for each in group.objects) for group in report.groups}


def evidence_of(report: AuditReport) -> list[str]:
    """On what each group rests, in the report's order."""
    return [group.evidence.value for group in report.groups]


def skipped_of(report: AuditReport) -> dict[str, SkipReason]:
    """Keys of one bucket that were not compared, and why; each is reported once."""
    every = [(each.key, each.reason) for each in report.skipped]
    assert len(every) == len(dict(every))
    return dict(every)
