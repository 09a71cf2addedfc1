"""Sorted entries of the listing, and which of them are alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import compress
from operator import eq, itemgetter, or_

from s3dedup.shelf import FORM, SIZE, SIZE_AND_ETAG, SOURCE, WIDTH

Source = bytes
"""The number of a location, as two bytes."""
Kind = tuple[int, Source]
"""A form of ETag, and the location in which it occurs: all of a kind mean the same."""
Pair = tuple[bytes, bytes]
"""Two entries with one size and one ETag."""
kind_of = itemgetter(FORM, SOURCE)


def total_size(entries: bytes) -> int:
    """The size of all objects, of joined entries: a column of bytes is summed up at once."""
    width = SIZE.stop
    return sum(sum(entries[at::WIDTH]) << 8 * (width - 1 - at) for at in range(width))


def count_kinds(entries: bytes) -> Counter[Kind]:
    """How many there are of each kind, of joined entries."""
    forms, high, low = (entries[at::WIDTH] for at in (FORM, SOURCE.start, SOURCE.start + 1))
    if len(set(high)) == len(set(low)) == 1:  # one location, as a rule
        source = entries[SOURCE]
        return Counter({(form, source): count for form, count in Counter(forms).items()})
    counts = Counter(zip(forms, high, low, strict=True))
    return Counter({(form, bytes(source)): count for (form, *source), count in counts.items()})


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
