"""Random corpora, biased to trouble: few contents, many ways in which S3 may hold them.

Everything is small: `tests/oracle/conftest.py` shrinks the grid on which objects are read, so that sixty bytes have as
many ranges as sixty megabytes.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Literal, NamedTuple

from hypothesis import strategies as st

from s3dedup.evidence.verdict import CERTAIN
from tests.fakes3.checksums import COMPOSITE_MULTIPART, FULL_OBJECT_MULTIPART
from tests.fakes3.objects import MD5_ENCRYPTIONS, Encryption, Order, part_layout
from tests.oracle.memory import AWS

# What is known to go wrong. Each switch leaves exactly that case out of the corpora; turned on, it shows it.
BEYOND_THE_SAMPLE = False
"""More candidates in a bucket than are asked for their encryption, some of them under a key that its default does not
announce (README, Limits).
"""
LOOKS_EVEN = False
"""Five or more uneven parts of which the first and the last lie as if they were even: they count as those."""

SAMPLED = 8
"""So many candidates of a bucket are asked for their encryption (`engine.rules.SAMPLES`)."""
SIZES = (0, 1, 2, 4, 5, 8, 9, 15, 16, 17, 24, 25, 32, 33, 47, 49, 60)
"""Around the edges of the small grid: pieces of 4, 8 and 16 bytes; 33 and more are too large to calibrate with."""

Nature = Literal["rules", "clock", "sha1", "random", "other-parts"]
"""How a custom endpoint makes its ETags: as AWS does, from size and time, by another digest, of random digits, or as
AWS does but for multipart objects.
"""
Rule = Literal["AES256", "aws:kms", "aws:kms:dsse", "denied"]
"""A bucket's default encryption; None is that there is none, "denied" that nobody may ask."""
Refusal = Literal["HeadObject", "GetObject", "both", "kms:Decrypt"]
Byte = int | Literal["crc32"]
"""A byte by its position; or several, so that CRC-32 does not see it."""


class Content(NamedTuple):
    """Bytes: `zeros` or random ones, of which some may be changed."""

    size: int
    zeros: bool = False
    change: Byte | None = None

    @property
    def body(self) -> bytes:
        return body_of(self)


@cache
def body_of(content: Content) -> bytes:
    """The bytes of a content."""
    body = bytearray(content.size) if content.zeros else bytearray(random.Random(content.size).randbytes(content.size))
    if isinstance(content.change, int):
        body[content.change] ^= 0xFF
    elif content.change:
        for position, bits in enumerate(CRC32_BLIND):
            body[position] ^= bits
    return bytes(body)


CRC32_BLIND = int(f"{0x104C11DB7:033b}"[::-1], 2).to_bytes(5, "little")
"""The generator polynomial of CRC-32 itself: bytes that differ by it have one CRC32 (ITU-T V.42)."""


@dataclass(frozen=True)
class Home:
    """A bucket. `endpoint` is "AWS" or any other, `order` that of its listing."""

    name: str
    endpoint: str = AWS
    nature: Nature = "rules"
    rule: Rule | None = "AES256"
    versioned: bool = False
    order: Order = "utf-8"


@dataclass(frozen=True)
class Item:
    """An object (or a version of one) and how it is held. `refuses` is what is refused for its key alone, `tick` the
    time at which a server puts it that makes ETags from the clock.
    """

    home: int
    key: str
    content: Content
    parts: tuple[int, ...] | None = None
    encryption: Encryption = "SSE-S3"
    md5_kept: bool = False
    checksum: tuple[str, str] | None = None
    wrong_checksum: bool = False
    storage: str = "STANDARD"
    refuses: Refusal | None = None
    tick: int = 0
    deleted: bool = False


class Algorithm(NamedTuple):
    """A checksum's algorithm; `composite` says whether that of a multipart object is over its parts' checksums."""

    name: str
    composite: bool


class Style(NamedTuple):
    """What the objects of a corpus are drawn from: few things, so that many objects have them in common."""

    contents: Sequence[Content] = ()
    encryptions: Sequence[tuple[Encryption, bool]] = ()
    algorithms: Sequence[Algorithm | None] = ()
    part_sizes: Sequence[int] = ()
    storage: Sequence[str] = ()
    refusals: Sequence[Refusal | None] = ()


NOTHING = Style()


@dataclass(frozen=True)
class Corpus:
    """Buckets, and what is in them. In the same style something may be added."""

    homes: tuple[Home, ...]
    items: tuple[Item, ...]
    style: Style = NOTHING

    def listed(self, order: Order) -> Corpus:
        """The same, listed in another order, but for what is on AWS."""
        homes = tuple(home if home.endpoint == AWS else replace(home, order=order) for home in self.homes)
        return replace(self, homes=homes)


class Removed(NamedTuple):
    """An object that is deleted; where there are versions, it gets a delete marker."""

    home: int
    key: str


Change = Item | Removed


# Strategies

STORAGE = (
    *("STANDARD",) * 12,
    *("STANDARD_IA", "INTELLIGENT_TIERING", "GLACIER restored"),
    *("GLACIER", "GLACIER ongoing", "DEEP_ARCHIVE", "ARCHIVE_ACCESS"),
)
ENCRYPTIONS: tuple[tuple[Encryption, bool], ...] = (
    *(("SSE-S3", False),) * 4,
    *(("NOT-SSE", False), ("SSE-KMS", False), ("SSE-KMS", True), ("DSSE-KMS", False), ("SSE-C", False)),
)
REFUSALS: tuple[Refusal | None, ...] = (*(None,) * 20, "HeadObject", "GetObject", "both", "kms:Decrypt")
ALGORITHMS = (
    *(Algorithm(name, composite=False) for name in sorted(FULL_OBJECT_MULTIPART)),
    *(Algorithm(name, composite=True) for name in sorted(COMPOSITE_MULTIPART)),
)
ENDPOINTS = ((AWS,), (AWS,), (AWS, "http://one"), ("http://one",), ("http://one", "http://two"))
PREFIXES = ("", "a/", "a!", "a b+c/", "%25", "\ud55c/", "a/\U0001f600")
RULES: tuple[Rule | None, ...] = ("AES256", "AES256", None, "aws:kms", "aws:kms:dsse", "denied")
NATURES: tuple[Nature, ...] = ("rules", "rules", "clock", "sha1", "random", "other-parts")
MOST_CHANGES = 2
COUNTS = (3, 6, 9, 12)
"""Of objects."""
ORDERS: tuple[Order, ...] = ("utf-8", "utf-8", "by-directory", "unordered")


@st.composite
def contents(draw: st.DrawFn, size: int) -> list[Content]:
    """A content of a size, and up to two others with a small change."""
    whole = Content(size, zeros=draw(st.booleans()))
    if not size:
        return [whole]
    kinds: list[st.SearchStrategy[Byte]] = [st.integers(0, size - 1)]
    if size >= len(CRC32_BLIND):
        kinds.append(st.just("crc32"))
    change = st.one_of(kinds)
    return [whole, *(whole._replace(change=each) for each in draw(st.lists(change, max_size=2)))]


@st.composite
def styles(draw: st.DrawFn, *, calm: bool) -> Style:
    """One or two sizes with up to three contents each, and few ways of anything else. `calm`: nothing keeps an object
    from being read.
    """
    sizes = draw(st.lists(st.sampled_from(SIZES), min_size=1, max_size=2))
    encryptions = draw(st.lists(st.sampled_from(ENCRYPTIONS[: -1 if calm else None]), min_size=1, max_size=2))
    calm |= draw(st.booleans())
    return Style(
        [content for size in sizes for content in draw(contents(size))],
        encryptions,
        draw(st.lists(st.none() | st.sampled_from(ALGORITHMS), min_size=1, max_size=2)),
        draw(st.lists(st.integers(1, max(1, *sizes)), min_size=1, max_size=2)),
        ("STANDARD",) if calm else STORAGE,
        (None,) if calm else REFUSALS,
    )


@st.composite
def parts_of(draw: st.DrawFn, size: int, part_sizes: Sequence[int]) -> tuple[int, ...] | None:
    """None for a single PUT; else even parts, or any. A part size that is too large makes one part."""
    kind = draw(st.sampled_from(("single", "single", "single", "even", "even", "any")))
    if not size or kind == "single":
        return None
    if kind == "even":
        return part_layout(size, draw(st.sampled_from(part_sizes)))
    cuts = sorted(draw(st.sets(st.integers(1, size - 1), max_size=5))) if size > 1 else []
    sizes = tuple(stop - start for start, stop in pairwise((0, *cuts, size)))
    return None if looks_even(size, sizes) and not LOOKS_EVEN else sizes


def looks_even(size: int, sizes: Sequence[int]) -> bool:
    """Whether of five or more parts of several sizes the first and the last lie where they would if all were even."""
    even = part_layout(size, sizes[0]) or ()
    return len(sizes) == len(even) > CERTAIN and sizes != even and sizes[-1] == even[-1]


@st.composite
def homes(draw: st.DrawFn, name: str, endpoints: Sequence[str]) -> Home:
    """A bucket on one of the endpoints."""
    rule, versioned = draw(st.sampled_from(RULES)), draw(st.booleans())
    endpoint = draw(st.sampled_from(endpoints))
    if endpoint == AWS:
        return Home(name, rule=rule or "AES256", versioned=versioned)
    nature, order = draw(st.sampled_from(NATURES)), draw(st.sampled_from(ORDERS))
    return Home(name, endpoint, nature, rule, versioned, order)


@st.composite
def items(draw: st.DrawFn, number: int, buckets: Sequence[Home], style: Style) -> Item:
    """An object in one of the buckets."""
    home, content = draw(st.integers(0, len(buckets) - 1)), draw(st.sampled_from(style.contents))
    parts = draw(parts_of(content.size, style.part_sizes))
    algorithm = draw(st.sampled_from(style.algorithms))
    kind = "COMPOSITE" if algorithm and algorithm.composite and parts else "FULL_OBJECT"
    checksum = (algorithm.name, kind) if algorithm else None
    encryption, md5_kept = draw(st.sampled_from(style.encryptions))
    key = f"{draw(st.sampled_from(PREFIXES))}{draw(st.integers(0, 2)) if buckets[home].versioned else number}"
    item = Item(home, key, content, parts, encryption, md5_kept, checksum, tick=draw(st.integers(0, 1)))
    if buckets[home].versioned:
        item = replace(item, tick=number, deleted=draw(st.integers(0, 9)) == 9)
    if buckets[home].endpoint != AWS:
        item = replace(item, wrong_checksum=draw(st.booleans()))
    return replace(item, storage=draw(st.sampled_from(style.storage)), refuses=draw(st.sampled_from(style.refusals)))


@st.composite
def corpora(draw: st.DrawFn, *, calm: bool = False) -> Corpus:
    """Up to three buckets with objects in one style."""
    endpoints = draw(st.sampled_from(ENDPOINTS))
    buckets = tuple(draw(homes(f"bucket-{number}", endpoints)) for number in range(draw(st.integers(1, 3))))
    style = draw(styles(calm=calm))
    found = [draw(items(number, buckets, style)) for number in range(draw(st.sampled_from(COUNTS)))]
    return Corpus(buckets, tuple(within_the_sample(buckets, found)), style)


def within_the_sample(buckets: Sequence[Home], found: Sequence[Item]) -> Iterator[Item]:
    """The same items, but for what a bucket's sample may miss or meet and its default does not announce: encryption
    with another key, and what refuses to be asked.
    """
    counts = Counter(item.home for item in found)
    for item in found:
        silent = buckets[item.home].rule in {"AES256", None} and counts[item.home] > SAMPLED - MOST_CHANGES
        if silent and not BEYOND_THE_SAMPLE:
            plain = item.encryption in MD5_ENCRYPTIONS
            encryption: Encryption = item.encryption if plain else "SSE-S3"
            yield replace(item, encryption=encryption, md5_kept=False, refuses=None)
        else:
            yield item


@st.composite
def changes(draw: st.DrawFn, corpus: Corpus) -> list[Change]:
    """Up to MOST_CHANGES objects that are overwritten, added or removed. No key is refused that was not before: of what
    can no longer be asked, a memory knows more.
    """
    style = corpus.style._replace(encryptions=ENCRYPTIONS)
    found: list[Change] = []
    for number in range(draw(st.integers(1, MOST_CHANGES))):
        kind = draw(st.sampled_from(("add", "overwrite", "overwrite", "remove")))
        old = draw(st.sampled_from(corpus.items))
        if kind == "remove":
            found.append(Removed(old.home, old.key))
            continue
        new = draw(items(100 + number, corpus.homes, style))
        if kind == "overwrite":
            new = replace(new, home=old.home, key=old.key, wrong_checksum=False)
        *_, new = within_the_sample(corpus.homes, [*corpus.items, new])
        found.append(replace(new, tick=100 + number, deleted=False, refuses=None))
    return found
