"""Keepers, history and comparisons from the shell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.command import Command, misused, refused
from tests.cli.conftest import SAME
from tests.cli.test_audit import parsed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fakes3 import FakeS3


@pytest.fixture
def audited(command: Command, fake: FakeS3, settings: Mapping[str, str]) -> Command:
    """The command, with one audit of two copies done."""
    for key in ("first", "2nd"):
        fake.put("b", key, SAME)
    reaching = command.to(settings)
    assert reaching.run("audit", "s3://b", "-q").code == 0
    return reaching


def kept(text: str) -> list[list[str]]:
    """The keys that stay, group by group."""
    return [[each["key"] for each in group["objects"] if each["keeper"]] for group in parsed(text)["groups"]]


def test_the_rules_count_in_the_order_in_which_they_are_given(audited: Command) -> None:
    by_key = audited.run("audit", "s3://b", "--keep", "shortest-key", "--keep", "oldest", "-q", "--format", "json")
    by_age = audited.run("audit", "s3://b", "--keep", "oldest", "--keep", "shortest-key", "-q", "--format", "json")
    assert (kept(by_key.out), kept(by_age.out)) == ([["2nd"]], [["first"]])


def test_a_saved_report_is_shown_with_other_keepers_without_s3(audited: Command, fake: FakeS3) -> None:
    requests = len(fake.log)
    again = audited.run("report", "--keep", "newest", "--format", "json")
    protected = audited.run("report", "--protect", "s3://b/2", "--protect", "f*", "--format", "json")
    assert (again.code, kept(again.out)) == (0, [["2nd"]])
    assert (protected.code, kept(protected.out)) == (0, [["first", "2nd"]])
    assert parsed(protected.out)["totals"]["reclaimable_bytes"] == 0
    assert len(fake.log) == requests
    assert kept(audited.run("report", "--format", "json").out) == [["first"]]


@pytest.mark.parametrize("name", ["audit", "report"])
def test_a_rule_that_is_none_is_a_usage_error_that_names_those_there_are(command: Command, name: str) -> None:
    where = ["s3://b"] if name == "audit" else []
    misused(command.run(name, *where, "--keep", "latest"), "--keep", "'latest' is no rule for keepers", "newest")
    misused(command.run(name, *where, "--protect", "masters"), "--protect", "does not say what to protect", "glob")


def test_the_history_has_a_line_for_each_audit(audited: Command) -> None:
    assert audited.run("audit", "s3://b", "-q").code == 0
    ran = audited.run("history")
    lines = ran.out.splitlines()
    assert (ran.code, ran.err, lines[0]) == (0, "", "s3://b")
    assert [line.split()[2:5] for line in lines[2:4]] == [["2", "1", "135"]] * 2
    document: dict[str, Any] = json.loads(audited.run("history", "--format", "json").out)
    assert [run["run"]["locations"] for run in document["runs"]] == [["s3://b"], ["s3://b"]]


def test_a_comparison_names_what_is_new_since_the_audit_before(audited: Command, fake: FakeS3) -> None:
    fake.put("b", "new/1", SAME[1:])
    fake.put("b", "new/2", SAME[1:])
    assert audited.run("audit", "s3://b", "-q").code == 0
    ran = audited.run("compare")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[-1].split() == ["new", "134", "B", "0", "->", "2", "+134", "B", "s3://b/new/1"]
    first = json.loads(audited.run("history", "--format", "json").out)["runs"][0]["run"]["id"]
    document = json.loads(audited.run("compare", first[:8], "--format", "json").out)
    assert document["earlier"]["run"]["id"] == first
    assert [each["change"] for each in document["groups"]] == ["new"]


def test_without_an_audit_there_is_nothing_to_compare(command: Command) -> None:
    for name in ("history", "compare"):
        refused(command.run(name), 1, "There is no finished audit", "run `s3dedup audit` first")


def test_after_one_audit_there_is_nothing_to_compare_with(audited: Command) -> None:
    refused(audited.run("compare"), 2, "There is no earlier audit of the same locations")
    refused(audited.run("compare", "zz"), 2, "No earlier audit has an id that begins with 'zz'", "`s3dedup history`")


def test_a_format_that_is_none_is_a_usage_error(command: Command) -> None:
    misused(command.run("history", "--format", "csv"), "'csv' is no report format: choose from table, json.")
    misused(command.run("compare", "--format", "csv"), "choose from table, json.")


def test_a_full_disk_behind_stdout_is_one_sentence(audited: Command) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        ran = audited.run("history", stdout=full)
    refused(ran, 1, "stdout cannot be written (No space left on device)", "let it go elsewhere")
