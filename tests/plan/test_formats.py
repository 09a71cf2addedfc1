"""A plan for people and for tools."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import replace

import pytest

from s3dedup.errors import NothingToActOnError, UsageError
from s3dedup.model import EvidenceKind
from s3dedup.plan import Dropped, DropReason, Entry, Obstacle, Plan, PlanHead
from s3dedup.report.plan import ACTING, PLAN_FORMATS, REMEDIES, Access, write_plan
from tests.plan.samples import CHECKED, COMPARED, HEAD, item, line, written
from tests.readme.markdown import ROOT, inline_code

UNPROVEN = line("unproven", checked=CHECKED)
DROPPED = Dropped(DropReason.CHANGED, item("gone"), "it was written again", line("gone"))


def rows(entries: Iterable[Entry], head: PlanHead = HEAD) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(written(entries, head, "csv"))))


@pytest.mark.parametrize("format", ACTING)
def test_what_was_not_compared_or_was_dropped_is_in_no_format_for_tools(format: str) -> None:  # noqa: A002  the contract's word
    text = written([UNPROVEN, line("fine"), DROPPED], format=format)
    assert "fine" in text
    assert "unproven" not in text
    assert "gone" not in text


@pytest.mark.parametrize("format", ACTING)
def test_where_no_tool_may_act_nothing_is_written_and_it_is_said_why(format: str) -> None:  # noqa: A002  same
    stream = io.StringIO()
    entries = [UNPROVEN, UNPROVEN, line(checked=replace(COMPARED, versioned=True))]
    with pytest.raises(NothingToActOnError, match=r"2 lines not-compared: .*--bytes.*; 1 line versioned: .*--versions"):
        write_plan(Plan(HEAD, entries), format, stream, Access())
    assert stream.getvalue() == ""


@pytest.mark.parametrize("format", PLAN_FORMATS)
def test_a_plan_of_which_nothing_is_left_is_an_error(format: str) -> None:  # noqa: A002  same
    with pytest.raises(NothingToActOnError, match=r"No line of the plan is left \(2 changed\): .* audit again"):
        written([DROPPED, DROPPED], format=format)


def test_a_plan_that_was_empty_from_the_beginning_is_one_and_for_no_tool() -> None:
    assert len(written([]).splitlines()) == 1
    with pytest.raises(NothingToActOnError, match="it is empty"):
        written([], format="sh")


@pytest.mark.parametrize("format", PLAN_FORMATS)
def test_every_format_counts_what_was_dropped_and_what_is_held(format: str) -> None:  # noqa: A002  same
    found = write_plan(Plan(HEAD, [UNPROVEN, line(), DROPPED]), format, io.StringIO(), Access())
    assert (found.lines, found.bytes, found.compared) == (2, 20, 1)
    assert found.dropped == {DropReason.CHANGED: 1}
    assert found.held == {Obstacle.NOT_COMPARED: 1}


def test_there_is_something_to_do_or_to_know_about_every_obstacle() -> None:
    assert set(REMEDIES) == set(Obstacle)


def test_the_readme_tells_of_every_obstacle_and_format() -> None:
    assert {*Obstacle, *PLAN_FORMATS} <= set(inline_code(ROOT / "README.md"))


def test_csv_names_each_object_its_keeper_and_what_keeps_tools_from_it() -> None:
    fine, held = rows([line("fine"), UNPROVEN])
    assert (fine["bucket"], fine["key"], fine["keeper_key"], fine["obstacle"]) == ("b", "fine", "keeper", "")
    assert (fine["size"], fine["last_modified"], fine["version_id"]) == ("10", "2026-01-02T03:04:05Z", "")
    assert (held["key"], held["obstacle"]) == ("unproven", "not-compared")


def test_csv_has_the_money_of_a_group_once_and_none_where_it_is_unknown() -> None:
    money = [row["monthly_usd"] for row in rows([line("x"), line("y"), line("z", group="h", monthly_usd=None)])]
    assert money == ["0.0150", "", ""]


def test_csv_leaves_nothing_that_a_spreadsheet_would_run() -> None:
    (row,) = rows([line(redundant=item("=cmd|'/c calc'!A0", storage_class="+1"), evidence=EvidenceKind.DERIVED)])
    assert row["key"].startswith("\\x3d")
    assert row["storage_class"] == "\\x2b1"


def test_batch_rows_have_encoded_keys_and_no_header() -> None:
    keys = ["a/b c.jpg", 'x,"y"\n', "é&+%"]
    assert written([line(key) for key in keys], format="batch").splitlines() == [
        "b,a/b%20c.jpg",
        "b,x%2C%22y%22%0A",
        "b,%C3%A9%26%2B%25",
    ]


def test_batch_rows_all_have_a_version_where_versions_were_audited() -> None:
    planned = [line(redundant=item(key, version_id="v,1")) for key in "xy"]
    text = written(planned, replace(HEAD, versions=True), "batch")
    assert text == "b,x,v%2C1\nb,y,v%2C1\n"


def test_batch_is_for_aws_only() -> None:
    head = replace(HEAD, endpoints=("AWS", "http://minio"))
    with pytest.raises(UsageError, match="Batch Operations are AWS's own, and the plan is for http://minio"):
        written([line()], head, "batch")
