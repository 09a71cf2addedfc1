"""One pass over bytes: the digests of ranges, of parts and of the whole, held against hashlib on slices."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3dedup.hashing import Findings, Grid, Sweep, grid, unit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

SALT = b"pepper"


@pytest.fixture(autouse=True, scope="module")
def tiny_grid() -> Iterator[None]:
    """Ranges of a few bytes, so that a few bytes are many ranges."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grid, "WHOLE", 8)
        patch.setattr(grid, "EDGE", 3)
        patch.setattr(grid, "STEP", 8)
        yield


def sha1(*pieces: bytes) -> bytes:
    return hashlib.sha1(b"".join(pieces)).digest()


def md5(data: bytes) -> bytes:
    return hashlib.md5(data).digest()


def etag(body: bytes, part: int) -> bytes:
    return md5(b"".join(md5(body[start : start + part]) for start in range(0, len(body), part)))


def swept(body: bytes, start: int, stop: int, chunk: int, *parts: int, whole: tuple[str, ...] = ()) -> Sweep:
    sweep = Sweep(Grid(len(body)), start, algorithm="sha1", salt=SALT, parts=parts, whole=whole)
    for position in range(start, stop, chunk):
        sweep.feed(body[position : min(position + chunk, stop)])
    assert sweep.position == stop
    return sweep


BODIES = st.binary(min_size=1, max_size=70)


@given(BODIES, st.integers(1, 80), st.sets(st.integers(1, 80), max_size=3))
def test_one_pass_gives_every_range_part_and_whole(body: bytes, chunk: int, parts: set[int]) -> None:
    sweep = swept(body, 0, len(body), chunk, *parts, whole=("md5", "sha256"))
    tiles = Grid(len(body))
    assert sweep.ranges == {n: sha1(SALT, body[tiles[n].start : tiles[n].stop]) for n in range(len(tiles))}
    assert sweep.whole == {"md5": md5(body), "sha256": hashlib.sha256(body).digest()}
    found = Findings()
    found.add(sweep, len(body))
    for part in parts:
        assert found.whole[f"multipart-{-(-len(body) // part)}x{part}"] == etag(body, part)
    assert found.whole["multipart-1"] == md5(md5(body))


@given(BODIES, st.integers(1, 20), st.data())
def test_a_stretch_gives_what_lies_wholly_in_it_and_nothing_of_the_rest(
    body: bytes, part: int, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(body) - 1))
    stop = data.draw(st.integers(start + 1, len(body)))
    sweep = swept(body, start, stop, 7, part, whole=("md5",))
    tiles = Grid(len(body))
    inside = {n for n in range(len(tiles)) if tiles[n].start >= start and tiles[n].stop <= stop}
    assert sweep.ranges.keys() == inside
    whole_parts = range(-(-start // part), len(body) // part + 1)
    expected = {n for n in whole_parts if n * part < len(body) and min((n + 1) * part, len(body)) <= stop}
    assert sweep.parts[part].keys() == expected
    assert bool(sweep.whole) == (start == 0 and stop == len(body))


@given(BODIES, st.integers(1, 20), st.lists(st.integers(0, 70), max_size=4))
def test_stretches_that_end_where_parts_do_make_up_a_pass(body: bytes, part: int, cuts: list[int]) -> None:
    found = Findings()
    places = sorted({0, len(body), *(cut * part for cut in cuts if cut * part < len(body))})
    for start, stop in pairwise(places):
        found.add(swept(body, start, stop, 5, part), len(body))
    assert found.whole[f"multipart-{-(-len(body) // part)}x{part}"] == etag(body, part)


@given(BODIES, BODIES)
def test_contents_of_one_size_agree_in_all_that_is_known_of_them_just_as_far_as_their_bytes_do(
    one: bytes, other: bytes
) -> None:
    size = min(len(one), len(other))
    bodies = one[:size], other[:size]
    tiles = Grid(size)
    compared = []
    for body in bodies:
        found = Findings()
        found.add(swept(body, 0, size, 9), size)
        compared.append(found.compared("sha1", tiles))
    (whole, begun), (other_whole, other_begun) = compared
    assert (whole == other_whole) == (bodies[0] == bodies[1])
    for (name, digest), (_, other_digest), window in zip(begun, other_begun, tiles.windows(), strict=True):
        read = [slice(*tiles[number]) for number in range(window.stop)]
        assert name == f"sha1-begun-{window.stop}"
        assert (digest == other_digest) == all(bodies[0][piece] == bodies[1][piece] for piece in read)


@given(BODIES, st.randoms(use_true_random=False))
def test_what_is_compared_does_not_depend_on_how_often_it_was_asked_on_the_way(body: bytes, chance: Random) -> None:
    size, tiles = len(body), Grid(len(body))
    numbers, asked, at_once = list(range(len(tiles))), Findings(), Findings()
    chance.shuffle(numbers)
    for number in numbers:
        part = swept(body, *tiles[number], 4)
        asked.add(part, size)
        at_once.add(part, size)
        assert asked.compared("sha1", tiles) == Findings(dict(asked.ranges)).compared("sha1", tiles)
        assert asked.known() == Findings(asked.ranges).known()
    assert asked.compared("sha1", tiles) == at_once.compared("sha1", tiles)
    assert asked.compared("sha256", tiles) == at_once.compared("sha256", tiles)


def test_a_range_of_which_another_digest_comes_is_compared_by_that_one() -> None:
    found = Findings(ranges={0: b"a", 1: b"b"})
    before = found.compared("sha1", Grid(30))
    found.add(Findings(ranges={1: b"c"}), 30)
    assert found.compared("sha1", Grid(30)) == Findings(ranges={0: b"a", 1: b"c"}).compared("sha1", Grid(30)) != before


def test_what_is_known_behind_a_hole_is_not_compared() -> None:
    found = Findings(ranges={0: b"a", 2: b"c", 3: b"d"})
    whole, begun = found.compared("sha1", Grid(30))
    assert (found.known(), whole, [name for name, _ in begun]) == (1, (), ["sha1-begun-1"])


def test_digests_of_ranges_depend_on_the_salt_so_that_no_collision_can_be_made_beforehand() -> None:
    body = b"x" * 8
    sweep = Sweep(Grid(8), 0, algorithm="sha1", salt=b"other", whole=("sha1",))
    sweep.feed(body)
    assert sweep.ranges == {0: sha1(b"other", body)}
    assert sweep.whole == {"sha1": sha1(body)}


@pytest.mark.parametrize(
    ("parts", "length"),
    [
        pytest.param([], 8, id="no-layout"),
        pytest.param([16], 16, id="parts-of-two-steps"),
        pytest.param([5], 40, id="parts-that-cross-the-steps"),
        pytest.param([8, 16, 24], 48, id="several-layouts"),
        pytest.param([1_000_003], None, id="too-long-to-be-held-apart"),
    ],
)
def test_stretches_that_are_read_side_by_side_hold_whole_parts_of_every_layout(
    parts: list[int], length: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("s3dedup.hashing.findings.LARGEST_UNIT", 1000)
    assert unit(Grid(100), parts) == length
