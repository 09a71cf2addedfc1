"""What to read so that everything in doubt is settled: as few objects as possible, and the cheapest ones.

Reading all bytes of one object gives whatever digest another one is known by. So of two that are known by different
digests it is enough to read one. What is known by nothing has to be read in any case, and may settle all the rest.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

from s3dedup.evidence.verdict import Evidence

WHOLE = ("sha256", "sha1", "md5", "sha512")
"""Digests of whole contents that a reading can give, fastest first."""
_LAYOUT = re.compile(r"multipart-([1-9][0-9]*)x([1-9][0-9]*)")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of the contents in doubt. `cost` is what reading it would cost, None where it cannot be read."""

    evidence: Evidence
    cost: float | None


@dataclass(frozen=True, slots=True)
class Want:
    """What a reading is to give beside the digests of ranges: names of `whole` digests, and sizes of `parts`."""

    whole: frozenset[str] = frozenset()
    parts: frozenset[int] = frozenset()


NOTHING_ELSE = Want()


def to_read(candidates: Sequence[Candidate]) -> dict[int, Want]:
    """Which of some contents that are in doubt against each other are read next, by position, and for what.

    | among them are some that can be read and | then these are read                                    |
    |------------------------------------------|--------------------------------------------------------|
    | are known by nothing that bytes can give | all of them                                            |
    | are known by digests, of one kind        | none: they are decided among themselves                |
    | are known by digests, of several kinds   | those of one kind: the cheapest; rather one of which   |
    |                                          | all can be read                                        |

    Then what is still in doubt is asked about again: of what turned out to be the same, the rest need not be read.
    """
    kinds = _kinds(candidates)
    blind = [index for index in kinds.pop(frozenset(), []) if candidates[index].cost is not None]
    if blind:
        return {index: _want(kinds, candidates[index].evidence) for index in blind}
    choices = []
    for kind, members in kinds.items():
        wants = {index: _want(kinds, candidates[index].evidence) for index in _able(candidates, members)}
        useful = {index: want for index, want in wants.items() if want != Want()}
        if useful:
            choices.append((_price(candidates, members), sorted(kind), useful))
    return min(choices, key=itemgetter(0, 1))[2] if choices else {}


def at_most(candidates: Sequence[Candidate]) -> dict[int, Want]:
    """What has to be read if nothing turns out to be the same: all that is known by nothing, and of several kinds all
    but one; or everything, where some of another kind cannot be read.
    """
    kinds = _kinds(candidates)
    blind = kinds.pop(frozenset(), [])
    spared = max(kinds, key=lambda kind: (_price(candidates, kinds[kind]), sorted(kind)), default=frozenset())
    others = [index for kind, members in kinds.items() if kind != spared for index in members]
    if any(candidates[index].cost is None for index in others):
        others += kinds[spared]
    return {index: _want(kinds, candidates[index].evidence) for index in _able(candidates, [*blind, *others])}


def _kinds(candidates: Sequence[Candidate]) -> dict[frozenset[str], list[int]]:
    """Positions by what bytes can give of what they are known by."""
    kinds: dict[frozenset[str], list[int]] = defaultdict(list)
    for index, each in enumerate(candidates):
        kinds[frozenset(space for space, _ in each.evidence.decides if can_be_read(space))].append(index)
    return kinds


def _able(candidates: Sequence[Candidate], members: Sequence[int]) -> list[int]:
    return [index for index in members if candidates[index].cost is not None]


def _price(candidates: Sequence[Candidate], members: Sequence[int]) -> tuple[bool, float]:
    """What reading all of these would cost: more than anything where one of them cannot be read."""
    able = _able(candidates, members)
    return len(able) < len(members), sum(candidates[index].cost or 0 for index in able)


def can_be_read(space: str) -> bool:
    """Whether reading an object's bytes gives its value in this space."""
    return space in WHOLE or space == "multipart-1" or _LAYOUT.fullmatch(space) is not None


def _want(kinds: dict[frozenset[str], list[int]], own: Evidence) -> Want:
    """The cheapest digest by which each of the kinds is known, but for what is known of the reader itself."""
    if not kinds:
        return NOTHING_ELSE
    mine = {space for space, _ in own.decides}
    wanted = [min(kind, key=_effort) for kind in kinds if not kind & mine]
    parts = [match for space in wanted if (match := _LAYOUT.fullmatch(space))]
    whole = ["md5" if space == "multipart-1" else space for space in wanted if not _LAYOUT.fullmatch(space)]
    return Want(frozenset(whole), frozenset(int(match[2]) for match in parts))


def _effort(space: str) -> tuple[int, str]:
    """The fastest digest first; parts are MD5s, too, but can be hashed side by side."""
    name = "md5" if space.startswith("multipart") else space
    return WHOLE.index(name), "" if _LAYOUT.fullmatch(space) else space
