from __future__ import annotations

import json
from decimal import Decimal
from io import BytesIO, TextIOWrapper

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3dedup.model import AuditReport
from s3dedup.report import parquet, render
from s3dedup.report.rows import Row, rows
from tests.report import samples


def file_of(report: AuditReport) -> pq.ParquetFile:
    raw = BytesIO()
    stream = TextIOWrapper(raw)
    render(report, "parquet", stream)
    stream.detach()
    raw.seek(0)
    return pq.ParquetFile(raw)


def test_every_object_is_a_row_with_its_exact_values() -> None:
    report = samples.rich_report()
    table = file_of(report).read()
    assert table.column_names == list(Row._fields)
    expected = [row._asdict() for row in rows(report.groups)]
    for row in expected:
        row["key"] = row["key"].encode("utf-8", "backslashreplace").decode()
    assert table.to_pylist() == expected


def test_unknown_money_is_null_and_known_money_is_decimal() -> None:
    amounts = file_of(samples.rich_report()).read().column("monthly_usd").to_pylist()
    assert amounts[0] == Decimal("0.6468")
    assert amounts[1] is None


def test_money_with_more_places_than_the_column_is_rounded() -> None:
    report = samples.report([samples.group("a", "b", usd="0.00000000014999"), samples.group("c", "d", usd="0")])
    amounts = file_of(report).read().column("monthly_usd").to_pylist()
    assert amounts == [Decimal("0.0000000001"), None, Decimal(0), None]


def test_a_report_without_groups_has_columns_and_no_rows() -> None:
    found = file_of(samples.empty_report())
    assert found.metadata.num_rows == 0
    assert found.schema_arrow.names == list(Row._fields)


def test_the_rest_of_the_report_is_in_the_metadata() -> None:
    said = json.loads(file_of(samples.rich_report()).schema_arrow.metadata[b"s3dedup"])
    assert said["run"]["id"] == "2026-11-22T010000Z-7f3a"
    assert said["totals"]["groups"] == 25


def test_rows_are_written_in_row_groups_of_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROWS", 30)
    found = file_of(samples.rich_report())
    sizes = [found.metadata.row_group(place).num_rows for place in range(found.num_row_groups)]
    assert sizes == [30, 30, 5]


@given(st.text(st.characters(codec="utf-8")))
def test_any_key_comes_back_as_it_was(key: str) -> None:
    keys = file_of(samples.report([samples.group(key, f"{key}2")])).read().column("key").to_pylist()
    assert keys == [key, f"{key}2"]


def test_a_key_that_is_no_unicode_text_is_escaped_where_it_is_not() -> None:
    keys = file_of(samples.report([samples.group("写\udc80", "fine")])).read().column("key").to_pylist()
    assert keys == [r"写\udc80", "fine"]
