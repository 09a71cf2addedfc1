from __future__ import annotations

import json
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3dedup.model import AuditReport, Skipped, SkipReason
from s3dedup.report import render
from tests.report import samples


def text_of(report: AuditReport, name: str = "jsonl") -> str:
    stream = StringIO()
    render(report, name, stream)
    return stream.getvalue()


def lines_of(report: AuditReport) -> list[dict[str, Any]]:
    return [json.loads(line, parse_float=Decimal) for line in text_of(report).splitlines()]


def test_the_run_is_first_the_end_is_last_and_between_them_are_all_groups_and_skipped() -> None:
    kinds = [line["type"] for line in lines_of(samples.rich_report())]
    assert kinds == ["run", *["group"] * 25, *["skipped"] * 18, "end"]


def test_a_report_without_groups_still_has_a_run_and_an_end() -> None:
    assert [line["type"] for line in lines_of(samples.empty_report())] == ["run", "end"]


def test_the_end_counts_what_came_before_it() -> None:
    report = samples.rich_report()
    assert lines_of(report)[-1] == {
        "type": "end",
        "groups": 25,
        "objects": 65,
        "reclaimable_bytes": report.totals.reclaimable_bytes,
        "skipped": 18,
    }


@pytest.mark.parametrize("kind", ["group", "skipped"])
def test_a_record_has_the_fields_that_it_has_in_the_json_report(kind: str) -> None:
    whole = json.loads(text_of(samples.rich_report(), "json"), parse_float=Decimal)
    records = [line for line in lines_of(samples.rich_report()) if line.pop("type") == kind]
    assert records == whole["groups" if kind == "group" else "skipped"]


def test_the_run_has_all_that_the_json_report_says_before_its_groups() -> None:
    whole = json.loads(text_of(samples.rich_report(), "json"), parse_float=Decimal)
    run = lines_of(samples.rich_report())[0]
    assert run.pop("schema") == "s3dedup/report-lines/1"
    assert run.pop("type") == "run"
    assert run == {name: whole[name] for name in whole if name not in {"schema", "groups", "skipped"}}


@given(st.text(st.characters(codec=None)))
def test_any_key_comes_back_and_never_makes_another_line(key: str) -> None:
    skipped = [Skipped("photos", key, key, SkipReason.BUDGET, key)]
    lines = lines_of(samples.report([samples.group(key, f"{key}2")], skipped))
    assert [line["type"] for line in lines] == ["run", "group", "skipped", "end"]
    assert [item["key"] for item in lines[1]["objects"]] == [key, f"{key}2"]
    assert lines[2]["key"] == key
