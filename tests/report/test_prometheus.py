"""The metrics, read back with Prometheus' own parser."""

from __future__ import annotations

import re
from dataclasses import replace
from io import StringIO
from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

from s3dedup.model import RollUps, Share
from s3dedup.report import render
from tests.report.samples import complete_report, empty_report, rich_report

if TYPE_CHECKING:
    from s3dedup.model import AuditReport

UNITS = ("_bytes", "_seconds", "_objects", "_groups", "_usd")
WITHOUT_UNIT = {"s3dedup_info", "s3dedup_complete", "s3dedup_requests"}

Samples = dict[tuple[str, str], float]


def written(report: AuditReport) -> str:
    """What is written."""
    stream = StringIO()
    render(report, "prometheus", stream)
    return stream.getvalue()


def read(report: AuditReport) -> Samples:
    """What Prometheus reads of it: each value by its name and its label beside `locations`."""
    found: Samples = {}
    for family in text_string_to_metric_families(written(report)):
        assert family.type == "gauge"
        assert family.documentation.endswith(".")
        for sample in family.samples:
            assert sample.timestamp is None, "the textfile collector refuses it"
            labels = dict(sample.labels)
            assert labels.pop("locations") == " ".join(report.run.locations)
            key = sample.name, "".join(labels.values())
            assert key not in found, "the collector refuses a sample that is there twice"
            found[key] = sample.value
    return found


def test_the_totals_the_run_and_the_work_are_what_the_report_says() -> None:
    report, samples = rich_report(), read(rich_report())
    assert samples["s3dedup_info", report.tool_version] == 1
    assert samples["s3dedup_finished_timestamp_seconds", ""] == report.run.finished.timestamp()
    assert samples["s3dedup_duration_seconds", ""] == (report.run.finished - report.run.started).total_seconds()
    assert samples["s3dedup_complete", ""] == 0
    assert samples["s3dedup_listed_bytes", ""] == report.totals.bytes
    assert samples["s3dedup_reclaimable_bytes", ""] == report.totals.reclaimable_bytes
    assert samples["s3dedup_monthly_usd", ""] == float(report.totals.monthly_usd or 0) == 0.78
    assert samples["s3dedup_requests", "HEAD"] == report.work.head_requests
    assert samples["s3dedup_cost_usd", ""] == 0.0092
    assert samples["s3dedup_in_doubt_objects", ""] == 2


def test_each_reason_for_which_something_was_skipped_is_counted_and_the_others_are_0() -> None:
    samples = read(rich_report())
    assert samples["s3dedup_skipped_objects", "access-denied"] == 12
    assert samples["s3dedup_skipped_objects", "archived"] == 1
    assert {value for (name, _), value in read(complete_report()).items() if name == "s3dedup_skipped_objects"} == {0}


def test_each_bucket_has_its_share() -> None:
    report = rich_report()
    assert report.rollups is not None
    samples = read(report)
    for share in report.rollups.buckets:
        assert samples["s3dedup_bucket_redundant_objects", share.name] == share.redundant_objects
        assert samples["s3dedup_bucket_reclaimable_bytes", share.name] == share.reclaimable_bytes


def test_what_is_unknown_is_absent_and_not_0() -> None:
    report = empty_report()
    assert report.totals.monthly_usd is None
    names = {name for name, _ in read(report)}
    assert names & {"s3dedup_monthly_usd", "s3dedup_billable_bytes", "s3dedup_cost_usd"} == set()
    assert "monthly_usd" not in written(report)
    assert "s3dedup_reclaimable_bytes" in names


def test_a_bucket_whose_money_is_unknown_is_absent_beside_one_whose_money_is_known() -> None:
    known = rich_report().totals.monthly_usd
    shares = (Share("known", 2, 2, 1, 1, known), Share("unknown", 2, 2, 1, 1))
    samples = read(replace(rich_report(), rollups=RollUps(buckets=shares)))
    assert [label for name, label in samples if name == "s3dedup_bucket_monthly_usd"] == ["known"]


def test_no_name_can_end_its_label_or_its_line() -> None:
    name = 'b"} 1\nevil{x="\\\x1b[31m'
    samples = read(replace(rich_report(), rollups=RollUps(buckets=(Share(name, 2, 2, 1, 7),))))
    shown = r'b"} 1\x0aevil{x="\\\x1b[31m'
    assert samples["s3dedup_bucket_reclaimable_bytes", shown] == 7
    assert all(name.startswith("s3dedup_") for name, _ in samples)


def test_every_name_ends_in_its_unit() -> None:
    names = {name for name, _ in read(rich_report())}
    assert {name for name in names if not name.endswith(UNITS)} == WITHOUT_UNIT
    assert all(re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", name) for name in names)


def test_numbers_are_written_in_full() -> None:
    values = [line.rpartition(" ")[2] for line in written(rich_report()).splitlines() if not line.startswith("#")]
    assert "3408486046105" in values
    assert all(re.fullmatch(r"\d+(\.\d*[1-9])?", value) for value in values)
