"""The plan itself: JSON lines, `s3dedup/plan/1`, one record a line, each with its `type`.

The first is the `plan`: on what it rests. Then come `redundant` objects, each with its keeper, and where the plan was
verified what was `dropped`, and why. Where a line has an `obstacle`, no tool may act on it. Every line stands for
itself: to leave one out, delete it. One that was changed is refused, by its `seal`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from s3dedup.plan import DROPPED, REDUNDANT, SCHEMA, Dropped, Plan, obstacle, seal
from s3dedup.report.records import json_text, record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from s3dedup.report.plan.access import Access


def write(plan: Plan, stream: TextIO, _access: Access) -> None:
    """Write all of a plan."""
    _write(stream, "plan", {"schema": SCHEMA} | record(plan.head))
    for entry in plan.entries:
        if isinstance(entry, Dropped):
            _write(stream, DROPPED, record(entry))
        else:
            held = obstacle(entry, plan.head.digest)
            _write(stream, REDUNDANT, record(entry) | {"obstacle": held, "seal": seal(entry, plan.head)})


def _write(stream: TextIO, kind: str, fields: Mapping[str, object]) -> None:
    stream.write(json_text({"type": kind, **fields}) + "\n")
