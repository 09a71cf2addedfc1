"""Sorts the objects of one size into clusters that are the same, and names the clusters that are still in doubt."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from s3dedup.evidence.verdict import Evidence, kind_of
from s3dedup.model import EvidenceKind

Value = tuple[str, bytes]

WEAKEST_FIRST = (
    EvidenceKind.MULTIPART_ETAG,
    EvidenceKind.DERIVED,
    EvidenceKind.MD5_ETAG,
    EvidenceKind.CHECKSUM,
    EvidenceKind.SHA1_RANGES,
    EvidenceKind.SHA256_RANGES,
)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Objects proven to be the same: `members` are positions in the input, `evidence` what is known of any of them,
    `kind` on what the claim rests (None for a single object).
    """

    members: tuple[int, ...]
    evidence: Evidence
    kind: EvidenceKind | None


def cluster(items: Sequence[Evidence]) -> list[Cluster]:
    """Unite whatever has an equal value in a space that proves sameness, in order of first member.

    A component whose values contradict each other (equal MD5s, unequal SHA-256s: a collision, or a store that lies)
    is taken apart again: what contradicts still separates, what united proves nothing.
    """
    clusters: list[Cluster] = []
    for members in _components(items):
        broken = _contradictions([items[index] for index in members])
        if broken:
            clusters.extend(_taken_apart(items, members, broken))
        else:
            clusters.append(_merged(items, members))
    return sorted(clusters, key=lambda found: found.members)


def _components(items: Sequence[Evidence]) -> Iterable[list[int]]:
    """The connected components over shared values, by union-find."""
    parent = list(range(len(items)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    first_with: dict[Value, int] = {}
    for index, item in enumerate(items):
        for value in (*item.decides, *item.unites):
            parent[root(index)] = root(first_with.setdefault(value, index))
    components: dict[int, list[int]] = defaultdict(list)
    for index in range(len(items)):
        components[root(index)].append(index)
    return components.values()


def _contradictions(items: Sequence[Evidence]) -> frozenset[str]:
    """The spaces in which one component has two values."""
    values = {value for item in items for value in (*item.decides, *item.separates)}
    spaces = [space for space, _ in values]
    if len(set(spaces)) == len(spaces):
        return frozenset()
    return frozenset(space for space, count in Counter(spaces).items() if count > 1)


def _taken_apart(items: Sequence[Evidence], members: list[int], broken: frozenset[str]) -> Iterable[Cluster]:
    """Cluster a contradicting component again by the contradicting spaces alone; what contradicts even so stays single,
    and proves no more than difference.
    """
    kept = [_kept(items[index], broken) for index in members]
    for part in _components(kept):
        if _contradictions([kept[index] for index in part]):
            yield from (Cluster((members[index],), Evidence(separates=kept[index].separates), None) for index in part)
        else:
            found = _merged(kept, part)
            yield Cluster(tuple(members[index] for index in found.members), found.evidence, found.kind)


def _kept(item: Evidence, broken: frozenset[str]) -> Evidence:
    """What an item's values in contradicting spaces may still prove."""
    decides = tuple(value for value in item.decides if value[0] in broken)
    separates = tuple(value for value in item.separates if value[0] in broken)
    read, stored = item.read.intersection(decides), item.stored.intersection(decides)
    return Evidence(decides, (), decides + separates, read, stored)


def _merged(items: Sequence[Evidence], members: list[int]) -> Cluster:
    parts = [items[index] for index in members]
    if len(parts) == 1:
        return Cluster(tuple(members), parts[0], None)
    evidence = Evidence(
        tuple(sorted({value for part in parts for value in part.decides})),
        tuple(sorted({value for part in parts for value in part.unites})),
        tuple(sorted({value for part in parts for value in part.separates})),
        _read(parts),
        _stored(parts),
    )
    return Cluster(tuple(members), evidence, _kind(parts))


def _kind(parts: Sequence[Evidence]) -> EvidenceKind:
    """The evidence that all members share; where no single value spans them, the weakest that linked any two."""
    counts = Counter(value for part in parts for value in {*part.decides, *part.unites})
    read, stored = _read(parts), _stored(parts)

    def kinds(least: int) -> set[EvidenceKind]:
        values = [value for value, count in counts.items() if count >= least]
        return {kind_of(value[0], read=value in read, stored=value in stored) for value in values}

    spanning = kinds(len(parts))
    return max(spanning, key=WEAKEST_FIRST.index) if spanning else min(kinds(2), key=WEAKEST_FIRST.index)


def _read(parts: Sequence[Evidence]) -> frozenset[Value]:
    """The values that come from reading any of them."""
    return frozenset[Value]().union(*(part.read for part in parts))


def _stored(parts: Sequence[Evidence]) -> frozenset[Value]:
    """The values that stand on a stored checksum in each of them that has it."""
    otherwise = {value for part in parts for value in part.decides if value not in part.stored}
    return frozenset[Value]().union(*(part.stored for part in parts)) - otherwise


def in_doubt(items: Sequence[Evidence]) -> list[int]:
    """The positions of those items that are undecided against at least one other. `items` are one per cluster, so no
    two of them are the same.
    """
    return sorted({index for meeting in meetings(items) for index in meeting})


def doubtful_sets(items: Sequence[Evidence]) -> list[list[int]]:
    """The same, parted into sets between which everything is decided."""
    parent: dict[int, int] = {}

    def root(index: int) -> int:
        while parent.setdefault(index, index) != index:
            index = parent[index]
        return index

    for meeting in meetings(items):
        first, *others = meeting
        for other in others:
            parent[root(other)] = root(first)
    sets: dict[int, list[int]] = defaultdict(list)
    for index in sorted(parent):
        sets[root(index)].append(index)
    return list(sets.values())


def meetings(items: Sequence[Evidence]) -> Iterator[set[int]]:
    """Sets of positions whose union is all items in doubt, each set connected by doubt: the work grows with the number
    of items, not with that of pairs.

    Two items are told apart by a space that decides and that both have; else by a weak checksum that differs.
    """
    by_spaces: dict[tuple[frozenset[str], frozenset[str]], list[int]] = defaultdict(list)
    for index, item in enumerate(items):
        decides = frozenset(space for space, _ in item.decides)
        by_spaces[decides, frozenset(space for space, _ in item.separates)].append(index)
    classes = list(by_spaces.items())
    for position, ((decides, weak), members) in enumerate(classes):
        for (other_decides, other_weak), others in classes[position:]:
            if not decides & other_decides:
                yield from _undecided(items, members, others, weak & other_weak)


def _undecided(
    items: Sequence[Evidence], one: list[int], other: list[int], common: frozenset[str]
) -> Iterator[set[int]]:
    """Of two classes that share no deciding space, the members that no common weak checksum tells apart."""

    def weak_values(index: int) -> frozenset[Value]:
        return frozenset(value for value in items[index].separates if value[0] in common)

    sides: dict[frozenset[Value], tuple[set[int], set[int]]] = defaultdict(lambda: (set(), set()))
    for index in one:
        sides[weak_values(index)][0].add(index)
    for index in other:
        sides[weak_values(index)][1].add(index)
    for left, right in sides.values():
        if left and right and len(left | right) > 1:
            yield left | right
