"""The workflow: read as GitHub reads it, and its commands run where there is a real server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from tests.readme.markdown import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.documented import Shell

FOLDER = ROOT / "examples" / "github-actions"


def workflow() -> dict[str, Any]:
    """The workflow. YAML 1.1 reads the key `on` as true."""
    read: dict[Any, Any] = yaml.safe_load((FOLDER / "audit.yml").read_text(encoding="utf-8"))
    return {"on" if name is True else name: value for name, value in read.items()}


def steps() -> list[dict[str, Any]]:
    """The steps of its one job."""
    (job,) = workflow()["jobs"].values()
    found: list[dict[str, Any]] = job["steps"]
    return found


def commands() -> list[str]:
    """What its steps run, in order."""
    return [step["run"] for step in steps() if "run" in step]


def repository(shell: Shell, tmp_path: Path) -> None:
    """What the README has its reader set up: the file in its place, and a pip that installs nothing."""
    shell.run("mkdir s3dedup && cp examples/github-actions/audit.toml s3dedup/")
    pip = tmp_path / "bin" / "pip"
    pip.parent.mkdir()
    pip.write_text('#!/bin/sh\necho "$@" > pip-was-asked\n')
    pip.chmod(0o755)


def run(shell: Shell, tmp_path: Path, command: str) -> int:
    """Run a command as a step: GitHub gives it a file for its summary."""
    settings = f'export PATH="{tmp_path}/bin:$PATH" S3DEDUP=s3dedup-from-somewhere GITHUB_STEP_SUMMARY=summary.md'
    return shell.run(f"{settings}; set -e; {command}").returncode


def test_the_workflow_starts_each_night_and_by_hand_and_may_write_nothing() -> None:
    found = workflow()
    assert re.fullmatch(r"\d+ \d+ \* \* \*", found["on"]["schedule"][0]["cron"])
    assert "workflow_dispatch" in found["on"]
    assert found["permissions"] == {"contents": "read", "id-token": "write"}


def test_every_step_runs_a_command_or_an_action_of_a_fixed_version() -> None:
    for step in steps():
        assert ("run" in step) != ("uses" in step)
        assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step.get("uses", "a/b@v1"))


def test_its_commands_leave_a_summary_and_the_report_that_it_keeps(shell: Shell, tmp_path: Path) -> None:
    repository(shell, tmp_path)
    assert [run(shell, tmp_path, command) for command in commands()] == [0, 0]
    assert (shell.directory / "pip-was-asked").read_text() == "install s3dedup-from-somewhere\n"
    assert (shell.directory / "summary.md").read_text().startswith("**3 redundant objects hold ")
    (kept,) = (step["with"]["path"] for step in steps() if "upload-artifact" in step.get("uses", ""))
    assert (shell.directory / kept).read_text().startswith("<!doctype html>")
    (cached,) = (step["with"]["path"] for step in steps() if "cache" in step.get("uses", ""))
    assert (shell.directory / cached).is_dir()


def test_too_many_duplicates_fail_the_step_and_the_summary_is_there(shell: Shell, tmp_path: Path) -> None:
    repository(shell, tmp_path)
    file = shell.directory / "s3dedup" / "audit.toml"
    file.write_text(file.read_text().replace('"100 GiB"', '"100 KiB"'))
    assert run(shell, tmp_path, commands()[-1]) == 4
    assert (shell.directory / "summary.md").read_text().startswith("**3 redundant objects hold ")
    assert (shell.directory / "s3dedup" / "report.html").is_file()
