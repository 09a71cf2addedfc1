"""Counting what was listed below prefixes: the same as counting keys, with few pages opened."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3dedup.model import Cursor, ListedObject, Span
from s3dedup.shelf import Segment
from s3dedup.shelf.below import Below
from s3dedup.shelf.listed import Listed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Page = tuple[Span, list[ListedObject]]


def row(key: str, size: int = 1) -> ListedObject:
    return ListedObject(key, size, "", "STANDARD", "2026-01-01T00:00:00Z")


def pages_of(rows: Sequence[ListedObject], length: int) -> list[Page]:
    """Rows in order of their keys, on pages of so many, as a walk lists them."""
    ordered = sorted(rows)
    starts = range(0, max(1, len(ordered)), length)
    return [page(ordered[start : start + length], ordered[:start], start + length < len(ordered)) for start in starts]


def page(rows: list[ListedObject], before: list[ListedObject], more: bool) -> Page:
    low, through = before[-1].key if before else "", rows[-1].key if more else None
    empty = sum(not each.size for each in rows)
    following = Cursor("token") if more else None
    return Span(low, through, following, None, None, 0, len(rows), len(rows) - empty, empty), rows


def counted(
    pages: list[Page], prefixes: set[str], within: str = "", *, ordered: bool = True
) -> tuple[Counter[str], int]:
    """What is below the prefixes, and how many pages were opened for it."""
    below, opened = Below(prefixes, within), 0
    for span, rows in pages:
        wanted = below.add_span(span, ordered=ordered)
        if wanted:
            below.add_rows(rows, wanted)
            opened += 1
    return below.counts, opened


KEYS = st.lists(
    st.builds(row, st.text("ab/", min_size=1, max_size=6), st.sampled_from([0, 1, 1, 9])),
    max_size=30,
    unique_by=lambda each: each.key,
)
PREFIXES = st.sets(st.one_of(st.just(""), st.text("ab/", max_size=4).map(lambda text: f"{text}/")), max_size=6)


@given(KEYS, PREFIXES, st.integers(1, 7), st.booleans(), st.randoms())
def test_the_counts_are_those_of_the_keys(
    rows: list[ListedObject], prefixes: set[str], length: int, ordered: bool, chance: object
) -> None:
    pages = pages_of(rows, length)
    chance.shuffle(pages)  # type: ignore[attr-defined]
    counts, _ = counted(pages, prefixes, ordered=ordered)
    assert counts == {prefix: sum(each.key.startswith(prefix) for each in rows if each.size) for prefix in prefixes}


@given(KEYS, PREFIXES, st.integers(1, 7))
def test_the_counts_of_a_location_are_those_of_its_keys(
    rows: list[ListedObject], prefixes: set[str], length: int
) -> None:
    inside = [each for each in rows if each.key.startswith("a/b")]
    counts, _ = counted(pages_of(inside, length), prefixes, "a/b")
    assert counts == {prefix: sum(each.key.startswith(prefix) for each in inside if each.size) for prefix in prefixes}


def test_a_key_whose_versions_go_on_on_the_next_page_is_counted_there_too() -> None:
    rows = [row(key)._replace(version_id=str(n)) for n, key in enumerate(["a/1", "a/2", "a/2", "a/2", "b/1"])]
    counts, _ = counted(pages_of(rows, 2), {"a/", "b/"})
    assert counts == {"a/": 4, "b/": 1}


def test_only_the_pages_at_the_ends_of_a_prefix_are_opened() -> None:
    pages = pages_of([row(f"{letter}/{number:04}") for letter in "abc" for number in range(1000)], 10)
    counts, opened = counted(pages, {"", "b/", "c/"})
    assert counts == {"": 3000, "b/": 1000, "c/": 1000}
    assert opened == 3, "one with the last of a and the first of b, one of b and c, the last"


def test_the_location_itself_needs_no_page() -> None:
    pages = pages_of([row(f"x/y/{number:04}") for number in range(100)], 10)
    assert counted(pages, {"", "x/", "x/y/"}, "x/y/") == ({"": 100, "x/": 100, "x/y/": 100}, 0)


def test_in_an_order_of_the_stores_own_every_page_is_opened() -> None:
    pages = pages_of([row(f"{letter}/{number}") for letter in "ab" for number in range(10)], 5)
    assert counted(pages, {"b/"}, ordered=False) == ({"b/": 10}, 4)


def test_a_key_of_a_thousand_levels_is_looked_at_no_deeper_than_the_prefixes_are() -> None:
    below = Below({"a/", "b/b/b/"}, "")
    assert list(below._above("a/" * 500)) == ["a/"]  # noqa: SLF001  how far it looks shows nowhere else


@pytest.mark.parametrize("ordered", [True, False])
def test_what_is_on_disk_is_counted_in_one_location(tmp_path: Path, ordered: bool) -> None:
    with closing(Segment(tmp_path, 0)) as one, closing(Segment(tmp_path, 7)) as other:
        for number, (span, rows) in enumerate(pages_of([row(f"{n % 3}/{n}", n % 4) for n in range(100)], 9)):
            segment = (one, other)[number % 2]
            segment.add_page(
                0,
                rows,
                [row.size for row in rows],
                (b"\x01" * len(rows), bytes(16 * len(rows)), bytes(2 * len(rows))),
                span,
            )
            segment.add_page(
                1,
                rows,
                [row.size for row in rows],
                (b"\x01" * len(rows), bytes(16 * len(rows)), bytes(2 * len(rows))),
                span,
            )
    with closing(Listed(tmp_path, [0, 1])) as every:
        assert every.objects_below(1, {"", "0/", "2/"}, "", ordered=ordered) == {"": 75, "0/": 25, "2/": 25}
