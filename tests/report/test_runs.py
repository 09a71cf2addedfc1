"""Earlier audits and comparisons, as pages and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from io import BytesIO, StringIO, TextIOWrapper
from typing import Any

import pytest

from s3dedup.model import Change, ChangeSum, Comparison, FinishedRun, GroupChange
from s3dedup.report.runs import render_comparison, render_history
from tests.report import samples

MIB = samples.MIB


def run(number: int, *locations: str, complete: bool = True, usd: str | None = "94") -> FinishedRun:
    """Run number `number`, a day after the one before; each has more objects and one more group."""
    report = samples.report([samples.group("a", "b")] * number, objects=1000 * number, usd=usd)
    moment = samples.START + timedelta(days=number)
    info = replace(
        report.run,
        id=f"{number}" * 32,
        finished=moment,
        locations=locations or ("s3://photos", "s3://backup/2024/"),
        complete=complete,
    )
    return FinishedRun("0.1.0", info, report.totals, report.work)


def compared(*changes: GroupChange, earlier: FinishedRun | None = None) -> Comparison:
    sums = dict.fromkeys(Change, ChangeSum()) | {
        each.change: ChangeSum(1, each.reclaimable_after - each.reclaimable_before) for each in changes
    }
    return Comparison(earlier or run(1), run(3), sums, changes)


CHANGES = (
    GroupChange(Change.GONE, "g" * 16, MIB, 2, 0, MIB, 0),
    GroupChange(Change.GROWN, "a" * 16, 12 * MIB, 2, 6, 12 * MIB, 60 * MIB, "s3://photos/\x1b[31mred"),
    GroupChange(Change.NEW, "b" * 16, 5 * MIB, 0, 2, 0, 5 * MIB, "s3://photos/new"),
)


def history(*runs: FinishedRun, form: str = "table") -> str:
    stream = StringIO()
    render_history(runs, form, stream)
    return stream.getvalue()


def comparison(found: Comparison, form: str = "table") -> str:
    stream = StringIO()
    render_comparison(found, form, stream)
    return stream.getvalue()


def test_the_runs_of_the_same_locations_stand_below_each_other_the_oldest_first() -> None:
    lines = history(run(1), run(2, "s3://other"), run(3, usd=None, complete=False)).splitlines()
    assert lines == [
        "s3://other",
        "Finished (UTC)         Objects    Redundant  Reclaimable   Per month  Run",
        "2026-11-24 01:00         2,000            2     10.0 MiB      $94.00  22222222",
        "",
        "s3://backup/2024/, s3://photos",
        "Finished (UTC)         Objects    Redundant  Reclaimable   Per month  Run",
        "2026-11-23 01:00         1,000            1      5.0 MiB      $94.00  11111111",
        "2026-11-25 01:00         3,000            3     15.0 MiB           -  33333333 *",
        "",
        "* Incomplete: not everything was compared.",
        "- Unknown, which is not zero.",
    ]


def test_a_comparison_says_what_became_of_the_totals_and_of_the_groups() -> None:
    assert comparison(compared(*CHANGES)).splitlines() == [
        "Earlier  2026-11-23 01:00 UTC, 11111111",
        "Later    2026-11-25 01:00 UTC, 33333333",
        "",
        "                     Earlier         Later        Change",
        "Objects                1,000         3,000        +2,000",
        "Groups                     1             3            +2",
        "Redundant                  1             3            +2",
        "Listed               1.0 TiB       1.0 TiB           0 B",
        "Reclaimable          5.0 MiB      15.0 MiB     +10.0 MiB",
        "Per month             $94.00        $94.00",
        "",
        "New                                1 group      +5.0 MiB reclaimable",
        "Grown                              1 group     +48.0 MiB reclaimable",
        "Shrunk                            0 groups           0 B reclaimable",
        "Gone                               1 group      -1.0 MiB reclaimable",
        "",
        "Largest         Size       Copies  Reclaimable  Keeper, or the group's id",
        "grown       12.0 MiB       2 -> 6    +48.0 MiB  s3://photos/\\x1b[31mred",
        "new          5.0 MiB       0 -> 2     +5.0 MiB  s3://photos/new",
        "gone         1.0 MiB       2 -> 0     -1.0 MiB  gggggggggggggggg",
    ]


def test_audits_of_different_places_are_compared_with_a_warning() -> None:
    text = comparison(compared(earlier=run(1, "s3://old")))
    assert "They looked in different places: before in s3://old, now in s3://backup/2024/, s3://photos." in text
    assert "different places" not in comparison(compared())


def test_where_nothing_changed_no_group_is_listed() -> None:
    assert "Largest" not in comparison(compared())


def test_of_many_changes_the_page_shows_the_largest_and_json_has_all() -> None:
    many = [GroupChange(Change.NEW, f"{size:016}", size, 0, 2, 0, size, f"s3://b/{size}") for size in range(1, 101)]
    lines = comparison(compared(*many)).splitlines()
    assert [line.split()[-1] for line in lines[-20:]] == [f"s3://b/{size}" for size in range(100, 80, -1)]
    assert len(json.loads(comparison(compared(*many), "json"))["groups"]) == 100


def test_the_json_of_a_history_has_every_run_with_its_numbers() -> None:
    document: dict[str, Any] = json.loads(history(run(1), run(2, complete=False), form="json"), parse_float=Decimal)
    assert document["schema"] == "s3dedup/history/1"
    first, second = document["runs"]
    assert first["run"]["finished"] == "2026-11-23T01:00:00Z"
    assert first["run"]["locations"] == ["s3://photos", "s3://backup/2024/"]
    assert (first["totals"]["groups"], first["totals"]["monthly_usd"]) == (1, 94)
    assert first["work"]["list_requests"] == 2
    assert second["run"]["complete"] is False
    assert json.loads(history(form="json"))["runs"] == []


def test_the_json_of_a_comparison_has_both_runs_the_sums_and_the_groups() -> None:
    document = json.loads(comparison(compared(*CHANGES), "json"))
    assert document["schema"] == "s3dedup/compare/1"
    assert (document["earlier"]["run"]["id"], document["later"]["run"]["id"]) == ("1" * 32, "3" * 32)
    assert document["sums"]["grown"] == {"groups": 1, "reclaimable_bytes": 48 * MIB}
    assert document["groups"][0] == {
        "change": "gone",
        "id": "g" * 16,
        "size": MIB,
        "copies_before": 2,
        "copies_after": 0,
        "reclaimable_before": MIB,
        "reclaimable_after": 0,
        "keeper": None,
    }
    assert document["groups"][1]["keeper"] == "s3://photos/\x1b[31mred"


@pytest.mark.parametrize("form", ["table", "json"])
def test_a_stream_that_lacks_a_character_gets_it_as_an_escape(form: str) -> None:
    buffer = BytesIO()
    stream = TextIOWrapper(buffer, encoding="ascii")
    render_comparison(compared(replace(CHANGES[2], keeper="s3://写真/é")), form, stream)
    stream.flush()
    assert rb"\u5199\u771f/" in buffer.getvalue()
