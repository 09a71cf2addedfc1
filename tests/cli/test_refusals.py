"""Every bad input has one clear sentence, says what to do next, and has its exit code; never a traceback."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
import threading
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from s3dedup.shelf import State
from s3dedup.shelf.database import Database
from tests.cli.command import Command, misused, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes3 import FakeS3
    from tests.servers import S3Server

NO_MORE_WAITING = "import time\ntime.sleep = lambda seconds: None\n"

# As root a file's mode forbids nothing, unless the right to override it is given away: capabilities 1 and 2
# (CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH), dropped from the bounding set (prctl 24), are gone after execv.
AS_ANYBODY = """
import ctypes, os, sys
if os.geteuid() == 0:
    libc = ctypes.CDLL(None)
    if libc.prctl(24, 1, 0, 0, 0) or libc.prctl(24, 2, 0, 0, 0):
        sys.exit("cannot drop capabilities")
os.execv(sys.argv[1], sys.argv[1:])
"""


def as_anybody(command: Command) -> Command:
    """The command under the rules that hold for everybody but root."""
    return command.within(sys.executable, "-I", "-S", "-c", AS_ANYBODY)


@pytest.fixture
def online(command: Command, seaweed: S3Server) -> Command:
    """The command with the credentials of an administrator of a real server."""
    return command.to(seaweed.environment)


# --- what was typed -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(["audit"], "Missing argument 'LOCATION...'", id="no-location"),
        pytest.param(["audit", "photos"], "'photos' is not a location: write it as s3://bucket", id="not-a-location"),
        pytest.param(["audit", "s3://"], "names no bucket: write it as s3://bucket", id="no-bucket"),
        pytest.param(["audit", "s3://b*"], "cannot be a bucket name; patterns go into --include", id="a-pattern"),
        pytest.param(["audit", "s3://b", "--min-size", "big"], "not a size: write bytes, or a unit as in", id="size"),
        pytest.param(
            ["audit", "s3://b", "--min-size", "-1"], "not a size: write bytes, or a unit as in", id="negative"
        ),
        pytest.param(
            ["audit", "s3://b", "--format", "yaml"], "no report format: choose from table, json,", id="format"
        ),
        pytest.param(["report", "--format", "JSON"], "no report format: choose from table, json,", id="format-case"),
        pytest.param(
            ["audit", "s3://b", "--etag-trust", "maybe"], "is not one of 'auto', 'always', 'never'", id="trust"
        ),
        pytest.param(["audit", "s3://b", "--concurrency", "many"], "should be a valid integer", id="no-number"),
        pytest.param(["audit", "s3://b", "--colour"], "No such option: --colour", id="no-such-option"),
        pytest.param(["adit", "s3://b"], "No such command 'adit'", id="no-such-command"),
    ],
)
def test_a_command_line_that_makes_no_sense_is_refused(command: Command, arguments: list[str], sentence: str) -> None:
    misused(command.run(*arguments), sentence)
    assert list(command.home.iterdir()) == []


def test_an_option_without_its_value_is_named(command: Command) -> None:
    ran = command.run("audit", "s3://b", "--state")
    assert (ran.code, ran.out, ran.err) == (2, "", "Error: Option '--state' requires an argument.\n")


@pytest.mark.parametrize(
    ("options", "sentences"),
    [
        pytest.param(["--digest", "md5"], ["'md5'", "pass sha1 or sha256"], id="digest"),
        pytest.param(["--concurrency", "0"], ["concurrency of 0", "pass 1 or more"], id="concurrency"),
        pytest.param(
            ["--profile", "no such"], ["profile (no such) could not be found", "check --profile"], id="profile"
        ),
        pytest.param(["--region", "no where"], ["region_name 'no where'", "check --profile, --region"], id="region"),
        pytest.param(["--endpoint-url", "localhost"], ["Invalid endpoint: localhost", "--endpoint-url"], id="endpoint"),
        pytest.param(
            ["--output", "/no/such/directory/report"], ["No such file or directory", "name a file in"], id="output"
        ),
        pytest.param(["--output", "/dev/null/report"], ["Not a directory", "name a file in"], id="output-below-a-file"),
    ],
)
def test_options_that_make_no_sense_are_refused_before_anything_is_sent(
    command: Command, fake: FakeS3, settings: dict[str, str], options: list[str], sentences: list[str]
) -> None:
    fake.bucket("b")
    refused(command.to(settings).run("audit", "s3://b", *options), 2, *sentences)
    assert fake.log == []


@pytest.mark.parametrize("bucket", ["arn:aws:s3:::b", "arn:aws:nothing"])
def test_a_bucket_name_that_s3_cannot_have_is_refused(command: Command, settings: dict[str, str], bucket: str) -> None:
    ran = command.to(settings).run("audit", f"s3://{bucket}")
    refused(ran, 2, "check the bucket's name")
    assert len(ran.err) < 300


@pytest.mark.parametrize("option", ["--include", "--exclude"])
@pytest.mark.parametrize("glob", ["[", "[!", "[z-a]", "**", "", "(", "\\", "a" * 5000])
def test_any_text_is_a_glob(command: Command, fake: FakeS3, settings: dict[str, str], option: str, glob: str) -> None:
    fake.put("b", "k", b"content")
    assert command.to(settings).run("audit", "s3://b", option, glob, "--quiet").code == 0


def test_a_binary_report_for_a_terminal_is_refused_before_anything_is_sent(
    command: Command, settings: dict[str, str], fake: FakeS3
) -> None:
    master, slave = pty.openpty()
    try:
        ran = command.to(settings).run("audit", "s3://b", "--format", "parquet", stdout=slave)
    finally:
        os.close(master)
        os.close(slave)
    refused(ran, 2, "--format parquet is binary, and stdout is a terminal: pass --output FILE")
    assert fake.log == []


@pytest.mark.parametrize("line", [("audit", "s3://b"), ("report",)])
def test_a_format_whose_package_is_missing_is_refused_with_the_way_to_get_it(
    command: Command, tmp_path: Path, line: tuple[str, ...]
) -> None:
    (tmp_path / "pyarrow.py").write_text("raise ModuleNotFoundError")
    ran = command.to({"PYTHONPATH": str(tmp_path)}).run(*line, "--format", "parquet")
    refused(ran, 2, "The parquet format needs pyarrow: pip install 's3dedup[report]', or choose another --format")


# --- who asks -------------------------------------------------------------------------------------------------------


def test_without_credentials_the_ways_to_give_them_are_named(command: Command, fake: FakeS3) -> None:
    ran = command.to({"AWS_ENDPOINT_URL": fake.endpoint_url}).run("audit", "s3://b")
    refused(ran, 1, "No usable AWS credentials", "aws configure", "--profile", "--no-sign-request")


def test_half_credentials_are_no_credentials(command: Command, fake: FakeS3) -> None:
    ran = command.to({"AWS_ENDPOINT_URL": fake.endpoint_url, "AWS_ACCESS_KEY_ID": "half"}).run("audit", "s3://b")
    refused(ran, 1, "No usable AWS credentials (Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY)")


def test_credentials_that_the_server_does_not_accept_are_told_from_missing_rights(online: Command, photos: str) -> None:
    ran = online.to({"AWS_SECRET_ACCESS_KEY": "wrong"}).run("audit", photos)
    refused(ran, 1, "does not accept the credentials", "refresh them or pass another --profile")


def test_an_unknown_access_key_is_not_accepted(online: Command, photos: str) -> None:
    refused(online.to({"AWS_ACCESS_KEY_ID": "UNKNOWN"}).run("audit", photos), 1, "does not accept the credentials")


@pytest.mark.parametrize("name", ["nobody", "read-without-list"])
def test_whoever_may_not_list_is_told_which_right_is_missing(
    command: Command, seaweed: S3Server, photos: str, name: str
) -> None:
    ran = command.to(seaweed.as_identity(name).environment).run("audit", photos)
    refused(ran, 1, f"Listing {photos} is not allowed (AccessDenied)", "s3:ListBucket")


def test_a_bucket_that_is_not_there_is_named(online: Command) -> None:
    refused(online.run("audit", "s3://no-such-bucket"), 1, "no bucket named 'no-such-bucket'", "check the spelling")


def test_one_wrong_location_of_several_ends_the_audit(online: Command, photos: str) -> None:
    refused(online.run("audit", photos, "s3://no-such-bucket"), 1, "no bucket named 'no-such-bucket'")


# --- what answers ---------------------------------------------------------------------------------------------------


WEB_PAGE = b"<!DOCTYPE html><html><body><p>Welcome<br></body></html>"


@contextmanager
def web_server(status: int, page: bytes = WEB_PAGE) -> Iterator[str]:
    """A server that answers everything with one page."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        do_HEAD = do_GET  # noqa: N815  the name that the standard library looks for

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(WEB_PAGE, id="html"),
        pytest.param(b'\xef\xbb\xbf\n<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>', id="xhtml"),
        pytest.param(b'{"status": "ok"}', id="json"),
        pytest.param(b"It works!", id="text"),
    ],
)
def test_a_web_server_is_not_taken_for_an_empty_bucket(command: Command, settings: dict[str, str], page: bytes) -> None:
    with web_server(200, page) as url:
        ran = command.to(settings).run("audit", "s3://b", "--endpoint-url", url)
    refused(ran, 1, f"What answers at {url} is no S3 server", "check --endpoint-url")


def test_a_web_server_that_knows_no_such_page_is_said_to_have_no_such_bucket(
    command: Command, settings: dict[str, str]
) -> None:
    with web_server(404) as url:
        ran = command.to(settings).run("audit", "s3://b", "--endpoint-url", url)
    refused(ran, 1, "no bucket named 'b'", "the endpoint")


@pytest.fixture
def hasty(command: Command, settings: dict[str, str], tmp_path: Path) -> Command:
    """The command without the pauses between the SDK's attempts."""
    (tmp_path / "hasty").mkdir()
    (tmp_path / "hasty" / "sitecustomize.py").write_text(NO_MORE_WAITING, encoding="utf-8")
    return command.to(settings | {"PYTHONPATH": str(tmp_path / "hasty")})


def test_an_endpoint_that_does_not_answer_is_named(hasty: Command) -> None:
    ran = hasty.run("audit", "s3://b", "--endpoint-url", "http://127.0.0.1:9")
    refused(ran, 1, "http://127.0.0.1:9 cannot be reached", "check the address and the network")


def test_a_server_that_keeps_failing_is_told_with_what_to_do(hasty: Command, fake: FakeS3) -> None:
    fake.bucket("b")
    fake.faults.add("500", times=None)
    refused(hasty.run("audit", "s3://b"), 1, "InternalError", "run the same command again later")


def test_a_server_that_cuts_every_listing_short_is_told_in_one_sentence(hasty: Command, fake: FakeS3) -> None:
    fake.put("b", "k", b"content")
    fake.faults.add("truncate-body-after:40", times=None)
    refused(hasty.run("audit", "s3://b"), 1, "run the same command again later")


# --- where it is kept -----------------------------------------------------------------------------------------------


@pytest.fixture
def kept(online: Command, photos: str) -> Command:
    """The command after an audit; its report is in the home, as `report.json`."""
    assert online.run("audit", photos, "--quiet", "--format", "json", "--output", online.home / "report.json").code == 0
    return online


def still_reported(command: Command) -> bool:
    """Whether the last report is what it was."""
    report = (command.home / "report.json").read_text(encoding="utf-8")
    return command.run("report", "--format", "json").out == report


def test_without_an_audit_there_is_no_report(command: Command) -> None:
    refused(command.run("report"), 1, f"no finished audit in {command.state}", "run `s3dedup audit` first", "--state")


def test_a_message_cannot_act_on_the_terminal(command: Command) -> None:
    ran = command.run("report", "--state", command.home / "a\x1b[2Jb\u202ec")
    refused(ran, 1, rf"no finished audit in {command.home}/a\x1b[2Jb\u202ec:")


def test_a_state_that_is_in_use_is_told_with_who_uses_it(kept: Command, photos: str) -> None:
    with closing(State(kept.state)):
        ran = kept.run("audit", photos)
        assert still_reported(kept)
    refused(ran, 11, f"in use by another audit (process {os.getpid()})", "wait for it, or pass another --state")


def test_a_state_that_cannot_be_written_is_refused_and_its_report_still_read(kept: Command, photos: str) -> None:
    for path in kept.state.iterdir():
        path.chmod(0o400)
    kept.state.chmod(0o500)
    ran = as_anybody(kept).run("audit", photos)
    refused(ran, 1, f"The state directory {kept.state} cannot be written (Permission denied)", "pass another --state")
    assert still_reported(as_anybody(kept))


def test_a_state_that_cannot_be_made_is_refused(online: Command, photos: str) -> None:
    online.home.chmod(0o500)
    ran = as_anybody(online).run("audit", photos)
    refused(ran, 1, "cannot be written (Permission denied)", "pass another --state")


def test_a_state_that_cannot_be_looked_into_is_refused(kept: Command) -> None:
    kept.state.chmod(0)
    ran = as_anybody(kept).run("report")
    kept.state.chmod(0o700)
    refused(ran, 1, "cannot be read (Permission denied)", "pass another --state")


def test_a_report_that_may_not_be_read_is_refused(kept: Command) -> None:
    (kept.state / "report.mdb").chmod(0)
    ran = as_anybody(kept).run("report")
    refused(ran, 1, "report.mdb cannot be used", "check its permissions, or pass another --state")


def test_facts_that_may_not_be_read_are_refused(kept: Command, photos: str) -> None:
    (kept.state / "facts.mdb").chmod(0)
    ran = as_anybody(kept).run("audit", photos)
    refused(ran, 1, "facts.mdb cannot be used", "check its permissions, or pass another --state")


@pytest.mark.parametrize("name", ["facts.mdb", "scan.mdb"])
def test_a_corrupt_state_is_refused_and_its_report_still_read(kept: Command, photos: str, name: str) -> None:
    (kept.state / name).write_bytes(b"garbage " * 1024)
    refused(kept.run("audit", photos), 1, f"{name} is corrupt", "remove it, or pass another --state")
    assert still_reported(kept)


def test_a_corrupt_report_is_refused_and_the_next_audit_replaces_it(kept: Command, photos: str) -> None:
    (kept.state / "report.mdb").write_bytes(b"garbage " * 1024)
    refused(kept.run("report"), 1, "report.mdb is corrupt", "remove it, or pass another --state")
    assert kept.run("audit", photos).code == 0


@pytest.mark.parametrize("name", ["facts.mdb", "scan.mdb"])
def test_a_state_from_a_newer_version_is_refused_and_its_report_still_read(
    kept: Command, photos: str, name: str
) -> None:
    with closing(Database(kept.state / name, ("meta",), durable=True)) as database:
        database.put("meta", b"schema", (999).to_bytes(2))
    refused(kept.run("audit", photos), 1, "written by a newer s3dedup", "upgrade this one, or pass another --state")
    assert still_reported(kept)


def plant_much(fake: FakeS3) -> None:
    """More rows than the little room of the next tests can take."""
    for number in range(3000):
        fake.put("much", f"{number:05}/{'x' * 300}", b"same")


def test_when_a_file_of_the_state_may_not_grow_the_last_report_stays(
    kept: Command, fake: FakeS3, settings: dict[str, str]
) -> None:
    plant_much(fake)
    small = kept.to(settings).within("/bin/sh", "-c", 'ulimit -f 600; exec "$0" "$@"')
    refused(small.run("audit", "s3://much", "-q"), 1, ".mdb cannot be used", "make room, or pass another --state")
    assert still_reported(kept)
    assert kept.to(settings).run("audit", "s3://much", "-q").code == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own with room for half a megabyte."""
    disk, mount = tmp_path / "disk", shutil.which("mount")
    disk.mkdir()
    if os.geteuid() or mount is None or sys.platform != "linux":
        pytest.skip("only root may mount a small disk; the limit on file sizes is tested everywhere")
    if subprocess.run([mount, "-t", "tmpfs", "-o", "size=512k", "none", disk], check=False).returncode:
        pytest.skip("this container may not mount; the limit on file sizes is tested everywhere")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def test_when_the_disk_is_full_the_last_report_stays(
    command: Command, fake: FakeS3, settings: dict[str, str], small_disk: Path
) -> None:
    fake.put("few", "a", b"same")
    fake.put("few", "b", b"same")
    plant_much(fake)
    full = Command(small_disk, settings)
    assert full.run("audit", "s3://few", "-q", "--format", "json", "--output", small_disk / "report.json").code == 0
    refused(full.run("audit", "s3://much", "-q"), 1, ".mdb cannot be used", "make room, or pass another --state")
    assert still_reported(full)
    assert command.to(settings).run("audit", "s3://much", "-q").code == 0


def test_a_disk_without_any_room_is_told_in_one_sentence(
    command: Command, fake: FakeS3, settings: dict[str, str], small_disk: Path
) -> None:
    fake.put("few", "a", b"same")
    with (small_disk / "filler").open("wb") as filler, pytest.raises(OSError, match="No space left"):
        filler.write(bytes(1 << 20))
    ran = command.to(settings | {"XDG_STATE_HOME": str(small_disk)}).run("audit", "s3://few", "-q")
    refused(ran, 1, "No space left on device", "pass another --state")
