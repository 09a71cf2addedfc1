"""One `AuditReport`, rendered for whoever reads it.

A format is one module of this room with a function `render(report, stream, view)`, and one entry in
`FORMATS`. The module is imported when its format is asked for, so that a program that wants JSON does not
load a terminal library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TextIO

from s3dedup.model import AuditReport
from s3dedup.report.view import TOP, View

__all__ = ["FORMATS", "Renderer", "View", "render", "renderer"]

Renderer = Callable[[AuditReport, TextIO, View], None]
"""Writes a whole report. It goes once through the groups and once through the skipped, and holds neither."""

FORMATS: Mapping[str, str] = MappingProxyType({"table": "terminal", "json": "json"})
"""The name of each format, and the module of this room that renders it."""


def renderer(name: str) -> Renderer:
    """The renderer of a format.

    Raises:
        ValueError: there is no such format; the message names those there are.
    """
    if name not in FORMATS:
        raise ValueError(f"{name!r} is not a report format: choose one of {', '.join(FORMATS)}")
    found: Renderer = import_module(f"{__name__}.{FORMATS[name]}").render
    return found


def render(
    report: AuditReport,
    format: str,  # noqa: A002  # the word of the command line, `--format`
    stream: TextIO,
    *,
    top: int = TOP,
    width: int | None = None,
) -> None:
    """Write a report to a text stream in the given format; `top` and `width` are those of `View`.

    Raises:
        ValueError: there is no such format; nothing was written.
    """
    renderer(format)(report, stream, View(top=top, width=width))
