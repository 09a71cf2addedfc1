"""An audit from a file, from the command to the reports, the notifications and the exit code."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.cli.command import Command, misused, refused
from tests.schedule.listener import listening

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakes3 import FakeS3
    from tests.schedule.listener import Listener
    from tests.servers import S3Server


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Somebody who is told."""
    with listening() as someone:
        yield someone


@pytest.fixture
def online(command: Command, seaweed: S3Server) -> Command:
    """The command with the credentials of an administrator of a real server."""
    return command.to(seaweed.environment)


def written(tmp_path: Path, text: str) -> Path:
    """A file of this text."""
    file = tmp_path / "audit.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_run_writes_every_report_and_says_nothing_on_stdout(online: Command, photos: str, tmp_path: Path) -> None:
    file = written(
        tmp_path,
        f'locations = "{photos}"\nstate = "state"\n'
        '[[output]]\nformat = "json"\nfile = "%Y-report.json"\n'
        '[[output]]\nformat = "prometheus"\nfile = "s3dedup.prom"\n',
    )
    ran = online.run("run", file, "--quiet")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    report = json.loads((tmp_path / f"{datetime.now(UTC):%Y}-report.json").read_text(encoding="utf-8"))
    assert report["totals"]["reclaimable_bytes"] == 270
    assert 's3dedup_reclaimable_bytes{locations="s3://cli-photos"} 270' in (tmp_path / "s3dedup.prom").read_text()
    assert {each.name for each in tmp_path.iterdir()} >= {"state", "s3dedup.prom"}
    assert not online.state.exists()


def test_a_run_does_what_the_same_audit_does(online: Command, photos: str, tmp_path: Path) -> None:
    options = ("--include", "open/*", "--min-size", "1", "--keep", "newest", "--format", "json", "--quiet")
    audited = online.run("audit", photos, *options)
    file = written(
        tmp_path,
        f'locations = ["{photos}"]\ninclude = "open/*"\nmin-size = 1\nkeep = "newest"\n[[output]]\nformat = "json"\n',
    )
    ran = online.run("run", file, "--quiet")
    assert ran.code == audited.code == 0
    assert json.loads(ran.out)["groups"] == json.loads(audited.out)["groups"] != []


def test_sources_reach_their_stores_with_profiles_of_their_own(
    command: Command, seaweed: S3Server, photos: str, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    people = {"admin": seaweed, "nobody": seaweed.as_identity("nobody")}
    config.write_text(
        "".join(
            f"[profile {name}]\naws_access_key_id={each.access_key}\naws_secret_access_key={each.secret_key}\n"
            for name, each in people.items()
        )
    )
    mine = command.to({"AWS_CONFIG_FILE": str(config)})
    source = f'[[source]]\nlocations = "{photos}"\nendpoint-url = "{seaweed.endpoint_url}"\nregion = "us-east-1"\n'
    assert mine.run("run", written(tmp_path, f'{source}profile = "admin"\n')).code == 0
    refused(mine.run("run", written(tmp_path, f'{source}profile = "nobody"\n'), "--quiet"), 1, "Listing", "not allowed")


def test_a_source_is_reached_as_the_role_that_the_file_names(
    command: Command, ministack: S3Server, tmp_path: Path
) -> None:
    ministack.create_bucket("their-photos")
    for key in ("a", "b"):
        ministack.client().put_object(Bucket="their-photos", Key=key, Body=b"same")
    role = 'role-arn = "arn:aws:iam::111122223333:role/auditor"\nexternal-id = "42"\n'
    file = written(tmp_path, f'[[source]]\nlocations = "s3://their-photos"\n{role}[[output]]\nformat = "json"\n')
    mine = command.to(ministack.environment)
    ran = mine.run("run", file, "--quiet")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["totals"]["redundant_objects"] == 1
    elsewhere = mine.to({"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"})
    refused(elsewhere.run("run", file, "--quiet"), 1, "STS cannot be reached", "check the address and the network")


def test_a_run_over_its_limit_exits_with_4_when_all_is_written_and_told(
    online: Command, photos: str, tmp_path: Path, listener: Listener
) -> None:
    file = written(
        tmp_path,
        f'locations = "{photos}"\nfail-over = 269\n[[output]]\nformat = "json"\nfile = "r.json"\n'
        '[[notify]]\nurl = "$TELL"\nwhen = "over"\n[[notify]]\nurl = "$TELL"\nwhen = ["failed", "incomplete"]\n',
    )
    ran = online.to({"TELL": listener.url}).run("run", file, "--quiet")
    assert ran.code == 4
    assert ran.err == "s3dedup: 270 bytes can be reclaimed, and 269 are allowed: the report says which.\n"
    assert json.loads((tmp_path / "r.json").read_text())["totals"]["redundant_objects"] == 2
    (message,) = listener.heard
    assert message["title"] == "s3dedup run audit.toml"
    assert message["type"] == "warning"
    assert "2 redundant objects hold 270 B" in message["message"]
    assert "Largest groups" not in message["message"]


def test_a_second_run_tells_the_change_since_the_first(
    online: Command, photos: str, tmp_path: Path, listener: Listener
) -> None:
    file = written(tmp_path, f'locations = "{photos}"\n[[notify]]\nurl = "{listener.url}"\n')
    assert [online.run("run", file, "--quiet").code for _ in range(2)] == [0, 0]
    first, second = (each["message"] for each in listener.heard)
    assert "Trend" not in first
    assert "Trend: as much as the 270 B of " in second


def test_a_run_that_fails_tells_why_and_leaves_the_last_reports(
    online: Command, photos: str, tmp_path: Path, listener: Listener
) -> None:
    more = f'[[output]]\nfile = "r.txt"\n[[notify]]\nurl = "{listener.url}"\nwhen = "failed"\n'
    assert online.run("run", written(tmp_path, f'locations = "{photos}"\n{more}')).code == 0
    before = (tmp_path / "r.txt").read_text()
    ran = online.run("run", written(tmp_path, f'locations = "s3://no-such-bucket-here"\n{more}'), "--quiet")
    refused(ran, 1, "There is no bucket named 'no-such-bucket-here'")
    assert (tmp_path / "r.txt").read_text() == before
    (message,) = listener.heard
    assert message["type"] == "failure"
    assert message["message"].startswith("The audit failed. There is no bucket named 'no-such-bucket-here'")


def test_whoever_cannot_be_told_makes_the_run_fail_once_its_reports_are_written(
    online: Command, photos: str, tmp_path: Path, listener: Listener
) -> None:
    listener.status = 500
    more = f'[[output]]\nfile = "r.txt"\n[[notify]]\nurl = "{listener.url}"\n'
    ran = online.run("run", written(tmp_path, f'locations = "{photos}"\n{more}'), "--quiet")
    refused(ran, 1, "The notification by json could not be sent: check its address")
    assert "secret-token" not in ran.err
    assert "2 redundant objects" in (tmp_path / "r.txt").read_text()
    over = online.run("run", written(tmp_path, f'locations = "{photos}"\nfail-over = 1\n{more}'), "--quiet")
    assert over.code == 4
    assert len(over.said) == 2


def test_a_check_says_that_a_file_makes_sense_and_asks_nobody(
    command: Command, fake: FakeS3, settings: dict[str, str], tmp_path: Path, listener: Listener
) -> None:
    file = written(
        tmp_path, f'locations = ["s3://a", "s3://b"]\n[[output]]\nfile = "r"\n[[notify]]\nurl = "{listener.url}"\n'
    )
    ran = command.to(settings).run("run", file, "--check")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == f"s3dedup: {file} makes sense: 2 locations, 1 output, 1 notification.\n"
    assert (fake.log, listener.heard) == ([], [])
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize("options", [[], ["--check"]])
def test_all_that_is_wrong_is_told_a_line_each_before_anything_is_sent(
    command: Command, fake: FakeS3, settings: dict[str, str], tmp_path: Path, options: list[str]
) -> None:
    text = 'locations = "s3://a"\nmin_size = 1\n"\\u001b[31m" = 1\n[[output]]\nfile = "no/such/r"\n'
    file = written(tmp_path, text)
    ran = command.to(settings).run("run", file, *options)
    assert (ran.code, ran.out) == (2, "")
    first, second, third = ran.err.splitlines()
    assert first == f"s3dedup: {file}:2:1: 'min_size' is no key of an audit: did you mean 'min-size'?"
    assert second.startswith(f"s3dedup: {file}:3:1: '")
    assert third.startswith(f"s3dedup: {file}:5:8: file: Nothing can be written to ")
    assert "\x1b" not in ran.err
    assert fake.log == []


def test_a_file_that_is_not_there_or_no_toml_is_refused(command: Command, tmp_path: Path) -> None:
    refused(command.run("run", tmp_path / "none.toml"), 2, "cannot be read (No such file or directory)")
    refused(command.run("run", written(tmp_path, "locations = \n")), 2, "audit.toml:1:13: this is no TOML: ")
    misused(command.run("run"), "Missing argument 'AUDIT.toml'")


def test_without_apprise_it_is_told_how_to_get_it(command: Command, tmp_path: Path) -> None:
    missing = tmp_path / "packages"
    missing.mkdir()
    (missing / "apprise.py").write_text("raise ModuleNotFoundError")
    file = written(tmp_path, 'locations = "s3://a"\n[[notify]]\nurl = "json://localhost"\n')
    ran = command.to({"PYTHONPATH": str(missing)}).run("run", file)
    refused(ran, 2, "audit.toml:3:7: url: Notifications need apprise: pip install 's3dedup[notify]'")


def test_a_report_that_cannot_be_put_in_place_is_a_failure_that_is_told(
    online: Command, photos: str, tmp_path: Path, listener: Listener
) -> None:
    (tmp_path / "taken").mkdir()
    more = f'[[output]]\nfile = "taken"\n[[notify]]\nurl = "{listener.url}"\nwhen = "failed"\n'
    ran = online.run("run", written(tmp_path, f'locations = "{photos}"\n{more}'), "--quiet")
    refused(ran, 2, "cannot be written to", "the audit is kept")
    assert [each["type"] for each in listener.heard] == ["failure"]
    assert os.listdir(tmp_path / "taken") == []  # noqa: PTH208  a name is enough
