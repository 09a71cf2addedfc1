"""Audits of what was planted, whose reports outlive their state."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from s3dedup.model import AuditReport
from tests.oracle.planted import Planted

State = Callable[[], AbstractContextManager[str]]
"""Makes a state directory that is gone when it is left."""


def held(report: AuditReport) -> AuditReport:
    """The same report, read from disk."""
    return replace(report, groups=tuple(report.groups), skipped=tuple(report.skipped))


def audit_again(state: str, planted: Planted, **options: Any) -> AuditReport:  # noqa: ANN401  those of `Planted.audit`
    """An audit that may know something from before."""
    return held(planted.audit(Path(state), **options))


def audit_once(fresh_state: State, planted: Planted, **options: Any) -> AuditReport:  # noqa: ANN401  same
    """An audit that knows nothing yet."""
    with fresh_state() as state:
        return audit_again(state, planted, **options)
