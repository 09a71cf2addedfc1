"""Whole directories that are stored twice, from pairs of directories: what a person wants to read of a million groups.

Each redundant object is counted in one pair, so that the pairs add up to everything that is redundant.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping

from s3dedup.groups.pairs import Pair, Weight, child_of, depth_of, upwards
from s3dedup.model import Location, PrefixPair

NEARLY_ALL = 0.9
LEVELS = (NEARLY_ALL, 0.5)
"""First what is redundant nearly as a whole is named, then what is so for the most part, then the rest by buckets."""

Entry = tuple[Pair, Weight]
_redundant: Callable[[Entry], str] = lambda entry: entry[0][0]  # noqa: E731  a column of the entries
_keeper: Callable[[Entry], str] = lambda entry: entry[0][1]  # noqa: E731  same


def prefix_pairs(weights: Mapping[Pair, Weight], below: Mapping[str, int]) -> tuple[PrefixPair, ...]:
    """The highest places whose objects are also elsewhere, what saves most first.

    `below` says how many objects that are not empty were listed below each place that may be named. From the buckets
    down, a place is named as soon as enough of its objects (see `LEVELS`) are redundant, with keepers outside it and
    below one other place: the lowest that holds nearly all of them. Where nearly all of that lies in one of its
    directories, of which it is a greater part, that one is named instead. What is left is counted by pairs of buckets.
    """
    left = list(weights.items())
    found: list[PrefixPair] = []
    for level in LEVELS:
        named, left = _named(left, below, level)
        found += named
    found += _rest(left, below)
    return tuple(sorted(found, key=lambda pair: (-pair.reclaimable_bytes, pair.redundant, pair.keeper)))


def _named(entries: list[Entry], below: Mapping[str, int], level: float) -> tuple[list[PrefixPair], list[Entry]]:
    """The highest places of which at least `level` can be named, and what is left."""
    found: list[PrefixPair] = []
    left: list[Entry] = []
    open_places = list(_parted(entries, "", _redundant).items())
    while open_places:
        place, part = open_places.pop()
        keeper, claimed = _elsewhere(place, part) if place in below else ("", [])
        if keeper and _objects(claimed) >= level * below[place] and not _lies_deeper(place, claimed, below):
            found.append(_pair(place, keeper, claimed, below))
            left += _without(part, claimed)
        else:
            children = _parted(part, place, _redundant)
            left += children.pop(place, [])
            open_places += children.items()
    return found, left


def _lies_deeper(place: str, claimed: list[Entry], below: Mapping[str, int]) -> bool:
    """Whether one directory of `place` has nearly all of this, and is more of a duplicate than the whole of `place`."""
    child, inside = _largest(claimed, place, _redundant)
    count, every = _objects(inside), _objects(claimed)
    return child in below and count >= NEARLY_ALL * every and count * below[place] > every * below[child]


def _elsewhere(place: str, part: list[Entry]) -> tuple[str, list[Entry]]:
    """The lowest other place that holds nearly all keepers outside `place`, with what they keep; "" where none does."""
    outside = claimed = [entry for entry in part if not _keeper(entry).startswith(place)]
    enough, lowest = NEARLY_ALL * _objects(outside), ""
    while claimed:
        child, inside = _largest(claimed, lowest, _keeper)
        if child == lowest or _objects(inside) < enough:
            break
        lowest, claimed = child, inside
    return lowest, claimed


def _rest(entries: list[Entry], below: Mapping[str, int]) -> list[PrefixPair]:
    """What no place was named for: by pairs of buckets, each as low as all of it allows."""
    buckets: dict[Pair, list[Entry]] = defaultdict(list)
    for entry in entries:
        buckets[child_of(_redundant(entry), ""), child_of(_keeper(entry), "")].append(entry)
    return [_pair(_lowest_known(part, below), _common(part, _keeper), part, below) for part in buckets.values()]


def _lowest_known(part: list[Entry], below: Mapping[str, int]) -> str:
    common = _common(part, _redundant)
    return next(place for place in upwards(common) if place in below or not depth_of(place))


def _common(part: list[Entry], column: Callable[[Entry], str]) -> str:
    """The lowest place that holds all of one column: what its first and its last place share, all of them share."""
    places = [column(entry) for entry in part]
    last = max(places)
    return next(place for place in upwards(min(places)) if last.startswith(place))


def _parted(entries: list[Entry], above: str, column: Callable[[Entry], str]) -> dict[str, list[Entry]]:
    """Entries by the place one level below `above`; what lies directly there under `above` itself."""
    parts: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        parts[child_of(column(entry), above)].append(entry)
    return parts


def _largest(entries: list[Entry], above: str, column: Callable[[Entry], str]) -> tuple[str, list[Entry]]:
    """Of these parts the one with the most objects."""
    return max(_parted(entries, above, column).items(), key=lambda item: (_objects(item[1]), item[0]))


def _without(part: list[Entry], claimed: list[Entry]) -> list[Entry]:
    taken = {pair for pair, _ in claimed}
    return [entry for entry in part if entry[0] not in taken]


def _objects(entries: list[Entry]) -> int:
    return sum(weight.objects for _, weight in entries)


def _pair(redundant: str, keeper: str, entries: list[Entry], below: Mapping[str, int]) -> PrefixPair:
    weight, every = Weight.of(weight for _, weight in entries), below.get(redundant)
    share, whole = (None, False) if every is None else (weight.objects / every, weight.objects == every)
    names = str(location_of(redundant)), str(location_of(keeper))
    return PrefixPair(*names, share, weight.objects, weight.bytes, weight.usd, whole)


def location_of(place: str) -> Location:
    """The location of a place."""
    bucket, _, prefix = place.partition("/")
    return Location(bucket, prefix)
