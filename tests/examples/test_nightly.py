"""The audit of each night: its file is run, its units are those that systemd takes."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.readme.markdown import ROOT, text_of

if TYPE_CHECKING:
    from tests.documented import Shell

FOLDER = ROOT / "examples" / "nightly"
SET_UP = "umask 077; mkdir -p audits/reports && cp examples/nightly/audit.toml audits/"
PROGRAM = "/opt/s3dedup/bin/s3dedup"
DIRECTIVES = {
    "Unit": {"After", "Description", "Wants"},
    "Service": {
        "EnvironmentFile", "ExecStart", "KillSignal", "NoNewPrivileges", "PrivateTmp", "ProtectHome", "ProtectSystem",
        "StateDirectory", "StateDirectoryMode", "SuccessExitStatus", "Type", "UMask", "User",
    },
    "Timer": {"OnCalendar", "Persistent", "RandomizedDelaySec"},
    "Install": {"WantedBy"},
}  # fmt: skip


def night(shell: Shell) -> subprocess.CompletedProcess[str]:
    """What the line for cron starts, where the checkout is instead of /opt and /var/lib."""
    (line,) = re.findall(r"^15 2 \* \* \* (.+)$", text_of(FOLDER / "README.md"), re.MULTILINE)
    return shell.run(line.replace(PROGRAM, "s3dedup").replace("/var/lib/s3dedup", "audits"))


def unit(name: str) -> configparser.ConfigParser:
    """A unit file, read as strictly as Python can: no key twice."""
    parser = configparser.ConfigParser(delimiters=("=",), comment_prefixes=("#",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys as they are written
    parser.read(FOLDER / name, encoding="utf-8")
    return parser


def test_a_night_leaves_its_reports_and_prints_a_message(shell: Shell) -> None:
    shell.run(SET_UP)
    ran = night(shell)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("**3 redundant objects hold ")
    reports = shell.directory / "audits" / "reports"
    assert sorted(each.name for each in reports.iterdir()) == [f"{datetime.now(UTC):%Y-%m-%d}.json", "latest.html"]
    (today,) = reports.glob("20*.json")
    assert json.loads(today.read_text())["totals"]["redundant_objects"] == 3


def test_the_second_night_tells_the_change(shell: Shell) -> None:
    shell.run(SET_UP)
    assert [night(shell).returncode for _ in range(2)] == [0, 0]
    assert "Trend: as much as the " in night(shell).stdout


def test_a_night_that_fails_says_why_and_leaves_the_last_reports(shell: Shell) -> None:
    shell.run(SET_UP)
    night(shell)
    audits = shell.directory / "audits"
    before = (audits / "reports" / "latest.html").read_bytes()
    file = audits / "audit.toml"
    file.write_text(file.read_text().replace("s3://my-archive", "s3://no-such-bucket-anywhere"))
    ran = night(shell)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "There is no bucket named" in ran.stderr
    assert (audits / "reports" / "latest.html").read_bytes() == before


def test_only_the_owner_may_read_what_a_night_leaves(shell: Shell) -> None:
    shell.run(SET_UP)
    night(shell)
    left = [each for each in (shell.directory / "audits").rglob("*") if each.name != "audit.toml"]
    assert len(left) > 3
    assert [each for each in left if stat.S_IMODE(each.stat().st_mode) & 0o077] == []


def test_the_service_starts_what_the_line_for_cron_starts() -> None:
    service = unit("s3dedup.service")["Service"]
    assert f"{PROGRAM} run --quiet /var/lib/s3dedup/audit.toml" == service["ExecStart"]
    assert f"umask 077; {service['ExecStart']}" in text_of(FOLDER / "README.md")
    assert (service["UMask"], service["Type"], service["StateDirectory"]) == ("0077", "oneshot", "s3dedup")


def test_the_timer_starts_the_service_of_its_name_each_night() -> None:
    timer = unit("s3dedup.timer")
    assert "Unit" not in timer["Timer"], "without it, it is the service of the same name"
    assert timer["Timer"]["OnCalendar"] == "*-*-* 02:15:00"
    assert timer["Install"]["WantedBy"] == "timers.target"


@pytest.mark.parametrize("name", ["s3dedup.service", "s3dedup.timer"])
def test_systemd_knows_everything_that_a_unit_says(name: str, tmp_path: Path) -> None:
    """Every directive is one of its manual (systemd.unit, .service, .exec, .kill, .timer); and where systemd is
    installed, it says so itself.
    """
    read = unit(name)
    assert read.sections()
    for section in read.sections():
        assert set(read[section]) <= DIRECTIVES[section]
    analyze = shutil.which("systemd-analyze")
    if analyze is not None:
        for each in ("s3dedup.service", "s3dedup.timer"):
            (tmp_path / each).write_text((FOLDER / each).read_text().replace(PROGRAM, sys.executable))
        ran = subprocess.run(
            [analyze, "verify", str(tmp_path / name)], capture_output=True, text=True, check=False, timeout=60
        )
        ours = [line for line in ran.stderr.splitlines() if "s3dedup" in line]
        assert (ran.returncode, ours) == (0, []), ran.stderr
