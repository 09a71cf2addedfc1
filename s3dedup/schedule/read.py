"""Reads a file for `s3dedup run`, and points at all that is wrong with it before anything is asked of a store."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from s3dedup.config import AuditConfig, Source
from s3dedup.errors import ScheduleError, UsageError
from s3dedup.prices import price_table
from s3dedup.schedule.keys import AUDIT, REQUIRED, TABLES, Key, Keys
from s3dedup.schedule.kinds import DATED, filled_in
from s3dedup.schedule.notify import check_notification
from s3dedup.schedule.plan import Notification, Output, Schedule, When
from s3dedup.schedule.positions import Path as Place
from s3dedup.schedule.positions import Position, Positions, positions

CheckOutput = Callable[[str, Path | None], None]
Table = Mapping[str, Any]
T = TypeVar("T")

_WHERE = re.compile(r"(.+) \(at (?:line (\d+), column (\d+)|end of document)\)")


def read_schedule(file: Path, now: datetime, check_output: CheckOutput) -> Schedule:
    """Read a file. Its paths are relative to where it lies, and `now` gives the names of outputs their dates.
    `check_output` raises UsageError where a report in a format cannot be written to a file.

    Raises:
        UsageError: the file cannot be read.
        ScheduleError: it makes no sense; all that is wrong is told, each with its line and column.
    """
    text = _text_of(file)
    try:
        document = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ScheduleError([_syntax(file, text, str(error))]) from error
    reader = _Reader(file, positions(text), check_output, now)
    schedule = reader.schedule(document)
    if schedule is None:
        raise ScheduleError(reader.problems())
    return schedule


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({error.strerror}): name a TOML file that can be read.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is no UTF-8 text, which TOML has to be: save it as UTF-8.") from error


def _syntax(file: Path, text: str, message: str) -> str:
    found = _WHERE.fullmatch(message)
    what, line, column = found.groups() if found else (message, None, None)
    where = Position(int(line), int(column)) if line and column else Position(text.count("\n") + 1, 1)
    return f"{file}:{where.line}:{where.column}: this is no TOML: {what[0].lower()}{what[1:]}."


class _Reader:
    """Reads one document, and gathers what is wrong with it."""

    def __init__(self, file: Path, found: Positions, check_output: CheckOutput, now: datetime) -> None:
        self._file = file
        self._positions = found
        self._check_output = check_output
        self._now = now
        self._problems: list[tuple[Position, str]] = []
        self._outputs: list[Output] = []

    def problems(self) -> list[str]:
        """What is wrong, from the top of the file to its end."""
        return [f"{self._file}:{at.line}:{at.column}: {sentence}" for at, sentence in sorted(self._problems)]

    def schedule(self, document: Table) -> Schedule | None:
        """What the document says; None where something is wrong with it."""
        tables = {name: self._tables(name, document.get(name, [])) for name in TABLES}
        audit = self._read((), {name: value for name, value in document.items() if name not in TABLES}, AUDIT)
        for number, each in tables["output"]:
            self._output(("output", number), each)
        notifications = tuple(self._notification(("notify", number), each) for number, each in tables["notify"])
        fail_over = audit.pop("fail-over", None)
        self._tried(("prices",), lambda: price_table(audit.get("prices")))
        config = self._config(audit, [each for _, each in tables["source"]])
        if config is None or self._problems:
            return None
        return Schedule(config, tuple(self._outputs) or (Output(),), notifications, fail_over)

    def _tables(self, name: str, value: object) -> list[tuple[int, dict[str, Any]]]:
        """The tables of an array of tables, each with its place in it."""
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            self._wrong((name,), f"this is no array of tables: begin each with [[{name}]]")
            return []
        return [(number, self._read((name, number), each, TABLES[name])) for number, each in enumerate(value)]

    def _read(self, path: Place, table: Table, keys: Keys) -> dict[str, Any]:
        """Whatever of a table can be read, by its keys."""
        for name in table.keys() - keys.keys():
            self._problems.append((self._at((*path, name), self._positions.keys), _unknown(name, path, keys)))
        required = REQUIRED.get(str(path[0])) if path else None
        if required is not None and required not in table:
            self._wrong(path, f"this has no {required!r}, without which it makes no sense: write it below")
        read = {name: self._value((*path, name), keys[name], value) for name, value in table.items() if name in keys}
        return {name: value for name, value in read.items() if value is not None}

    def _value(self, path: Place, key: Key, value: object) -> object:
        """A value as `AuditConfig` takes it; None where it cannot be read."""
        if not key.kind.many:
            return self._one(path, key, value)
        if not isinstance(value, list):
            return [self._one(path, key, value)]
        return [self._one((*path, number), key, each) for number, each in enumerate(value)]

    def _one(self, path: Place, key: Key, value: object) -> object:
        read = self._tried(path, lambda: key.kind.read(value))
        if key.kind is DATED and read is not None:
            read = Path(self._now.strftime(str(read)))
        return self._file.parent / read if isinstance(read, Path) else read

    def _config(self, audit: dict[str, Any], sources: list[dict[str, Any]]) -> AuditConfig | None:
        """The audit; None where it cannot be, and why is among the problems."""
        if self._problems:
            return None
        locations = [*audit.pop("locations", []), *(each for source in sources for each in _sources(source))]
        return self._tried((), lambda: AuditConfig(locations=locations, **_fields(audit)))

    def _output(self, path: Place, table: dict[str, Any]) -> None:
        file = table.get("file")
        output = Output(table.get("format", "table"), file)
        place = (*path, "file") if file else (*path, "format") if "format" in table else path
        self._tried(place, lambda: self._check(output))
        self._outputs.append(output)

    def _check(self, output: Output) -> None:
        if any(other.file == output.file for other in self._outputs):
            if output.file is None:
                raise ValueError("another report goes to stdout already: name a file")
            raise ValueError("another report goes there already: name another file")
        self._check_output(output.format, output.file)

    def _notification(self, path: Place, table: dict[str, Any]) -> Notification:
        url = self._tried((*path, "url"), lambda: _address(table["url"])) if "url" in table else None
        return Notification(url or "", tuple(When(each) for each in table.get("when", [When.ALWAYS]) if each))

    def _tried(self, path: Place, attempt: Callable[[], T]) -> T | None:
        """What comes of an attempt; None where it fails, which is then a problem at its place."""
        try:
            return attempt()
        except (ValueError, UsageError) as error:
            self._wrong(path, str(error).removesuffix("."))
        return None

    def _wrong(self, path: Place, sentence: str) -> None:
        name = next((f"{part}: " for part in reversed(path) if isinstance(part, str)), "")
        self._problems.append((self._at(path, self._positions.values), f"{name}{sentence}."))

    def _at(self, path: Place, first: Mapping[Place, Position]) -> Position:
        """Where something stands, or else what it is in; the beginning of the file for what is not there."""
        for end in range(len(path), 0, -1):
            found = first.get(path[:end]) or self._positions.keys.get(path[:end])
            if found is not None:
                return found
        return Position(1, 1)


def _address(text: str) -> str:
    """An address with its variables filled in.

    Raises:
        ValueError, UsageError: it has one that is not set, or is none that can be used.
    """
    url = filled_in(text, os.environ)
    check_notification(url)
    return url


def _sources(table: dict[str, Any]) -> list[Source]:
    """Each location of a `[[source]]`, with its way to be reached."""
    fields = _fields({name: value for name, value in table.items() if name != "locations"})
    return [Source(location, **fields) for location in table.get("locations", [])]


def _fields(table: dict[str, Any]) -> dict[str, Any]:
    """The values of some keys of `AUDIT`, by the names that the configuration gives them."""
    return {AUDIT[name].field or name.replace("-", "_"): value for name, value in table.items()}


def _unknown(name: str, path: Place, keys: Keys) -> str:
    """What to say of a key that is not known there."""
    where = f"[[{path[0]}]]" if path else "an audit"
    if path and name in AUDIT:
        return f"{name!r} is no key of {where}, but of the whole audit: write it above the first [[ ]]."
    near = get_close_matches(name, keys if path else [*keys, *TABLES], 1)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(keys)}."
    return f"{name!r} is no key of {where}: {hint}"
