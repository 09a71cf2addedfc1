"""One pass over a stretch of an object's bytes that gives every digest that is wanted of it.

Reading is what costs; so whatever these bytes can be compared with is hashed in the same pass: the ranges of the grid,
the parts of multipart layouts (which make up the ETag that the bytes would have under each of them), and the whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from s3dedup.hashing.grid import Grid, Range
from s3dedup.model import ListedObject
from s3dedup.store import BodyReader, Chunk

Pieces = Callable[[int], tuple[int, Range]]


class _Track:
    """Hashes pieces that follow each other; one of which not all bytes come gives no digest."""

    def __init__(self, pieces: Pieces, new: Callable[[], Any]) -> None:
        self._pieces = pieces
        self._new = new
        self._hash: Any = None
        self.digests: dict[int, bytes] = {}

    def feed(self, position: int, chunk: memoryview) -> None:
        while chunk:
            number, piece = self._pieces(position)
            if position == piece.start:
                self._hash = self._new()
            length = min(len(chunk), piece.stop - position)
            if self._hash is not None:
                self._hash.update(chunk[:length])
            position, chunk = position + length, chunk[length:]
            if position == piece.stop and self._hash is not None:
                self.digests[number], self._hash = self._hash.digest(), None


class Sweep:
    """A pass from the byte `start` on. `algorithm` hashes the grid's ranges, behind a `salt`; `parts` are part sizes of
    multipart layouts, `whole` names digests of all bytes ("md5", "sha1", "sha256", "sha512"), which only come of a pass
    that begins at the beginning.
    """

    def __init__(
        self,
        grid: Grid,
        start: int,
        *,
        algorithm: str,
        salt: bytes,
        parts: Iterable[int] = (),
        whole: Iterable[str] = (),
    ) -> None:
        size = grid.size
        self.position = start
        self._ranges = _Track(grid.at, partial(hashlib.new, algorithm, salt))
        self._parts = {part: _Track(partial(_part_at, part, size), hashlib.md5) for part in parts}
        self._whole = {name: _Track(lambda _: (0, Range(0, size)), partial(hashlib.new, name)) for name in whole}
        self._tracks = [self._ranges, *self._parts.values(), *self._whole.values()]

    def feed(self, chunk: Chunk) -> None:
        """Take in the bytes that follow; nothing of them is kept."""
        for track in self._tracks:
            track.feed(self.position, memoryview(chunk))
        self.position += len(chunk)

    def gives(self, whole: Iterable[str], parts: Iterable[int]) -> bool:
        """Whether all of this is what it was made for."""
        return self._whole.keys() >= set(whole) and self._parts.keys() >= set(parts)

    @property
    def ranges(self) -> dict[int, bytes]:
        """The digests of the ranges that are complete, by number."""
        return self._ranges.digests

    @property
    def parts(self) -> dict[int, dict[int, bytes]]:
        """The MD5s of the parts that are complete, by part size and number (from 0)."""
        return {part: track.digests for part, track in self._parts.items()}

    @property
    def whole(self) -> dict[str, bytes]:
        """The digests of all bytes, once they are all there."""
        return {name: track.digests[0] for name, track in self._whole.items() if track.digests}


def _part_at(part: int, size: int, position: int) -> tuple[int, Range]:
    number = position // part
    return number, Range(number * part, min((number + 1) * part, size))


def sweep_to(store: BodyReader, bucket: str, row: ListedObject, sweep: Sweep, stop: int) -> None:
    """Stream an object into a sweep, from where it is up to the byte `stop`; never holds more than a chunk of it.

    Raises:
        ObjectError: see `BodyReader.read_range`.
    """
    for chunk in store.read_range(bucket, row, sweep.position, stop):
        sweep.feed(chunk)
