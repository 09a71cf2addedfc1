"""Where groups are made: keeper first, counted, and put into the digest map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from s3dedup.cost import billable_bytes
from s3dedup.evidence import Evidence
from s3dedup.groups import Placed, group_id, keeper_first
from s3dedup.model import EvidenceKind
from s3dedup.shelf import DigestRecord, Results


@dataclass(slots=True)
class Emitter:
    """Counts the groups that it puts into the results. `billable_bytes` is None as soon as one is unknown."""

    results: Results
    groups: int = 0
    redundant: int = 0
    reclaimable_bytes: int = 0
    billable_bytes: int | None = 0

    def emit(self, size: int, digest: bytes, kind: EvidenceKind, members: Sequence[Placed]) -> None:
        """Put two or more objects that carry `digest` into the results; of a single one nothing is to be said."""
        if len(members) < 2:  # noqa: PLR2004  one object is no group
            return
        name = size.to_bytes(6) + digest
        objects = keeper_first(members)
        billed = _sum([billable_bytes(size, row.storage_class) for _, row in objects[1:]])
        self.results.add_group(name, DigestRecord(size, kind, objects, group_id(name), billed))
        self.groups += 1
        self.redundant += len(objects) - 1
        self.reclaimable_bytes += size * (len(objects) - 1)
        self.billable_bytes = _sum([self.billable_bytes, billed])


def _sum(amounts: Sequence[int | None]) -> int | None:
    """The sum, unknown where one of the amounts is."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if len(known) == len(amounts) else None


def digest_of(evidence: Evidence) -> bytes:
    """The digest that names a content proven by metadata: its MD5 where there is one."""
    values = evidence.decides or evidence.unites
    space, value = min(values, key=lambda pair: (pair[0] != "md5", pair))
    return space.encode() + b":" + value
