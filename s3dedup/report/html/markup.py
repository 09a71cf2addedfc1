"""HTML in which every text is escaped, because nothing else can be put into it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from s3dedup.text import plain

_SLASH = re.compile(r"(?<![:/])/(?=[^/])")
_UNIT = re.compile(r"(?<=\d) (?=(?:[KMGTPE]i)?B\b|%)")


class Markup(str):
    """HTML; any other text is not."""

    __slots__ = ()


def tag(name: str, *children: str, **attributes: str) -> Markup:
    """An element; text among its children and attributes is escaped. In an attribute's name `_` is `-`, at its end
    nothing.
    """
    shown = "".join(f' {key.strip("_").replace("_", "-")}="{escape(value)}"' for key, value in attributes.items())
    return Markup(f"<{name}{shown}>{joined(*children)}</{name}>")


def joined(*children: str) -> Markup:
    """Texts, escaped, and elements one after the other."""
    return Markup("".join(child if isinstance(child, Markup) else _words(child) for child in children))


def _words(text: str) -> str:
    """A text, escaped; numbers stay on one line with their units."""
    return _UNIT.sub("\N{NO-BREAK SPACE}", escape(text))


def name_of(text: str) -> Markup:
    """A name from a bucket, safe to look at; a long one may break after each slash."""
    return Markup(f"<code>{_SLASH.sub('/<wbr>', escape(plain(text)))}</code>")


def table(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]], numbers: int, **attributes: str) -> Markup:
    """A table of which the first `numbers` columns are numbers."""
    classes = ["num" if place < numbers else "" for place in range(len(headings))]
    head = (tag("th", text, scope="col", class_=kind) for text, kind in zip(headings, classes, strict=True))
    body = (tag("tr", *(tag("td", cell, class_=kind) for cell, kind in zip(row, classes, strict=True))) for row in rows)
    return tag("table", tag("thead", tag("tr", *head)), tag("tbody", *body), **attributes)


def facts(rows: list[tuple[str, str]], **attributes: str) -> Markup:
    """Labels with their texts."""
    return tag("dl", *(tag("div", tag("dt", label), tag("dd", text)) for label, text in rows), **attributes)
