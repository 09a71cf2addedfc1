"""A bucket with a known mix of objects to compare, and others with two equal large ones, all on a SeaweedFS."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from s3dedup.demo.seaweed import SeaweedServer
from tests.benchmarks.contenders import Site

MIB = 1 << 20
BUCKET = "mix"
UPLOADS = 4
"""At once: each holds a part in memory."""
SIZE_STEP = 4096
"""By how much the sizes of two families differ (bytes)."""
LARGE_PART = 64 * MIB

Groups: TypeAlias = set[frozenset[str]]
"""Keys of equal objects."""


class Way(NamedTuple):
    """How one object of a family comes to be: uploaded in parts of so many MiB (None: in one PUT), of the family's
    content `version`: the second differs from the first in the byte in the middle, others in all bytes.
    """

    part_mib: int | None
    version: int = 0


class Kind(NamedTuple):
    """So many families of objects, each of as many objects as there are ways. Its sizes are about `mib`: each family
    has its own, but for `strangers`, which share one.
    """

    name: str
    families: int
    mib: int
    ways: tuple[Way, ...]
    strangers: bool = False


MIX = (
    Kind("single-part-copies", 24, 4, (Way(None), Way(None))),
    Kind("single-part-strangers", 48, 4, (Way(None),), strangers=True),
    Kind("8-and-16-mib-parts", 7, 24, (Way(8), Way(8), Way(16))),
    Kind("copies-of-multipart-objects", 5, 24, (Way(8), Way(None))),
    Kind("near-twins", 5, 24, (Way(8), Way(16, version=1))),
    Kind("multipart-strangers", 4, 24, (Way(8), Way(16, version=2)), strangers=True),
    Kind("of-a-size-of-its-own", 12, 8, (Way(None),)),
)
"""Copies of multipart objects are what CopyObject makes of them on AWS: plain objects with an MD5 as ETag. SeaweedFS
would keep the multipart ETag, so they are put here.
"""


@dataclass(frozen=True, slots=True)
class Planted:
    """An object to put; what has the same `content` and size has the same bytes."""

    key: str
    size: int
    content: str
    part: int | None
    changed: bool = False

    def body(self, start: int, stop: int) -> bytes:
        """Its bytes `start` (inclusive) to `stop` (exclusive)."""
        block = _noise(self.content)
        numbers = range(start // MIB, -(-stop // MIB))
        made = bytearray().join(number.to_bytes(8) + block for number in numbers)
        middle = self.size // 2 - numbers.start * MIB
        if self.changed and 0 <= middle < len(made):
            made[middle] ^= 0xFF
        return bytes(made[start - numbers.start * MIB : stop - numbers.start * MIB])


@lru_cache(maxsize=4 * UPLOADS)
def _noise(seed: str) -> bytes:
    """What follows the number of each MiB of a content."""
    return random.Random(seed).randbytes(MIB - 8)


def mix(scale: float) -> list[Planted]:
    """The objects of the mix, with so many times the families; no kind is left out."""
    sizes = iter(range(SIZE_STEP, MIB, SIZE_STEP))
    return [planted for kind in MIX for planted in _planted(kind, scale, sizes)]


def _planted(kind: Kind, scale: float, sizes: Iterator[int]) -> Iterator[Planted]:
    shared = next(sizes)
    for family in range(max(1 + kind.strangers, round(kind.families * scale))):
        size = kind.mib * MIB + (shared if kind.strangers else next(sizes))
        for number, (part_mib, version) in enumerate(kind.ways):
            content = f"{kind.name}/{family}/{version if version > 1 else 0}"
            part = part_mib and part_mib * MIB
            yield Planted(f"{kind.name}/{family:04}-{number}", size, content, part, changed=version == 1)


def twins(size: int, prefix: str = "") -> list[Planted]:
    """Two equal objects."""
    return [Planted(f"{prefix}{name}", size, "large", LARGE_PART) for name in ("one", "other")]


def candidates(objects: Iterable[Planted]) -> list[Planted]:
    """Those that share their size with another."""
    by_size: dict[int, list[Planted]] = defaultdict(list)
    for planted in objects:
        by_size[planted.size].append(planted)
    return [planted for members in by_size.values() if len(members) > 1 for planted in members]


def equal(objects: Iterable[Planted]) -> Groups:
    """The truth."""
    by_content: dict[tuple[str, int, bool], set[str]] = defaultdict(set)
    for planted in objects:
        by_content[planted.content, planted.size, planted.changed].add(planted.key)
    return {frozenset(keys) for keys in by_content.values() if len(keys) > 1}


@contextmanager
def filled(objects: Sequence[Planted]) -> Iterator[Site]:
    """A running SeaweedFS with a bucket of these objects."""
    with SeaweedServer() as weed:
        client = weed.client()
        client.create_bucket(Bucket=BUCKET)
        with ThreadPoolExecutor(UPLOADS) as threads:
            for _ in threads.map(lambda planted: _upload(client, planted), objects):
                pass
        redundant = sum(len(keys) - 1 for keys in equal(objects))
        yield Site(weed.endpoint_url, BUCKET, len(objects), redundant, weed.access_key, weed.secret_key)


def _upload(client: Any, planted: Planted) -> None:  # noqa: ANN401  boto3 builds its clients at run time
    """Never more than a part of it is in memory."""
    name = {"Bucket": BUCKET, "Key": planted.key}
    if planted.part is None:
        client.put_object(**name, Body=planted.body(0, planted.size))
        return
    name["UploadId"] = client.create_multipart_upload(**name)["UploadId"]
    parts = []
    for number, start in enumerate(range(0, planted.size, planted.part), 1):
        body = planted.body(start, min(start + planted.part, planted.size))
        parts.append({"PartNumber": number, "ETag": client.upload_part(**name, PartNumber=number, Body=body)["ETag"]})
    client.complete_multipart_upload(**name, MultipartUpload={"Parts": parts})
