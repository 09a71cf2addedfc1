"""An audit from the shell, and its report again."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from s3dedup import __version__
from s3dedup.report import FORMATS
from s3dedup.report.schema import load_schema
from tests.cli.command import PROGRAM, Command, Ran, refused

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes3 import FakeS3
    from tests.servers import S3Server

SIZE = 135


def parsed(text: str) -> dict[str, Any]:
    """A JSON report that keeps to the schema that ships with the package."""
    report: dict[str, Any] = json.loads(text)
    jsonschema.validate(report, load_schema())
    return report


@pytest.fixture
def audited(command: Command, seaweed: S3Server, photos: str) -> Ran:
    """One audit of the photos with a JSON report."""
    return command.to(seaweed.environment).run("audit", photos, "--format", "json")


def test_an_audit_finds_the_duplicates_and_exits_with_0(audited: Ran) -> None:
    report = parsed(audited.out)
    assert audited.code == 0
    (group,) = report["groups"]
    assert sorted(item["key"] for item in group["objects"]) == ["b", "open/a", "open/c"]
    assert (group["size"], group["reclaimable_bytes"]) == (SIZE, 2 * SIZE)
    assert report["totals"]["objects"] == 6
    assert report["totals"]["empty_objects"] == 1
    assert report["run"]["complete"] is True


def test_by_default_the_report_is_a_page_for_a_person(command: Command, seaweed: S3Server, photos: str) -> None:
    ran = command.to(seaweed.environment).run("audit", photos)
    assert ran.code == 0
    assert ran.out.startswith("2 redundant objects hold 270 B")
    assert f"{photos}/open/a" in ran.out
    assert "\x1b" not in ran.out


def test_stdout_carries_the_report_alone_and_stderr_plain_lines_with_their_time(audited: Ran) -> None:
    assert audited.said == []
    assert audited.log[:2] == [
        f"6 objects ({4 * SIZE + 5} B) after listing 1 page",
        f"4 candidates ({4 * SIZE} B) after grouping by size",
    ]
    assert "\x1b" not in audited.err
    assert "\r" not in audited.err


def test_quiet_says_nothing_but_the_report(command: Command, seaweed: S3Server, photos: str) -> None:
    ran = command.to(seaweed.environment).run("audit", photos, "--quiet", "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    parsed(ran.out)


def test_quiet_still_says_why_it_failed(command: Command, seaweed: S3Server) -> None:
    refused(command.to(seaweed.environment).run("audit", "s3://no-such-bucket", "-q"), 1, "no bucket named")


def test_verbose_logs_each_head_each_read_and_what_came_of_it(command: Command, seaweed: S3Server, photos: str) -> None:
    ran = command.to(seaweed.environment).run("audit", photos, "--verbose", "--etag-trust", "never")
    assert ran.code == 0
    reads = [line for line in ran.log if line.startswith(f"GET bytes 0-{SIZE - 1} of {photos}/")]
    assert len(reads) == 4
    assert f"4 objects of {SIZE} bytes in doubt" in ran.log
    assert f"4 objects of {SIZE} bytes compared: 1 set of equal ones" in ran.log
    heads = command.to(seaweed.environment).run("audit", photos, "--verbose", "--fresh").log
    assert len([line for line in heads if line.startswith(f"HEAD {photos}/")]) == 4


def test_a_key_from_a_bucket_cannot_act_on_the_terminal_by_way_of_the_log(
    command: Command, fake: FakeS3, settings: dict[str, str]
) -> None:
    for key in ("a\x1b[2J\nfake line", "b\u202e"):
        fake.put("b", key, b"same")
    ran = command.to(settings).run("audit", "s3://b", "--verbose")
    assert ran.code == 0
    assert ran.said == []
    assert any(r"s3://b/a\x1b[2J\x0afake line" in line for line in ran.log)
    assert not {"\x1b", "\u202e"} & set(ran.err + ran.out)


# --- the report again -----------------------------------------------------------------------------------------------


def test_the_last_report_is_rendered_again_without_s3_byte_for_byte(command: Command, audited: Ran) -> None:
    again = command.run("report", "--format", "json")
    assert (again.code, again.err) == (0, "")
    assert again.out == audited.out


def test_every_format_of_the_last_report_can_be_had_later(command: Command, seaweed: S3Server, photos: str) -> None:
    table = command.to(seaweed.environment).run("audit", photos).out
    assert command.run("report").out == table
    assert parsed(command.run("report", "--format", "json").out)["totals"]["groups"] == 1


@pytest.mark.usefixtures("audited")
@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_the_same_in_a_file_and_on_stdout(command: Command, tmp_path: Path, name: str) -> None:
    ran = command.run("report", "--format", name, "--output", tmp_path / "report")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    printed = shell(command, f"s3dedup report --format {name} | cmp - {tmp_path / 'report'}")
    assert (printed.returncode, printed.stdout, printed.stderr) == (0, "", "")
    assert (tmp_path / "report").stat().st_size > 100


def test_a_failed_audit_leaves_the_last_report(command: Command, seaweed: S3Server, audited: Ran) -> None:
    assert command.to(seaweed.environment).run("audit", "s3://no-such-bucket").code == 1
    assert command.run("report", "--format", "json").out == audited.out


def test_a_state_of_ones_own_choice_is_the_one_that_is_used(
    command: Command, seaweed: S3Server, photos: str, tmp_path: Path
) -> None:
    ran = command.to(seaweed.environment).run("audit", photos, "--state", tmp_path / "own", "--format", "json")
    assert command.run("report", "--state", tmp_path / "own", "--format", "json").out == ran.out
    assert not command.state.exists()


# --- to a file ------------------------------------------------------------------------------------------------------


def test_a_report_in_a_file_is_the_same_and_stdout_stays_empty(command: Command, audited: Ran, tmp_path: Path) -> None:
    output = tmp_path / "report.json"
    ran = command.run("report", "--format", "json", "--output", output, umask=0o022)
    assert (ran.code, ran.out) == (0, "")
    assert output.read_text(encoding="utf-8") == audited.out
    assert stat.S_IMODE(output.stat().st_mode) == 0o644
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["report.json"]


def test_an_audit_writes_its_report_to_a_file(command: Command, seaweed: S3Server, photos: str, tmp_path: Path) -> None:
    output = tmp_path / "report.json"
    output.write_text("an older one", encoding="utf-8")
    ran = command.to(seaweed.environment).run("audit", photos, "--format", "json", "--output", output)
    assert (ran.code, ran.out) == (0, "")
    assert parsed(output.read_text(encoding="utf-8"))["totals"]["groups"] == 1


@pytest.mark.usefixtures("audited")
def test_a_report_that_cannot_be_written_whole_leaves_the_file_as_it_was(command: Command, tmp_path: Path) -> None:
    output = tmp_path / "report.json"
    output.write_text("an older one", encoding="utf-8")
    small = command.within("/bin/sh", "-c", 'ulimit -f 1; exec "$0" "$@"')
    ran = small.run("report", "--format", "json", "--output", output)
    refused(ran, 2, "cannot be written", "File too large", "`s3dedup report --output FILE` writes it elsewhere")
    assert output.read_text(encoding="utf-8") == "an older one"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["report.json"]


def test_a_link_is_written_through(command: Command, audited: Ran, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there" / "report.json")
    assert command.run("report", "--format", "json", "--output", tmp_path / "link").code == 0
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there" / "report.json").read_text(encoding="utf-8") == audited.out


def test_a_pipe_is_written_to_and_not_replaced(command: Command, audited: Ran, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with command.start("report", "--format", "json", "--output", pipe) as process:
        assert pipe.read_text(encoding="utf-8") == audited.out
        assert process.wait() == 0
    assert pipe.is_fifo()


# --- to streams that take nothing -----------------------------------------------------------------------------------


def shell(command: Command, line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of shell in which `s3dedup` is the command."""
    path = {"PATH": f"{os.path.dirname(PROGRAM)}:{os.environ['PATH']}"}  # noqa: PTH120  a piece of PATH is text
    return subprocess.run(
        ["/bin/sh", "-c", line], env=command.environment | path, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("format_", FORMATS)
def test_a_reader_that_has_seen_enough_is_no_error(
    command: Command, fake: FakeS3, settings: dict[str, str], format_: str
) -> None:
    for number in range(600):
        fake.put("b", f"{number % 300:03}-{number // 300}-{'x' * 200}", str(number % 300).encode() * 9)
    assert command.to(settings).run("audit", "s3://b", "--quiet", "--output", os.devnull).code == 0
    ran = shell(command, f"s3dedup report --format {format_} | head -c 1 | wc -c")
    assert ran.stdout.split() == ["1"]
    assert ran.stderr == ""


@pytest.mark.usefixtures("audited")
def test_a_full_disk_behind_stdout_is_told_in_one_sentence(command: Command) -> None:
    if not os.path.exists("/dev/full"):  # noqa: PTH110
        pytest.skip("only Linux has /dev/full")
    ran = shell(command, "s3dedup report > /dev/full")
    refused(Ran(ran.returncode, ran.stdout, ran.stderr), 1, "cannot be written to stdout", "`s3dedup report`")


@pytest.mark.usefixtures("audited")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_closed_stream_is_no_error(command: Command, closed: str) -> None:
    ran = shell(command, f"s3dedup report {closed}")
    assert ran.returncode == 0
    assert ran.stderr == ""


def test_a_message_does_not_go_to_stdout_when_stderr_is_closed(command: Command) -> None:
    ran = shell(command, "s3dedup report 2>&-")
    assert (ran.returncode, ran.stdout) == (1, "")


@pytest.mark.usefixtures("audited")
def test_a_stream_that_takes_ascii_only_is_no_error(command: Command) -> None:
    ran = command.to({"PYTHONIOENCODING": "ascii"}).run("report")
    assert (ran.code, ran.err) == (0, "")


# --- the command itself ---------------------------------------------------------------------------------------------


def test_the_package_can_be_run_as_a_module() -> None:
    line = [sys.executable, "-m", "s3dedup", "--version"]
    ran = subprocess.run(line, capture_output=True, text=True, check=True)
    assert ran.stdout == f"s3dedup {__version__}\n"


def test_several_locations_are_audited_together(command: Command, fake: FakeS3, settings: dict[str, str]) -> None:
    fake.put("one", "a", b"same")
    fake.put("two", "b", b"same")
    report = parsed(command.to(settings).run("audit", "s3://one", "s3://two", "--format", "json").out)
    assert [item["bucket"] for item in report["groups"][0]["objects"]] == ["one", "two"]


def test_an_empty_bucket_is_audited_like_any_other(command: Command, fake: FakeS3, settings: dict[str, str]) -> None:
    fake.bucket("empty")
    ran = command.to(settings).run("audit", "s3://empty", "--format", "json")
    assert ran.code == 0
    assert parsed(ran.out)["groups"] == []


def test_what_may_not_be_read_is_in_the_report_and_the_exit_code_says_so(
    command: Command, seaweed: S3Server, photos: str
) -> None:
    half = seaweed.as_identity("half")
    ran = command.to(half.environment).run("audit", photos, "--format", "json", "--etag-trust", "never")
    report = parsed(ran.out)
    assert ran.code == 3
    assert report["run"]["complete"] is False
    assert [(each["key"], each["reason"]) for each in report["skipped"]] == [("b", "access-denied")]
    assert [item["key"] for item in report["groups"][0]["objects"]] == ["open/a", "open/c"]
    assert command.run("report").code == 3


def test_whoever_may_only_list_is_told_what_was_skipped_and_what_to_do(
    command: Command, seaweed: S3Server, photos: str
) -> None:
    lister = seaweed.as_identity("list-only")
    ran = command.to(lister.environment).run("audit", photos)
    assert ran.code == 3
    assert "Not compared" in ran.out or "not compared" in ran.out
    assert "Allow s3:GetObject" in ran.out
