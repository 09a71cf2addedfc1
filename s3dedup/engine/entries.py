"""Sorted entries of the listing, and which of them are alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import compress
from operator import eq, itemgetter, or_

from s3dedup.shelf import FORM, SIZE_AND_ETAG, SOURCE

Source = bytes
"""The number of a location, as two bytes."""
Kind = tuple[int, Source]
"""A form of ETag, and the location in which it occurs: all of a kind mean the same."""
Pair = tuple[bytes, bytes]
"""Two entries with one size and one ETag."""
kind_of = itemgetter(FORM, SOURCE)


def sharing(entries: Sequence[bytes], part: slice) -> list[bytes]:
    """Those of which a neighbour has the same part."""
    parts = [entry[part] for entry in entries]
    same = list(map(eq, parts, parts[1:]))
    return list(compress(entries, map(or_, [False, *same], [*same, False])))


def equal_etags(entries: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Those that share size and ETag with another, set by set."""
    tags = [entry[SIZE_AND_ETAG] for entry in entries]
    same = list(map(eq, tags, tags[1:]))
    start = stop = -1
    for index in compress(range(len(same)), same):
        if index != stop:
            if stop > start:
                yield list(entries[start : stop + 1])
            start = index
        stop = index + 1
    if stop > start:
        yield list(entries[start : stop + 1])
