"""What an ETag means. Opaque until proven: 32 hex digits alone prove nothing (KMS and SSE-C ETags look the same)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from s3dedup.model import Encryption, EtagTrust

HEX_DIGITS = 32
DIGEST = 16
_FORM = re.compile(r"([0-9a-fA-F]{32})(?:-([1-9][0-9]{0,4}))?\Z")
MOST_PARTS = 10_000
_PLAIN_MD5 = frozenset({Encryption.NONE, Encryption.SSE_S3})


class Form(IntEnum):
    """How an ETag is written."""

    OTHER = 0
    HEX = 1
    MULTIPART = 2


class Etag(NamedTuple):
    """An ETag taken apart: `digest` is 16 bytes (zeros for OTHER), `parts` 0 unless it is written `hex-N`."""

    form: Form
    digest: bytes
    parts: int


OTHER = Etag(Form.OTHER, bytes(16), 0)


def read_etag(text: str) -> Etag:
    """Take an unquoted ETag apart. S3 allows 10,000 parts (UG qfacts); a larger N is no multipart ETag."""
    match = _FORM.match(text)
    if match is None:
        return OTHER
    digest, parts = bytes.fromhex(match[1]), int(match[2] or 0)
    if parts > MOST_PARTS:
        return OTHER
    return Etag(Form.MULTIPART if parts else Form.HEX, digest, parts)


def read_etags(texts: Sequence[str]) -> tuple[bytes, bytes, bytes]:
    """Take many ETags apart: their forms, digests and parts, 1, 16 and 2 bytes each; where all are 32 hex digits, which
    is the rule, in one go.
    """
    if set(map(len, texts)) == {HEX_DIGITS}:
        try:
            digests = bytes.fromhex("".join(texts))
        except ValueError:
            digests = b""
        if len(digests) == DIGEST * len(texts):  # fromhex passes over white space
            return bytes([Form.HEX]) * len(texts), digests, bytes(2 * len(texts))
    found = [read_etag(text) for text in texts]
    digests = b"".join([etag.digest for etag in found])
    return bytes([etag.form for etag in found]), digests, b"".join([etag.parts.to_bytes(2) for etag in found])


class Meaning(IntEnum):
    """What an ETag says about its object's content."""

    OPAQUE = 0
    MD5 = 1
    MULTIPART = 2
    UNKNOWN = 3


def meaning(form: Form, trust: EtagTrust, *, proven_rules: bool, encryption: Encryption | None) -> Meaning:
    """Decide what an ETag of this form means.

    `proven_rules`: the store follows AWS's ETag rules (it is AWS, or calibration proved it for ETags of this form).
    `encryption`: the object's own, or its bucket's rule; None where neither is known. UNKNOWN asks for a HEAD.

    | form      | trust  | proven rules | encryption      | meaning   |
    |-----------|--------|--------------|-----------------|-----------|
    | OTHER     | any    | any          | any             | OPAQUE    |
    | any       | never  | any          | any             | OPAQUE    |
    | HEX       | always | any          | any             | MD5       |
    | MULTIPART | always | any          | any             | MULTIPART |
    | any       | auto   | no           | any             | OPAQUE    |
    | HEX       | auto   | yes          | none, SSE-S3    | MD5       |
    | MULTIPART | auto   | yes          | none, SSE-S3    | MULTIPART |
    | any       | auto   | yes          | KMS, DSSE, SSE-C| OPAQUE    |
    | any       | auto   | yes          | unknown         | UNKNOWN   |

    Source: API_Object, and UG checking-object-integrity-upload for multipart. KMS means opaque, not "different": the
    encryption can be changed in place and the ETag stays (API_UpdateObjectEncryption).
    """
    if form is Form.OTHER or trust is EtagTrust.NEVER:
        return Meaning.OPAQUE
    digest = Meaning.MULTIPART if form is Form.MULTIPART else Meaning.MD5
    if trust is EtagTrust.ALWAYS:
        return digest
    if not proven_rules:
        return Meaning.OPAQUE
    if encryption is None:
        return Meaning.UNKNOWN
    return digest if encryption in _PLAIN_MD5 else Meaning.OPAQUE
