"""The checksums S3 stores beside an object, computed without any package."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Reflected polynomial, and width in bytes. Every one starts from and ends with all ones.
_CRCS = {
    "CRC32": (0xEDB88320, 4),
    "CRC32C": (0x82F63B78, 4),
    "CRC64NVME": (0x9A6C9329AC4BC9B5, 8),
}
_HASHES: dict[str, Callable[[bytes], hashlib._Hash]] = {
    "MD5": hashlib.md5,
    "SHA1": hashlib.sha1,
    "SHA256": hashlib.sha256,
    "SHA512": hashlib.sha512,
}
COMPUTED = frozenset({*_CRCS, *_HASHES})
GIVEN = frozenset({"XXHASH64", "XXHASH3", "XXHASH128"})
"""Algorithms whose value the test hands over: the standard library has none of them."""

FULL_OBJECT_MULTIPART = frozenset({"CRC32", "CRC32C", "CRC64NVME"})
COMPOSITE_MULTIPART = (COMPUTED | GIVEN) - {"CRC64NVME"}


@cache
def _table(polynomial: int) -> tuple[int, ...]:
    """What each 16-bit step does to the register."""
    rows = []
    for start in range(1 << 16):
        register = start
        for _ in range(16):
            register = (register >> 1) ^ (polynomial if register & 1 else 0)
        rows.append(register)
    return tuple(rows)


def crc(algorithm: str, body: bytes) -> int:
    """The CRC of `body`, two bytes a step."""
    polynomial, width = _CRCS[algorithm]
    table = _table(polynomial)
    register = ones = (1 << 8 * width) - 1
    even = len(body) & ~1
    for low, high in zip(body[0:even:2], body[1:even:2], strict=True):
        register = table[(register ^ low ^ high << 8) & 0xFFFF] ^ register >> 16
    for byte in body[even:]:
        register ^= byte
        for _ in range(8):
            register = (register >> 1) ^ (polynomial if register & 1 else 0)
    return register ^ ones


def raw_checksum(algorithm: str, body: bytes) -> bytes:
    """The checksum's bytes, big-endian for a CRC."""
    if algorithm in _CRCS:
        return crc(algorithm, body).to_bytes(_CRCS[algorithm][1], "big")
    return _HASHES[algorithm](body).digest()


def full_object(algorithm: str, body: bytes) -> str:
    """The FULL_OBJECT value as `x-amz-checksum-*` carries it."""
    return base64.b64encode(raw_checksum(algorithm, body)).decode()


def composite(algorithm: str, parts: Sequence[bytes]) -> str:
    """The COMPOSITE value: the checksum of the parts' checksums, `-` and how many there are."""
    joined = b"".join(raw_checksum(algorithm, part) for part in parts)
    return f"{full_object(algorithm, joined)}-{len(parts)}"
