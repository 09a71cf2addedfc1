"""The command for schedulers: an audit as a file describes it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from s3dedup.audit import audit as run_audit
from s3dedup.cli import options
from s3dedup.cli.outcome import exit_code
from s3dedup.cli.output import check_output, write_report
from s3dedup.cli.progress import watching
from s3dedup.errors import S3DedupError
from s3dedup.model import AuditReport
from s3dedup.schedule import Schedule, notify, read_schedule
from s3dedup.text import human_count, plain

UNTOLD = 1
"""The exit code where somebody could not be told, and the report has none of its own."""


def run(
    file: Annotated[
        Path, typer.Argument(metavar="AUDIT.toml", help="What to audit, and what to do with it.", show_default=False)
    ],
    *,
    check: Annotated[bool, typer.Option("--check", help="Only say whether the file makes sense.")] = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> int:
    """Run an audit that a file describes, write its reports, and tell whoever wants to know."""
    schedule = read_schedule(file, datetime.now(UTC), check_output)
    if check:
        return _sound(file, schedule)
    try:
        found = _audited(schedule, quiet=quiet, verbose=verbose)
    except S3DedupError as error:
        _told(schedule, file, error)
        raise
    told = _told(schedule, file, found)
    code = exit_code(found, schedule.fail_over)
    return code if told else code or UNTOLD


def _audited(schedule: Schedule, *, quiet: bool, verbose: bool) -> AuditReport:
    with watching(quiet=quiet, verbose=verbose) as watch:
        found = run_audit(schedule.config, watch)
    for output in schedule.outputs:
        write_report(found, output.format, output.file)
    return found


def _told(schedule: Schedule, file: Path, outcome: AuditReport | S3DedupError) -> bool:
    """Whether everybody could be told; who could not is named on stderr."""
    untold = notify(schedule, f"s3dedup run {plain(file.name)}", outcome)
    for sentence in untold:
        _say(sentence)
    return not untold


def _sound(file: Path, schedule: Schedule) -> int:
    parts = (
        human_count(len(schedule.config.sources()), "location"),
        human_count(len(schedule.outputs), "output"),
        human_count(len(schedule.notifications), "notification"),
    )
    _say(f"{file} makes sense: {', '.join(parts)}.")
    return 0


def _say(sentence: str) -> None:
    print(f"s3dedup: {plain(sentence)}", file=sys.stderr)  # noqa: T201  the command line's own voice
