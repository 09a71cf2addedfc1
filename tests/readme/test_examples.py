"""The examples, run as their users run them."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
from pathlib import Path

import pytest

from tests.readme.conftest import Shell

LARGEST = "python examples/python-api/largest_groups.py"
NIGHTLY = "examples/nightly-cron/nightly.sh"


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def latest(shell: Shell) -> Path:
    return shell.directory / "audits" / "latest.json"


def test_the_largest_groups_come_as_csv_with_a_row_for_each_redundant_object(shell: Shell) -> None:
    run = shell.run(f"{LARGEST} s3://my-photos s3://my-archive")
    rows = rows_of(run.stdout)
    assert run.returncode == 0, run.stderr
    assert [row["reclaimable_bytes"] for row in rows] == ["400000", "400000", "200000"]
    assert {row["evidence"] for row in rows} == {"md5-etag"}
    assert all(row["keeper"] != row["redundant"] for row in rows)


def test_only_as_many_groups_are_printed_as_were_asked_for(shell: Shell) -> None:
    rows = rows_of(shell.run(f"{LARGEST} s3://my-photos s3://my-archive --top 1").stdout)
    assert [row["copies"] for row in rows] == ["3", "3"]


def test_the_script_passes_on_the_sentence_and_the_code_of_a_failure(shell: Shell) -> None:
    run = shell.run(f"{LARGEST} s3://no-such-bucket-anywhere")
    assert run.returncode == 1
    assert run.stderr.startswith("There is no bucket named 'no-such-bucket-anywhere'")
    assert "Traceback" not in run.stderr


def test_a_night_leaves_a_report_of_the_day_and_prints_the_verdict(shell: Shell) -> None:
    run = shell.run(f"{NIGHTLY} ./audits s3://my-photos s3://my-archive")
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("3 redundant objects hold ")
    assert len(run.stdout.splitlines()) == 1
    assert json.loads(latest(shell).read_text())["totals"]["redundant_objects"] == 3
    assert sorted(path.suffix for path in latest(shell).parent.iterdir()) == ["", ".json", ".json"]


def test_a_second_night_puts_its_report_in_the_place_of_the_first(shell: Shell) -> None:
    first = shell.run(f"{NIGHTLY} ./audits s3://my-photos")
    second = shell.run(f"{NIGHTLY} ./audits s3://my-photos s3://my-archive")
    assert (first.returncode, second.returncode) == (0, 0)
    assert json.loads(latest(shell).read_text())["totals"]["groups"] == 2


def test_a_night_that_fails_says_why_and_leaves_the_last_report(shell: Shell) -> None:
    shell.run(f"{NIGHTLY} ./audits s3://my-photos")
    before = latest(shell).read_text()
    run = shell.run(f"{NIGHTLY} ./audits s3://no-such-bucket-anywhere")
    assert run.returncode == 1
    assert "There is no bucket named" in run.stderr
    assert latest(shell).read_text() == before


def test_only_the_owner_may_read_the_reports(shell: Shell) -> None:
    shell.run(f"{NIGHTLY} ./audits s3://my-photos")
    for path in (latest(shell).parent, latest(shell)):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


@pytest.mark.parametrize("code", [3, 11, 1, 130])
def test_the_exit_code_of_the_audit_is_that_of_the_night(code: int, shell: Shell, tmp_path: Path) -> None:
    """A stand-in for s3dedup, for the codes that are hard to come by."""
    stand_in = tmp_path / "s3dedup"
    stand_in.write_text(f'#!/bin/sh\n[ "$1" = audit ] && echo "{{}}" > "$9"\nexit {code}\n')
    stand_in.chmod(0o755)
    run = shell.run(f"S3DEDUP={stand_in} {NIGHTLY} ./audits s3://my-photos")
    assert run.returncode == code
    assert latest(shell).exists() is (code == 3)


def test_a_night_without_a_location_is_a_usage_error(shell: Shell) -> None:
    run = shell.run(f"{NIGHTLY} ./audits")
    assert run.returncode == 2
    assert "usage:" in run.stderr
    assert not (shell.directory / "audits").exists()


def test_the_nightly_script_can_be_executed() -> None:
    script = Path(__file__).parents[2] / NIGHTLY
    assert os.access(script, os.X_OK)
