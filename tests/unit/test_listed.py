"""What was listed: written in segments, sorted on disk in runs whatever its order was, and looked up row by row."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import combinations, groupby
from operator import itemgetter
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3dedup.errors import StateError
from s3dedup.model import Cursor, ListedObject, Span
from s3dedup.shelf import SIZE, SIZE_AND_ETAG, Entry, Segment, listed, segment
from s3dedup.shelf.listed import Listed
from s3dedup.shelf.segment import WrittenSegment, segment_path, segment_paths
from tests.by_size import by_size

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MODIFIED = "2026-01-01T00:00:00.000Z"
SOURCES = frozenset({0, 1})
SPAN = Span("a", "m", Cursor("token"), "b", "n", 7, 3, 30, 1)

Page = list[tuple[int, bytes]]
"""The size and the ETag's digest of each object on a page."""

OBJECTS = st.tuples(
    st.sampled_from([0, 1, 1, 1, 2, 3, 1 << 32, 50 * 10**12]) | st.integers(0, 50 * 10**12),
    st.sampled_from([bytes(16), b"\x01" * 16, b"\xff" * 16]),
)
PAGES = st.lists(st.lists(OBJECTS, max_size=12), max_size=8)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("listed")


def rows_of(page: Page, name: str) -> list[ListedObject]:
    return [
        ListedObject(f"{name}/{index}", size, digest.hex(), "STANDARD", MODIFIED)
        for index, (size, digest) in enumerate(page)
    ]


def etags(*digests: bytes, form: int = 1, parts: int = 0) -> tuple[bytes, bytes, bytes]:
    """The ETags of a page, all of one form."""
    return bytes([form]) * len(digests), b"".join(digests), parts.to_bytes(2) * len(digests)


def add(
    segment: Segment, source: int, rows: Sequence[ListedObject], tags: tuple[bytes, bytes, bytes], span: Span
) -> None:
    segment.add_page(source, iter(rows), [row.size for row in rows], tags, span)


def write(home: Path, pages: list[Page], *, sort: bool = True) -> None:
    """Pages in turn by two listers, and of two locations."""
    shutil.rmtree(home)
    home.mkdir()
    with closing(Segment(home, 0)) as one, closing(Segment(home, 200)) as other:
        for number, page in enumerate(pages):
            segment = (one, other)[number // 2 % 2]
            add(segment, number % 2, rows_of(page, str(number)), etags(*[digest for _, digest in page]), SPAN)
        if sort:
            one.sort()
            other.sort()


@contextmanager
def opened(home: Path, sources: frozenset[int] = SOURCES) -> Iterator[Listed]:
    with closing(Listed(home, sources)) as store:
        yield store


def expected(pages: list[Page], sources: frozenset[int] = SOURCES) -> list[tuple[int, list[tuple[bytes, str]]]]:
    """The model: the sizes that occur more than once, each with its objects in order of ETag."""
    every = sorted(
        (size, digest, number % 2, number // 2 % 2, number, index)
        for number, page in enumerate(pages)
        for index, (size, digest) in enumerate(page)
        if size and number % 2 in sources
    )
    grouped = [(size, list(found)) for size, found in groupby(every, itemgetter(0))]
    return [
        (size, [(digest, f"{page}/{index}") for _, digest, _, _, page, index in found])
        for size, found in grouped
        if len(found) > 1
    ]


def found(store: Listed) -> list[tuple[int, list[tuple[bytes, str]]]]:
    return [
        (size, [(Entry.unpack(entry).digest, store.row(entry).key) for entry in entries])
        for size, entries in by_size(store)
    ]


@contextmanager
def small(run: int, chunk: int, stretch: int) -> Iterator[None]:
    """Runs, chunks and stretches of a few entries, so that a few objects are many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segment, "RUN", run)
        patch.setattr(segment, "CHUNK", chunk)
        patch.setattr(listed, "CHUNK", chunk)
        patch.setattr(listed, "STRETCH", stretch)
        yield


SIZES = pytest.mark.parametrize(
    ("run", "chunk", "stretch"),
    [
        pytest.param(1, 1, 1, id="runs-of-one"),
        pytest.param(4, 1, 2, id="chunks-of-one"),
        pytest.param(5, 2, 6, id="a-run-that-is-no-multiple-of-its-chunks"),
        pytest.param(8, 8, 8, id="one-chunk-a-run"),
        pytest.param(7, 100, 100, id="chunks-longer-than-runs"),
        pytest.param(1000, 100, 1000, id="everything-in-one-run"),
    ],
)


@SIZES
def test_sorting_on_disk_gives_what_sorting_in_memory_does(home: Path, run: int, chunk: int, stretch: int) -> None:
    @given(PAGES)
    def holds(pages: list[Page]) -> None:
        write(home, pages)
        with opened(home) as store:
            assert found(store) == expected(pages)
            assert found(store) == expected(pages), "the second time"

    with small(run, chunk, stretch):
        holds()


@SIZES
def test_stretches_part_everything_between_sizes_or_between_the_etags_of_one_size(
    home: Path, run: int, chunk: int, stretch: int
) -> None:
    @given(PAGES)
    def holds(pages: list[Page]) -> None:
        write(home, pages)
        with opened(home) as store:
            parts = [(each, store.entries(each)) for each in store.stretches()]
        every = [entry for _, entries in parts for entry in entries]
        assert every == sorted(every)
        assert len(every) == sum(size > 0 for page in pages for size, _ in page)
        tags = [{entry[SIZE_AND_ETAG] for entry in entries} for _, entries in parts]
        assert all(one.isdisjoint(other) for one, other in combinations(tags, 2)), "an ETag is in one stretch"
        sizes = [{entry[SIZE] for entry in entries} for each, entries in parts if each.size is None]
        assert all(one.isdisjoint(other) for one, other in combinations(sizes, 2)), "so is a size"
        of_one = {int.from_bytes(entry[SIZE]) for each, entries in parts if each.size is not None for entry in entries}
        assert of_one <= {each.size for each, _ in parts}
        assert {size.to_bytes(6) for size in of_one}.isdisjoint(set().union(*sizes))

    with small(run, chunk, stretch):
        holds()


@SIZES
def test_the_objects_of_one_size_are_all_that_have_it(home: Path, run: int, chunk: int, stretch: int) -> None:
    @given(PAGES)
    def holds(pages: list[Page]) -> None:
        write(home, pages)
        sizes = {size for page in pages for size, _ in page if size}
        with opened(home) as store:
            counts = {size: len(store.of_size(size)) for size in sizes}
            assert store.of_size(max(sizes, default=0) + 1) == []
        assert counts == {size: sum(size == other for page in pages for other, _ in page) for size in sizes}

    with small(run, chunk, stretch):
        holds()


NEAR = {("", "b"): "ab", ("b", "d"): "cd", ("d", "d"): "d", ("d", None): "xy"}
"""Pages by the keys that they cover; two of them have versions of d."""


@pytest.mark.parametrize(
    ("key", "rows"),
    [
        pytest.param("a", "ab", id="inside-a-page"),
        pytest.param("b", "abcd", id="where-two-pages-meet"),
        pytest.param("d", "cddxy", id="with-versions-on-three-pages"),
        pytest.param("q", "xy", id="not-listed-behind-all"),
        pytest.param("~", "xy", id="at-the-end"),
    ],
)
def test_only_the_pages_that_cover_a_key_are_read_where_the_order_is_known(home: Path, key: str, rows: str) -> None:
    shutil.rmtree(home)
    home.mkdir()
    with closing(Segment(home, 0)) as writing:
        for (low, through), keys in NEAR.items():
            span = Span(low, through, None, None, None, 0, len(keys), len(keys), 0)
            page = [ListedObject(name, 1, "", "STANDARD", MODIFIED) for name in keys]
            add(writing, 1, page, etags(*[bytes(16)] * len(keys)), span)
        writing.sort()
    with opened(home) as store:
        assert "".join(row.key for row in store.near(1, key, ordered=True)) == rows
        assert "".join(row.key for row in store.near(1, key, ordered=False)) == "abcddxy"
        assert list(store.near(0, key, ordered=False)) == []


def test_no_stretch_grows_with_the_objects_of_one_size(home: Path) -> None:
    with small(run=64, chunk=4, stretch=16):
        write(home, [[(7, (page * 100 + index).to_bytes(16)) for index in range(100)] for page in range(30)])
        with opened(home) as store:
            lengths = [len(store.entries(each)) for each in store.stretches()]
    assert sum(lengths) == 3000
    assert max(lengths) <= 16 + 4 * 3000 // 64


@pytest.mark.parametrize("count", [15, 20, 35, 1000])
def test_many_objects_of_one_size_that_span_all_runs_come_as_one(home: Path, count: int) -> None:
    pages = [[(7, bytes([(number * 37 + index) % 251] * 16)) for index in range(5)] for number in range(count // 5)]
    with small(run=16, chunk=4, stretch=16):
        write(home, pages)
        with opened(home) as store:
            ((size, entries),) = by_size(store)
    assert (size, len(entries)) == (7, count)
    assert entries == sorted(entries)


@given(PAGES)
def test_what_a_killed_lister_has_left_unsorted_is_sorted_when_it_is_opened(
    tmp_path_factory: pytest.TempPathFactory, pages: list[Page]
) -> None:
    home = tmp_path_factory.mktemp("killed")
    write(home, pages, sort=False)
    with opened(home) as store:
        assert found(store) == expected(pages)
    assert all(WrittenSegment(path).is_sorted for path in segment_paths(home).values())


def test_a_page_that_is_added_after_a_kill_takes_the_place_of_no_other(home: Path) -> None:
    """Pages are committed out of order: after a kill the third one may be there without the second."""
    write(home, [])
    late = Barrier(2)
    with closing(Segment(home, 0)) as segment_:

        class Rows(list[ListedObject]):
            """Those of the second page, once the third is there; and then the process is killed."""

            def __iter__(self) -> Iterator[ListedObject]:
                late.wait()
                late.wait()
                raise InterruptedError

        add(segment_, 0, rows_of([(1, b"\x01" * 16)], "first"), etags(b"\x01" * 16), SPAN)
        with ThreadPoolExecutor(1) as pool:
            second = pool.submit(segment_.add_page, 0, Rows(), [], etags(), SPAN)
            late.wait()
            add(segment_, 0, rows_of([(1, b"\x03" * 16)], "third"), etags(b"\x03" * 16), SPAN)
            late.wait()
            with pytest.raises(InterruptedError):
                second.result()
    with closing(Segment(home, 0)) as segment_:
        add(segment_, 0, rows_of([(1, b"\x04" * 16)], "after"), etags(b"\x04" * 16), SPAN)
    with opened(home) as store:
        assert [key for _, objects in found(store) for _, key in objects] == ["first/0", "third/0", "after/0"]
        assert len(list(store.spans(0))) == 3


@given(PAGES, st.sampled_from([frozenset({0}), frozenset({1}), frozenset({5}), frozenset[int]()]))
def test_only_the_locations_that_are_asked_for_are_there(
    tmp_path_factory: pytest.TempPathFactory, pages: list[Page], sources: frozenset[int]
) -> None:
    home = tmp_path_factory.mktemp("some")
    write(home, pages)
    with opened(home, sources) as store:
        assert found(store) == expected(pages, sources)


def test_rows_come_back_as_they_were_listed_in_whatever_order_they_are_asked_for(home: Path) -> None:
    rows = [
        ListedObject("a", 1, "x", "STANDARD", MODIFIED, "v1", "SHA256,CRC32", "FULL_OBJECT", "ongoing"),
        ListedObject("ключ/鍵/🔑" * 40, 1, "", "GLACIER", MODIFIED),
        ListedObject("", 1, "y" * 1000, "", MODIFIED),
    ]
    write(home, [])
    with closing(Segment(home, 3)) as segment:
        add(segment, 1, rows, etags(*[bytes(16)] * 3, form=0), SPAN)
    with opened(home) as store:
        ((_, entries),) = by_size(store)
        assert [store.row(entry) for entry in reversed(entries)] == rows[::-1]


@given(PAGES, st.randoms())
def test_many_rows_are_found_as_each_of_them_is(
    tmp_path_factory: pytest.TempPathFactory, pages: list[Page], chance: random.Random
) -> None:
    home = tmp_path_factory.mktemp("rows")
    write(home, pages)
    with opened(home) as store:
        entries = [entry for stretch in store.stretches() for entry in store.entries(stretch)]
        chance.shuffle(entries)
        assert store.rows(entries) == [store.row(entry) for entry in entries]


def test_an_entry_holds_the_largest_object_the_most_parts_and_the_longest_page(home: Path) -> None:
    size, source = 50 * 10**12, 65_535
    write(home, [])
    with closing(Segment(home, 255)) as segment:
        add(
            segment,
            source,
            rows_of([(size, b"")] * 1000, "0"),
            etags(*[b"\xff" * 16] * 1000, form=2, parts=10_000),
            SPAN,
        )
    with opened(home, frozenset({source})) as store:
        ((found_size, entries),) = by_size(store)
        assert store.row(entries[-1]).key == "0/999"
    assert found_size == size
    assert Entry.unpack(entries[-1]) == Entry(size, 2, b"\xff" * 16, 10_000, source, 255 << 24, 999)


def test_empty_objects_are_never_compared(home: Path) -> None:
    write(home, [[(0, bytes(16))] * 3])
    with opened(home) as store:
        assert list(by_size(store)) == []


@pytest.mark.parametrize(
    "span",
    [
        SPAN,
        Span("", None, None, None, None, 0, 0, 0, 0),
        Span("ключ", "鍵🔑", Cursor(None, "key", "version"), "ключ", None, 1 << 40, 1000, 50 * 10**15, 1000),
    ],
    ids=["usual", "empty", "odd"],
)
def test_a_span_is_kept_with_its_page(home: Path, span: Span) -> None:
    write(home, [])
    with closing(Segment(home, 0)) as segment:
        add(segment, 0, [], etags(), SPAN)
        add(segment, 1, [], etags(), span)
    with opened(home) as store:
        assert list(store.spans(1)) == [span]
        assert list(store.spans(0)) == [SPAN]
        assert list(store.spans(2)) == []


def test_a_page_is_kept_together_with_its_span_or_not_at_all(home: Path) -> None:
    write(home, [[(1, bytes(16))] * 2])
    with closing(Segment(home, 0)) as segment, pytest.raises(ValueError, match="1 objects have 0 bytes"):
        add(segment, 0, rows_of([(1, bytes(16))], "broken"), etags(), SPAN)
    with opened(home) as store:
        assert list(store.spans(0)) == [SPAN]
        assert found(store) == expected([[(1, bytes(16))] * 2])


def test_a_listing_that_is_gone_on_with_adds_to_its_pages(home: Path) -> None:
    write(home, [[(1, bytes(16))]])
    with closing(Segment(home, 0)) as segment:
        add(segment, 0, rows_of([(1, b"\x01" * 16)], "more"), etags(b"\x01" * 16), SPAN)
    with opened(home) as store:
        assert found(store) == [(1, [(bytes(16), "0/0"), (b"\x01" * 16, "more/0")])]


def test_nothing_that_was_listed_is_nothing_to_compare(home: Path) -> None:
    shutil.rmtree(home)
    home.mkdir()
    with opened(home) as store:
        assert list(by_size(store)) == []
        assert list(store.spans(0)) == []
        assert store.bytes_used() == 0


def test_a_segment_is_readable_by_its_owner_only(home: Path) -> None:
    write(home, [])
    assert {path.stat().st_mode & 0o777 for path in segment_paths(home).values()} == {0o600}


def test_a_segment_that_is_cut_short_is_refused_in_one_sentence(home: Path) -> None:
    write(home, [[(number, bytes(16)) for number in range(1, 1000)]])
    path = segment_path(home, 0)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(StateError, match=r"is corrupt \(.*\): remove it, or pass another --state"):
        WrittenSegment(path)
