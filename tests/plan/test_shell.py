"""The script, run by a real `sh` with a stand-in for the AWS CLI."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from s3dedup.plan import PlanHead, PlanLine
from s3dedup.report.plan.shell import AGAIN
from tests.plan.samples import HEAD, item, line, written

SH = str(shutil.which("sh"))
STUB = Path(__file__).with_name("stub_aws.sh")
HOSTILE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=60)
ETAG = "e" * 32


@dataclass(frozen=True)
class Run:
    """What a script came to, and how it called the AWS CLI."""

    code: int
    out: str
    err: str
    calls: list[list[str]]

    @property
    def done(self) -> list[tuple[str, str]]:
        """The operations, each with the key that it was about."""
        return [(call[call.index("s3api") + 1], asked(call)["Key"]) for call in self.calls]


def asked(call: Sequence[str]) -> dict[str, str]:
    """What a call hands over as JSON."""
    value: dict[str, str] = json.loads(call[call.index("--cli-input-json") + 1])
    return value


def run(script: str, *arguments: str, found: str = f'"{ETAG}"\\t10\\tNone', gone: str = "", deleted: int = 0) -> Run:
    """Run a script in an empty directory, in which nothing may be left."""
    with TemporaryDirectory() as scratch, TemporaryDirectory() as empty:
        log, aws = Path(scratch) / "calls", Path(scratch) / "aws"
        log.touch()
        aws.symlink_to(STUB)
        environment = {"PATH": f"{scratch}:{os.defpath}", "CALLS": str(log), "FOUND": found, "GONE": gone}
        ran = subprocess.run(
            [SH, "-c", script, "plan.sh", *arguments],
            cwd=empty,
            env=environment | {"DELETED": str(deleted)},
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert list(Path(empty).iterdir()) == []
        return Run(ran.returncode, ran.stdout.decode("ascii"), ran.stderr.decode(), calls_in(log.read_bytes()))


def calls_in(log: bytes) -> list[list[str]]:
    """The calls that the stand-in has kept."""
    words, calls = log.decode().split("\0")[:-1], []
    while words:
        count = int(words[0])
        calls.append(words[1 : count + 1])
        words = words[count + 1 :]
    return calls


def script_of(*lines: PlanLine, head: PlanHead = HEAD, **access: Any) -> str:  # noqa: ANN401  those of Access
    return written(lines, head, "sh", **access)


@given(keys=st.lists(HOSTILE, min_size=2, max_size=4, unique=True), bucket=HOSTILE)
@example(keys=["$(touch pwned)", "`touch pwned`", "'; touch pwned; '", "a\n touch pwned\n"], bucket="b")
@example(keys=["--endpoint-url=http://evil", "file:///etc/passwd", "\\", "\u202e\x1b[2J", '"', "*"], bucket="-b")
@settings(max_examples=40, deadline=None)
def test_whatever_a_key_holds_the_cli_is_asked_about_it_and_nothing_else(keys: list[str], bucket: str) -> None:
    keeper, *others = (item(key, bucket=bucket) for key in keys)
    ran = run(script_of(*(line(keeper=keeper, redundant=each) for each in others)), "--yes")
    assert (ran.code, ran.err) == (0, "")
    expected = [("head-object", keeper.key)]
    for each in others:
        expected += [("head-object", each.key), ("delete-object", each.key)]
    assert ran.done == expected
    assert all(
        asked(call) == {"Bucket": bucket, "Key": key} for call, (_, key) in zip(ran.calls, expected, strict=True)
    )
    assert all(call[call.index("--if-match") + 1] == f'"{ETAG}"' for call in ran.calls)
    assert all(call[0] == "s3api" for call in ran.calls)


@given(note=HOSTILE, etag=st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=20))
@settings(max_examples=15, deadline=None)
def test_nothing_else_that_a_plan_holds_is_run(note: str, etag: str) -> None:
    head = replace(HEAD, tool_version=note, run=replace(HEAD.run, id=note, locations=(note,)))
    keeper = item("keeper", etag=etag)
    ran = run(script_of(line(keeper=keeper, redundant=item("x", etag=etag)), head=head))
    assert (ran.code, ran.err, ran.calls) == (0, "", [])


def test_without_yes_nothing_is_asked_or_deleted_and_everything_is_told() -> None:
    ran = run(script_of(line()))
    assert (ran.code, ran.calls) == (0, [])
    assert ran.out.splitlines() == [
        'keeps         {"Bucket": "b", "Key": "keeper"}',
        'would delete  {"Bucket": "b", "Key": "redundant"}',
    ]


@pytest.mark.parametrize("arguments", [["--no"], ["--yes", "--yes"], ["yes"], [""]])
def test_any_other_argument_is_refused(arguments: list[str]) -> None:
    ran = run(script_of(line()), *arguments)
    assert (ran.code, ran.out, ran.calls) == (2, "", [])
    assert ran.err == "usage: sh plan.sh [--yes]\n"


@pytest.mark.parametrize(
    "found", ['"other"\\t10\\tNone', f'"{ETAG}"\\t11\\tNone', f'"{ETAG}"\\t10\\tv1', "", f"{ETAG}\\t10\\tNone"]
)
def test_it_stops_before_the_first_delete_where_the_keeper_is_not_as_planned(found: str) -> None:
    ran = run(script_of(line("x"), line("y")), "--yes", found=found)
    assert (ran.code, ran.done) == (1, [("head-object", "keeper")])
    assert ran.err.startswith('Stopped: {"Bucket": "b", "Key": "keeper"} has changed.')


def test_it_stops_where_the_keeper_is_gone() -> None:
    ran = run(script_of(line("x"), line("y")), "--yes", gone="yes")
    assert (ran.code, ran.done) == (1, [("head-object", "keeper")])
    assert "cannot be looked at, or has changed" in ran.err


def test_it_stops_where_a_redundant_object_is_not_as_planned() -> None:
    lines = [line("x", redundant=item("x", etag="f" * 32)), line("y")]
    ran = run(script_of(*lines), "--yes")
    assert (ran.code, ran.done) == (1, [("head-object", "keeper"), ("head-object", "x")])


def test_it_stops_where_a_delete_is_refused() -> None:
    ran = run(script_of(line("x"), line("y")), "--yes", deleted=254)
    assert (ran.code, ran.done[-1]) == (1, ("delete-object", "x"))
    assert ran.err.startswith('Stopped: {"Bucket": "b", "Key": "x"} was not deleted.')


def test_a_version_is_deleted_by_its_id_and_without_a_condition() -> None:
    versions = replace(HEAD, versions=True)
    planned = line(keeper=item("k", version_id="v-1"), redundant=item("r", version_id="v-1"))
    ran = run(script_of(planned, head=versions), "--yes", found=f'"{ETAG}"\\t10\\tv-1')
    assert (ran.code, ran.err) == (0, "")
    assert asked(ran.calls[-1]) == {"Bucket": "b", "Key": "r", "VersionId": "v-1"}
    assert "--if-match" in ran.calls[1]
    assert "--if-match" not in ran.calls[2]


def test_each_group_begins_with_its_own_keeper() -> None:
    ran = run(script_of(line("x"), line("y", keeper=item("other"))))
    assert [each.split()[0] for each in ran.out.splitlines()] == ["keeps", "would", "keeps", "would"]


def test_the_keeper_of_many_is_looked_at_again_and_again() -> None:
    told = run(script_of(*(line(f"x{number}") for number in range(2 * AGAIN + 1)))).out.splitlines()
    assert [number for number, each in enumerate(told) if each.startswith("keeps")] == [0, AGAIN + 1, 2 * AGAIN + 2]


def test_each_store_is_asked_at_its_endpoint_with_the_profile_and_the_region_that_were_given() -> None:
    head = replace(HEAD, endpoints=("AWS", "http://x:1/'$(id)"))
    planned = line(redundant=item("r", endpoint="http://x:1/'$(id)"))
    ran = run(script_of(planned, head=head, profile="my work", region="eu-1", requester_pays=True), "--yes")
    assert ran.code == 0
    assert ran.calls[0][:3] == ["--profile=my work", "--region=eu-1", "s3api"]
    assert ran.calls[-1][:2] == ["--endpoint-url=http://x:1/'$(id)", "--profile=my work"]
    assert all(asked(call)["RequestPayer"] == "requester" for call in ran.calls)
