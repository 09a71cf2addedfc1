"""All that was listed, size by size: what the stages do, without their processes."""

from __future__ import annotations

from itertools import chain, groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from s3dedup.shelf import SIZE, Listed

if TYPE_CHECKING:
    from collections.abc import Iterator


def by_size(listed: Listed) -> Iterator[tuple[int, list[bytes]]]:
    """The entries of each size that occurs more than once, smallest size first, sorted by ETag."""
    every = chain.from_iterable(map(listed.entries, listed.stretches()))
    for size, group in groupby(every, itemgetter(SIZE)):
        entries = list(group)
        if len(entries) > 1:
            yield int.from_bytes(size), entries
