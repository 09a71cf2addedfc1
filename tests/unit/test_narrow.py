"""Narrowing and weighing by the listing alone, stretch by stretch, held against the obvious way of doing it."""

from __future__ import annotations

import random
from collections import Counter
from itertools import groupby, pairwise
from operator import itemgetter
from typing import TYPE_CHECKING, cast

from hypothesis import given
from hypothesis import strategies as st

from s3dedup.engine.by_listing import Part, Taken, WeighListed, whole_where_needed
from s3dedup.engine.entries import equal_etags, kind_of
from s3dedup.engine.narrowing import DRAWN, LARGEST_READ, PAIRS, Drawn, Narrow, Narrowed, Samples, Twins
from s3dedup.groups import Choice
from s3dedup.model import ListedObject
from s3dedup.shelf import SIZE, SIZE_AND_ETAG, SOURCE, Entry, Stretch, split
from s3dedup.shelf.segment import ENTRY

if TYPE_CHECKING:
    from s3dedup.engine.entries import Kind
    from s3dedup.shelf import Listed

HEX, MULTIPART, OTHER = 1, 2, 0
EVERYTHING = Stretch(b"", None)
NO_TWINS = Twins([], [])


def entry(size: int, tag: int = 0, form: int = HEX, source: int = 0, row: int = 0) -> bytes:
    return ENTRY.pack(0, size, form, bytes([tag]) * 16, 0, source, 0, row)


ENTRIES = st.lists(
    st.builds(
        entry,
        size=st.integers(1, 5),
        tag=st.integers(0, 3),
        form=st.sampled_from([HEX, HEX, MULTIPART, OTHER]),
        source=st.integers(0, 1),
        row=st.integers(0, 999),
    ),
    max_size=40,
    unique=True,
).map(sorted)


class FakeListed:
    """What was listed, as a list."""

    def __init__(self, entries: list[bytes]) -> None:
        self._entries = entries

    def entries(self, _: Stretch) -> list[bytes]:
        return self._entries

    def rows(self, entries: list[bytes]) -> list[ListedObject]:
        every = [Entry.unpack(each) for each in entries]
        return [ListedObject(str(each.row), each.size, "", "STANDARD", "2026-01-01T00:00:00Z") for each in every]


def listed(entries: list[bytes]) -> Listed:
    return cast("Listed", FakeListed(entries))


@given(ENTRIES)
def test_candidates_are_those_that_share_their_size(entries: list[bytes]) -> None:
    sizes = Counter(each[SIZE] for each in entries)
    candidates = [each for each in entries if sizes[each[SIZE]] > 1]
    found = Narrow(EVERYTHING, sampling=True)(listed(entries))
    assert found.objects == len(candidates)
    assert split(found.equal) == [each for same in equal_etags(entries) for each in same]
    assert found.size == sum(Entry.unpack(each).size for each in candidates)
    assert found.kinds == Counter((each[6], each[SOURCE]) for each in candidates)
    assert {source: samples.drawn.seen for source, samples in found.samples.items()} == Counter(
        each[SOURCE] for each in candidates
    )


@given(ENTRIES)
def test_every_pair_with_one_etag_may_be_drawn_for_each_location_that_half_of_it_is_in(entries: list[bytes]) -> None:
    found = Narrow(EVERYTHING, sampling=True)(listed(entries))
    pairs = [
        (one, other)
        for one, other in pairwise(entries)
        if one[SIZE_AND_ETAG] == other[SIZE_AND_ETAG] and one[6] != OTHER
    ]
    for source, samples in found.samples.items():
        for form, drawn in samples.pairs.items():
            own = [pair for pair in pairs if pair[0][6] == form and source in {pair[0][SOURCE], pair[1][SOURCE]}]
            assert (drawn.seen, len(drawn.items)) == (len(own), min(PAIRS, len(own)))
            assert set(drawn.items) <= set(own)


def test_all_objects_of_a_size_that_is_parted_are_candidates() -> None:
    found = Narrow(Stretch(b"", b"z", size=7), sampling=False)(listed([entry(7)]))
    assert (found.objects, found.size, found.samples) == (1, 7, {})


@given(ENTRIES)
def test_samples_are_candidates_of_the_location_smallest_first_by_form(entries: list[bytes]) -> None:
    samples = Samples.of(entries, Twins.of(entries), random.Random(0))
    assert samples.drawn.seen == len(entries)
    assert sorted(samples.drawn.items) == entries
    assert samples.forms() == {each[6] for each in entries}
    tags = Counter(each[SIZE_AND_ETAG] for each in entries)
    for form, wanted in ((HEX, 2), (MULTIPART, 1), (OTHER, 0)):
        firsts = [next(group) for _, group in groupby((e for e in entries if e[6] == form), itemgetter(slice(0, 25)))]
        assert [each[:25] for each in samples.read.get(form, [])] == [each[:25] for each in firsts[:wanted]]
        twins = [each for each in entries if each[6] == form and tags[each[SIZE_AND_ETAG]] > 1]
        assert samples.twins.get(form, []) == twins[: 2 * wanted]


def test_what_is_too_large_to_be_read_is_no_sample_to_read() -> None:
    samples = Samples.of([entry(LARGEST_READ, 1), entry(LARGEST_READ + 1, 2)], NO_TWINS, random.Random(0))
    assert samples.read == {HEX: [entry(LARGEST_READ, 1)]}
    assert len(samples.drawn.items) == 2


def test_a_fair_sample_of_parts_is_a_fair_sample_of_the_whole() -> None:
    small, large = range(10), range(10, 100)
    chance = random.Random(1)
    drawn: Counter[bool] = Counter()
    for _ in range(500):
        merged = Drawn.merged([Drawn.of(small, 8, chance), Drawn.of(large, 8, chance)], 8, chance)
        assert (merged.seen, len(set(merged.items))) == (100, 8)
        drawn.update(each in small for each in merged.items)
    assert 0.07 < drawn[True] / drawn.total() < 0.13


def test_no_more_candidates_are_drawn_than_may_be_looked_up() -> None:
    samples = Samples.of([entry(1, row=row) for row in range(DRAWN + 1)], NO_TWINS, random.Random(0))
    assert (samples.drawn.seen, len(set(samples.drawn.items))) == (DRAWN + 1, DRAWN)


def test_merged_samples_keep_the_smallest_and_every_form() -> None:
    parts = [Samples.of([entry(size, tag) for tag in range(3)], NO_TWINS, random.Random(0)) for size in (5, 3)]
    parts.append(Samples.of([entry(9, form=MULTIPART)], NO_TWINS, random.Random(0)))
    merged = Samples.merged(parts, random.Random(0))
    assert merged.read == {HEX: [entry(3, 0), entry(3, 1)], MULTIPART: [entry(9, form=MULTIPART)]}
    assert Samples.merged([], random.Random(0)) == Samples()


@given(ENTRIES)
def test_sets_of_equal_etags_are_those_that_counting_finds(entries: list[bytes]) -> None:
    expected = [list(group) for _, group in groupby(entries, itemgetter(slice(0, 25)))]
    assert list(equal_etags(entries)) == [same for same in expected if len(same) > 1]


def candidates_of(entries: list[bytes]) -> list[bytes]:
    sizes = Counter(each[SIZE] for each in entries)
    return [each for each in entries if sizes[each[SIZE]] > 1]


@given(ENTRIES, st.frozensets(st.sampled_from([b"\0\0", b"\0\1"])), st.data())
def test_what_is_alone_on_trust_is_what_shares_no_etag_and_was_not_asked_itself(
    entries: list[bytes], sampled: frozenset[bytes], data: st.DataObject
) -> None:
    candidates = candidates_of(entries)
    asked = data.draw(st.frozensets(st.sampled_from(candidates))) if candidates else frozenset[bytes]()
    tags = Counter(each[SIZE_AND_ETAG] for each in candidates)
    alone = {each for each in candidates if tags[each[SIZE_AND_ETAG]] == 1 and each[SOURCE] in sampled}
    kinds = Counter(map(kind_of, candidates))
    assert Taken(sampled, asked).alone(kinds, asked, equal_etags(candidates)) == len(alone - asked)


KINDS = st.frozensets(st.tuples(st.just(HEX), st.sampled_from([b"\0\0", b"\0\1"])))
BUCKETS = {b"\0\0": "a", b"\0\1": "b"}


@given(ENTRIES, KINDS)
def test_a_size_is_settled_where_all_its_etags_are_proven_and_else_handed_on_whole(
    entries: list[bytes], proven: frozenset[Kind]
) -> None:
    weighed = WeighListed(Part(EVERYTHING), b"", proven, BUCKETS, Choice())(listed(entries))
    by_size = {size: list(group) for size, group in groupby(entries, itemgetter(SIZE))}
    open_ones = {size for size, group in by_size.items() if any(kind_of(each) not in proven for each in group)}
    doubtful = [(int.from_bytes(size), by_size[size]) for size in open_ones if len(by_size[size]) > 1]
    assert sorted(weighed.doubtful) == sorted(doubtful)
    sets = list(equal_etags([each for each in entries if each[SIZE] not in open_ones]))
    assert weighed.tally.groups == len(weighed.groups) == len(sets)
    assert weighed.tally.redundant == sum(len(same) - 1 for same in sets)
    assert weighed.candidates == len(candidates_of(entries))


@given(ENTRIES, st.frozensets(st.sampled_from([b"\0\0", b"\0\1"])), st.data())
def test_what_narrowing_has_put_aside_gives_the_same_as_everything_that_was_listed(
    entries: list[bytes], sampled: frozenset[bytes], data: st.DataObject
) -> None:
    narrowed = Narrow(EVERYTHING, sampling=False)(listed(entries))
    candidates, proven = candidates_of(entries), frozenset(narrowed.kinds)
    asked = data.draw(st.frozensets(st.sampled_from(candidates))) if candidates else frozenset[bytes]()
    (short,), (long,) = (
        whole_where_needed([narrowed], proven),
        whole_where_needed([narrowed], proven, gone=[entry(9, row=1000)]),
    )
    assert (short, long) == (Part(EVERYTHING, narrowed.kinds), Part(EVERYTHING))
    outcomes = [
        WeighListed(part, equal, proven, BUCKETS, Choice(), taken=Taken(sampled, asked))(listed(entries))
        for part, equal in ((short, narrowed.equal), (long, b""))
    ]
    assert outcomes[0].groups == outcomes[1].groups
    assert outcomes[0]._replace(tally=outcomes[1].tally) == outcomes[1]


def test_who_shares_its_size_with_nobody_is_not_taken_on_trust() -> None:
    entries = sorted([entry(1), entry(2, tag=1), entry(2, tag=2), entry(3, tag=1, row=1), entry(3, tag=1, row=2)])
    proven = frozenset({(HEX, b"\0\0")})
    weigh = WeighListed(Part(EVERYTHING), b"", proven, BUCKETS, Choice(), taken=Taken(frozenset({b"\0\0"})))
    assert weigh(listed(entries)).on_trust == 2


def test_a_parted_size_is_put_together_again_only_where_an_etag_is_not_proven() -> None:
    proven: frozenset[Kind] = frozenset({(HEX, b"\0\0")})
    sure, unsure = Counter(proven), Counter({(MULTIPART, b"\0\0"): 1})
    before, after = Stretch(b"", b"a"), Stretch(b"g", None)
    parts = [Stretch(b"a", b"b", 7), Stretch(b"b", b"c", 7)]
    others = [Stretch(b"c", b"e", 8), Stretch(b"e", b"g", 8)]
    kinds = {before: unsure, parts[0]: sure, parts[1]: sure, others[0]: sure, others[1]: unsure, after: sure}
    found = [Narrowed(stretch, kinds[stretch], 0, {}, b"") for stretch in kinds]
    settled = [Part(parts[0], sure), Part(parts[1], sure)]
    whole = Part(Stretch(b"c", b"g"))
    assert whole_where_needed(found, proven) == [Part(before), *settled, whole, Part(after, sure)]
    assert whole_where_needed(found, proven, gone=[b"h"]) == [Part(before), *settled, whole, Part(after)]
    assert whole_where_needed(found, proven, gone=[b"aa"]) == [
        Part(before),
        Part(parts[0]),
        Part(parts[1], sure),
        whole,
        Part(after, sure),
    ]


def test_of_a_parted_size_an_object_alone_in_its_part_is_a_candidate_too() -> None:
    part = Part(Stretch(b"", None, 1))
    weigh = WeighListed(part, b"", frozenset({(HEX, b"\0\0")}), BUCKETS, Choice(), taken=Taken(frozenset({b"\0\0"})))
    found = weigh(listed([entry(1)]))
    assert (found.candidates, found.on_trust, found.doubtful) == (1, 1, [])
