"""An audit as a file describes it, and which of those who want to be told of its end are."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from s3dedup.config import AuditConfig
from s3dedup.model import AuditReport


class When(StrEnum):
    """What may come of a run."""

    ALWAYS = "always"
    FOUND = "found"
    OVER = "over"
    INCOMPLETE = "incomplete"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Output:
    """A report to write; None is stdout."""

    format: str = "table"
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """Somebody to tell, by an address of apprise, which may hold a secret."""

    url: str = field(repr=False)
    when: tuple[When, ...] = (When.ALWAYS,)


@dataclass(frozen=True, slots=True)
class Schedule:
    """What a file for `s3dedup run` says; `fail_over` is in bytes."""

    config: AuditConfig
    outputs: tuple[Output, ...] = (Output(),)
    notifications: tuple[Notification, ...] = ()
    fail_over: int | None = None


def came_of(report: AuditReport | None, fail_over: int | None) -> frozenset[When]:
    """What came of a run; without a report it failed. Whoever waits for one of these is told.

    | report | redundant objects | reclaimable over the limit | complete | adds to "always" |
    |---|---|---|---|---|
    | no | - | - | - | failed |
    | yes | some | - | - | found |
    | yes | - | yes | - | over |
    | yes | - | - | no | incomplete |
    """
    if report is None:
        return frozenset({When.ALWAYS, When.FAILED})
    events = {
        When.ALWAYS: True,
        When.FOUND: report.totals.redundant_objects > 0,
        When.OVER: report.totals.over(fail_over),
        When.INCOMPLETE: not report.run.complete,
    }
    return frozenset(event for event, came in events.items() if came)
