"""Where in a TOML document each key and value stands, which tomllib does not tell.

The document is known to be valid: tomllib has read it. So nothing is checked here, and only as much of the syntax is
known as it takes to find the next token (https://toml.io/en/v1.0.0).
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from typing import Final, NamedTuple

Path = tuple[str | int, ...]
"""The keys, and the places in arrays, that lead to a value: ("source", 0, "locations", 1)."""


class Position(NamedTuple):
    """A place in a text; both count from 1."""

    line: int
    column: int


class Positions(NamedTuple):
    """Where the `keys` stand (of a table its header, of an array's element itself), and where their `values`."""

    keys: dict[Path, Position]
    values: dict[Path, Position]


_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_STRING: Final = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}(?!")|\'\'\'.*?\'{3,5}(?!\')|"(?:[^"\\]|\\.)*"|\'[^\']*\'', re.DOTALL
)
_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_DOT: Final = re.compile(r"[ \t]*\.[ \t]*")
_EQUALS: Final = re.compile(r"[ \t]*=[ \t]*")
_BARE: Final = re.compile(r"[^,\]}#\r\n]+")


def positions(text: str) -> Positions:
    """Find every key and value of a valid document."""
    scan = _Scan(text)
    scan.document()
    return Positions(scan.keys, scan.values)


class _Scan:
    """Goes through the document once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._tables: defaultdict[Path, int] = defaultdict(int)
        self.keys: dict[Path, Position] = {}
        self.values: dict[Path, Position] = {}

    def document(self) -> None:
        """Go through all of it."""
        table: Path = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)

    def _skip(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        self._at = self._at if found is None else found.end()
        return "" if found is None else found[0]

    def _here(self) -> Position:
        line = self._text.count("\n", 0, self._at) + 1
        return Position(line, self._at - self._text.rfind("\n", 0, self._at))

    def _header(self) -> Path:
        """`[a.b]` or `[[a.b]]`, up to its last bracket."""
        start, brackets = self._here(), 2 if self._text.startswith("[[", self._at) else 1
        self._at += brackets
        names = [name for name, _ in self._names()]
        self._at = self._text.index("]", self._at) + brackets
        path: Path = ()
        for name in names:
            path = self._latest(path)
            path = (*path, name)
            self.keys.setdefault(path, start)
        if brackets > 1:
            self._tables[path] += 1
            path = self._latest(path)
            self.keys[path] = start
        return path

    def _latest(self, path: Path) -> Path:
        """Of an array of tables the last one so far."""
        return (*path, self._tables[path] - 1) if path in self._tables else path

    def _names(self) -> list[tuple[str, Position]]:
        """A key, dotted or not: its parts, and where each stands."""
        names: list[tuple[str, Position]] = []
        while True:
            self._skip(_BLANK)
            start = self._here()
            quoted = self._skip(_STRING)
            name = tomllib.loads(f"name = {quoted}")["name"] if quoted else self._skip(_KEY)
            names.append((name, start))
            if not self._skip(_DOT):
                return names

    def _pair(self, table: Path) -> None:
        """`key = value`."""
        path = table
        for name, start in self._names():
            path = (*path, name)
            self.keys.setdefault(path, start)
        self._skip(_EQUALS)
        self._value(path)

    def _value(self, path: Path) -> None:
        self.values[path] = self._here()
        first = self._text[self._at]
        if first == "[":
            self._array(path)
        elif first == "{":
            self._inline(path)
        elif not self._skip(_STRING):
            self._skip(_BARE)

    def _array(self, path: Path) -> None:
        self._at += 1
        number = 0
        while not self._closed("]"):
            self.keys[*path, number] = self._here()
            self._value((*path, number))
            number += 1

    def _inline(self, path: Path) -> None:
        self._at += 1
        while not self._closed("}"):
            self._pair(path)

    def _closed(self, bracket: str) -> bool:
        """Go on behind a comma; whether the end came instead."""
        self._skip(_BLANK)
        if self._text[self._at] == ",":
            self._at += 1
            self._skip(_BLANK)
        closed = self._text[self._at] == bracket
        self._at += closed
        return closed
