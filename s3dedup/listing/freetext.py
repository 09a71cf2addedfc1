"""The free texts of a listing: keys, prefixes, markers, tokens, a whole column at once."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any


class NotRecognisedError(ValueError):
    """The page holds something that our parser does not know; never leaves this package.

    It is a ValueError because that is what decoding and `fromisoformat` raise, too, for what is no page.
    """


_BETWEEN = "\ud800"  # a lone surrogate: neither UTF-8 nor an entity nor a %-escape can bring one about
_ILLEGAL = re.compile(r"[\x00-\x1f\ufffe\uffff]|\]\]>")  # tab and newline are legal; parsers differ on them
_ENTITY = re.compile("&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));")
_XML_CHARACTERS = (
    range(0x20, 0xD800),
    range(0xE000, 0xFFFE),
    range(0x10000, 0x110000),
    (0x9, 0xA, 0xD),
)
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_ESCAPES = re.compile("((?:%[0-9A-Fa-f]{2})+)")


def decoded(column: list[Any], *, url: bool = False) -> list[str]:
    """Resolve entities, and %-escapes with `url`; most columns need neither and come back as they are.

    Raises:
        ValueError: an XML parser would refuse the text, or read it in a way of its own.
    """
    joined = " ".join(column)
    harmless = joined.isascii() and joined.isprintable() and "]]>" not in joined
    if harmless and not ("&" in joined or (url and ("%" in joined or "+" in joined))):
        return column
    text = _BETWEEN.join(column)
    if not harmless and _ILLEGAL.search(text):
        raise NotRecognisedError
    if "&" in text:
        text = _resolved(text)
    return (unquoted(text) if url else text).split(_BETWEEN)


def _resolved(text: str) -> str:
    """Replace the entities; every ampersand must belong to one."""
    resolved, found = _ENTITY.subn(_character, text)
    if found != text.count("&"):
        raise NotRecognisedError
    return resolved


def _character(entity: re.Match[str]) -> str:
    """What an entity stands for; only the characters that XML 1.0 has (https://www.w3.org/TR/xml/#charsets)."""
    name, decimal, hexadecimal = entity.groups()
    if name:
        return _NAMED[name]
    code = int(decimal) if decimal else int(hexadecimal, 16)
    if not any(code in block for block in _XML_CHARACTERS):
        raise NotRecognisedError
    return chr(code)


def unquoted(text: str) -> str:
    """`urllib.parse.unquote_plus`, which botocore uses, for a whole column at once."""
    pieces = _ESCAPES.split(text.replace("+", " "))
    pieces[1::2] = map(_unescaped, pieces[1::2])
    return "".join(pieces)


@lru_cache(maxsize=4096)
def _unescaped(run: str) -> str:
    """A run of %-escapes; keys of one bucket have the same few."""
    return bytes.fromhex(run.replace("%", "")).decode("utf-8", "replace")
