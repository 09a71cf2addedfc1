"""What a person may ask of the keepers, as values: rules that say which object to keep, and what is protected."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from fnmatch import translate

from s3dedup.model import ListedObject, Location, utc_from_iso

Placed = tuple[str, ListedObject]
"""A row of the listing and the bucket it is in."""
Price = Callable[[str, int, str], Decimal | None]
"""What a month's storage of an object costs in USD, by its bucket, size and storage class; None is unknown."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WILDCARDS = frozenset("*?[")
ANY_BUCKET = r"\As3://[^/]+/"
LOCATION, REGEX = "location:", "regex:"
PLAIN_RULES = ("oldest", "newest", "shortest-key", "cheapest-class")
RULES = f"{', '.join(PLAIN_RULES)}, {LOCATION}s3://bucket/prefix or {REGEX}PATTERN"
PROTECTIONS = f"a location (s3://bucket/prefix), a glob for keys (*/masters/*) or {REGEX}PATTERN"


def no_price(_bucket: str, _size: int, _storage_class: str) -> None:
    """No price is known."""


@dataclass(frozen=True, slots=True)
class KeepRule:
    """One rule of an ordered list: of equal objects, keep the one with the lowest score. With `cheapest-class` that may
    be an archived one; a report warns where a redundant one is not.

    | text | the lower score has |
    |---|---|
    | `oldest` | the earlier last modification |
    | `newest` | the later last modification |
    | `shortest-key` | the key with fewer bytes of UTF-8 |
    | `cheapest-class` | the lower price for a month of it; a price that is not known comes last |
    | `location:s3://bucket/prefix` | whatever lies there |
    | `regex:PATTERN` | an address `s3://bucket/key` in which the pattern is found |
    """

    text: str
    where: Location | re.Pattern[str] | None = None

    @classmethod
    def parse(cls, text: str) -> KeepRule:
        """Read a rule.

        Raises:
            ValueError: the text is no such rule; the message says what is wrong with it.
        """
        if text in PLAIN_RULES:
            return cls(text)
        if text.startswith(LOCATION):
            return cls(text, _location(text.removeprefix(LOCATION)))
        if text.startswith(REGEX):
            return cls(text, _pattern(text))
        raise ValueError(f"{text!r} is no rule for keepers: write {RULES}")

    def score(self, placed: Placed, price: Price) -> object:
        """What this rule compares; scores of one rule are of one type."""
        if self.where is not None:
            return not lies(placed, self.where)
        return _SCORES[self.text](placed, price)


@dataclass(frozen=True, slots=True)
class Protection:
    """What must never be redundant: what lies in a location, or has an address that a pattern matches."""

    text: str
    where: Location | re.Pattern[str]

    @classmethod
    def parse(cls, text: str) -> Protection:
        """Read a location, a glob for whole keys (its `*` matches `/` too), or `regex:PATTERN`.

        Raises:
            ValueError: the text is none of them, or would protect nothing where more was meant; the message says so.
        """
        if text.startswith(REGEX):
            return cls(text, _pattern(text))
        if text.startswith("s3://"):
            return cls(text, _location(text))
        if not WILDCARDS & set(text):
            raise ValueError(f"{text!r} does not say what to protect: write {PROTECTIONS}")
        return cls(text, re.compile(ANY_BUCKET + translate(text)))

    def covers(self, placed: Placed) -> bool:
        """Whether an object is protected."""
        return lies(placed, self.where)


def lies(placed: Placed, where: Location | re.Pattern[str]) -> bool:
    """Whether an object lies in a location, or a pattern is found in its address `s3://bucket/key`.

    Where several stores have a bucket of one name, and it is shown as `bucket@host`, a location means all of them.
    """
    bucket, row = placed
    if isinstance(where, Location):
        return bucket.partition("@")[0] == where.bucket and row.key.startswith(where.prefix)
    return where.search(f"s3://{bucket}/{row.key}") is not None


def _location(text: str) -> Location:
    """A location in which nobody meant a wildcard: taken literally, it would match nothing, without a word."""
    if WILDCARDS & set(text):
        raise ValueError(f"{text!r}: a location takes no wildcards: write its prefix alone, or {REGEX}PATTERN")
    return Location.parse(text)


def _pattern(text: str) -> re.Pattern[str]:
    try:
        pattern = re.compile(text.removeprefix(REGEX))
    except re.error as error:
        raise ValueError(f"{text!r}: the pattern is no regular expression ({error}): mend it") from error
    if not pattern.pattern:
        raise ValueError(f"{text!r} names no pattern: write one, such as {REGEX}/masters/")
    return pattern


def _modified(placed: Placed) -> datetime:
    return utc_from_iso(placed[1].modified)


def _dearness(placed: Placed, price: Price) -> tuple[bool, Decimal]:
    bucket, row = placed
    amount = price(bucket, row.size, row.storage_class)
    return amount is None, amount or Decimal(0)


_SCORES: Mapping[str, Callable[[Placed, Price], object]] = {
    "oldest": lambda placed, _: _modified(placed),
    "newest": lambda placed, _: EPOCH - _modified(placed),
    "shortest-key": lambda placed, _: len(placed[1].key.encode(errors="surrogatepass")),
    "cheapest-class": _dearness,
}
