"""The options that commands share, and how their values are read. A wrong value says itself what a right one is."""

from __future__ import annotations

from collections.abc import Callable, Collection
from decimal import Decimal
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from s3dedup.explanation import ObjectName
from s3dedup.groups import KeepRule, Protection
from s3dedup.model import EtagTrust, Location
from s3dedup.report import FORMATS
from s3dedup.report.explain import EXPLAIN_FORMATS
from s3dedup.report.plan import PLAN_FORMATS
from s3dedup.report.runs import RUNS_FORMATS
from s3dedup.text import read_size, read_usd

T = TypeVar("T")


def parse_size(text: str) -> int:
    """Read a size: see `read_size`."""
    return _read(text, read_size)


def parse_usd(text: str) -> Decimal:
    """Read an amount of money: see `read_usd`."""
    return _read(text, read_usd)


def parse_location(text: str) -> str:
    """Check that a text is a location; hand it on as it is."""
    return _checked(text, Location.parse)


def parse_object(text: str) -> str:
    """Check that a text names an object; hand it on as it is."""
    return _checked(text, ObjectName.parse)


def parse_rule(text: str) -> str:
    """Check that a text is a rule for keepers; hand it on as it is."""
    return _checked(text, KeepRule.parse)


def parse_protection(text: str) -> str:
    """Check that a text says what to protect; hand it on as it is."""
    return _checked(text, Protection.parse)


def _checked(text: str, parse: Callable[[str], object]) -> str:
    _read(text, parse)
    return text


def _read(text: str, parse: Callable[[str], T]) -> T:
    try:
        return parse(text)
    except ValueError as error:
        raise typer.BadParameter(f"{error}.") from error


def parse_format(text: str) -> str:
    """Check that a report can be rendered so."""
    return _one_of(text, FORMATS)


def parse_runs_format(text: str) -> str:
    """Check that earlier runs can be shown so."""
    return _one_of(text, RUNS_FORMATS)


def parse_explain_format(text: str) -> str:
    """Check that an explanation can be shown so."""
    return _one_of(text, EXPLAIN_FORMATS)


def parse_plan_format(text: str) -> str:
    """Check that a plan can be written so."""
    return _one_of(text, PLAN_FORMATS)


def _one_of(text: str, formats: Collection[str]) -> str:
    if text not in formats:
        raise typer.BadParameter(f"{text!r} is no report format: choose from {', '.join(formats)}.")
    return text


Locations = Annotated[
    list[str],
    typer.Argument(
        metavar="LOCATION...",
        parser=parse_location,
        help="Where to look: s3://bucket or s3://bucket/prefix; several are audited together.",
        show_default=False,
    ),
]
State = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Keep what is learnt here.  [default: s3dedup in $XDG_STATE_HOME or ~/.local/state]",
        show_default=False,
    ),
]
EndpointUrl = Annotated[
    str | None, typer.Option(metavar="URL", help="An S3 server that is not AWS.", show_default=False)
]
Profile = Annotated[
    str | None, typer.Option(metavar="NAME", help="A profile of your AWS configuration.", show_default=False)
]
Region = Annotated[str | None, typer.Option(metavar="REGION", help="The region to ask first.", show_default=False)]
NoSignRequest = Annotated[bool, typer.Option("--no-sign-request", help="For public buckets.")]
RequesterPays = Annotated[bool, typer.Option("--requester-pays", help="Agree to pay for requests to such buckets.")]
MinSize = Annotated[
    int, typer.Option(metavar="SIZE", parser=parse_size, help="Leave out smaller objects, e.g. 128KiB.")
]
Include = Annotated[
    list[str] | None,
    typer.Option(metavar="GLOB", help="Only keys that match (* matches / too); repeatable.", show_default=False),
]
Exclude = Annotated[
    list[str] | None, typer.Option(metavar="GLOB", help="Leave out keys that match; repeatable.", show_default=False)
]
StorageClass = Annotated[
    list[str] | None, typer.Option(metavar="CLASS", help="Only this storage class; repeatable.", show_default=False)
]
Versions = Annotated[bool, typer.Option("--versions", help="Audit every version, not only the current one.")]
Trust = Annotated[
    EtagTrust,
    typer.Option(help="Whether ETags stand for content: where proven, always, never.", case_sensitive=False),
]
Digest = Annotated[
    str,
    typer.Option(
        metavar="sha1|sha256",
        help="How bytes are hashed; with sha256 no MD5 or SHA-1 proves sameness: where an adversary matters.",
    ),
]
MaxRead = Annotated[
    int | None,
    typer.Option(
        metavar="SIZE", parser=parse_size, help="Prove no further than this many bytes read.", show_default=False
    ),
]
MaxRequests = Annotated[
    int | None,
    typer.Option(metavar="N", min=0, help="Prove no further than this many HEAD and GET requests.", show_default=False),
]
MaxCost = Annotated[
    Decimal | None,
    typer.Option(
        metavar="USD", parser=parse_usd, help="Prove no further than HEAD and GET cost this much.", show_default=False
    ),
]
Concurrency = Annotated[int, typer.Option(metavar="N", help="Requests at a time.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="List again, even if an interrupted audit could go on.")]
Format = Annotated[
    str,
    typer.Option(metavar="|".join(FORMATS), parser=parse_format, help="How to render the report."),
]
RunsFormat = Annotated[
    str,
    typer.Option(metavar="|".join(RUNS_FORMATS), parser=parse_runs_format, help="How to show it."),
]
ExplainFormat = Annotated[
    str,
    typer.Option(metavar="|".join(EXPLAIN_FORMATS), parser=parse_explain_format, help="How to show it."),
]
Output = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write the report to a file instead of stdout.", show_default=False),
]
FailOver = Annotated[
    int | None,
    typer.Option(
        metavar="SIZE",
        parser=parse_size,
        help="Exit with 4 where more than this is reclaimable; the report is written all the same.",
        show_default=False,
    ),
]
Prices = Annotated[
    Path | None,
    typer.Option(
        "--prices", metavar="FILE", help="Use the prices in this file, e.g. of another provider.", show_default=False
    ),
]
Keep = Annotated[
    list[str] | None,
    typer.Option(
        metavar="RULE",
        parser=parse_rule,
        help="Which of equal objects to keep: oldest, newest, shortest-key, cheapest-class, location:s3://bucket/prefix"
        " or regex:PATTERN (of s3://bucket/key); repeatable, the first rule counts most.",
        show_default=False,
    ),
]
Protect = Annotated[
    list[str] | None,
    typer.Option(
        metavar="WHAT",
        parser=parse_protection,
        help="What is never redundant: s3://bucket/prefix, a GLOB of keys or regex:PATTERN; repeatable.",
        show_default=False,
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress; errors only.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Log every HEAD, read and decision.")]
