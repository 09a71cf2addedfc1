"""Which of the listed objects are audited at all: by size, by key, by storage class."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import translate
from itertools import repeat
from typing import Any

from s3dedup.listing.page import Page

Row = tuple[Any, ...]
"""The fields of a `ListedObject`, in its order."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What to audit. Globs match whole keys and `*` matches `/` too; no `include` means every key."""

    min_size: int = 0
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    storage_classes: frozenset[str] = frozenset()

    def picker(self) -> Callable[[Page], list[Row]]:
        """A function that picks the wanted rows of a page; patterns are compiled once."""
        tests = list(self._tests())

        def pick(page: Page) -> list[Row]:
            every = _rows(page)
            return [row for row in every if all(test(row) for test in tests)] if tests else list(every)

        return pick

    def wants_key(self, key: str) -> bool:
        """Whether the globs let a key pass, whatever else is wanted of its object."""
        return all(test((key,)) for test in self._key_tests())

    def _tests(self) -> Iterator[Callable[[Row], bool]]:
        if self.min_size:
            yield lambda row: bool(row[1] >= self.min_size)
        yield from self._key_tests()
        if self.storage_classes:
            yield lambda row: row[3] in self.storage_classes

    def _key_tests(self) -> Iterator[Callable[[Row], bool]]:
        if self.include:
            wanted = _any_of(self.include)
            yield lambda row: wanted(row[0]) is not None
        if self.exclude:
            unwanted = _any_of(self.exclude)
            yield lambda row: unwanted(row[0]) is None


def _any_of(globs: Sequence[str]) -> Callable[[str], re.Match[str] | None]:
    return re.compile("|".join(map(translate, globs))).match


def _rows(page: Page) -> Iterator[Row]:
    return zip(
        page.keys,
        page.sizes,
        page.etags,
        page.storage_classes,
        page.modified,
        page.version_ids or repeat(None),
        page.checksum_algorithms,
        page.checksum_types,
        page.restores,
        strict=False,
    )
