"""Whether what a group rests on withstands somebody who makes different contents look equal on purpose."""

from __future__ import annotations

from s3dedup.model import EvidenceKind

_RANGES = frozenset({EvidenceKind.SHA1_RANGES, EvidenceKind.SHA256_RANGES})
_STRONG_BY_SHA256 = frozenset({EvidenceKind.CHECKSUM, EvidenceKind.DERIVED})


def withstands_collisions(kind: EvidenceKind, digest: str) -> bool:
    """Whether nobody knows how to make two contents that share this evidence. `digest` is what the audit was asked to
    prove sameness by ("sha1", "sha256"): by "sha256" it takes no MD5 and no SHA-1 for a proof, stored or derived.

    | evidence       | by sha1                      | by sha256                               |
    |----------------|------------------------------|-----------------------------------------|
    | sha256-ranges  | yes                          | yes: SHA-256 of all bytes               |
    | checksum       | no: may be an MD5 or a SHA-1 | yes: a SHA-256 or SHA-512 that S3 keeps |
    | derived        | no: may be an MD5 or a SHA-1 | yes: such a one, computed from bytes    |
    | sha1-ranges    | yes: behind a secret         | yes                                     |
    | md5-etag       | no                           | no                                      |
    | multipart-etag | no                           | no                                      |

    Pairs with one MD5 or one SHA-1 are published (tests/oracle/test_collisions.py has some). Ranges are hashed behind
    random bytes that only the state directory has: who does not know these cannot prepare a pair.
    """
    return kind in _RANGES or (digest == "sha256" and kind in _STRONG_BY_SHA256)
