"""The groups as the page's script reads them: JSON, compressed, as base64, which no key can break out of.

`{"groups": [[size, copies, usd, money, kind, [[bucket, class, seconds, key, version?], ...], kept, [effect, ...]],
...], "buckets": [...], "classes": [...], "kinds": [...], "meanings": [...], "effects": [...]}`: buckets, classes, kinds
of evidence and effects (of deleting each redundant object) stand in the rows by their numbers, `usd` is for sorting and
`money` to be read, `seconds` are since 1970, and keys are escaped to be looked at.
"""

from __future__ import annotations

import json
import zlib
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TextIO

from s3dedup.model import DuplicateGroup, Effect, EvidenceKind, ObjectVersion
from s3dedup.report.records import effects as effects_of
from s3dedup.report.words import MEANING
from s3dedup.text import human_usd, plain

GROUPS = 100_000
"""So many groups are on a page; it stays quick with them."""
OBJECTS = 500_000
"""When so many objects are on a page, it takes no further group."""
OBJECTS_OF_GROUP = 100
EFFECTS = {effect: number for number, effect in enumerate(Effect)}
LINE = 57 * 1024
"""Bytes that become one line of base64; a multiple of three."""

_text = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


@dataclass(slots=True)
class Packed:
    """How much of a report is on the page."""

    groups: int = 0
    objects: int = 0
    reclaimable_bytes: int = 0

    def takes(self) -> bool:
        """Whether there is room for another group."""
        return self.groups < GROUPS and self.objects < OBJECTS

    def add(self, group: DuplicateGroup) -> None:
        """Count a group that was written."""
        self.groups += 1
        self.objects += min(len(group.objects), OBJECTS_OF_GROUP)
        self.reclaimable_bytes += group.reclaimable_bytes


def pack(groups: Iterable[DuplicateGroup], stream: TextIO) -> Packed:
    """Write the largest groups, and say how much that is."""
    out, rows, packed = _Packer(stream), _Rows(), Packed()
    out.write('{"groups":[')
    for group in groups:
        if not packed.takes():
            break
        out.write(f"{',' if packed.groups else ''}{_text(rows.row(group))}")
        packed.add(group)
    out.write(f"],{_text(rows.tables())[1:]}")
    out.close()
    return packed


@dataclass(slots=True)
class _Rows:
    """Groups as rows, with numbers in the place of names that occur again and again."""

    buckets: dict[str, int] = field(default_factory=dict)
    classes: dict[str, int] = field(default_factory=dict)
    kinds: dict[EvidenceKind, int] = field(default_factory=lambda: {kind: rank for rank, kind in enumerate(MEANING)})

    def row(self, group: DuplicateGroup) -> list[object]:
        usd = None if group.monthly_usd is None else float(group.monthly_usd)
        objects = [self._object(item) for item in group.objects[:OBJECTS_OF_GROUP]]
        kind, money = self.kinds[group.evidence], human_usd(group.monthly_usd)
        effects = [EFFECTS[each] for each in effects_of(group)[:OBJECTS_OF_GROUP] if each is not None]
        return [group.size, len(group.objects), usd, money, kind, objects, group.kept, effects]

    def _object(self, item: ObjectVersion) -> list[object]:
        bucket = self.buckets.setdefault(item.bucket, len(self.buckets))
        storage = self.classes.setdefault(item.storage_class, len(self.classes))
        row: list[object] = [bucket, storage, int(item.last_modified.timestamp()), plain(item.key)]
        return row if item.version_id is None else [*row, plain(item.version_id)]

    def tables(self) -> dict[str, object]:
        return {
            "buckets": [plain(name) for name in self.buckets],
            "classes": [plain(name) for name in self.classes],
            "kinds": list(self.kinds),
            "meanings": list(MEANING.values()),
            "effects": list(EFFECTS),
        }


class _Packer:
    """Compresses texts and writes them as lines of base64."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._deflate = zlib.compressobj(9)
        self._bytes = bytearray()

    def write(self, text: str) -> None:
        self._bytes += self._deflate.compress(text.encode())
        while len(self._bytes) >= LINE:
            self._line(LINE)

    def close(self) -> None:
        self._bytes += self._deflate.flush()
        while self._bytes:
            self._line(LINE)

    def _line(self, length: int) -> None:
        self._stream.write(f"{b64encode(self._bytes[:length]).decode()}\n")
        del self._bytes[:length]
