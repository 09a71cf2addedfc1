"""What the exit code says of a report, and that the report is there whatever it says."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from s3dedup.cli.outcome import exit_code
from s3dedup.errors import OverLimitError
from tests.cli.command import Command, misused, refused
from tests.report.samples import MIB, group, report

if TYPE_CHECKING:
    from pathlib import Path

    from s3dedup.model import AuditReport
    from tests.servers import S3Server


def found(*, complete: bool) -> AuditReport:
    """A report of 5 MiB that can be reclaimed."""
    made = report([group("a", "b", size=5 * MIB)])
    return replace(made, run=replace(made.run, complete=complete))


@pytest.mark.parametrize("complete", [True, False])
def test_more_than_the_limit_is_told_before_what_was_skipped(*, complete: bool) -> None:
    with pytest.raises(OverLimitError, match="5,242,880 bytes can be reclaimed, and 5,242,879 are allowed") as raised:
        exit_code(found(complete=complete), 5 * MIB - 1)
    assert raised.value.exit_code == 4


@pytest.mark.parametrize("limit", [None, 5 * MIB, 6 * MIB])
def test_an_incomplete_report_within_the_limit_is_3(limit: int | None) -> None:
    assert exit_code(found(complete=False), limit) == 3


@pytest.mark.parametrize("limit", [None, 5 * MIB, 6 * MIB])
def test_a_complete_report_within_the_limit_is_0(limit: int | None) -> None:
    assert exit_code(found(complete=True), limit) == 0


def test_an_audit_over_the_limit_writes_its_report_and_exits_with_4(
    command: Command, seaweed: S3Server, photos: str
) -> None:
    ran = command.to(seaweed.environment).run("audit", photos, "--quiet", "--format", "json", "--fail-over", "269")
    assert ran.code == 4
    assert json.loads(ran.out)["totals"]["reclaimable_bytes"] == 270
    assert ran.err == "s3dedup: 270 bytes can be reclaimed, and 269 are allowed: the report says which.\n"


def test_the_last_report_has_a_limit_of_its_own(
    command: Command, seaweed: S3Server, photos: str, tmp_path: Path
) -> None:
    assert command.to(seaweed.environment).run("audit", photos, "--fail-over", "270").code == 0
    ran = command.run("report", "--fail-over", "0.2KiB", "--output", tmp_path / "report.txt")
    refused(ran, 4, "270 bytes can be reclaimed, and 204 are allowed")
    assert "2 redundant objects" in (tmp_path / "report.txt").read_text(encoding="utf-8")


def test_a_limit_that_is_no_size_is_refused(command: Command) -> None:
    misused(command.run("audit", "s3://b", "--fail-over", "much"), "'much' is not a size: write bytes, or a unit")
