"""Explanations from the shell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.command import Command, misused, refused
from tests.cli.conftest import ELSE, SAME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fakes3 import FakeS3


@pytest.fixture
def audited(command: Command, fake: FakeS3, settings: Mapping[str, str]) -> Command:
    """The command, with one audit done; it no longer knows how to reach the store."""
    for key, body in {"a": SAME, "b": SAME, "c": ELSE}.items():
        fake.put("b", key, body)
    assert command.to(settings).run("audit", "s3://b", "-q").code == 0
    return command


def test_an_object_is_explained_without_s3(audited: Command) -> None:
    ran = audited.run("explain", "s3://b/b")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[0] == "s3://b/b"
    assert [line[2:13].strip() for line in ran.out.splitlines()[1:] if line[2:13].strip()] == [
        "Listed",
        "Size",
        "ETag",
        "Read",
        "Outcome",
    ]
    assert "A duplicate, redundant." in ran.out
    assert all(len(line) <= 80 for line in ran.out.splitlines())


def test_a_pair_is_explained_as_json(audited: Command) -> None:
    ran = audited.run("explain", "s3://b/a", "s3://b/c", "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    document = json.loads(ran.out)
    assert document["schema"] == "s3dedup/explain/1"
    assert [each["object"]["key"] for each in document["objects"]] == ["a", "c"]
    assert document["objects"][0]["etag"]["meaning"] == "md5"
    assert document["pair"]["verdict"] == "different"


def test_live_asks_the_store(audited: Command, fake: FakeS3, settings: Mapping[str, str]) -> None:
    fake.log.clear()
    ran = audited.to(settings).run("explain", "s3://b/a", "--live", "--endpoint-url", fake.endpoint_url)
    assert ran.code == 0
    assert "It is still the one that was listed" in ran.out
    assert {entry.operation for entry in fake.log} == {"HeadObject"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param([], "Missing argument 'URI'", id="nothing"),
        pytest.param(["b/a"], "'b/a' names no object: write it as s3://bucket/key", id="no-scheme"),
        pytest.param(["s3://b"], "names a bucket and no object: write it as s3://bucket/key", id="a-bucket"),
        pytest.param(["s3://b/a", "c"], "'c' names no object: write it as s3://bucket/key", id="the-second"),
        pytest.param(["s3://b/a", "--format", "table"], "no report format: choose from text, json", id="format"),
    ],
)
def test_what_names_no_object_is_a_usage_error(command: Command, arguments: list[str], sentence: str) -> None:
    misused(command.run("explain", *arguments), sentence)


def test_an_object_that_was_not_listed_is_a_usage_error_that_helps(audited: Command) -> None:
    refused(audited.run("explain", "s3://b/aa"), 2, "was not listed by audit", "a name like it that was is s3://b/a.")
    refused(audited.run("explain", "s3://c/a"), 2, "was not listed by audit", "it looked in s3://b.")
    hostile = audited.run("explain", "s3://b/\x1b[31m")
    refused(hostile, 2, "s3://b/\\x1b[31m was not listed by audit", "check its spelling")


def test_how_to_reach_the_store_is_refused_where_it_is_not_asked(audited: Command) -> None:
    refused(audited.run("explain", "s3://b/a", "--profile", "work"), 2, "matters with --live only: pass that as well")


def test_without_an_audit_there_is_nothing_to_explain(command: Command) -> None:
    refused(command.run("explain", "s3://b/a"), 1, "There is no finished audit", "run `s3dedup audit` first")
