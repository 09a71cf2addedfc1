"""One `AuditReport`, rendered for whoever reads it.

A format is one module of this room with a function `render(report, stream, view)`, and one entry in
`FORMATS`. The module is imported when its format is asked for, so that a program that wants JSON does not
load a terminal library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Any, TextIO

from s3dedup.model import AuditReport
from s3dedup.report.view import TOP, View

__all__ = ["FORMATS", "Format", "Renderer", "View", "render", "renderer"]

Renderer = Callable[[AuditReport, Any, View], None]
"""Writes a whole report. It goes once through the groups and once through the skipped, and holds neither."""


@dataclass(frozen=True, slots=True)
class Format:
    """The `module` of this room that renders a format: to a text stream, or to a `binary` one."""

    module: str
    binary: bool = False


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "table": Format("terminal"),
        "json": Format("json"),
        "jsonl": Format("jsonl"),
        "csv": Format("csv"),
        "markdown": Format("markdown"),
        "html": Format("html"),
        "parquet": Format("parquet", binary=True),
        "prometheus": Format("prometheus"),
    }
)
"""The formats by name."""


def renderer(name: str) -> Renderer:
    """The renderer of a format.

    Raises:
        ValueError: there is no such format; the message names those there are.
        UsageError: it needs a package that is not installed; the message says which.
    """
    if name not in FORMATS:
        raise ValueError(f"{name!r} is not a report format: choose one of {', '.join(FORMATS)}")
    found: Renderer = import_module(f"{__name__}.{FORMATS[name].module}").render
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

    A binary format goes to the bytes below the text stream (its `buffer`), which stdout and open files have.

    Raises:
        ValueError: there is no such format, or it is binary and there are no bytes below; nothing was written.
        UsageError: it needs a package that is not installed; nothing was written.
    """
    write = renderer(format)
    write(report, _target(format, stream), View(top=top, width=width))


def _target(name: str, stream: TextIO) -> object:
    if not FORMATS[name].binary:
        return stream
    if not hasattr(stream, "buffer"):
        raise ValueError(f"{name} is binary: pass an open file or stdout, not {stream!r}")
    return stream.buffer
