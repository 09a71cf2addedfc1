"""The gate opens and closes as its README says."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.readme.markdown import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.documented import Shell

GATE = "examples/ci-gate/gate.sh"


def test_a_bucket_within_the_limit_passes(shell: Shell) -> None:
    ran = shell.run(f"{GATE} 600000 s3://my-photos s3://my-archive")
    assert (ran.returncode, ran.stdout) == (0, "No more than 600000 can be reclaimed.\n"), ran.stderr
    assert (shell.directory / "duplicates.md").read_text().startswith("**3 redundant objects hold ")


def test_a_bucket_over_the_limit_fails_with_4_and_prints_what_is_redundant(shell: Shell) -> None:
    ran = shell.run(f"{GATE} 599999 s3://my-photos s3://my-archive")
    assert ran.returncode == 4
    assert "600,000 bytes can be reclaimed, and 599,999 are allowed" in ran.stderr
    assert ran.stdout == (shell.directory / "duplicates.md").read_text()
    assert "s3://my-photos/copies/a (2).jpg" in ran.stdout


def test_an_audit_that_fails_fails_the_gate(shell: Shell) -> None:
    ran = shell.run(f"{GATE} 1GiB s3://no-such-bucket-anywhere")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "There is no bucket named" in ran.stderr


@pytest.mark.parametrize(("code", "passed_on"), [(3, 0), (11, 11), (130, 130)])
def test_the_codes_that_are_hard_to_come_by_are_passed_on(
    code: int, passed_on: int, shell: Shell, tmp_path: Path
) -> None:
    stand_in = tmp_path / "s3dedup"
    stand_in.write_text(f"#!/bin/sh\nexit {code}\n")
    stand_in.chmod(0o755)
    ran = shell.run(f"S3DEDUP={stand_in} {GATE} 1GiB s3://my-photos")
    assert ran.returncode == passed_on
    assert ("not everything could be compared" in ran.stderr) is (code == 3)


def test_a_gate_without_a_limit_or_a_location_is_a_usage_error(shell: Shell) -> None:
    ran = shell.run(f"{GATE} 10GiB")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "usage:" in ran.stderr


def test_the_gate_can_be_executed() -> None:
    assert os.access(ROOT / GATE, os.X_OK)
