"""Three outcomes, never two: objects of one size are same, different or undecided.

Evidence is kept as values in *spaces*. Two objects are compared in the spaces that both have a value in, so a missing
digest never equals another missing digest.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from s3dedup.evidence.etag import Etag, Meaning
from s3dedup.model import EvidenceKind, PartSpan, StoredChecksum

Spaces = tuple[tuple[str, bytes], ...]

CRYPTOGRAPHIC = frozenset({"MD5", "SHA1", "SHA256", "SHA512"})
UNFORGEABLE = ("sha256", "sha512", "composite-sha256", "composite-sha512")
"""The spaces (by how they begin) whose values nobody knows how to make collide."""


class Verdict(Enum):
    """What the evidence says about two objects of one size."""

    SAME = "same"
    DIFFERENT = "different"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about one object's content, apart from its size.

    `decides`: full digests; equal means same, unequal means different.
    `unites`: digests over parts whose layout is not known; equal means same, unequal means nothing.
    `separates`: weak checksums; unequal means different, equal means nothing.
    `read`: those of `decides` that come from reading the object's bytes.
    `stored`: those that stand on a checksum that the store keeps, and on no ETag.
    """

    decides: Spaces = ()
    unites: Spaces = ()
    separates: Spaces = ()
    read: frozenset[tuple[str, bytes]] = frozenset()
    stored: frozenset[tuple[str, bytes]] = frozenset()

    def with_read(self, read: Spaces, begun: Spaces) -> Evidence:
        """The same, and what reading has found: full digests, and digests of a part of the bytes."""
        if not read and not begun:
            return self
        decides = self.decides + tuple(pair for pair in read if pair not in self.decides)
        return Evidence(decides, self.unites, self.separates + begun, self.read.union(read), self.stored)

    def without_forgeable(self) -> Evidence:
        """The same, where somebody may have made digests collide on purpose: equal MD5s and SHA-1s prove nothing,
        unequal ones still prove that the bytes differ.
        """
        sure = tuple(pair for pair in self.decides if pair[0].startswith(UNFORGEABLE))
        forgeable = tuple(pair for pair in self.decides if not pair[0].startswith(UNFORGEABLE))
        return Evidence(
            sure, (), self.separates + forgeable, self.read.intersection(sure), self.stored.intersection(sure)
        )


CERTAIN = 4
"""Of a layout of up to so many parts, its first part and one more tell all the rest."""


def telling_part(parts: int) -> int | None:
    """Which part besides the first one has to be asked for before a layout of so many parts is believed."""
    if parts <= 2:  # noqa: PLR2004  the rest is the second
        return None
    return 3 if parts <= CERTAIN else parts


@dataclass(frozen=True, slots=True)
class Layout:
    """A multipart layout: every part `part_size` bytes but the last, which may be shorter. Where parts have several
    sizes, or might have, the layout counts as unknown.
    """

    part_size: int
    parts: int

    @classmethod
    def assumed(cls, size: int, first_part: int | None, parts: int | None) -> Layout | None:
        """The even layout that an object of `size` bytes has if any; None where its count of parts does not fit."""
        if not first_part or not parts:
            return None
        regular = (parts - 1) * first_part < size <= parts * first_part
        return cls(first_part, parts) if regular else None

    @classmethod
    def of(
        cls, size: int, first_part: int | None, parts: int | None, told: Mapping[int, PartSpan | None]
    ) -> Layout | None:
        """The layout of an object of `size` bytes, None where it is unknown or irregular. `told` is where other parts
        lie, by number (from 1; None: the store does not say).

        | parts   | besides the first is asked | then the layout is                                          |
        |---------|----------------------------|-------------------------------------------------------------|
        | 1, 2    | nothing                    | known: what is left is the other part                       |
        | 3, 4    | the third                  | known: it ends the second, and begins the last              |
        | 5 to    | the last                   | as good as known: between the first and the last, parts     |
        | 10,000  |                            | could only differ whose sizes add up to those of even ones  |

        S3 tells of one part in a HEAD, so that all would take thousands. A layout that is wrongly held for even can
        hide a duplicate, never make one: equal ETags are equal parts however these lie.
        """
        layout = cls.assumed(size, first_part, parts)
        if layout is None:
            return None
        number = telling_part(layout.parts)
        return layout if number is None or told.get(number) == layout.span(number, size) else None

    def span(self, number: int, size: int) -> PartSpan:
        """Where a part lies in an object of `size` bytes."""
        return PartSpan((number - 1) * self.part_size, min(number * self.part_size, size))


@dataclass(frozen=True, slots=True)
class Known:
    """All that the metadata says about one object: the input of `weigh`."""

    size: int
    etag: Etag
    meaning: Meaning
    layout: Layout | None = None
    checksums: tuple[StoredChecksum, ...] = field(default=())


def weigh(known: Known) -> Evidence:
    """Turn metadata into evidence.

    | metadata                                     | same when equal | different when unequal      |
    |----------------------------------------------|-----------------|-----------------------------|
    | trusted MD5 ETag                             | yes             | yes                         |
    | MD5, SHA-1, SHA-256, SHA-512 of type FULL    | yes             | yes                         |
    | multipart ETag                               | yes             | where both layouts are equal|
    | composite MD5 or SHA of a known layout       | yes             | where both layouts are equal|
    | composite MD5 or SHA of an unknown layout    | no              | no                          |
    | CRC or XXHASH of type FULL                   | no              | yes                         |
    | composite CRC or XXHASH                      | no              | no                          |
    | opaque ETag                                  | no              | no                          |

    Equal multipart ETags are MD5s over equal lists of part MD5s, so the parts, and with them the bytes, are the same
    whatever the layout is. A multipart object of one part has the MD5 of its MD5: it is comparable with any MD5.
    """
    decides: list[tuple[str, bytes]] = []
    unites: list[tuple[str, bytes]] = []
    weak: list[tuple[str, bytes]] = []
    etag = known.etag
    if known.meaning is Meaning.MD5:
        decides += [("md5", etag.digest), ("multipart-1", hashlib.md5(etag.digest).digest())]
    elif known.meaning is Meaning.MULTIPART:
        unites.append((f"multipart-{etag.parts}", etag.digest))
        if etag.parts == 1:
            decides.append(("multipart-1", etag.digest))
        elif known.layout is not None and known.layout.parts == etag.parts:
            decides.append((f"multipart-{etag.parts}x{known.layout.part_size}", etag.digest))
    by_etag = set(decides)
    for checksum in known.checksums:
        strong = checksum.algorithm in CRYPTOGRAPHIC
        if checksum.full_object:
            (decides if strong else weak).append((checksum.algorithm.lower(), checksum.value))
        elif strong and known.layout is not None:
            space = f"composite-{checksum.algorithm.lower()}-{known.layout.parts}x{known.layout.part_size}"
            decides.append((space, checksum.value))
    return Evidence(tuple(decides), tuple(unites), tuple(weak), stored=frozenset(decides) - by_etag)


def compare(one: Evidence, other: Evidence) -> Verdict:
    """Hold two objects of one size against each other. Proof of difference wins: a pair with equal MD5s and unequal
    SHA-256s is a collision, not a duplicate.

    | a common space of      | values  | verdict   |
    |------------------------|---------|-----------|
    | decides or separates  | unequal | DIFFERENT |
    | decides or unites      | equal   | SAME      |
    | none of these          |         | UNDECIDED |
    """
    if _unequal(one.decides, other.decides) or _unequal(one.separates, other.separates):
        return Verdict.DIFFERENT
    if set(one.decides) & set(other.decides) or set(one.unites) & set(other.unites):
        return Verdict.SAME
    return Verdict.UNDECIDED


def _unequal(one: Spaces, other: Spaces) -> bool:
    values = dict(other)
    return any(space in values and values[space] != value for space, value in one)


def on_assumed_layout(items: Sequence[Evidence]) -> frozenset[int]:
    """Positions of those that a multipart ETag of an assumed layout, and no reading, tells from another: where it is
    not what was assumed, a duplicate could be missed.

    | the value in `multipart-NxP` | N         | another value is there | counts |
    |------------------------------|-----------|------------------------|--------|
    | of an ETag                   | 5 or more | yes                    | yes    |
    | of an ETag                   | 5 or more | no                     | no     |
    | of an ETag                   | up to 4   | any                    | no     |
    | of bytes that were read      | any       | any                    | no     |
    """
    every = [[pair for pair in (*each.decides, *each.separates) if _is_assumed(pair[0])] for each in items]
    values = Counter(space for space, _ in {pair for pairs in every for pair in pairs})
    return frozenset(
        index
        for index, pairs in enumerate(every)
        if any(values[pair[0]] > 1 and pair not in items[index].read for pair in pairs)
    )


def _is_assumed(space: str) -> bool:
    """Whether a space is that of a layout that one HEAD more could not make certain."""
    name, _, layout = space.partition("-")
    parts, mark, _ = layout.partition("x")
    return name == "multipart" and bool(mark) and int(parts) > CERTAIN


RANGES = {"sha1-ranges": EvidenceKind.SHA1_RANGES, "sha256-ranges": EvidenceKind.SHA256_RANGES}


def kind_of(space: str, *, read: bool, stored: bool = False) -> EvidenceKind:
    """The name under which a report gives the space that united two objects; `read` where one of them had to be read
    for it, `stored` where all of them have a checksum of it.
    """
    if space in RANGES:
        return RANGES[space]
    if read:
        return EvidenceKind.DERIVED
    if stored:
        return EvidenceKind.CHECKSUM
    if space == "md5":
        return EvidenceKind.MD5_ETAG
    return EvidenceKind.MULTIPART_ETAG if space.startswith("multipart") else EvidenceKind.CHECKSUM
