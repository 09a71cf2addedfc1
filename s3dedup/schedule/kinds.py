"""What the value of a key may be: each kind reads one, or says in one sentence what a right one is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from pathlib import Path
from string import Template
from typing import Final, NamedTuple

from s3dedup.groups import KeepRule, Protection
from s3dedup.model import Location
from s3dedup.text import read_size, read_usd


class Kind(NamedTuple):
    """A kind of value: what to call it in a table of keys, and how it is read. Where there may be `many`, it is one or
    an array of them.

    `read` raises ValueError with a sentence, without its full stop, for what is none.
    """

    name: str
    read: Callable[[object], object]
    many: bool = False


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{_shown(value)} is no text: write one between quotes")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{_shown(value)} is neither true nor false: write one of them, without quotes")  # noqa: TRY004  the one error of all kinds
    return value


def _size(value: object) -> int:
    return read_size(value) if isinstance(value, str) else _not_negative(value, "bytes")


def _count(value: object) -> int:
    return _not_negative(value, "a number")


def _not_negative(value: object, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{_shown(value)} is no whole number of 0 or more: write {what} as in 1000")
    return value


def _at_least_one(value: object) -> int:
    if not _count(value):
        raise ValueError("0 does nothing: write 1 or more")
    return _count(value)


def _usd(value: object) -> Decimal:
    return read_usd(value if isinstance(value, str) else _shown(value))


def _path(value: object) -> Path:
    return Path(_text(value))


def _parsed_by(parse: Callable[[str], object]) -> Callable[[object], str]:
    """A text that `parse` takes; it is handed on as it is."""

    def read(value: object) -> str:
        text = _text(value)
        parse(text)
        return text

    return read


def one_of(names: Collection[str]) -> Kind:
    """One of some words."""

    def read(value: object) -> str:
        if not isinstance(value, str) or value not in names:
            raise ValueError(f"{_shown(value)} is not known here: choose from {', '.join(names)}")
        return value

    return Kind(" | ".join(names), read)


def filled_in(text: str, environment: Mapping[str, str]) -> str:
    """A text with each `$NAME` and `${NAME}` from the environment, `$$` being a dollar.

    Raises:
        ValueError: a name is not set, or a dollar is followed by none.
    """
    try:
        return Template(text).substitute(environment)
    except KeyError as error:
        raise ValueError(f"${error.args[0]} is not set: set it in the environment of the run") from error
    except ValueError as error:
        raise ValueError("a $ is not followed by a name: write $NAME for a variable, or $$ for a dollar") from error


def _shown(value: object) -> str:
    """A value as TOML writes it, as far as a sentence needs it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | dict):
        return "an array" if isinstance(value, list) else "a table"
    return repr(value) if isinstance(value, str) else str(value)


TEXT: Final = Kind("text", _text)
TEXTS: Final = Kind("text", _text, many=True)
FLAG: Final = Kind("true | false", _flag)
SIZE: Final = Kind("size", _size)
COUNT: Final = Kind("number", _count)
AT_LEAST_ONE: Final = Kind("number", _at_least_one)
USD: Final = Kind("USD", _usd)
FILE: Final = Kind("path", _path)
DATED: Final = Kind("path", _path)
"""One in which `%Y` and the like stand for the time of the run."""
CLASSES: Final = Kind("text", lambda value: _text(value).upper(), many=True)
LOCATIONS: Final = Kind("location", _parsed_by(Location.parse), many=True)
RULES: Final = Kind("rule", _parsed_by(KeepRule.parse), many=True)
PROTECTIONS: Final = Kind("what", _parsed_by(Protection.parse), many=True)
