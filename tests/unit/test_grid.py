"""The ranges on which objects are read."""

from __future__ import annotations

import hashlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3dedup.hashing import Grid, Range, fingerprint
from s3dedup.hashing.grid import EDGE, MOST, STEP, WHOLE

LARGEST = 50 * 10**12
TURN = STEP * MOST
"""The size from which on the steps are longer."""

SIZES = st.one_of(
    st.integers(1, LARGEST),
    st.integers(WHOLE - 9, WHOLE + 9),
    st.builds(lambda steps, over: 2 * EDGE + steps * STEP + over, st.integers(1, 9), st.integers(-2, 2)),
    st.integers(TURN - 2 * STEP, TURN + 2 * STEP),
    st.integers(2 * TURN - 9, 2 * TURN + 9),
)


def ranges(size: int) -> list[Range]:
    grid = Grid(size)
    return [grid[number] for number in range(len(grid))]


@given(SIZES)
def test_the_ranges_tile_the_object_exactly(size: int) -> None:
    tiles = sorted(ranges(size))
    assert tiles[0].start == 0
    assert tiles[-1].stop == size
    assert all(one.stop == other.start for one, other in pairwise(tiles))
    assert all(tile.start < tile.stop for tile in tiles)


@given(st.integers(WHOLE + 1, LARGEST))
def test_the_first_range_is_read_first_the_last_one_second_and_then_the_rest_in_order(size: int) -> None:
    first, last, *rest = ranges(size)
    assert first == (0, EDGE)
    assert last == (size - EDGE, size)
    assert rest == sorted(rest)


@given(SIZES)
def test_no_object_has_many_more_ranges_than_the_bound(size: int) -> None:
    assert 1 <= len(Grid(size)) <= MOST + 2


@given(SIZES)
def test_the_rest_is_read_in_steps_of_one_length_but_for_the_last(size: int) -> None:
    lengths = [tile.stop - tile.start for tile in ranges(size)[2:]]
    assert len({*lengths[:-1]}) <= 1
    assert not lengths or lengths[-1] <= lengths[0]


@pytest.mark.parametrize("size", [1, EDGE, 2 * EDGE, WHOLE])
def test_a_small_object_is_one_range(size: int) -> None:
    assert ranges(size) == [(0, size)]


@pytest.mark.parametrize(
    ("size", "count"),
    [
        pytest.param(WHOLE + 1, 3, id="just-too-large-for-one"),
        pytest.param(2 * EDGE + STEP, 3, id="a-middle-of-one-step"),
        pytest.param(2 * EDGE + STEP + 1, 4, id="a-middle-of-one-step-and-a-byte"),
        pytest.param(TURN, MOST + 2, id="the-most-with-the-shortest-steps"),
        pytest.param(TURN + 1, MOST // 2 + 2, id="a-byte-more-doubles-the-steps"),
    ],
)
def test_the_number_of_ranges_at_the_edges(size: int, count: int) -> None:
    assert len(ranges(size)) == count


@pytest.mark.parametrize("number", [-1, 3])
def test_there_is_no_range_outside_the_grid(number: int) -> None:
    with pytest.raises(IndexError):
        Grid(WHOLE + 1)[number]


def test_a_fingerprint_is_the_digest_of_the_digests_in_the_grids_order() -> None:
    assert fingerprint("sha1", {1: b"b", 0: b"a", 2: b"c"}) == hashlib.sha1(b"abc").digest()
