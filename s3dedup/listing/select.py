"""Which of the listed objects are audited at all: by size, by key, by storage class."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import translate

from s3dedup.listing.page import Page

Test = Callable[[Page], Iterable[bool]]
"""Which objects of a page pass, one after the other."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What to audit. Globs match whole keys and `*` matches `/` too; no `include` means every key."""

    min_size: int = 0
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    storage_classes: frozenset[str] = frozenset()

    def picker(self) -> Callable[[Page], Page]:
        """A function that leaves a page's wanted objects; patterns are compiled once."""
        tests = list(self._tests())

        def pick(page: Page) -> Page:
            return page.where(list(map(all, zip(*(test(page) for test in tests), strict=True)))) if tests else page

        return pick

    def wants_key(self, key: str) -> bool:
        """Whether the globs let a key pass, whatever else is wanted of its object."""
        return all(test(key) for test in self._key_tests())

    def _tests(self) -> Iterator[Test]:
        if self.min_size:
            yield lambda page: [size >= self.min_size for size in page.sizes]
        for test in self._key_tests():
            yield lambda page, test=test: map(test, page.keys)  # type: ignore[misc]  # the loop's variable moves on
        if self.storage_classes:
            yield lambda page: [name in self.storage_classes for name in page.storage_classes]

    def _key_tests(self) -> Iterator[Callable[[str], bool]]:
        if self.include:
            wanted = _any_of(self.include)
            yield lambda key: wanted(key) is not None
        if self.exclude:
            unwanted = _any_of(self.exclude)
            yield lambda key: unwanted(key) is None


def _any_of(globs: Sequence[str]) -> Callable[[str], re.Match[str] | None]:
    return re.compile("|".join(map(translate, globs))).match
