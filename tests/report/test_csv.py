from __future__ import annotations

import csv
import re
from decimal import Decimal
from io import BytesIO, StringIO, TextIOWrapper

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3dedup.model import AuditReport
from s3dedup.report import render
from s3dedup.report.csv import safe
from tests.report import samples

FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def text_of(report: AuditReport) -> str:
    stream = StringIO(newline="")
    render(report, "csv", stream)
    return stream.getvalue()


def rows_of(report: AuditReport) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text_of(report).removeprefix("\ufeff"), newline="")))


def exact(key: str) -> str:
    """What the module's description says a reader does."""
    return key.encode("latin-1", "backslashreplace").decode("unicode_escape")


def test_there_is_a_row_for_each_object_of_each_group() -> None:
    report = samples.rich_report()
    keys = [exact(row["key"]) for row in rows_of(report)]
    assert keys == [item.key for group in report.groups for item in group.objects]


def test_a_report_without_groups_is_a_heading_alone() -> None:
    assert text_of(samples.empty_report()).count("\r\n") == 1


def test_the_columns_can_be_summed() -> None:
    report = samples.rich_report()
    rows = rows_of(report)
    assert sum(int(row["reclaimable_bytes"]) for row in rows) == report.totals.reclaimable_bytes
    known = [group.monthly_usd for group in report.groups if group.monthly_usd is not None]
    assert [Decimal(row["monthly_usd"]) for row in rows if row["monthly_usd"]] == known


def test_unknown_money_is_an_empty_cell_and_not_zero() -> None:
    assert {row["monthly_usd"] for row in rows_of(samples.complete_report())} == {""}


def test_the_keeper_is_marked() -> None:
    assert [row["keeper"] for row in rows_of(samples.complete_report())] == ["true", "false"]


def test_a_file_begins_with_the_mark_by_which_excel_knows_utf_8() -> None:
    raw = BytesIO()
    stream = TextIOWrapper(raw, encoding="utf-8", newline="")
    render(samples.rich_report(), "csv", stream)
    stream.flush()
    assert raw.getvalue().startswith(b"\xef\xbb\xbfgroup,evidence,")
    assert "写真".encode() in raw.getvalue()


def test_a_stream_that_is_not_utf_8_has_no_mark_and_no_key_is_lost() -> None:
    raw = BytesIO()
    stream = TextIOWrapper(raw, encoding="latin-1", newline="")
    render(samples.rich_report(), "csv", stream)
    stream.flush()
    text = raw.getvalue().decode("latin-1")
    assert text.startswith("group,evidence,")
    keys = {exact(row["key"]) for row in csv.DictReader(StringIO(text, newline=""))}
    assert keys == {item.key for group in samples.rich_report().groups for item in group.objects}


@pytest.mark.parametrize(
    ("key", "cell"),
    [
        ("=1+1", r"\x3d1+1"),
        ("+1", r"\x2b1"),
        ("-1", r"\x2d1"),
        ("@SUM(A1)", r"\x40SUM(A1)"),
        ("\t=1", r"\x09=1"),
        ("\r=1", r"\x0d=1"),
        (" =1", r" \x3d1"),
        ("\uff1d1", r"\uff1d1"),
        ("a;=cmd|'/c calc'!A1", r"a;\x3dcmd|'/c calc'!A1"),
        ('a",=1', r'a",\x3d1'),
        ("nul\0", r"nul\x00"),
        ("a=b-c+d@e", "a=b-c+d@e"),
        ("back\\x3dslash", r"back\\x3dslash"),
    ],
)
def test_what_a_spreadsheet_could_act_on_is_escaped_and_the_rest_is_not(key: str, cell: str) -> None:
    assert safe(key) == cell
    assert exact(cell) == key


@given(st.text(st.characters(codec=None)) | st.text(st.sampled_from([*FORMULA, *" ;,\"'|a\\"])))
def test_no_cell_begins_a_formula_wherever_a_spreadsheet_splits_and_each_key_comes_back(key: str) -> None:
    text = text_of(samples.report([samples.group(key, f"{key}2")]))
    assert all(character in "\ufeff\r\n" or character.isprintable() for character in text)
    for part in re.split(r"[,;|\r\n]", text):
        assert not part.lstrip(" \"'").startswith(FORMULA), part
    rows = list(csv.DictReader(StringIO(text.removeprefix("\ufeff"), newline="")))
    assert [exact(row["key"]) for row in rows] == [key, f"{key}2"]
