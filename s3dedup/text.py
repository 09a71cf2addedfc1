"""Numbers and hostile text as a person can read them, and numbers as a person writes them; no colours, no layout."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgtp]?)(i?)b?", re.IGNORECASE)
_UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
_NEXT_UNIT = 1023.95  # what rounds to 1024.0 is written in the next unit

# Printable to Python, nothing to the eye (Unicode: Default_Ignorable_Code_Point): the combining grapheme
# joiner, Hangul fillers, Khmer inherent vowels, Mongolian and general variation selectors.
_INVISIBLE = frozenset(
    [
        *map(chr, (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0)),
        *map(chr, range(0x180B, 0x1810)),
        *map(chr, range(0xFE00, 0xFE10)),
        *map(chr, range(0xE0100, 0xE01F0)),
    ]
)


def plain(text: str) -> str:
    r"""Text that came from outside, made safe and unambiguous for a terminal.

    Control codes, line ends, bidirectional overrides, zero-width and other invisible characters, lone
    surrogates and a space at the very end are written as `\x1b`, `\u202e` or `\U000e0001`, a backslash as
    two; so different texts stay different. Everything else is left as it is.
    """
    if text.isascii() and text.isprintable() and "\\" not in text:
        shown = text  # nearly all keys are such, and there are millions of them
    else:
        shown = "".join(character if _is_visible(character) else escape(character) for character in text)
    return f"{shown[:-1]}{escape(' ')}" if shown.endswith(" ") else shown


def _is_visible(character: str) -> bool:
    return character.isprintable() and character != "\\" and character not in _INVISIBLE


def escape(character: str) -> str:
    r"""One character as `plain` writes what cannot be shown: `\\`, `\x1b`, `\u202e`, `\U000e0001`."""
    if character == "\\":
        return r"\\"
    code = ord(character)
    if code <= 0xFF:  # noqa: PLR2004  # the widest code of each notation
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004  # same


def human_bytes(size: int) -> str:
    """Bytes in binary units with one decimal: `512 B`, `1.0 KiB`, `3.1 TiB`; at most ten characters."""
    if size < 1024:  # noqa: PLR2004  # the step between the units
        return f"{size} B"
    amount = float(size)
    for unit in _UNITS:
        amount /= 1024
        if amount < _NEXT_UNIT:
            return f"{amount:.1f} {unit}"
    return f"{amount:,.1f} {_UNITS[-1]}"


def human_count(number: int, noun: str) -> str:
    """A number with its noun: `1 object`, `1,204,331 objects`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def human_usd(amount: Decimal | None) -> str:
    """Money with cents: `$1,204.30`, `<$0.01` for a trace of it, `-` where it is unknown."""
    if amount is None:
        return "-"
    return "<$0.01" if 0 < amount < Decimal("0.01") else f"${amount:,.2f}"


def human_share(part: int, whole: int) -> str:
    """A share in per cent: `12.4 %`; `<0.1 %` and `>99.9 %` next to none and all; `-` of nothing."""
    if not whole:
        return "-"
    if not part:
        return "0 %"
    tenths = 1000 * part / whole
    if tenths < 1:
        return "<0.1 %"
    if 999 < tenths < 1000:  # noqa: PLR2004  # the last tenth before all of it
        return ">99.9 %"
    return f"{tenths / 10:.1f} %"


def human_duration(length: timedelta) -> str:
    """A time span in its two largest units: `12 s`, `3 min 12 s`, `26 h 5 min`."""
    minutes, seconds = divmod(round(length.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def read_size(text: str) -> int:
    """Bytes from a text: a number, or one with a unit (`10MiB` and `10M` are 10 x 2^20, `10MB` is 10 x 10^6).

    Raises:
        ValueError: that is no size; the message says how to write one.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a size: write bytes, or a unit as in 128KiB, 10MiB, 1.5GB")
    number, unit, binary = match.groups()
    power = " kmgtp".index(unit.lower() or " ")
    decimal = not binary and text.strip().lower().endswith("b")
    return int(float(number) * (1000 if decimal else 1024) ** power)


def read_usd(text: str) -> Decimal:
    """An amount of money from a text: `0.50`, `$12`.

    Raises:
        ValueError: that is none; the message says how to write one.
    """
    try:
        amount = Decimal(text.strip().removeprefix("$"))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"{text!r} is not an amount of money: write dollars, as in 0.50 or 12")
    return amount
