"""Which evidence withstands somebody who prepares collisions: every row of the table of `withstands_collisions`."""

from __future__ import annotations

import pytest

from s3dedup.evidence import withstands_collisions
from s3dedup.model import EvidenceKind

ROWS = {
    EvidenceKind.SHA256_RANGES: (True, True),
    EvidenceKind.CHECKSUM: (False, True),
    EvidenceKind.DERIVED: (False, True),
    EvidenceKind.SHA1_RANGES: (True, True),
    EvidenceKind.MD5_ETAG: (False, False),
    EvidenceKind.MULTIPART_ETAG: (False, False),
}


def test_the_table_has_a_row_for_every_kind_of_evidence() -> None:
    assert ROWS.keys() == set(EvidenceKind)


@pytest.mark.parametrize("kind", EvidenceKind)
def test_evidence_withstands_collisions_as_its_row_says(kind: EvidenceKind) -> None:
    assert (withstands_collisions(kind, "sha1"), withstands_collisions(kind, "sha256")) == ROWS[kind]
