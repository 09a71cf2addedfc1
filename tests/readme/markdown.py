"""Takes the project's Markdown apart: fenced blocks, headings, links, inline code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DOCUMENTS = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "examples").glob("*/README.md")))

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_INLINE = re.compile(r"`([^`\n]+)`")


class Block(NamedTuple):
    """A fenced block: its language, its text, and the document and number by which a test names it."""

    language: str
    text: str
    name: str


def text_of(document: Path) -> str:
    """A document's text."""
    return document.read_text(encoding="utf-8")


def blocks(document: Path, language: str) -> list[Block]:
    """The fenced blocks in one language."""
    found = [text for kind, text in _FENCE.findall(text_of(document)) if kind == language]
    where = document.relative_to(ROOT)
    return [Block(language, text, f"{where}, {language} block {number}") for number, text in enumerate(found, 1)]


def prose(document: Path) -> str:
    """The text outside the fenced blocks."""
    return _FENCE.sub("", text_of(document))


def anchors(document: Path) -> set[str]:
    """The names that GitHub gives the headings."""
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in _HEADING.findall(prose(document)))
    return {heading.replace(" ", "-") for heading in kept}


def links(document: Path) -> list[str]:
    """Where the links lead."""
    return _LINK.findall(prose(document))


def inline_code(document: Path) -> list[str]:
    """What stands between single backquotes."""
    return _INLINE.findall(prose(document))
