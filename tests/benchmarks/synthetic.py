"""Synthetic buckets: keys of some shapes, and each object's entry in a listing, rendered once."""

from __future__ import annotations

import bisect
import hashlib
import random
import uuid
from array import array
from functools import lru_cache
from mmap import mmap
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

PAGE = 1000
KEY_AT = len("<Contents><Key>")


# Keys, in UTF-8 order, of characters that need no escaping in XML or URLs


def flat(count: int, _: random.Random) -> Iterator[str]:
    """A counter of fixed width."""
    return (f"obj-{number:09}" for number in range(count))


def uuids(count: int, seeded: random.Random) -> Iterable[str]:
    """Random UUIDs."""
    return sorted(str(uuid.UUID(int=seeded.getrandbits(128), version=4)) for _ in range(count))


def dates(count: int, seeded: random.Random) -> Iterable[str]:
    """`2026/11/22/...` over three years."""
    days = [f"{2024 + day // 366}/{day % 366 // 31 + 1:02}/{day % 31 + 1:02}" for day in range(3 * 366)]
    return sorted(f"{seeded.choice(days)}/event-{seeded.getrandbits(48):012x}.json.gz" for _ in range(count))


def skewed(count: int, seeded: random.Random) -> Iterable[str]:
    """Nine tenths behind one long prefix, the rest before and after it."""
    long = "datasets/production/computer-vision/v3/images/train/full-resolution/batch-0001/part-"
    keys = [f"{long}{number:09}.jpg" for number in range(count - count // 10)]
    keys += [f"{seeded.choice('abcxyz')}{seeded.getrandbits(40):010x}/file.bin" for _ in range(count // 10)]
    return sorted(keys)


SHAPES: dict[str, Callable[[int, random.Random], Iterable[str]]] = {
    "flat": flat,
    "uuid": uuids,
    "dates": dates,
    "skewed": skewed,
}


def contents(count: int, share: float, seeded: random.Random) -> array[int]:
    """For each object the number of the object whose content it has: its own for all but `share` of them."""
    of = array("I", range(count))
    for number in range(1, count):
        if seeded.random() < share:
            of[number] = of[seeded.randrange(number)]
    return of


def fragment(key: str, bucket: str, content: int, number: int) -> tuple[int, str]:
    """An object's size and its XML, as AWS renders it. It is old: s5cmd leaves out what is newer than its start."""
    etag = hashlib.md5(f"{bucket}/{content}".encode()).hexdigest()
    scale = 10 + int(etag[0], 16)
    size = (1 << scale) + int(etag[-8:], 16) % (1 << scale)
    moment = f"2025-{number % 11 + 1:02}-{number % 28 + 1:02}T{number % 24:02}:{number % 60:02}:41.000Z"
    return size, (
        f"<Contents><Key>{key}</Key><LastModified>{moment}</LastModified><ETag>&quot;{etag}&quot;</ETag>"
        "<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType>"
        f"<Size>{size}</Size><StorageClass>STANDARD</StorageClass></Contents>"
    )


class Bucket:
    """A rendered bucket: all fragments one after the other, and where each of them starts."""

    def __init__(self, name: str, keys: Iterable[str], content_of: array[int]) -> None:
        self.name = name
        self.starts = array("Q", [0])
        self.redundant = self.redundant_bytes = self.bytes = 0
        with TemporaryFile() as file:
            self._render(file, keys, content_of)
            self.text = mmap(file.fileno(), self.starts[-1]) if len(self) else b""
        self.view = memoryview(self.text)
        self.find_prefix = lru_cache(4096)(self._find_prefix)

    def _render(self, file: IO[bytes], keys: Iterable[str], content_of: array[int]) -> None:
        pending: list[str] = []
        end = 0
        for number, key in enumerate(keys):
            size, text = fragment(key, self.name, content_of[number], number)
            self.bytes += size
            if content_of[number] != number:
                self.redundant += 1
                self.redundant_bytes += size
            end += len(text)
            self.starts.append(end)
            pending.append(text)
            if len(pending) == PAGE:
                file.write("".join(pending).encode())
                pending.clear()
        file.write("".join(pending).encode())
        file.flush()

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, index: int) -> bytes:
        """The key at a position, so that `bisect` works on the bucket itself."""
        start = self.starts[index] + KEY_AT
        return bytes(self.view[start : self.text.find(b"<", start)])

    def after(self, key: bytes) -> int:
        """The first position whose key is greater."""
        return bisect.bisect_right(self, key)

    def _find_prefix(self, prefix: bytes) -> tuple[int, int]:
        """First position and end of what a prefix covers (UTF-8 never holds 0xff)."""
        return bisect.bisect_left(self, prefix), bisect.bisect_left(self, prefix + b"\xff")

    def read(self, first: int, end: int) -> memoryview:
        """The fragments from one position to another."""
        return self.view[self.starts[first] : self.starts[end]]

    def facts(self) -> dict[str, int]:
        """What an audit should find."""
        return {
            "objects": len(self),
            "bytes": self.bytes,
            "redundant_objects": self.redundant,
            "reclaimable_bytes": self.redundant_bytes,
        }
