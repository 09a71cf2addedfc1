from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from io import StringIO
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from s3dedup.model import AuditReport, EvidenceKind, Skipped, SkipReason
from s3dedup.report import render
from s3dedup.report.schema import load_schema
from tests.report import samples

T = TypeVar("T")


class Once(Collection[T]):
    """A collection that is generated as it is read, and can be read once."""

    def __init__(self, count: int, items: Iterator[T]) -> None:
        self._count = count
        self._items = items

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[T]:
        items, self._items = self._items, iter(())
        return items

    def __contains__(self, item: object) -> bool:
        raise AssertionError("a report is rendered without searching it")


def rendered(report: AuditReport) -> str:
    stream = StringIO()
    render(report, "json", stream)
    return stream.getvalue()


def parsed(report: AuditReport) -> Any:  # noqa: ANN401  # a document
    return json.loads(rendered(report), parse_float=Decimal)


def errors(document: object) -> list[str]:
    return [error.message for error in Draft202012Validator(load_schema()).iter_errors(document)]


def objects_of(schema: object) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for value in schema.values():
            yield from objects_of(value)


@pytest.mark.parametrize("report", [samples.rich_report, samples.complete_report, samples.empty_report])
def test_every_report_satisfies_the_schema(report: Any) -> None:  # noqa: ANN401  # a function
    assert errors(json.loads(rendered(report()))) == []


def test_the_schema_is_valid_and_closed_and_requires_every_key() -> None:
    schema = load_schema()
    Draft202012Validator.check_schema(schema)
    described = list(objects_of(schema))
    assert len(described) == 14
    for item in described:
        assert item["additionalProperties"] is False
        assert item["required"] == list(item["properties"])


def test_the_schema_knows_exactly_the_evidence_kinds_and_skip_reasons_of_the_model() -> None:
    definitions = load_schema()["$defs"]
    assert definitions["group"]["properties"]["evidence"]["enum"] == list(EvidenceKind)
    assert definitions["skipped"]["properties"]["reason"]["enum"] == list(SkipReason)


def test_a_protected_object_is_marked_as_one_that_stays() -> None:
    """Whoever acts on the objects whose `keeper` is false must not meet one that is protected."""
    found = replace(samples.group("a", "b", "c"), kept=2)
    all_protected = replace(samples.group("d", "e"), kept=2)
    document = json.loads(rendered(samples.report([found, all_protected])))
    assert errors(document) == []
    assert [[item["keeper"] for item in each["objects"]] for each in document["groups"]] == [
        [True, True, False],
        [True, True],
    ]
    assert [each["reclaimable_bytes"] for each in document["groups"]] == [5 * 2**20, 0]


def test_the_schema_that_a_caller_changed_is_whole_when_loaded_again() -> None:
    load_schema().clear()
    assert load_schema()["title"]


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("schema",), "s3dedup/report/2"),
        (("extra",), 1),
        (("run", "complete"), None),
        (("run", "started"), "2026-11-22T01:00:00+00:00"),
        (("run", "locations"), "s3://photos"),
        (("totals", "objects"), -1),
        (("totals", "objects"), 1.5),
        (("totals", "monthly_usd"), "0.78"),
        (("totals", "extra"), 1),
        (("work", "bytes_read"), None),
        (("notes", 0), None),
        (("prices",), 1),
        (("in_doubt", "requests"), None),
        (("rollups", "buckets", 0, "objects"), -1),
        (("rollups", "prefix_pairs", 0, "share"), 1.1),
        (("rollups", "prefix_pairs", 0, "extra"), 1),
        (("past", 0, "totals", "objects"), None),
        (("groups", 0, "evidence"), "likely"),
        (("groups", 0, "size"), 0),
        (("groups", 0, "objects"), []),
        (("groups", 0, "objects", 0, "keeper"), False),
        (("groups", 0, "objects", 1, "keeper"), None),
        (("groups", 0, "objects", 1, "etag"), None),
        (("groups", 0, "objects", 1, "extra"), 1),
        (("skipped", 0, "reason"), "because"),
        (("skipped", 0, "extra"), 1),
    ],
)
def test_a_wrong_value_fails_the_schema(path: tuple[str | int, ...], wrong: object) -> None:
    document = json.loads(rendered(samples.rich_report()))
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = wrong
    assert errors(document)


@pytest.mark.parametrize("part", ["run", "totals", "work", "groups", "skipped"])
def test_a_missing_part_fails_the_schema(part: str) -> None:
    document = json.loads(rendered(samples.complete_report()))
    del document[part]
    assert errors(document)


def test_the_keys_come_in_the_order_of_the_contract() -> None:
    document = parsed(samples.rich_report())
    contract = ["schema", "tool_version", "run", "totals", "work", "groups", "skipped"]
    added = ["notes", "prices", "in_doubt", "rollups", "past"]
    assert list(document) == [*contract[:5], *added, *contract[5:]]
    assert list(document["groups"][0]["objects"][0])[-2:] == ["keeper", "effect"]


def test_a_group_stands_on_one_line() -> None:
    text = rendered(samples.rich_report())
    lines = [line for line in text.splitlines() if line.startswith('  {"id"')]
    assert [json.loads(line.rstrip(","))["id"] for line in lines] == [
        group["id"] for group in json.loads(text)["groups"]
    ]


def test_only_the_first_object_of_a_group_is_its_keeper() -> None:
    first = parsed(samples.rich_report())["groups"][0]
    assert [item["keeper"] for item in first["objects"]] == [True] + [False] * 12


@pytest.mark.parametrize("amount", ["0.1", "12345678901234567890.123456789", "0.00012", "1E-9", "1E+3", "0", "3"])
def test_money_keeps_the_digits_of_its_decimal(amount: str) -> None:
    document = json.loads(rendered(samples.report([], usd=amount)), parse_float=Decimal, parse_int=Decimal)
    assert document["totals"]["monthly_usd"] == Decimal(amount)


@pytest.mark.parametrize("amount", ["NaN", "Infinity"])
def test_money_that_is_no_number_is_refused_rather_than_written_as_broken_json(amount: str) -> None:
    with pytest.raises(ValueError, match="is no amount of money"):
        rendered(samples.report([], usd=amount))


def test_unknown_money_is_null_and_never_zero() -> None:
    totals = parsed(samples.empty_report())["totals"]
    assert totals["monthly_usd"] is None
    assert totals["billable_bytes"] is None


def test_what_was_not_computed_is_null_and_never_empty() -> None:
    document = parsed(samples.complete_report())
    assert [document[name] for name in ("prices", "in_doubt", "rollups")] == [None, None, None]


def test_money_of_the_roll_ups_keeps_its_digits() -> None:
    document = parsed(samples.rich_report())
    assert document["rollups"]["buckets"][0]["monthly_usd"] == Decimal("0.74")
    assert document["rollups"]["buckets"][1]["monthly_usd"] is None
    assert document["in_doubt"]["cost_usd"] == Decimal("0.00042")


def test_a_time_of_another_zone_is_written_in_utc() -> None:
    report = samples.empty_report()
    east = datetime(2026, 11, 22, 3, 0, tzinfo=timezone(timedelta(hours=2)))
    assert parsed(replace(report, run=replace(report.run, started=east)))["run"]["started"] == "2026-11-22T01:00:00Z"


@given(st.text(st.characters(codec=None)))
def test_any_key_comes_back_from_json_that_is_ascii_without_control_codes(key: str) -> None:
    skipped = [Skipped("photos", key, key, SkipReason.BUDGET, key)]
    text = rendered(samples.report([samples.group(key, f"{key}2")], skipped))
    assert all(character == "\n" or " " <= character <= "~" for character in text)
    document = json.loads(text)
    assert [item["key"] for item in document["groups"][0]["objects"]] == [key, f"{key}2"]
    assert list(document["skipped"][0].values()) == ["photos", key, key, "budget", key]
    assert errors(document) == []
