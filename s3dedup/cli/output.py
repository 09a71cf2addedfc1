"""Where a report goes: to stdout, or to a file that is there whole or not at all."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from s3dedup.errors import UsageError
from s3dedup.model import AuditReport
from s3dedup.report import render


def write_report(report: AuditReport, format: str, output: Path | None) -> None:  # noqa: A002  the contract's word
    """Render to stdout, or beside `output` and then in its place.

    Raises:
        UsageError: the file cannot be written; one that was there is still what it was.
    """
    if output is None:
        render(report, format, sys.stdout)
        return
    try:
        descriptor, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.")
    except OSError as error:
        raise _unwritable(output, error) from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            render(report, format, stream)
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(output)
    except OSError as error:
        raise _unwritable(output, error) from error
    finally:
        Path(name).unlink(missing_ok=True)


def _unwritable(output: Path, error: OSError) -> UsageError:
    return UsageError(
        f"The report cannot be written to {output} ({error.strerror}): the audit is kept, and"
        " `s3dedup report --output FILE` writes it elsewhere."
    )


def _umask() -> int:
    """A temporary file is private; a report has the permissions of any file that the user makes."""
    current = os.umask(0)
    os.umask(current)
    return current
