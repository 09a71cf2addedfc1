"""Every key and value is found where it stands, however it is written; tomllib says what there is."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3dedup.schedule.positions import Position, positions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from s3dedup.schedule.positions import Path

SCALARS = (
    "0", "-17", "1_000", "0xff", "3.14", "-1e10", "inf", "true", "1979-05-27", "1979-05-27 07:32:00Z", "07:32:00",
    '""', "''", '"a # b"', "'[c] = {d}'", r'"say \"x\" \\"', "'C:\\'", '"\u00e9\U0001f600"',
    '"""a\n[b]\n"""', '"""\n"" x """""', "'''it's\n=1,]'''", "''''quoted''''", '"""\\\n  c = 1"""',
)  # fmt: skip
KEYS = ("a", "b-c", "0", '"d.e"', "'f ]'", '"g = \\" #"', '""', "true")
BLANKS = ("", " ", "\t", " # [x] = {'y'}\n", "\n\n", "\r\n")

DOCUMENT = '''\
title = "x" # comment = 1
  owner.name = 'Tom'
ports = [ 80,
  443, # ssl
]
[a."b c"]
text = """
[[not.a.table]]
x = 1
"""
inline = { one = 1, two.three = [{ deep = 'x]' }] }
[[source]]
locations = ["s3://a"]
[[source.more]]
k = 1
[[source]]
locations = ["s3://b", "s3://c"]
[[source.more]]
k = 2
'''


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [
        (("title",), 1, 9),
        (("owner", "name"), 2, 16),
        (("ports",), 3, 9),
        (("ports", 1), 4, 3),
        (("a", "b c", "text"), 7, 8),
        (("a", "b c", "inline", "two", "three", 0, "deep"), 11, 43),
        (("source", 0, "locations", 0), 13, 14),
        (("source", 0, "more", 0, "k"), 15, 5),
        (("source", 1, "locations", 1), 17, 24),
        (("source", 1, "more", 0, "k"), 19, 5),
    ],
)
def test_a_value_is_found_at_its_line_and_column(path: Path, line: int, column: int) -> None:
    assert positions(DOCUMENT).values[path] == Position(line, column)


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [
        (("title",), 1, 1),
        (("owner",), 2, 3),
        (("owner", "name"), 2, 9),
        (("a",), 6, 1),
        (("a", "b c"), 6, 1),
        (("a", "b c", "inline", "two", "three"), 11, 25),
        (("source",), 12, 1),
        (("source", 1), 16, 1),
        (("source", 1, "more", 0), 18, 1),
    ],
)
def test_a_key_is_found_where_it_or_its_header_stands(path: Path, line: int, column: int) -> None:
    assert positions(DOCUMENT).keys[path] == Position(line, column)


@dataclass
class Writer:
    """Writes a random document, and notes where it put each value and key, and in which spelling."""

    choose: st.DataObject
    text: str = ""
    values: dict[Path, tuple[int, str]] = field(default_factory=dict)
    keys: dict[Path, tuple[int, str]] = field(default_factory=dict)

    def document(self) -> None:
        """A few pairs, then a few tables."""
        self._pairs((), "\n")
        counts = dict.fromkeys(("x", "y"), 0)
        for name in self.choose.draw(st.lists(st.sampled_from(["x", "y", "t1", "t2"]), max_size=4)):
            if name in counts:
                self.text += f"{self._blank()}[[ {name} ]]\n"
                self._pairs((name, counts[name]), "\n")
                counts[name] += 1
            elif f"[{name}]" not in self.text:
                self.text += f"{self._blank()}[{name}]\n"
                self._pairs((name,), "\n")

    def _blank(self, *, one_line: bool = False) -> str:
        blank: str = self.choose.draw(st.sampled_from(BLANKS[:3] if one_line else BLANKS))
        return blank

    def _pairs(self, table: Path, end: str) -> None:
        names = self.choose.draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=3))
        for number, name in enumerate(names):
            self.text += self._blank(one_line=end != "\n")
            path = (*table, next(iter(tomllib.loads(f"{name} = 1"))))
            self.keys[path] = (len(self.text), name)
            self.text += f"{name} = "
            self._value(path, depth=len(path))
            self.text += end if end == "\n" or number < len(names) - 1 else " "

    def _value(self, path: Path, depth: int) -> None:
        kind = self.choose.draw(st.sampled_from(["scalar", "array", "inline"] if depth < 4 else ["scalar"]))
        spelling = {"array": "[", "inline": "{"}.get(kind) or self.choose.draw(st.sampled_from(SCALARS))
        self.values[path] = (len(self.text), spelling)
        self.text += spelling
        if kind == "array":
            for number in range(self.choose.draw(st.integers(0, 3))):
                self.text += self._blank()
                self._value((*path, number), depth + 1)
                self.text += f"{self._blank()},"
            self.text += f"{self._blank()}]"
        elif kind == "inline":
            self._pairs(path, ", ")
            self.text += "}"


def every_path(value: object, path: Path = ()) -> Iterator[Path]:
    """The paths of all that tomllib has read."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, each in inside:
        yield (*path, part)
        yield from every_path(each, (*path, part))


def offset(text: str, position: Position) -> int:
    """Where a position is in the text."""
    lines = text.split("\n")
    return sum(len(line) + 1 for line in lines[: position.line - 1]) + position.column - 1


@given(st.data())
def test_every_key_and_value_of_any_document_is_found_where_it_was_written(data: st.DataObject) -> None:
    writer = Writer(data)
    writer.document()
    found = positions(writer.text)
    assert found.keys.keys() >= set(every_path(tomllib.loads(writer.text)))
    assert {path: offset(writer.text, at) for path, at in found.values.items()} == {
        path: start for path, (start, _) in writer.values.items()
    }
    for path, (start, name) in writer.keys.items():
        assert offset(writer.text, found.keys[path]) == start, name
