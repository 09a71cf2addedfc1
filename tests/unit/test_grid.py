"""The ranges on which objects are read."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3dedup.hashing import Grid, Range
from s3dedup.hashing.grid import EDGE, MOST, STEP, WHOLE, WINDOW

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
def test_the_rest_is_read_in_steps_that_end_at_multiples_of_their_length(size: int) -> None:
    grid, rest = Grid(size), ranges(size)[2:]
    assert all(tile.stop % grid.step == 0 for tile in rest[:-1])
    assert all(tile.start % grid.step == 0 for tile in rest[1:])


@given(SIZES, st.data())
def test_every_byte_lies_in_the_range_that_the_grid_says(size: int, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, size - 1))
    number, tile = Grid(size).at(position)
    assert Grid(size)[number] == tile
    assert tile.start <= position < tile.stop


@given(SIZES)
def test_windows_take_every_range_in_order_and_never_many_at_once(size: int) -> None:
    windows = list(Grid(size).windows())
    assert [number for window in windows for number in window] == list(range(len(Grid(size))))
    assert list(map(len, windows[:2])) == [1, 1][: len(windows)]
    assert max(map(len, windows)) <= WINDOW


@pytest.mark.parametrize("size", [1, EDGE, 2 * EDGE, WHOLE])
def test_a_small_object_is_one_range(size: int) -> None:
    assert ranges(size) == [(0, size)]


@pytest.mark.parametrize(
    ("size", "count"),
    [
        pytest.param(WHOLE + 1, 3, id="just-too-large-for-one"),
        pytest.param(EDGE + STEP, 3, id="up-to-the-end-of-the-first-step"),
        pytest.param(EDGE + STEP + 1, 4, id="a-byte-behind-the-first-step"),
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
