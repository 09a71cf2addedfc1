"""The command that prints an IAM policy."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from s3dedup.cli import options
from s3dedup.cli.output import print_page
from s3dedup.model import Location
from s3dedup.policy import PARTITIONS
from s3dedup.policy import policy as smallest_policy


def policy(
    locations: options.Locations,
    *,
    versions: options.Versions = False,
    kms_key: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ARN",
            help="Also a KMS key with which objects are encrypted: without it those are not read; repeatable.",
            show_default=False,
        ),
    ] = None,
    partition: Annotated[str, typer.Option(metavar="|".join(PARTITIONS), help="The partition of AWS.")] = "aws",
) -> int:
    """Print the smallest IAM policy with which these locations can be audited."""
    places = [Location.parse(text) for text in locations]
    page = smallest_policy(places, versions=versions, kms_keys=kms_key or (), partition=partition)
    print_page(lambda stdout: stdout.write(f"{json.dumps(page, indent=2)}\n"))
    return 0
