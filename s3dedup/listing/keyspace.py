"""Keys as numbers: where between two keys to split a listing, without knowing what lies there.

A key is read as a number whose digits are its characters, each position with an alphabet of its own, learnt from the
keys that were seen. That keeps the dead space small (`obj-000123` has ten characters a position, not a million), so
that half of the numbers is about half of the keys. A wrong guess costs one request and never an object: what is split
are intervals of keys, and any text is a valid bound.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import takewhile

Alphabet = Sequence[int]
"""Code points in ascending order: their place is the digit, 0 is the end of the key."""

CLASSES = ("0123456789", "0123456789abcdef", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
"""Whoever writes one of these characters at some position is likely to write the others there too."""
UNIFORM = 12
"""Up to 2^12 pages the keys are taken to be spread evenly; beyond, nothing is known but the order of magnitude."""
LEAST_PAGES = 4
"""Fewer pages (by estimate) are not worth a split, of which half a page is lost."""
MARKS = "0Aaz~"
ASCII = "\x7f"
SURROGATES = 0xD800
FINER = 3
"""How many characters behind the first one in which a page's keys differ are looked at."""


class KeySpace:
    """The numbers of the keys behind a common prefix."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._seen: list[set[str]] = []
        self._alphabets: list[Alphabet] = []

    def learn(self, keys: Sequence[str]) -> None:
        """Take in the characters of some keys."""
        for key in keys:
            for position, character in enumerate(key[len(self._prefix) :]):
                if position == len(self._seen):
                    self._seen.append(set())
                    self._alphabets.append([])
                if character not in self._seen[position]:
                    self._see(position, character)

    def _see(self, position: int, character: str) -> None:
        """Beyond ASCII an alphabet is a stretch of Unicode: nobody writes all of it, and any of it may come."""
        self._seen[position].add(character)
        lowest = ord(min(self._seen[position]))
        if lowest > ord(ASCII) or character > ASCII:
            self._alphabets[position] = range(lowest, SURROGATES)
        elif not isinstance(self._alphabets[position], range):
            self._alphabets[position] = _completed(self._seen[position])

    def split(self, low: str, high: str | None, page: tuple[str, str]) -> tuple[float, str | None]:
        """How many pages lie between `low` and `high` (None: the end) if they are like the one from the first to the
        last key of `page`, and a key at which to part them; None where they cannot be parted.
        """
        found = self._split(self._alphabets, low, high, page)
        if high is None and found[1] is None:
            return self._split([_loosened(alphabet) for alphabet in self._alphabets], low, high, page)
        return found

    def _split(
        self, alphabets: Sequence[Alphabet], low: str, high: str | None, page: tuple[str, str]
    ) -> tuple[float, str | None]:
        start = len(self._prefix)
        digits = alphabets[: len(_common(*page)) + FINER - start]
        size = max(1, _number(digits, page[1][start:]) - _number(digits, page[0][start:]))
        begin = _number(digits, low[start:])
        end = _greatest(digits) if high is None else _number(digits, high[start:])
        pages = max(0, end - begin) / size if end - begin < size << 900 else math.inf
        exponent = max(0, end - begin).bit_length() - size.bit_length()
        step = (end - begin) // 2 if exponent <= UNIFORM else size << (exponent // 2)
        middle = self._prefix + _key(digits, begin + step)
        parted = pages >= LEAST_PAGES and middle > low and (high is None or middle < high)
        return pages, middle if parted else None


def _number(alphabets: Sequence[Alphabet], text: str) -> int:
    number = 0
    for position, alphabet in enumerate(alphabets):
        rank = bisect_right(alphabet, ord(text[position])) if position < len(text) else 0
        number = number * (len(alphabet) + 1) + rank
    return number


def _greatest(alphabets: Sequence[Alphabet]) -> int:
    return math.prod(len(alphabet) + 1 for alphabet in alphabets) - 1


def _key(alphabets: Sequence[Alphabet], number: int) -> str:
    """The text whose number is nearest below; a digit 0 ends it."""
    ranks = []
    for alphabet in reversed(alphabets):
        number, rank = divmod(number, len(alphabet) + 1)
        ranks.append((alphabet, rank))
    present = takewhile(lambda pair: pair[1], reversed(ranks))
    return "".join(chr(alphabet[rank - 1]) for alphabet, rank in present)


def _completed(characters: set[str]) -> list[int]:
    """An alphabet in order, with the rest of each class of which it has a character."""
    whole = set(characters)
    digits, hexadecimal, lower, upper = map(set, CLASSES)
    if whole & digits:
        whole |= digits
    if whole & lower:
        whole |= hexadecimal if whole & lower <= hexadecimal and whole & digits else lower
    if whole & upper:
        whole |= upper
    return sorted(map(ord, whole))


def _loosened(alphabet: Alphabet) -> Alphabet:
    """The same with marks all over ASCII: for where the listing goes on with what was never seen."""
    return alphabet if isinstance(alphabet, range) else sorted({*alphabet, *map(ord, MARKS)})


def _common(one: str, other: str) -> str:
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return "".join(character for character, _ in pairs)
