"""The commands for plans: what may go, and whether it is still so. Neither of them acts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, TextIO

import typer

from s3dedup.audit import VerifyConfig
from s3dedup.audit import manifest as make_plan
from s3dedup.audit import verify as verify_plan
from s3dedup.cli import options
from s3dedup.cli.outcome import INCOMPLETE
from s3dedup.cli.output import check_directory, print_page, put_file
from s3dedup.cli.progress import watching
from s3dedup.engine import Watch
from s3dedup.errors import UsageError
from s3dedup.plan import Dropped, Entry, Plan
from s3dedup.report.plan import ACTING, PLAN_FORMATS, Access, Written, write_plan
from s3dedup.store import StoreConfig
from s3dedup.text import human_bytes, human_count

PlanFormat = Annotated[
    str,
    typer.Option(
        metavar="|".join(PLAN_FORMATS),
        parser=options.parse_plan_format,
        help="How to write the plan: jsonl can be verified, csv is for people, sh deletes when you run it, batch is a"
        " manifest for S3 Batch Operations.",
    ),
]
PlanOutput = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write the plan to a file instead of stdout.", show_default=False),
]


def manifest(
    *,
    state: options.State = None,
    keep: options.Keep = None,
    protect: options.Protect = None,
    format: PlanFormat = "jsonl",  # noqa: A002  the contract's word
    output: PlanOutput = None,
    quiet: options.Quiet = False,
) -> int:
    """Write a plan of what could go; nothing is deleted."""
    check_directory(output)
    with watching(quiet=quiet, verbose=False) as watch, make_plan(state, keep or (), protect or ()) as plan:
        written = _write(plan, format, output, Access())
        left = plan.head.left_out
        watch.line(
            f"{_extent(written)}; not in it: {left.protected:,} protected, {left.skipped:,} skipped,"
            f" {left.in_doubt:,} in doubt"
        )
        _tell_held(watch, written)
    return INCOMPLETE if format in ACTING and written.held else 0


def verify(
    plan: Annotated[
        Path,
        typer.Argument(
            metavar="PLAN", help="What `s3dedup manifest` wrote as jsonl, or some of its lines.", show_default=False
        ),
    ],
    *,
    bytes: Annotated[  # noqa: A002  the contract's word
        bool, typer.Option("--bytes", help="Read all objects, too, and compare them with their keepers.")
    ] = False,
    max_read: Annotated[
        int | None,
        typer.Option(
            metavar="SIZE",
            parser=options.parse_size,
            help="With --bytes: compare no further than this many bytes read.",
            show_default=False,
        ),
    ] = None,
    profile: options.Profile = None,
    region: options.Region = None,
    no_sign_request: options.NoSignRequest = False,
    requester_pays: options.RequesterPays = False,
    concurrency: options.Concurrency = 16,
    format: PlanFormat = "jsonl",  # noqa: A002  the contract's word
    output: PlanOutput = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> int:
    """Check a plan right before it is acted on; nothing is deleted."""
    reach = StoreConfig(
        profile=profile,
        region=region,
        no_sign_request=no_sign_request,
        requester_pays=requester_pays,
        connections=concurrency,
    )
    config = VerifyConfig(reach, bytes=bytes, max_read=max_read)
    check_directory(output)
    with watching(quiet=quiet, verbose=verbose) as watch, verify_plan(plan, config, watch) as found:
        written = _write(_told(found, watch), format, output, Access(profile, region, requester_pays))
        dropped = sum(written.dropped.values())
        watch.line(f"{_extent(written)}, {written.compared:,} compared byte for byte; {dropped:,} dropped")
        _tell_held(watch, written)
    uncompared = bytes and written.compared < written.lines
    return INCOMPLETE if dropped or uncompared or (format in ACTING and written.held) else 0


def _write(plan: Plan, format: str, output: Path | None, access: Access) -> Written:  # noqa: A002  the contract's word
    """Write to stdout, or to a file that is there whole or not at all."""
    written: list[Written] = []

    def write(stream: TextIO) -> None:
        written.append(write_plan(plan, format, stream, access))

    if output is None:
        print_page(write)
        return written[0]
    try:
        put_file(output, write)
    except OSError as error:
        raise UsageError(
            f"The plan cannot be written to {output} ({error.strerror}): name a file in a directory that is there and"
            " has room."
        ) from error
    return written[0]


def _told(plan: Plan, watch: Watch) -> Plan:
    """The same plan; what is dropped from it is told as it is met."""

    def entries() -> Iterator[Entry]:
        for entry in plan.entries:
            if isinstance(entry, Dropped):
                watch.line(f"dropped {_culprit(entry)}: {entry.reason}, {entry.detail}")
            yield entry

    return replace(plan, entries=entries())


def _culprit(dropped: Dropped) -> str:
    redundant = dropped.line.redundant
    because = "" if dropped.culprit == redundant else f" because of its keeper {dropped.culprit.uri}"
    return f"{redundant.uri}{because}"


def _extent(written: Written) -> str:
    return f"{human_count(written.lines, 'redundant object')} ({human_bytes(written.bytes)}) in the plan"


def _tell_held(watch: Watch, written: Written) -> None:
    for note in written.notes():
        watch.line(f"no tool may act on {note}")
