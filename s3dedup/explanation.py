"""The values of an explanation: why an object is, or is not, a duplicate, step by step.

Digests are hexadecimal. A *space* is what two objects can be compared by, as `evidence.Evidence` names it: "md5",
"multipart-3x8388608", "sha1-ranges".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from s3dedup.evidence import Form, Meaning, Verdict
from s3dedup.model import Encryption, EtagTrust, EvidenceKind, ObjectVersion, RunInfo, Skipped, SkipReason


class ObjectName(NamedTuple):
    """How somebody names an object: `bucket` as reports name it, and all that follows, which may end in a version."""

    bucket: str
    rest: str

    @classmethod
    def parse(cls, text: str) -> ObjectName:
        """Read `s3://bucket/key[?versionId=id]`.

        Raises:
            ValueError: the text names no object; the message says what is wrong with it.
        """
        scheme, mark, rest = text.partition("://")
        bucket, _, key = rest.partition("/")
        if not mark or scheme != "s3" or not bucket:
            raise ValueError(f"{text!r} names no object: write it as s3://bucket/key")
        if not key:
            raise ValueError(f"{text!r} names a bucket and no object: write it as s3://bucket/key")
        return cls(bucket, key)

    def readings(self) -> list[tuple[str, str | None]]:
        """What may be meant: a key that may itself look like this, or a key and a version."""
        key, mark, version = self.rest.rpartition("?versionId=")
        return [(self.rest, None), *([(key, version)] if mark else [])]

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.rest}"


@dataclass(frozen=True, slots=True)
class EtagExplained:
    """What an ETag of this `form` means, and why. `rule` is the sentence about its bucket (None: not needed or not
    learnt), `proven` whether ETags of this form follow AWS's rules there, `default` the encryption that counts for
    whatever was not asked itself. `by_listing`: all ETags of this size are proven MD5s, so nothing else was looked at.
    """

    form: Form
    meaning: Meaning
    trust: EtagTrust
    rule: str | None
    proven: bool
    default: Encryption | None
    by_listing: bool


@dataclass(frozen=True, slots=True)
class HeadExplained:
    """What a HEAD has told. `checksums` are like "SHA256 (FULL_OBJECT)"; they are `trusted` on AWS only."""

    encryption: Encryption
    archived: bool
    part_size: int | None
    parts: int | None
    checksums: tuple[str, ...]
    trusted: bool


@dataclass(frozen=True, slots=True)
class ReadExplained:
    """What was read: so many `ranges` of all `of`, together `bytes`; `digests` are those of all bytes, by space."""

    ranges: int
    of: int
    bytes: int
    algorithm: str
    digests: Mapping[str, str]


class Role(StrEnum):
    """What an object is in its group."""

    KEEPER = "keeper"
    PROTECTED = "protected"
    REDUNDANT = "redundant"


@dataclass(frozen=True, slots=True)
class Membership:
    """The group that an object is in: `copies` objects, of which `kept` stay. `others` are the first of its other
    members.
    """

    id: str
    evidence: EvidenceKind
    copies: int
    kept: int
    role: Role
    others: tuple[ObjectVersion, ...]


@dataclass(frozen=True, slots=True)
class Unsettled:
    """An object that is not told apart from another, and why it was not compared, where it was skipped."""

    object: ObjectVersion
    reason: SkipReason | None


@dataclass(frozen=True, slots=True)
class Contrast:
    """An object against the others of its size that are not known to be the same: how many are `different`, by the
    space that says so, how many `undecided` (the first of them as `examples`), how many were not looked at here.
    """

    different: Mapping[str, int]
    undecided: int
    examples: tuple[Unsettled, ...]
    not_looked_at: int


@dataclass(frozen=True, slots=True)
class Live:
    """What the store says now: `reason` is None where the object is still the one that was listed."""

    reason: SkipReason | None
    detail: str


@dataclass(frozen=True, slots=True)
class ObjectExplained:
    """All that is known of one object. `same_size` counts the other objects of its size. `etag` and what follows are
    None where it has no candidate, where nothing was asked or read, and so on; `contrast` also where it was gone.
    """

    object: ObjectVersion
    same_size: int
    etag: EtagExplained | None = None
    head: HeadExplained | None = None
    read: ReadExplained | None = None
    group: Membership | None = None
    skipped: Skipped | None = None
    contrast: Contrast | None = None
    live: Live | None = None


@dataclass(frozen=True, slots=True)
class SpaceCompared:
    """Two values in one space; `role` is that of `Evidence`: "decides", "unites" or "separates". The holders carry the
    values: the objects themselves, or others that are known to be the same.
    """

    space: str
    role: str
    one: str
    other: str
    holders: tuple[ObjectVersion, ObjectVersion]

    @property
    def equal(self) -> bool:
        """Whether they are equal."""
        return self.one == self.other


@dataclass(frozen=True, slots=True)
class Settling:
    """An object that could be read to settle a pair, and the digests of all its bytes that this is for, by space; none
    where its ranges are what is wanted.
    """

    object: ObjectVersion
    spaces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PairExplained:
    """Two objects against each other. `through` is a third one that both are the same as, where nothing else shows it;
    `settle` is what could be read where they are undecided.
    """

    verdict: Verdict
    spaces: tuple[SpaceCompared, ...] = ()
    through: ObjectVersion | None = None
    settle: tuple[Settling, ...] = ()
    same_size: bool = True


@dataclass(frozen=True, slots=True)
class Explanation:
    """One object, or two and their `pair`, as the audit `run` left them."""

    run: RunInfo
    objects: tuple[ObjectExplained, ...]
    pair: PairExplained | None = None
