"""The plan against a store made of a list: every key once, whatever the keys look like, and not many guesses."""

from __future__ import annotations

import heapq
import random
import uuid
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3dedup.listing import Interval, Plan, Seams, Sight, gaps, in_order, seams_hold
from s3dedup.model import Cursor, Span

KEYS = 120_000
PAGE = 100


def flat(_: random.Random) -> list[str]:
    return [f"obj-{number:09}" for number in range(KEYS)]


def uuids(chance: random.Random) -> list[str]:
    return [str(uuid.UUID(int=chance.getrandbits(128))) for _ in range(KEYS)]


def dates(chance: random.Random) -> list[str]:
    return [
        f"{2024 + chance.randrange(3)}/{chance.randrange(12):02}/{chance.randrange(28):02}/{chance.getrandbits(40):x}"
        for _ in range(KEYS)
    ]


def skewed(chance: random.Random) -> list[str]:
    behind = [
        f"warehouse/production/events/v2/region=eu-west-1/part-{number:07}.parquet" for number in range(KEYS * 9 // 10)
    ]
    return behind + [f"{chr(97 + chance.randrange(26))}{chance.getrandbits(40):x}" for _ in range(KEYS // 10)]


def chinese(chance: random.Random) -> list[str]:
    return ["照片/" + chr(0x4E00 + chance.randrange(5000)) + str(chance.getrandbits(40)) for _ in range(KEYS)]


class Walk(NamedTuple):
    """What a listing came to."""

    keys: list[str]
    requests: int
    seconds: float


def walk(keys: Sequence[str], connections: int, *, split: bool = True, start: Plan | None = None) -> Walk:
    """List `keys` at one second a page; answers come in an order of their own."""
    plan, chance = start or Plan("", split=split), random.Random(7)
    got: list[str] = []
    now, requests, idle = 0.0, 0, connections
    under_way: list[tuple[float, int, Interval, int]] = []
    while not plan.done:
        while idle and (interval := plan.next()) is not None:
            requests, idle = requests + 1, idle - 1
            token = interval.cursor.token
            at = int(token) if token is not None else bisect_right(keys, interval.low) if interval.low else 0
            heapq.heappush(under_way, (now + chance.uniform(0.8, 1.2), requests, interval, at))
        now, _, interval, at = heapq.heappop(under_way)
        idle += 1
        page = keys[at : at + PAGE]
        following = Cursor(str(at + PAGE)) if at + PAGE < len(keys) else None
        share = plan.seen(interval, Sight([*page[:: PAGE // 8], *page[-1:]], following))
        got += [key for key in page if share.until is None or key <= share.until]
    return Walk(got, requests, now)


@pytest.mark.parametrize("shape", [flat, uuids, dates, skewed, chinese])
def test_many_connections_list_every_key_once_and_waste_few_requests(shape: object) -> None:
    keys = sorted(set(shape(random.Random(1))))  # type: ignore[operator]  # one of the functions above
    alone, together = walk(keys, 1, split=False), walk(keys, 32)
    assert sorted(together.keys) == keys
    assert together.requests <= alone.requests * 1.15
    assert together.seconds * 10 < alone.seconds


@given(
    st.sets(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6), max_size=60), st.integers(1, 9)
)
def test_any_keys_are_listed_once_by_any_number_of_connections(keys: set[str], connections: int) -> None:
    ordered = sorted(keys)
    assert sorted(walk(ordered, connections).keys) == ordered


def test_one_connection_in_sequence_asks_for_each_page_once() -> None:
    keys = [f"{number:04}" for number in range(950)]
    alone = walk(keys, 1, split=False)
    assert (alone.keys, alone.requests) == (keys, 10)


def span(low: str, through: str | None, first: str | None, beyond: str | None = None, *, ended: bool = False) -> Span:
    return Span(low, through, None if ended else Cursor("t"), first, beyond, 0, 1, 1, 0)


def test_what_no_page_covers_is_left_to_list() -> None:
    left = gaps([span("m", "p", "n"), span("", "c", "a"), span("t", None, None, ended=True)], by_token=False)
    assert [(gap.low, gap.high) for gap in left] == [("c", "m"), ("p", "t")]


def test_nothing_listed_leaves_everything_and_everything_listed_nothing() -> None:
    assert [(gap.low, gap.high) for gap in gaps([], by_token=False)] == [("", None)]
    assert gaps([span("", "m", "a", "n"), span("m", None, "n", ended=True)], by_token=False) == []


def test_a_gap_goes_on_at_the_token_where_a_key_is_not_proven_to_do() -> None:
    assert gaps([span("", "c", "a")], by_token=True)[0].cursor == Cursor("t")
    assert gaps([span("", "c", "a")], by_token=False)[0].cursor == Cursor()


def test_parts_hold_where_each_begins_with_the_key_seen_beyond_the_one_before() -> None:
    assert seams_hold([span("", "m", "a", "n"), span("m", None, "n", ended=True)])
    assert not seams_hold([span("", "m", "a", "n"), span("m", None, "o", ended=True)])
    assert not seams_hold([span("", "m", "a", ended=True), span("m", None, "n", ended=True)])


@pytest.mark.parametrize("turned", [False, True], ids=["left first", "right first"])
@pytest.mark.parametrize(
    ("left", "right", "broken"),
    [
        (span("", "m", "a", "n"), span("m", None, "n", ended=True), False),
        (span("", "m", "a", "n"), span("m", None, "o", ended=True), True),
        (span("", "m", "a", "n"), span("m", None, None, ended=True), True),
        (span("", "m", "a", ended=True), span("m", None, None, ended=True), False),
        (span("", "m", "a", ended=True), span("m", None, "n", ended=True), True),
        (span("", "m", "a"), span("m", None, "o", ended=True), False),
    ],
    ids=["they fit", "a key is missing", "all is missing", "both are at the end", "a key is too many", "it goes on"],
)
def test_two_parts_are_compared_as_soon_as_both_have_shown_their_seam(
    left: Span, right: Span, broken: bool, turned: bool
) -> None:
    seams = Seams()
    for each in (right, left) if turned else (left, right):
        assert not seams.broken
        seams.add(each, begins=True)
    assert seams.broken is broken
    seams.add(span("x", "z", "y"), begins=False)
    assert seams.broken is broken


def test_a_page_that_was_asked_for_by_its_token_is_no_seam() -> None:
    seams = Seams()
    seams.add(span("", "m", "a", "n"), begins=True)
    seams.add(span("m", None, "o", ended=True), begins=False)
    assert not seams.broken


def test_keys_are_in_order_when_they_ascend_behind_the_one_asked_for() -> None:
    assert in_order(["b", "c"], "a", versions=False)
    assert not in_order(["b", "b"], "a", versions=False)
    assert in_order(["b", "b"], "b", versions=True)
    assert not in_order(["b", "a/x"], "", versions=False)
    assert not in_order(["a"], "a", versions=False)
