"""The commands, and the one place where an error becomes a sentence and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Annotated, ParamSpec

import typer

from s3dedup import __version__
from s3dedup.cli import commands, plan
from s3dedup.cli.interrupts import heed_interrupts
from s3dedup.cli.policy import policy
from s3dedup.cli.run import run
from s3dedup.engine import collect_seldom
from s3dedup.errors import S3DedupError, ScheduleError
from s3dedup.text import plain

P = ParamSpec("P")

app = typer.Typer(
    name="s3dedup",
    help="Find objects with the same content across S3 buckets, and prove it while reading as few bytes as possible."
    " Read-only: no bucket is ever changed.",
    epilog="Exit codes: 0 complete, 1 error, 2 usage, 3 incomplete (something was skipped or a budget ended it),"
    " 4 over --fail-over (complete or not), 11 state locked, 130 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _exiting(command: Callable[P, int]) -> Callable[P, None]:
    """Let a command's result, or what it fails with, become the exit code."""

    @wraps(command)
    def exiting(*args: P.args, **options: P.kwargs) -> None:
        raise typer.Exit(_code_of(lambda: command(*args, **options)))

    return exiting


def _code_of(command: Callable[[], int]) -> int:
    try:
        return command()
    except ScheduleError as error:
        for problem in error.problems:
            _say(problem, error.exit_code)
        return error.exit_code
    except S3DedupError as error:
        return _say(str(error), error.exit_code)
    except KeyboardInterrupt:
        return _say("Interrupted. What was learnt is kept: the same command goes on where this one stopped.", 130)
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123  nobody reads stdout any more
        return 1


def _say(message: str, code: int) -> int:
    """The one sentence of a failure."""
    print(f"s3dedup: {plain(message)}", file=sys.stderr)  # noqa: T201  the command line's own voice
    return code


for command in (
    commands.audit,
    run,
    commands.estimate,
    commands.report,
    commands.history,
    commands.compare,
    commands.explain,
    plan.manifest,
    plan.verify,
    commands.prices,
    policy,
    commands.demo,
):
    app.command()(_exiting(command))


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"s3dedup {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options that stand before a command."""


def main() -> None:
    """Run the command line and exit with a code of the contract's table."""
    _fill_in_streams()
    heed_interrupts()
    collect_seldom()
    try:
        app()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    _flush()
    # Threads may still wait for a server that does not answer; what was learnt is on disk by now.
    os._exit(code)


def _fill_in_streams() -> None:
    """Where a shell has closed stdout or stderr (`>&-`), what goes there goes nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123  open until the end


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
