"""The objects of one size of a finished audit, in the clusters that the evidence makes of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from s3dedup.engine.entries import kind_of
from s3dedup.engine.lookup import Recollection
from s3dedup.engine.settlement import is_archived
from s3dedup.engine.weigh import Weigher
from s3dedup.evidence import (
    Candidate,
    Cluster,
    Evidence,
    Known,
    Meaning,
    Verdict,
    Want,
    cluster,
    compare,
    read_etag,
    to_read,
    weigh,
)
from s3dedup.explanation import Contrast, PairExplained, Settling, SpaceCompared, Unsettled
from s3dedup.groups import Placed
from s3dedup.model import ObjectVersion, Skipped, SkipReason
from s3dedup.shelf import DigestRecord

MOST = 10_000
"""So many objects of one size are held against each other here; a group's own members always are."""
EXAMPLES = 5
GONE = frozenset({SkipReason.CHANGED, SkipReason.VANISHED})
ROLES = ("decides", "unites", "separates")
RANGES = frozenset({"sha1-ranges", "sha256-ranges"})
BEGUN = "-begun-"
"""In the name of a space that is about the first ranges only."""
MD5_OF_MD5 = "multipart-1"
"""A space that says nothing more where there is an MD5."""

Name = tuple[str, str, str | None]


class Peers:
    """The objects of one size: those `asked` about, the groups that these are in, and others. `skipped` are those of
    the audit that were not compared.
    """

    def __init__(
        self,
        memory: Recollection,
        weigher: Weigher,
        asked: Sequence[Placed],
        records: Iterable[DigestRecord],
        skipped: Iterable[Skipped],
    ) -> None:
        entries = memory.state.listed.of_size(asked[0][1].size)
        kinds = frozenset(map(kind_of, entries))
        self.count = len(entries)
        self.by_listing = kinds <= weigher.proven(kinds)
        self.groups = {placed: record for record in records for placed in asked if placed in record.objects}
        grouped = chain.from_iterable(record.objects for record in self.groups.values())
        members = list(dict.fromkeys([*asked, *grouped, *map(memory.placed, entries[:MOST])]))
        names = {_name(placed): placed for placed in members}
        self.skipped = {placed: each for each in skipped if (placed := names.get(_name_of(each))) is not None}
        self._memory = memory
        self._weigher = weigher
        left = {placed: placed in asked or not self._is_gone(placed) for placed in members}
        self._members = [placed for placed in members if left[placed]]
        self._gone = [placed for placed in members if not left[placed]]
        self._evidence = [self.evidence(placed) for placed in self._members]
        self._clusters = cluster(self._evidence)
        self._positions = {placed: index for index, placed in enumerate(self._members)}

    def _is_gone(self, placed: Placed) -> bool:
        skipped = self.skipped.get(placed)
        return skipped is not None and skipped.reason in GONE

    def meaning(self, placed: Placed) -> Meaning:
        """What one object's ETag means."""
        return Meaning.MD5 if self.by_listing else self._weigher.known(*self._memory.recall(placed)).meaning

    def evidence(self, placed: Placed) -> Evidence:
        """All that was known of one object's content."""
        row = placed[1]
        if self.by_listing:
            return weigh(Known(row.size, read_etag(row.etag), Meaning.MD5))
        return self._weigher.evidence(*self._memory.recall(placed))

    def _cluster(self, placed: Placed) -> Cluster:
        index = self._positions[placed]
        return next(each for each in self._clusters if index in each.members)

    def contrast(self, placed: Placed) -> Contrast | None:
        """One object against those that are not known to be the same; None where it was gone."""
        if self._is_gone(placed):
            return None
        own, different = self._cluster(placed), Counter[str]()
        undecided = list(self._gone)
        for other in self._clusters:
            if other is own:
                continue
            if compare(own.evidence, other.evidence) is Verdict.DIFFERENT:
                different[_telling(own.evidence, other.evidence)] += len(other.members)
            else:
                undecided += [self._members[index] for index in other.members]
        examples = tuple(Unsettled(_version(each), self._reason(each)) for each in undecided[:EXAMPLES])
        looked_at = len(self._members) + len(self._gone)
        return Contrast(different, len(undecided), examples, self.count - looked_at)

    def _reason(self, placed: Placed) -> SkipReason | None:
        skipped = self.skipped.get(placed)
        return skipped.reason if skipped else None

    def pair(self, one: Placed, other: Placed) -> PairExplained:
        """Two objects of this size against each other."""
        mine, theirs = self._cluster(one), self._cluster(other)
        own = self.evidence(one), self.evidence(other)
        if mine is not theirs:
            verdict = compare(mine.evidence, theirs.evidence)
            spaces = tuple(self._spaces(one, other, mine.evidence, theirs.evidence))
            settle = () if verdict is Verdict.DIFFERENT else tuple(self._settle(one, other))
            return PairExplained(verdict, spaces, settle=settle)
        if compare(*own) is Verdict.SAME:
            return PairExplained(Verdict.SAME, tuple(self._spaces(one, other, *own)))
        return PairExplained(Verdict.SAME, through=self._between(mine, *own))

    def _between(self, united: Cluster, one: Evidence, other: Evidence) -> ObjectVersion | None:
        """A member that two others are the same as."""
        for index in united.members:
            found = self._evidence[index]
            if compare(one, found) is Verdict.SAME is compare(found, other):
                return _version(self._members[index])
        return None

    def _spaces(self, one: Placed, other: Placed, mine: Evidence, theirs: Evidence) -> Iterator[SpaceCompared]:
        """Every space in which both have a value and that says something of its own: of beginnings that were read only
        the one that says most, and none where all was.
        """
        every = self._common(one, other, mine, theirs)
        begun = [each for space, each in every.items() if BEGUN in space]
        dull = {MD5_OF_MD5} if "md5" in every else set()
        yield from (each for space, each in every.items() if BEGUN not in space and space not in dull)
        if begun and every.keys().isdisjoint(RANGES):
            yield next((each for each in begun if not each.equal), begun[-1])

    def _common(self, one: Placed, other: Placed, mine: Evidence, theirs: Evidence) -> dict[str, SpaceCompared]:
        """Every space in which both have a value; one that is there in two roles, in the one that says more."""
        found: dict[str, SpaceCompared] = {}
        for role in ROLES:
            values: Mapping[str, bytes] = dict(getattr(theirs, role))
            for space, value in getattr(mine, role):
                if space in values and space not in found:
                    holders = self._holder(one, (space, value)), self._holder(other, (space, values[space]))
                    found[space] = SpaceCompared(space, role, value.hex(), values[space].hex(), holders)
        return found

    def _holder(self, placed: Placed, value: tuple[str, bytes]) -> ObjectVersion:
        """Of which object a value is known: of this one, or of another of its cluster."""
        members = [self._positions[placed], *self._cluster(placed).members]
        known = ((index, self._evidence[index]) for index in members)
        return _version(
            next(self._members[at] for at, each in known if value in (*each.decides, *each.unites, *each.separates))
        )

    def _settle(self, one: Placed, other: Placed) -> Iterator[Settling]:
        """What could be read to decide between two."""
        pair = (one, other)
        candidates = [Candidate(self._cluster(each).evidence, self._cost(each)) for each in pair]
        for index, want in sorted(to_read(candidates).items()):
            yield Settling(_version(pair[index]), tuple(_spaces(want, pair[index][1].size)))

    def _cost(self, placed: Placed) -> float | None:
        """What an audit cannot read, or could not, is not to be read."""
        reason = self._reason(placed)
        able = not is_archived(placed[1]) and reason in {None, SkipReason.BUDGET}
        return float(placed[1].size) if able else None


def _spaces(want: Want, size: int) -> Iterator[str]:
    yield from sorted(want.whole)
    yield from (f"multipart-{-(-size // part)}x{part}" for part in sorted(want.parts))


def _telling(one: Evidence, other: Evidence) -> str:
    """The first space in which two differ."""
    pairs = ((one.decides, other.decides), (one.separates, other.separates))
    return next(space for mine, theirs in pairs for space, value in mine if dict(theirs).get(space, value) != value)


def _version(placed: Placed) -> ObjectVersion:
    bucket, row = placed
    return row.at(bucket)


def _name(placed: Placed) -> Name:
    bucket, row = placed
    return bucket, row.key, row.version_id


def _name_of(skipped: Skipped) -> Name:
    return skipped.bucket, skipped.key, skipped.version_id
