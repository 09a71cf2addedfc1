"""What a file says reaches the audit, and what is wrong with it is told all at once, each with its place."""

from __future__ import annotations

import inspect
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from s3dedup.cli import commands
from s3dedup.config import AuditConfig, Source
from s3dedup.errors import ScheduleError, UsageError
from s3dedup.model import EtagTrust
from s3dedup.schedule import Notification, Output, Schedule, When, read_schedule
from s3dedup.schedule.keys import AUDIT, TABLES

NOW = datetime(2026, 11, 2, 3, 4, 5, tzinfo=UTC)

EVERYTHING = """\
locations = ["s3://a", "s3://b/2024/"]
state = "state"
profile = "work"
region = "eu-central-1"
requester-pays = true
min-size = "128 KiB"
include = "*.jpg"
exclude = ["*/tmp/*", "*/cache/*"]
storage-class = ["standard", "GLACIER_IR"]
versions = true
etag-trust = "never"
digest = "sha256"
keep = ["newest", "shortest-key"]
protect = "s3://a/masters/"
max-read = "10 GiB"
max-requests = 1_000
max-cost = 0.5
concurrency = 8
fresh = true
fail-over = 1000

[[source]]
locations = "s3://c"
endpoint-url = "https://minio.example.net"
profile = "minio"
requester-pays = false

[[source]]
locations = ["s3://d", "s3://e/x"]
role-arn = "arn:aws:iam::111122223333:role/auditor"
external-id = "42"
role-session-name = "nightly"

[[output]]
format = "html"
file = "reports/%Y-%m-%d.html"

[[output]]
format = "markdown"

[[notify]]
url = "json://localhost/$S3DEDUP_TEST_TOKEN/${S3DEDUP_TEST_TOKEN}"
when = ["over", "failed"]

[[notify]]
url = "json://localhost/$$"
"""


def read(tmp_path: Path, text: str) -> Schedule:
    """What a file of this text says."""
    file = tmp_path / "audit.toml"
    file.write_text(text, encoding="utf-8")
    return read_schedule(file, NOW, lambda _format, _file: None)


def problems(tmp_path: Path, text: str) -> list[str]:
    """What is wrong with a file of this text, without its name."""
    with pytest.raises(ScheduleError) as raised:
        read(tmp_path, text)
    beginning = f"{tmp_path / 'audit.toml'}:"
    assert all(each.startswith(beginning) and each.endswith((".", "?")) for each in raised.value.problems)
    return [each.removeprefix(beginning) for each in raised.value.problems]


def test_everything_that_a_file_can_say_reaches_the_audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S3DEDUP_TEST_TOKEN", "se$cret")
    role: dict[str, Any] = {
        "role_arn": "arn:aws:iam::111122223333:role/auditor",
        "external_id": "42",
        "role_session_name": "nightly",
    }
    schedule = read(tmp_path, EVERYTHING)
    assert schedule.config == AuditConfig(
        locations=[
            "s3://a",
            "s3://b/2024/",
            Source("s3://c", endpoint_url="https://minio.example.net", profile="minio", requester_pays=False),
            Source("s3://d", **role),
            Source("s3://e/x", **role),
        ],
        state=tmp_path / "state",
        profile="work",
        region="eu-central-1",
        requester_pays=True,
        min_size=128 * 1024,
        include=["*.jpg"],
        exclude=["*/tmp/*", "*/cache/*"],
        storage_classes=["STANDARD", "GLACIER_IR"],
        versions=True,
        etag_trust=EtagTrust.NEVER,
        digest="sha256",
        keep=["newest", "shortest-key"],
        protect=["s3://a/masters/"],
        max_read=10 * 2**30,
        max_requests=1000,
        max_cost=Decimal("0.5"),
        concurrency=8,
        fresh=True,
    )
    assert schedule.fail_over == 1000
    assert schedule.outputs == (Output("html", tmp_path / "reports/2026-11-02.html"), Output("markdown", None))
    assert schedule.notifications == (
        Notification("json://localhost/se$cret/se$cret", (When.OVER, When.FAILED)),
        Notification("json://localhost/$", (When.ALWAYS,)),
    )


def test_a_file_takes_what_the_command_takes() -> None:
    options = {name.replace("_", "-") for name in inspect.signature(commands.audit).parameters}
    role = {"role-arn", "external-id", "role-session-name"}
    assert AUDIT.keys() - role == options - {"format", "output", "quiet", "verbose"}


def test_every_key_of_an_audit_is_a_field_of_its_configuration() -> None:
    names = {key.field or name.replace("-", "_") for name, key in AUDIT.items()} - {"fail_over"}
    assert names == {each.name for each in fields(AuditConfig)} - {"access_key", "secret_key"}


def test_every_key_of_a_source_is_a_field_of_one() -> None:
    names = {name.replace("-", "_") for name in TABLES["source"]} - {"locations"}
    assert names == {each.name for each in fields(Source)} - {"location", "access_key", "secret_key"}


def test_the_least_is_a_location_and_the_report_goes_to_stdout_as_a_table(tmp_path: Path) -> None:
    assert read(tmp_path, 'locations = "s3://a"') == Schedule(AuditConfig(["s3://a"]), (Output("table", None),))


def test_a_source_alone_is_enough(tmp_path: Path) -> None:
    assert read(tmp_path, '[[source]]\nlocations = ["s3://a"]').config == AuditConfig([Source("s3://a")])


def test_an_absolute_path_stays_where_it_is(tmp_path: Path) -> None:
    assert read(tmp_path, 'locations = "s3://a"\nstate = "/var/lib/s"').config.state == Path("/var/lib/s")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("min_size = 1", "2:1: 'min_size' is no key of an audit: did you mean 'min-size'?"),
        ("outputs = 1", "2:1: 'outputs' is no key of an audit: did you mean 'output'?"),
        ("zzz = 1", "2:1: 'zzz' is no key of an audit: known are locations, endpoint-url, "),
        ('min-size = "big"', "2:12: min-size: 'big' is not a size: write bytes, or a unit as in 128KiB, 10MiB, 1.5GB."),
        ("min-size = -1", "2:12: min-size: -1 is no whole number of 0 or more: write bytes as in 1000."),
        ("min-size = true", "2:12: min-size: true is no whole number of 0 or more: write bytes as in 1000."),
        ("max-requests = 1.5", "2:16: max-requests: 1.5 is no whole number of 0 or more: write a number as in 1000."),
        ("concurrency = 0", "2:15: concurrency: 0 does nothing: write 1 or more."),
        ("max-cost = -1", "2:12: max-cost: '-1' is not an amount of money: write dollars, as in 0.50 or 12."),
        ("max-cost = nan", "2:12: max-cost: 'NaN' is not an amount of money"),
        ("max-cost = true", "2:12: max-cost: 'true' is not an amount of money"),
        ('versions = "yes"', "2:12: versions: 'yes' is neither true nor false: write one of them, without quotes."),
        ("state = 5", "2:9: state: 5 is no text: write one between quotes."),
        ('state = ""', "2:9: state: '' is no text: write one between quotes."),
        ("profile = 2026-11-22", "2:11: profile: 2026-11-22 is no text: write one between quotes."),
        ("include = {a = 1}", "2:11: include: a table is no text: write one between quotes."),
        ('etag-trust = "maybe"', "2:14: etag-trust: 'maybe' is not known here: choose from auto, always, never."),
        ('keep = ["oldest", "best"]', "2:19: keep: 'best' is no rule for keepers: write oldest, newest,"),
        ('protect = ["*.pdf",\n  "s3://a/*"]', "3:3: protect: 's3://a/*': a location takes no wildcards"),
        ('prices = "no.json"', "2:10: prices: The prices in "),
        ('external-id = "1"', "1:1: An external id and a session name are for a role: name the role, too."),
        ("source = 1", "2:10: source: this is no array of tables: begin each with [[source]]."),
        ("[source]", "2:1: source: this is no array of tables: begin each with [[source]]."),
        ("[[source]]", "2:1: source: this has no 'locations', without which it makes no sense: write it below."),
        ('[[source]]\nlocations = ["a"]', "3:14: locations: 'a' is not a location: write it as s3://bucket or "),
        ("[[output]]\nfail-over = 1", "3:1: 'fail-over' is no key of [[output]], but of the whole audit: write it"),
        ('[[output]]\nformat = "pdf"', "3:10: format: 'pdf' is not known here: choose from table, json,"),
        ('[[output]]\nformt = "json"', "3:1: 'formt' is no key of [[output]]: did you mean 'format'?"),
        ("[[notify]]", "2:1: notify: this has no 'url', without which it makes no sense: write it below."),
        ('[[notify]]\nurl = "$S3DEDUP_UNSET"', "3:7: url: $S3DEDUP_UNSET is not set: set it in the environment"),
        ('[[notify]]\nurl = "json://h/$"', "3:7: url: a $ is not followed by a name: write $NAME for a variable"),
        ('[[notify]]\nurl = "nobody"', "3:7: url: This is no address that apprise knows: see https://"),
        ('[[notify]]\nurl = "json://h"\nwhen = "often"', "4:8: when: 'often' is not known here: choose from always,"),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_column(tmp_path: Path, line: str, problem: str) -> None:
    (told,) = problems(tmp_path, f'locations = "s3://a"\n{line}\n')
    assert told.startswith(problem)


def test_all_that_is_wrong_is_told_at_once_from_top_to_bottom(tmp_path: Path) -> None:
    text = 'locations = ["s3://a", "b"]\nfresh = 1\n[[output]]\nformat = "x"\nfile = 2\n[[notify]]\nwhen = "x"\n'
    places = [each.split(": ")[0] for each in problems(tmp_path, text)]
    assert places == ["1:24", "2:9", "4:10", "5:8", "6:1", "7:8"]


@pytest.mark.parametrize("text", ["", "# nothing\n", "[[output]]\n"])
def test_a_file_without_a_location_is_told_so(tmp_path: Path, text: str) -> None:
    assert problems(tmp_path, text) == [
        "1:1: There is nothing to audit: name at least one location, such as s3://bucket/prefix."
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a = 1\nb = \n", "2:5: this is no TOML: invalid value."),
        ("a = 1\na = 2\n", "2:6: this is no TOML: cannot overwrite a value."),
        ('a = """\n', "2:1: this is no TOML: unterminated string."),
    ],
)
def test_what_is_no_toml_is_told_with_its_line_and_column(tmp_path: Path, text: str, problem: str) -> None:
    assert problems(tmp_path, text) == [problem]


def test_two_reports_for_one_place_are_told(tmp_path: Path) -> None:
    text = 'locations = "s3://a"\n[[output]]\nfile = "x"\n[[output]]\nfile = "./x"\n[[output]]\n[[output]]\n'
    assert problems(tmp_path, text) == [
        "5:8: file: another report goes there already: name another file.",
        "7:1: output: another report goes to stdout already: name a file.",
    ]


def test_only_what_the_file_says_is_dated(tmp_path: Path) -> None:
    folder = tmp_path / "100%Yes"
    folder.mkdir()
    schedule = read(folder, 'locations = "s3://a"\nstate = "%d"\n[[output]]\nfile = "%d-50%%.txt"\n')
    assert schedule.outputs == (Output("table", folder / "02-50%.txt"),)
    assert schedule.config.state == folder / "%d"


def test_where_a_report_cannot_go_is_told_at_its_line(tmp_path: Path) -> None:
    def refuse(format_: str, file: Path | None) -> None:
        raise UsageError(f"{format_} cannot go to {file and file.name}: name another file.")

    file = tmp_path / "audit.toml"
    file.write_text('locations = "s3://a"\n[[output]]\nformat = "parquet"\n[[output]]\nfile = "%d.txt"\n')
    with pytest.raises(ScheduleError) as raised:
        read_schedule(file, NOW, refuse)
    assert [each.removeprefix(f"{file}:") for each in raised.value.problems] == [
        "3:10: format: parquet cannot go to None: name another file.",
        "5:8: file: table cannot go to 02.txt: name another file.",
    ]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    for file in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(UsageError, match=r"cannot be read \(.+\): name a TOML file that can be read\."):
            read_schedule(file, NOW, lambda _format, _file: None)
    (tmp_path / "latin.toml").write_bytes(b'locations = "s3://\xe9"')
    with pytest.raises(UsageError, match="is no UTF-8 text, which TOML has to be: save it as UTF-8"):
        read_schedule(tmp_path / "latin.toml", NOW, lambda _format, _file: None)


def test_an_address_is_never_shown(tmp_path: Path) -> None:
    schedule = read(tmp_path, 'locations = "s3://a"\n[[notify]]\nurl = "json://user:secret@localhost"\n')
    assert "secret" not in repr(schedule)
    (told,) = problems(tmp_path, 'locations = "s3://a"\n[[notify]]\nurl = "unknown://secret@localhost"\n')
    assert "secret" not in told
