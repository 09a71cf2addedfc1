"""The logic of the page's table, run by a JavaScript engine without a page. tests/browser runs the page itself."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest
import quickjs
from hypothesis import given
from hypothesis import strategies as st

from s3dedup.model import AuditReport, DuplicateGroup, EvidenceKind
from s3dedup.text import human_bytes, human_count
from tests.report import samples
from tests.report.page import Page, html_of

SCRIPT = files("s3dedup.report.html").joinpath("groups.js").read_text(encoding="utf-8")


class Script:
    """The page's script over the data of a page."""

    def __init__(self, report: AuditReport | None = None) -> None:
        self._context = quickjs.Context()
        self._context.eval(SCRIPT)
        if report is not None:
            self._context.eval(f"const groups = new Groups(JSON.parse({json.dumps(Page(html_of(report)).data)}))")

    def __call__(self, expression: str) -> Any:  # noqa: ANN401  # a JSON value
        """What an expression gives."""
        return json.loads(self._context.eval(f"JSON.stringify({expression})"))

    def sorted(self, column: str, *, descending: bool) -> list[int]:
        """The numbers of all groups, sorted."""
        numbers: list[int] = self(f'groups.sort(groups.matching(""), "{column}", {json.dumps(descending)})')
        return numbers

    def found(self, query: str) -> list[int]:
        """The numbers of the groups that a search finds."""
        numbers: list[int] = self(f"groups.matching({json.dumps(query)})")
        return numbers


WORDS = Script()


def some_groups() -> list[DuplicateGroup]:
    """Three groups, of which no two columns have the same order."""
    return [
        samples.group("b/Film.mp4", "copies/b", "more/b", size=300, usd="0.2", evidence=EvidenceKind.DERIVED),
        samples.group("a/photo.jpg", "backup/PHOTO.jpg", size=500),
        samples.group("c/写真.jpg", "c/other", "c/third", "c/fourth", size=100, usd="0.9"),
    ]


@pytest.fixture
def script() -> Script:
    return Script(samples.report(some_groups()))


@given(st.integers(0, 2**53))
def test_bytes_are_written_as_in_the_other_formats(size: int) -> None:
    assert WORDS(f"humanBytes({size})") == human_bytes(size)


@pytest.mark.parametrize("size", [0, 1023, 1280, 1792, 1_048_524, 1_048_525, 5 * 2**18, 2**53])
def test_bytes_between_two_tenths_or_units_are_written_as_in_the_other_formats(size: int) -> None:
    assert WORDS(f"humanBytes({size})") == human_bytes(size)


def test_the_largest_sizes_stay_in_the_largest_unit() -> None:
    assert WORDS("humanBytes(2 ** 72)") == human_bytes(2**72) == "4,096.0 EiB"


@given(st.integers(0, 10**12))
def test_counts_are_written_as_in_the_other_formats(number: int) -> None:
    assert WORDS(f'humanCount({number}, "group")') == human_count(number, "group")


@pytest.mark.parametrize(
    ("column", "descending", "order"),
    [
        ("reclaimable", True, [0, 1, 2]),
        ("reclaimable", False, [2, 1, 0]),
        ("size", True, [1, 0, 2]),
        ("copies", True, [2, 0, 1]),
        ("usd", True, [2, 0, 1]),
        ("usd", False, [0, 2, 1]),
        ("name", False, [1, 0, 2]),
        ("name", True, [2, 0, 1]),
        ("evidence", False, [0, 1, 2]),
    ],
)
def test_each_column_sorts_both_ways_with_unknown_money_last(
    script: Script, column: str, descending: bool, order: list[int]
) -> None:
    assert script.sorted(column, descending=descending) == order


@pytest.mark.parametrize("column", ["reclaimable", "usd", "name", "evidence"])
@pytest.mark.parametrize("descending", [True, False])
def test_equal_groups_stay_in_the_order_of_the_report(column: str, descending: bool) -> None:
    script = Script(samples.report([samples.group("same", "other") for _ in range(20)]))
    assert script.sorted(column, descending=descending) == list(range(20))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [0, 1, 2]),
        ("   ", [0, 1, 2]),
        ("film", [0]),
        ("PHOTO.JPG backup", [1]),
        ("film backup", []),
        ("s3://photos/c", [0, 2]),
        ("写真", [2]),
        ("derived", [0]),
        (".*", []),
        ("nowhere", []),
    ],
)
def test_a_search_finds_groups_with_every_word_in_a_name_or_kind_whatever_the_case(
    script: Script, query: str, found: list[int]
) -> None:
    assert script.found(query) == found


def test_what_is_found_can_be_summed(script: Script) -> None:
    assert script("groups.reclaimable([0, 2])") == 2 * 300 + 3 * 100


def test_a_group_shows_its_objects_keeper_first(script: Script) -> None:
    assert script("groups.keeper(2)") == "s3://photos/c/写真.jpg"
    assert script("groups.objects(1)") == [
        {
            "role": role,
            "name": f"s3://photos/{key}",
            "effect": effect,
            "version": None,
            "storage": "STANDARD",
            "modified": "2024-02-29",
        }
        for role, key, effect in (("keeper", "a/photo.jpg", None), ("redundant", "backup/PHOTO.jpg", "unknown"))
    ]
    assert script("groups.meaning(0)").startswith("derived: One object was read")


def test_every_group_of_a_page_can_be_shown() -> None:
    report = samples.rich_report()
    script = Script(report)
    assert script("groups.length") == 25
    assert script("groups.matching('').map((index) => groups.objects(index).length)") == [
        len(group.objects) for group in report.groups
    ]
    assert script("groups.matching('').map((index) => groups.money(index))")[:4] == ["$0.65", "$0.04", "$0.03", "-"]
