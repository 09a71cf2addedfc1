"""What was listed: sorted on disk in runs, whatever its order was, and looked up row by row."""

from __future__ import annotations

from contextlib import closing
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3dedup.model import ListedObject
from s3dedup.shelf import Entry, Progress, listed
from s3dedup.shelf.database import Database
from s3dedup.shelf.listed import Listed

if TYPE_CHECKING:
    from collections.abc import Iterator

MODIFIED = "2026-01-01T00:00:00.000Z"

Page = list[tuple[int, bytes]]
"""The size and the ETag's digest of each object on a page."""

OBJECTS = st.tuples(
    st.sampled_from([0, 1, 1, 1, 2, 3, 1 << 32, 50 * 10**12]) | st.integers(0, 50 * 10**12),
    st.sampled_from([bytes(16), b"\x01" * 16, b"\xff" * 16]),
)
PAGES = st.lists(st.lists(OBJECTS, max_size=12), max_size=8)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    path = tmp_path_factory.mktemp("listed") / "scan.mdb"
    with closing(Database(path, listed.TABLES, durable=False)) as opened:
        yield opened


def add(store: Listed, number: int, page: Page) -> None:
    rows = [
        ListedObject(f"{number}/{index}", size, digest.hex(), "STANDARD", MODIFIED)
        for index, (size, digest) in enumerate(page)
    ]
    store.add_page(number % 2, rows, [(1, digest, 0) for _, digest in page], Progress(pages=number + 1))


def filled(database: Database, pages: list[Page]) -> Listed:
    store = Listed(database)
    store.clear()
    for number, page in enumerate(pages):
        add(store, number, page)
    return store


def expected(pages: list[Page]) -> list[tuple[int, list[tuple[bytes, str]]]]:
    """The model: the sizes that occur more than once, each with its objects in order of ETag."""
    every = sorted(
        (size, digest, place, page, index)
        for page, (place, objects) in enumerate((number % 2, each) for number, each in enumerate(pages))
        for index, (size, digest) in enumerate(objects)
        if size
    )
    grouped = [(size, list(found)) for size, found in groupby(every, itemgetter(0))]
    return [
        (size, [(digest, f"{page}/{index}") for _, digest, _, page, index in found])
        for size, found in grouped
        if len(found) > 1
    ]


def found(store: Listed) -> list[tuple[int, list[tuple[bytes, str]]]]:
    return [
        (size, [(Entry.unpack(entry).digest, store.row(entry).key) for entry in entries])
        for size, entries in store.by_size()
    ]


@pytest.mark.parametrize(
    ("run", "chunk"),
    [
        pytest.param(1, 1, id="runs-of-one"),
        pytest.param(4, 1, id="chunks-of-one"),
        pytest.param(5, 2, id="a-run-that-is-no-multiple-of-its-chunks"),
        pytest.param(8, 8, id="one-chunk-a-run"),
        pytest.param(7, 100, id="chunks-longer-than-runs"),
        pytest.param(1000, 100, id="everything-in-memory"),
    ],
)
def test_sorting_on_disk_gives_what_sorting_in_memory_does(database: Database, run: int, chunk: int) -> None:
    @given(PAGES)
    def holds(pages: list[Page]) -> None:
        assert found(filled(database, pages)) == expected(pages)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listed, "RUN", run)
        patch.setattr(listed, "CHUNK", chunk)
        holds()


@pytest.mark.parametrize("count", [15, 16, 17, 32, 1000])
def test_many_objects_of_one_size_that_span_all_runs_come_as_one(
    database: Database, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(listed, "RUN", 16)
    monkeypatch.setattr(listed, "CHUNK", 4)
    pages = [[(7, bytes([(number * 37 + index) % 251] * 16)) for index in range(5)] for number in range(count // 5)]
    ((size, entries),) = filled(database, pages).by_size()
    assert size == 7
    assert len(entries) == len(pages) * 5
    assert entries == sorted(entries)


def test_the_entries_can_be_gone_through_again(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listed, "RUN", 3)
    monkeypatch.setattr(listed, "CHUNK", 2)
    store = filled(database, [[(1, bytes(16))] * 4, [(2, bytes(16))] * 4])
    assert found(store) == found(store)


def test_rows_come_back_as_they_were_listed_in_whatever_order_they_are_asked_for(database: Database) -> None:
    store = Listed(database)
    store.clear()
    rows = [
        ListedObject("a", 1, "x", "STANDARD", MODIFIED, "v1", "SHA256,CRC32", "FULL_OBJECT", "ongoing"),
        ListedObject("ключ/鍵/🔑" * 40, 1, "", "GLACIER", MODIFIED),
        ListedObject("", 1, "y" * 1000, "", MODIFIED),
    ]
    store.add_page(3, rows, [(0, bytes(16), 0)] * 3, Progress())
    ((_, entries),) = store.by_size()
    assert [store.row(entry) for entry in reversed(entries)] == rows[::-1]
    assert {Entry.unpack(entry).source for entry in entries} == {3}


def test_an_entry_holds_the_largest_object_the_most_parts_and_the_longest_page(database: Database) -> None:
    store = Listed(database)
    store.clear()
    size = 50 * 10**12
    rows = [ListedObject(str(number), size, "", "STANDARD", MODIFIED) for number in range(1000)]
    store.add_page(65_535, rows, [(2, b"\xff" * 16, 10_000)] * 1000, Progress())
    ((found_size, entries),) = store.by_size()
    assert found_size == size
    assert Entry.unpack(entries[-1]) == Entry(size, 2, b"\xff" * 16, 10_000, 65_535, 0, 999)


def test_empty_objects_are_never_compared(database: Database) -> None:
    assert list(filled(database, [[(0, bytes(16))] * 3]).by_size()) == []


class Undone(Exception):  # noqa: N818  it is no error
    """Ends a batch."""


def add_and_fail(database: Database, store: Listed) -> None:
    with database.batch():
        add(store, 8, [(1, bytes(16))])
        raise Undone


def test_a_page_is_kept_together_with_how_far_the_listing_is_or_not_at_all(database: Database) -> None:
    store = filled(database, [[(1, bytes(16))] * 2])
    rows = [ListedObject("broken", 1, "", "STANDARD", MODIFIED)]
    with pytest.raises(ValueError, match="zip"):
        store.add_page(0, rows, [], Progress(pages=9))
    with pytest.raises(Undone):
        add_and_fail(database, store)
    assert store.progress(0) == Progress(pages=1)
    assert len(found(store)[0][1]) == 2


def test_a_listing_that_is_gone_on_with_adds_to_its_pages(database: Database) -> None:
    filled(database, [[(1, bytes(16))]])
    store = Listed(database)
    add(store, 1, [(1, b"\x01" * 16)])
    assert found(store) == [(1, [(bytes(16), "0/0"), (b"\x01" * 16, "1/0")])]


def test_a_page_without_objects_still_tells_how_far_the_listing_is(database: Database) -> None:
    store = filled(database, [[]])
    assert store.progress(0) == Progress(pages=1)
    assert list(store.by_size()) == []


def test_a_location_that_was_not_begun_has_no_progress(database: Database) -> None:
    assert filled(database, []).progress(0) == Progress()
