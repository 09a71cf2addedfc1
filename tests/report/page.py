"""An HTML report, read back with the standard library."""

from __future__ import annotations

import json
import zlib
from base64 import b64decode
from dataclasses import dataclass, field
from html.parser import HTMLParser
from io import StringIO
from typing import Any

from s3dedup.model import AuditReport
from s3dedup.report import render

VOID = {"meta", "link", "br", "hr", "img", "input", "wbr"}


def html_of(report: AuditReport, top: int = 20) -> str:
    """The page of a report."""
    stream = StringIO()
    render(report, "html", stream, top=top)
    return stream.getvalue()


@dataclass
class Page(HTMLParser):
    """The elements of a page with their attributes, and the text below each kind of element.

    Raises:
        AssertionError: an element is not closed where it should be.
    """

    html: str
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    texts: list[tuple[tuple[str, ...], str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(self.html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called by the parser."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Called by the parser."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Called by the parser."""
        self.texts.append((tuple(self.open), data))

    @property
    def tags(self) -> list[str]:
        """The elements by name, in order."""
        return [name for name, _ in self.elements]

    def text(self, tag: str) -> str:
        """All text below elements of this name."""
        return "".join(text for opened, text in self.texts if tag in opened)

    @property
    def said(self) -> str:
        """What a reader sees, with spaces as they are typed."""
        shown = (text for opened, text in self.texts if not {"script", "style", "title"} & set(opened))
        return " ".join("".join(shown).replace("\N{NO-BREAK SPACE}", " ").split())

    @property
    def data(self) -> str:
        """The JSON that the script reads."""
        packed = next(text for opened, text in self.texts if opened[-1:] == ("script",))
        return zlib.decompress(b64decode(packed)).decode()

    @property
    def groups(self) -> list[Any]:
        """The groups of the data."""
        rows: list[Any] = json.loads(self.data)["groups"]
        return rows
