"""Where a report goes: to stdout, or to a file that is there whole or not at all."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from s3dedup.errors import S3DedupError, UsageError
from s3dedup.model import AuditReport
from s3dedup.report import FORMATS, render, renderer


def check_output(format: str, output: Path | None) -> None:  # noqa: A002  the contract's word
    """Find out before the audit, and not hours later, that its report cannot be written.

    Raises:
        UsageError: there is no such directory, or it cannot be written to; the format needs a package that is not
            there; it is binary, and would go to a terminal.
    """
    renderer(format)
    if output is None and FORMATS[format].binary and sys.stdout.isatty():
        raise UsageError(f"--format {format} is binary, and stdout is a terminal: pass --output FILE.")
    check_directory(output)


def check_directory(output: Path | None) -> None:
    """Find out beforehand that a file cannot be written.

    Raises:
        UsageError: there is no such directory, or it cannot be written to.
    """
    if output is None or _is_stream(output):
        return
    try:
        tempfile.TemporaryFile(dir=output.parent).close()
    except OSError as error:
        raise UsageError(
            f"Nothing can be written to {output} ({error.strerror}): name a file in a directory that is there and can"
            " be written to."
        ) from error


def write_report(report: AuditReport, format: str, output: Path | None) -> None:  # noqa: A002  the contract's word
    """Render to stdout, or beside `output` and then in its place.

    Raises:
        UsageError: the file cannot be written; one that was there is still what it was.
        S3DedupError: stdout cannot be written.
        BrokenPipeError: nobody reads stdout any more.
    """
    if output is None:
        _print(report, format)
        return
    try:
        put_file(output, lambda stream: render(report, format, stream))
    except OSError as error:
        raise UsageError(
            f"The report cannot be written to {output} ({error.strerror}): the audit is kept, and"
            " `s3dedup report --output FILE` writes it elsewhere."
        ) from error


def put_file(output: Path, write: Callable[[TextIO], object]) -> None:
    """Write beside `output`, and then in its place.

    Raises:
        OSError: it cannot be written; a file that was there is still what it was.
    """
    if _is_stream(output):
        with output.open("w", encoding="utf-8") as stream:
            write(stream)
    else:
        _replace(output.resolve(), write)


def _is_stream(output: Path) -> bool:
    """Whether this is a device or a pipe: written to, and never replaced by a file."""
    return output.exists() and not output.is_file() and not output.is_dir()


def _print(report: AuditReport, format: str) -> None:  # noqa: A002  the contract's word
    try:
        render(report, format, sys.stdout)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise S3DedupError(
            f"The report cannot be written to stdout ({error.strerror}): the audit is kept, and `s3dedup report` writes"
            " it again."
        ) from error


def print_page(write: Callable[[TextIO], object]) -> None:
    """Write to stdout at once, so that a failure is noticed.

    Raises:
        S3DedupError: stdout cannot be written.
        BrokenPipeError: nobody reads stdout any more.
    """
    try:
        write(sys.stdout)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise S3DedupError(f"stdout cannot be written ({error.strerror}): let it go elsewhere.") from error


def _replace(output: Path, write: Callable[[TextIO], object]) -> None:
    descriptor, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            write(stream)
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(output)
    finally:
        Path(name).unlink(missing_ok=True)


def _umask() -> int:
    """A temporary file is private; a report has the permissions of any file that the user makes."""
    current = os.umask(0)
    os.umask(current)
    return current
