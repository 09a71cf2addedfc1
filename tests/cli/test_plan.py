"""A plan from the shell: made, verified, acted on by its user, and refused where it makes no sense."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.command import Command, Ran, misused, refused
from tests.plan import aws_cli

if TYPE_CHECKING:
    from tests.servers import S3Server
    from tests.servers.fixtures import FreshBucket

TWIN, OTHER, LARGE = b"the same bytes " * 9, b"other twins " * 9, b"x" * 3_000_000
HOSTILE = "-k '\"$(touch pwned)\n`id`;\\\x1b[2J.jpg"


@dataclass(frozen=True)
class Desk:
    """Somebody who audits one bucket of a real server, and acts on the plan."""

    command: Command
    server: S3Server
    bucket: str
    directory: Path

    def run(self, *arguments: str) -> Ran:
        """Run s3dedup in the directory where the plans lie."""
        return self.command.to(self.server.environment).run(*arguments, cwd=self.directory)

    def put(self, *keys: str, body: bytes) -> None:
        for key in keys:
            self.server.client().put_object(Bucket=self.bucket, Key=key, Body=body)

    def held(self) -> set[str]:
        """What the bucket holds."""
        listed = self.server.client().list_objects_v2(Bucket=self.bucket)["Contents"]
        return {each["Key"] for each in listed}

    def script(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the script."""
        aws = self.directory / "bin" / "aws"
        aws.parent.mkdir(exist_ok=True)
        aws.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{aws_cli.__file__}" "$@"\n')
        aws.chmod(0o755)
        path = {"PATH": f"{aws.parent}:{os.defpath}"}
        return subprocess.run(
            ["sh", "plan.sh", *arguments],
            cwd=self.directory,
            env=self.server.environment | path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def plan(self) -> list[str]:
        """The lines of the plan."""
        return (self.directory / "plan.jsonl").read_text().splitlines()

    def write_plan(self, *lines: str) -> None:
        """Write a plan by hand."""
        (self.directory / "plan.jsonl").write_text("\n".join(lines) + "\n")


@pytest.fixture
def desk(command: Command, seaweed: S3Server, fresh_bucket: FreshBucket, tmp_path: Path) -> Desk:
    """A bucket with three contents in seven objects, audited and planned for."""
    directory = tmp_path / "plans"
    directory.mkdir()
    found = Desk(command, seaweed, fresh_bucket(seaweed), directory)
    found.put("a", HOSTILE, "c", body=TWIN)
    found.put("d", "e", body=OTHER)
    found.put("large", "large too", body=LARGE)
    assert found.run("audit", f"s3://{found.bucket}", "--quiet", "--keep", "shortest-key").code == 0
    made = found.run("manifest", "--keep", "shortest-key", "--output", "plan.jsonl")
    assert (made.code, made.out, made.said) == (0, "", [])
    return found


def test_what_a_plan_says_goes_and_every_keeper_stays(desk: Desk) -> None:
    verified = desk.run("verify", "plan.jsonl", "--bytes", "--output", "plan.jsonl")
    assert verified.code == 0, verified.err
    assert desk.run("verify", "plan.jsonl", "--format", "sh", "--output", "plan.sh").code == 0
    before = desk.held()
    dry = desk.script()
    assert (dry.returncode, dry.stderr) == (0, "")
    assert desk.held() == before
    acted = desk.script("--yes")
    assert (acted.returncode, acted.stderr) == (0, "")
    assert not (desk.directory / "pwned").exists()
    stayed = {json.loads(each)["keeper"]["key"] for each in desk.plan()[1:]}
    assert desk.held() == stayed
    assert len(stayed) == 3
    report = json.loads(desk.run("audit", f"s3://{desk.bucket}", "--quiet", "--format", "json").out)
    assert (report["totals"]["groups"], report["totals"]["objects"]) == (0, 3)


def test_what_is_overwritten_after_the_script_was_written_is_not_deleted(desk: Desk) -> None:
    desk.run("verify", "plan.jsonl", "--bytes", "--format", "sh", "--output", "plan.sh")
    before = desk.held()
    desk.put("large too", body=b"a new content")
    acted = desk.script("--yes")
    assert acted.returncode == 1
    assert "Stopped: " in acted.stderr
    assert desk.held() == before


def test_what_has_changed_is_told_and_left_out(desk: Desk) -> None:
    desk.put("e", body=b"a new content")
    desk.server.client().delete_object(Bucket=desk.bucket, Key="large")
    verified = desk.run("verify", "plan.jsonl", "--output", "new.jsonl")
    assert verified.code == 3
    assert f"dropped s3://{desk.bucket}/e: changed, it was overwritten" in verified.log
    assert any(f"because of its keeper s3://{desk.bucket}/large: vanished, it is gone" in each for each in verified.log)
    kinds = [json.loads(each)["type"] for each in (desk.directory / "new.jsonl").read_text().splitlines()]
    assert sorted(kinds) == ["dropped", "dropped", "plan", "redundant", "redundant"]


def test_where_nothing_is_left_that_is_an_error_and_the_plan_stays(desk: Desk) -> None:
    before = desk.plan()
    for key in desk.held():
        desk.server.client().delete_object(Bucket=desk.bucket, Key=key)
    refused(desk.run("verify", "plan.jsonl", "--output", "plan.jsonl"), 1, "No line of the plan is left (4 vanished)")
    assert desk.plan() == before


@pytest.mark.parametrize("format", ["sh", "batch"])
def test_a_plan_that_was_not_compared_is_for_no_tool_and_an_old_script_stays(desk: Desk, format: str) -> None:  # noqa: A002  the contract's word
    (desk.directory / "plan.sh").write_text("as it was")
    for command in (["manifest"], ["verify", "plan.jsonl"]):
        ran = desk.run(*command, "--quiet", "--format", format, "--output", "plan.sh")
        refused(ran, 1, "No tool may act on this plan (4 lines not-compared: `s3dedup verify PLAN --bytes`")
    assert (desk.directory / "plan.sh").read_text() == "as it was"
    assert {each.name for each in desk.directory.iterdir()} == {"plan.jsonl", "plan.sh"}


def test_a_limit_to_what_is_read_leaves_the_rest_uncompared_and_says_so(desk: Desk) -> None:
    ran = desk.run("verify", "plan.jsonl", "--bytes", "--max-read", "1KiB", "--output", "plan.jsonl")
    assert ran.code == 3
    assert any("3 compared byte for byte" in each for each in ran.log)
    assert any("1 line not-compared" in each for each in ran.log)


def test_batch_operations_are_refused_where_there_are_none(desk: Desk) -> None:
    desk.run("verify", "plan.jsonl", "--bytes", "--output", "plan.jsonl")
    refused(desk.run("verify", "plan.jsonl", "--quiet", "--format", "batch"), 2, "pass --format sh")


def test_csv_is_for_people_and_has_every_line(desk: Desk) -> None:
    ran = desk.run("manifest", "--format", "csv", "--quiet")
    assert ran.code == 0
    assert len(ran.out.splitlines()) == 5
    assert "\x1b" not in ran.out


def edit(line: str, change: Callable[[dict[str, dict[str, str]]], object]) -> str:
    record = json.loads(line)
    change(record)
    return json.dumps(record)


def test_a_keeper_that_is_typed_in_is_refused_with_its_line(desk: Desk) -> None:
    head, *lines = desk.plan()
    desk.write_plan(head, lines[0], edit(lines[1], lambda record: record["keeper"].update(key="d")), *lines[2:])
    refused(desk.run("verify", "plan.jsonl"), 2, "makes no sense in line 3", "not as s3dedup wrote it")


def test_a_line_that_is_there_twice_is_refused(desk: Desk) -> None:
    head, *lines = desk.plan()
    desk.write_plan(head, *lines, lines[0])
    refused(desk.run("verify", "plan.jsonl"), 2, "is redundant in line 2 and once more in line 6")


def test_a_newer_plan_and_what_is_no_plan_are_refused(desk: Desk) -> None:
    desk.write_plan('{"schema": "s3dedup/plan/2"}')
    refused(desk.run("verify", "plan.jsonl"), 2, "s3dedup/plan/2", "upgrade it")
    desk.write_plan("key,size", "a,1")
    refused(desk.run("verify", "plan.jsonl"), 2, "does not begin as a plan does")
    desk.write_plan()
    refused(desk.run("verify", "plan.jsonl"), 2, "does not begin as a plan does")


def test_a_plan_that_cannot_be_read_is_refused(desk: Desk) -> None:
    refused(desk.run("verify", "nowhere.jsonl"), 2, "The plan nowhere.jsonl cannot be read (No such file")
    refused(desk.run("verify", "."), 2, ". is no file")
    refused(desk.run("verify", "/dev/zero"), 2, "/dev/zero is no file")


def test_a_plan_is_not_begun_where_it_cannot_be_written(desk: Desk) -> None:
    for command in (["manifest"], ["verify", "plan.jsonl"]):
        refused(desk.run(*command, "--output", "nowhere/plan.jsonl"), 2, "nowhere/plan.jsonl", "No such file")


def test_options_that_make_no_sense_are_refused(desk: Desk) -> None:
    refused(desk.run("verify", "plan.jsonl", "--max-read", "1KiB"), 2, "Only --bytes reads")
    refused(desk.run("verify", "plan.jsonl", "--concurrency", "0"), 2, "A concurrency of 0 does nothing")
    misused(desk.run("manifest", "--format", "xml"), "'xml' is no", "jsonl, csv, sh, batch")
    misused(desk.run("manifest", "--keep", "best"), "'best'")


def test_a_plan_for_a_store_that_does_not_answer_leaves_the_old_file(desk: Desk) -> None:
    head, *lines = desk.plan()
    here, nowhere = desk.server.endpoint_url, "http://127.0.0.1:9"
    desk.write_plan(*(each.replace(here, nowhere) for each in (head, *lines)))
    (desk.directory / "new.jsonl").write_text("as it was")
    ran = desk.run("verify", "plan.jsonl", "--quiet", "--output", "new.jsonl")
    assert ran.code in {1, 2}
    assert len(ran.said) == 1
    assert (desk.directory / "new.jsonl").read_text() == "as it was"


def test_without_an_audit_there_is_nothing_to_plan(command: Command) -> None:
    refused(command.run("manifest", "--quiet"), 1, "There is no finished audit")


def test_versions_go_by_their_ids(
    command: Command, seaweed: S3Server, fresh_bucket: FreshBucket, tmp_path: Path
) -> None:
    desk = Desk(command, seaweed, fresh_bucket(seaweed), tmp_path)
    client = seaweed.client()
    client.put_bucket_versioning(Bucket=desk.bucket, VersioningConfiguration={"Status": "Enabled"})
    desk.put("a", "b", body=TWIN)
    desk.put("a", body=OTHER)
    assert desk.run("audit", f"s3://{desk.bucket}", "--quiet", "--versions", "--digest", "sha256").code == 0
    assert desk.run("manifest", "--quiet", "--format", "sh", "--output", "plan.sh").code == 0
    acted = desk.script("--yes")
    assert (acted.returncode, acted.stderr) == (0, "")
    left = client.list_object_versions(Bucket=desk.bucket)
    assert [(each["Key"], each["Size"]) for each in left["Versions"]] == [("a", len(OTHER)), ("a", len(TWIN))]
    assert "DeleteMarkers" not in left


def test_a_current_object_of_a_versioned_bucket_is_for_no_tool(
    command: Command, seaweed: S3Server, fresh_bucket: FreshBucket, tmp_path: Path
) -> None:
    desk = Desk(command, seaweed, fresh_bucket(seaweed), tmp_path)
    seaweed.client().put_bucket_versioning(Bucket=desk.bucket, VersioningConfiguration={"Status": "Enabled"})
    desk.put("a", "b", body=TWIN)
    desk.run("audit", f"s3://{desk.bucket}", "--quiet")
    desk.run("manifest", "--output", "plan.jsonl")
    ran = desk.run("verify", "plan.jsonl", "--bytes", "--quiet", "--format", "sh")
    refused(ran, 1, "1 line versioned: their bucket keeps versions, so audit it with --versions")


def test_how_the_store_was_reached_goes_into_the_script(desk: Desk) -> None:
    desk.run("verify", "plan.jsonl", "--bytes", "--output", "plan.jsonl")
    ran = desk.run("verify", "plan.jsonl", "--region", "us-east-1", "--format", "sh", "--quiet")
    assert f"aws --endpoint-url={desk.server.endpoint_url} --region=us-east-1 s3api" in ran.out
