"""Lockstep reading, held against a model that knows every content."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3dedup.hashing import Contender, Grid, Wanted, lockstep
from s3dedup.hashing.grid import STEP, WHOLE
from s3dedup.hashing.lockstep import WINDOW

if TYPE_CHECKING:
    from collections.abc import Sequence

SIZE = WHOLE + 9 * STEP
COUNT = len(Grid(SIZE))

Content = tuple[int, ...]
"""What stands in each range of the grid."""

CONTENTS = st.lists(
    st.tuples(*[st.sampled_from([0, 0, 0, 0, 0, 1])] * COUNT) | st.just((0,) * COUNT), min_size=2, max_size=6
)


@dataclass
class Driver:
    """Reads as it is asked to, and notes what."""

    contents: Sequence[Content]
    unreadable: frozenset[tuple[int, int]] = frozenset()
    asked: list[list[tuple[int, int]]] = field(default_factory=list)

    def run(self, contenders: Sequence[Contender]) -> set[frozenset[int]]:
        """The names of those that are found the same."""
        comparison = lockstep(Grid(SIZE), contenders, lambda found: found)
        while True:
            try:
                wanted = next(comparison)
            except StopIteration as end:
                return {frozenset(member.name for member in same) for same in end.value}
            self.asked.append([(want.contender.name, want.number) for want in wanted])
            for want in wanted:
                self.read(want)

    def read(self, want: Wanted) -> None:
        """Answer one wish."""
        name, number = want.contender.name, want.number
        if (name, number) in self.unreadable:
            want.contender.lost = True
        else:
            want.contender.digests[number] = bytes([self.contents[name][number]])

    @property
    def every(self) -> list[tuple[int, int]]:
        """Who was asked for which range, in order."""
        return [pair for asked in self.asked for pair in asked]


def twins(contents: Sequence[Content], names: Sequence[int]) -> set[frozenset[int]]:
    """The model: who is the same, from the contents themselves."""
    by_content: dict[Content, set[int]] = {}
    for name in names:
        by_content.setdefault(contents[name], set()).add(name)
    return {frozenset(found) for found in by_content.values() if len(found) > 1}


def contenders_of(contents: Sequence[Content]) -> list[Contender]:
    return [Contender(name) for name in range(len(contents))]


def differing_at(number: int) -> Content:
    return tuple(int(number == other) for other in range(COUNT))


@given(CONTENTS, st.randoms(use_true_random=False))
def test_exactly_the_equal_contents_are_found_in_whatever_order_they_come(
    contents: list[Content], chance: object
) -> None:
    contenders = contenders_of(contents)
    chance.shuffle(contenders)  # type: ignore[attr-defined]
    assert Driver(contents).run(contenders) == twins(contents, range(len(contents)))


@given(CONTENTS)
def test_no_range_is_asked_for_twice(contents: list[Content]) -> None:
    driver = Driver(contents)
    driver.run(contenders_of(contents))
    assert all(count == 1 for count in Counter(driver.every).values())


@given(CONTENTS)
def test_nobody_is_read_further_than_the_window_in_which_it_differs_from_all_others(contents: list[Content]) -> None:
    driver = Driver(contents)
    driver.run(contenders_of(contents))
    for name, content in enumerate(contents):
        others = [other for place, other in enumerate(contents) if place != name]
        agreed = max(next((at for at in range(COUNT) if content[at] != other[at]), COUNT) for other in others)
        deepest = max((number for reader, number in driver.every if reader == name), default=-1)
        assert deepest < agreed + WINDOW


@given(CONTENTS, st.data())
def test_who_cannot_be_read_is_compared_no_further_and_keeps_nobody_else_from_it(
    contents: list[Content], data: st.DataObject
) -> None:
    places = st.tuples(st.integers(0, len(contents) - 1), st.integers(0, COUNT - 1))
    unreadable = data.draw(st.frozensets(places, max_size=3))
    contenders, driver = contenders_of(contents), Driver(contents, unreadable)
    found = driver.run(contenders)
    lost = {contender.name for contender in contenders if contender.lost}
    assert found == twins(contents, [name for name in range(len(contents)) if name not in lost])
    assert lost <= {name for name, _ in unreadable}


@given(CONTENTS, st.data())
def test_what_is_known_already_is_not_asked_for_and_changes_no_result(
    contents: list[Content], data: st.DataObject
) -> None:
    contenders = contenders_of(contents)
    for contender in contenders:
        numbers = data.draw(st.sets(st.integers(0, COUNT - 1)))
        contender.digests = {number: bytes([contents[contender.name][number]]) for number in numbers}
    known = {(contender.name, number) for contender in contenders for number in contender.digests}
    driver = Driver(contents)
    assert driver.run(contenders) == twins(contents, range(len(contents)))
    assert not known & set(driver.every)


def test_contents_that_differ_in_the_first_range_cost_one_range_each() -> None:
    driver = Driver([differing_at(0), differing_at(COUNT)])
    assert driver.run(contenders_of(driver.contents)) == set()
    assert driver.asked == [[(0, 0), (1, 0)]]


def test_contents_that_differ_in_the_last_range_cost_two_ranges_each() -> None:
    driver = Driver([differing_at(1), differing_at(COUNT)])
    assert driver.run(contenders_of(driver.contents)) == set()
    assert driver.asked == [[(0, 0), (1, 0)], [(0, 1), (1, 1)]]


def test_one_that_differs_leaves_and_the_others_go_on() -> None:
    same = differing_at(COUNT)
    driver = Driver([same, differing_at(0), same])
    assert driver.run(contenders_of(driver.contents)) == {frozenset({0, 2})}
    assert [number for name, number in driver.every if name == 1] == [0]


def test_a_set_that_splits_in_two_goes_on_as_two() -> None:
    one, other = differing_at(COUNT), differing_at(0)
    driver = Driver([one, other, one, other])
    assert driver.run(contenders_of(driver.contents)) == {frozenset({0, 2}), frozenset({1, 3})}


def test_who_agrees_for_long_is_asked_for_more_at_once_up_to_the_window() -> None:
    driver = Driver([differing_at(COUNT)] * 2)
    driver.run(contenders_of(driver.contents))
    assert [len(asked) // 2 for asked in driver.asked] == [1, 1, 2, 4, COUNT - 8]
    assert COUNT - 8 <= WINDOW


def test_those_whom_other_evidence_tells_apart_are_not_read() -> None:
    comparison = lockstep(Grid(SIZE), [Contender(0), Contender(1)], lambda _: [])
    with pytest.raises(StopIteration) as end:
        next(comparison)
    assert end.value.value == []


def test_when_the_doubt_about_some_ends_the_others_are_still_read() -> None:
    contenders = [Contender(name) for name in range(3)]
    comparison = lockstep(Grid(1), contenders, lambda found: [each for each in found if each.name != 1])
    assert [(want.contender.name, want.number) for want in next(comparison)] == [(0, 0), (2, 0)]


def test_a_single_contender_is_not_read() -> None:
    driver = Driver([differing_at(0)])
    assert driver.run([Contender(0)]) == set()
    assert driver.every == []
