"""Which of several equal objects stays. The order in which they are met never matters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from s3dedup.groups.rules import KeepRule, Placed, Price, Protection, no_price
from s3dedup.model import utc_from_iso
from s3dedup.text import human_count

PAIR = 2
PROTECT = "protect"
"""What decided where only one of the objects is protected."""


class Ordered(NamedTuple):
    """Equal objects in the order in which they stay: the first `kept` ones do, the keeper before all; the others are
    redundant. `protected` of them are protected.

    `decided` is the text of the rule that put the keeper before the next object, or `PROTECT`; None where all rules
    found both alike and the order of `keeper_first` settled it.
    """

    objects: list[Placed]
    protected: int
    decided: str | None

    @property
    def kept(self) -> int:
        """How many stay: the keeper, and whatever else is protected."""
        return max(1, self.protected)

    @property
    def redundant(self) -> list[Placed]:
        """Those that need not stay."""
        return self.objects[self.kept :]


@dataclass(frozen=True, slots=True)
class Choice:
    """How keepers are chosen: by the rules of `keep`, the first one first, and never against what is protected.

    | protected objects | the keeper | what stays | redundant |
    |---|---|---|---|
    | none | the first by the rules | the keeper | the others |
    | some | the first of these by the rules | all of these | the others |
    | all | the first by the rules | all | none |

    Where the rules leave a tie, the oldest is first, then the shortest key, then the first in byte order: so the same
    objects always come in the same order. `price` is what `cheapest-class` compares.
    """

    keep: tuple[KeepRule, ...] = ()
    protect: tuple[Protection, ...] = ()
    price: Price = no_price

    @classmethod
    def parse(cls, keep: Iterable[str] = (), protect: Iterable[str] = (), price: Price = no_price) -> Choice:
        """Read rules and protections from their texts.

        Raises:
            ValueError: one of them cannot be read; the message says what is wrong with it.
        """
        return cls(tuple(map(KeepRule.parse, keep)), tuple(map(Protection.parse, protect)), price)

    def order(self, members: Sequence[Placed]) -> Ordered:
        """Put equal objects (at least two) into the order in which they stay."""
        if not self.keep and not self.protect:
            return Ordered(keeper_first(members), 0, None)
        ranked = sorted(((self._rank(placed), placed) for placed in members), key=_rank_of)
        protected = sum(not rank[0] for rank, _ in ranked)
        return Ordered([placed for _, placed in ranked], protected, self._decided(ranked[0][0], ranked[1][0]))

    def _rank(self, placed: Placed) -> tuple[Any, ...]:
        """Whether it is unprotected, then the score of each rule, then its place in the final order."""
        unprotected = not any(each.covers(placed) for each in self.protect)
        return unprotected, *[rule.score(placed, self.price) for rule in self.keep], *_precedence(placed)

    def _decided(self, first: tuple[Any, ...], second: tuple[Any, ...]) -> str | None:
        """The first rule of which the two scores differ."""
        deciders = (PROTECT, *(rule.text for rule in self.keep))
        return next((name for name, one, other in zip(deciders, first, second, strict=False) if one != other), None)


@dataclass(slots=True)
class Decisions:
    """How the keepers of many groups were chosen: how often by which rule, and how many objects are protected."""

    by: Counter[str | None] = field(default_factory=Counter)
    protected: int = 0

    def add(self, ordered: Ordered) -> None:
        """Count a group."""
        self.by[ordered.decided] += 1
        self.protected += ordered.protected

    def merge(self, other: Decisions) -> None:
        """Count what others have counted."""
        self.by += other.by
        self.protected += other.protected

    def notes(self, choice: Choice) -> Iterator[str]:
        """What a report says about the choice, in sentences; nothing where nothing was asked for."""
        if choice.keep:
            texts = dict.fromkeys([PROTECT, *(rule.text for rule in choice.keep)])
            counts = [f"by {text} in {human_count(self.by[text], 'group')}" for text in texts if self.by[text]]
            yield f"Keepers were chosen {', '.join(counts)}." if counts else "No rule chose a keeper."
        if choice.keep and self.by[None]:
            ties = human_count(self.by[None], "group")
            yield f"Ties in {ties} were settled: the oldest stays, then the shortest key, then the first in byte order."
        if choice.protect:
            yield f"Protected, and so never redundant: {human_count(self.protected, 'object')} of duplicate groups."


def keeper_first(objects: Iterable[Placed]) -> list[Placed]:
    """Order equal objects so that the keeper comes first: the oldest, then the shortest key, then the first in byte
    order of key, bucket and version id.
    """
    members = list(objects)
    if len(members) == PAIR:  # the rule, and told in half of the time
        one, other = members[0][1].modified, members[1][1].modified
        if one != other and len(one) == len(other) and one[-1:] == other[-1:]:
            return members if one < other else members[::-1]
    times = [row.modified for _, row in members]
    notations = {(len(time), time[-1:]) for time in times}
    return sorted(members, key=_precedence if len(notations) > 1 else _precedence_of_one_notation)


def _rank_of(ranked: tuple[tuple[Any, ...], Placed]) -> tuple[Any, ...]:
    return ranked[0]


def _precedence(placed: Placed) -> tuple[object, ...]:
    return utc_from_iso(placed[1].modified), *_precedence_of_one_notation(placed)[1:]


def _precedence_of_one_notation(placed: Placed) -> tuple[object, ...]:
    """Times that are written alike sort as texts do, and so do keys: code points come in the order of their UTF-8."""
    bucket, row = placed
    key = row.key
    length = len(key) if key.isascii() else len(key.encode(errors="surrogatepass"))
    return row.modified, length, key, bucket, row.version_id or ""
