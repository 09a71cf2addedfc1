"""Plans and their parts, as the tests of this room need them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from s3dedup.model import EvidenceKind, RunInfo
from s3dedup.plan import AWS, Checked, Entry, LeftOut, Plan, PlanHead, PlanLine, PlannedObject
from s3dedup.report.plan import Access, write_plan

THEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NOW = datetime(2026, 11, 22, tzinfo=UTC)
RUN = RunInfo("run", THEN, THEN, ("s3://b",), complete=True)
HEAD = PlanHead("0.1.0", NOW, RUN, "sha1", False, (AWS,), (), (), ("a note",), LeftOut(1, 2, 3))  # noqa: FBT003  versions
CHECKED = Checked(NOW, versioned=False, locked=False)
COMPARED = replace(CHECKED, fingerprint="ab" * 32)


def item(key: str, **changes: Any) -> PlannedObject:  # noqa: ANN401  its fields
    """An object of ten bytes."""
    return replace(PlannedObject(AWS, "b", key, None, 10, "e" * 32, "STANDARD", THEN), **changes)


def line(key: str = "redundant", **changes: Any) -> PlanLine:  # noqa: ANN401  its fields
    """A line on which a tool may act."""
    usual = PlanLine("g", EvidenceKind.MD5_ETAG, Decimal("0.0150"), item("keeper"), item(key), COMPARED)
    return replace(usual, **changes)


def written(entries: Iterable[Entry], head: PlanHead = HEAD, format: str = "jsonl", **access: Any) -> str:  # noqa: A002, ANN401  the contract's word; those of Access
    """A plan as a text."""
    stream = io.StringIO()
    write_plan(Plan(head, entries), format, stream, Access(**access))
    return stream.getvalue()


def records(text: str) -> list[dict[str, Any]]:
    """JSON lines."""
    return [json.loads(each) for each in text.splitlines()]
