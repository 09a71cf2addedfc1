r"""The report as metrics, for the textfile collector of Prometheus' node_exporter: the text format, version 0.0.4
(https://prometheus.io/docs/instrumenting/exposition_formats/).

Every metric is a gauge with its unit in its name (https://prometheus.io/docs/practices/naming/). What is unknown is
absent, never 0. Each sample says by its label `locations` which audit it is of, so that the files of several audits can
lie side by side. Names from a bucket are escaped as on the other pages, then as the format wants it. No sample has a
time of its own, which the collector refuses; `s3dedup_finished_timestamp_seconds` says when the audit ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TextIO

from s3dedup.model import SkipReason
from s3dedup.report.view import Carrier
from s3dedup.report.words import Omissions
from s3dedup.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from decimal import Decimal

    from s3dedup.model import AuditReport, Share
    from s3dedup.report.view import View

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


class Metric(NamedTuple):
    """One metric: its name without the prefix, what it means, and its values, each by its label ("" for none)."""

    name: str
    meaning: str
    values: Mapping[str, float | Decimal | None]
    label: str = ""


def render(report: AuditReport, stream: TextIO, _view: View) -> None:
    """Write the metrics; the view changes nothing."""
    out = Carrier(stream)
    locations = " ".join(report.run.locations)
    for metric in _metrics(report):
        for line in _lines(metric, locations):
            out.write(f"{line}\n")


def _metrics(report: AuditReport) -> Iterator[Metric]:
    yield from _run(report)
    yield from _totals(report)
    yield from _work(report)
    if report.rollups is not None:
        yield from _buckets(report.rollups.buckets)


def _run(report: AuditReport) -> Iterator[Metric]:
    run = report.run
    length = (run.finished - run.started).total_seconds()
    yield Metric("info", "The version of s3dedup; always 1.", {report.tool_version: 1}, "version")
    yield _one("finished_timestamp_seconds", "When the last audit that finished did.", run.finished.timestamp())
    yield _one("duration_seconds", "How long that audit took.", length)
    yield _one("complete", "Whether everything was compared: 1, or 0.", int(run.complete))


def _totals(report: AuditReport) -> Iterator[Metric]:
    totals, counts, doubt = report.totals, Omissions.of(report.skipped).counts, report.in_doubt
    yield _one("listed_objects", "Objects that were listed.", totals.objects)
    yield _one("listed_bytes", "The size of all objects that were listed.", totals.bytes)
    yield _one("empty_objects", "Empty objects, which are never grouped.", totals.empty_objects)
    yield _one("duplicate_groups", "Groups of objects with one content.", totals.groups)
    yield _one("redundant_objects", "Objects in groups beside their keepers.", totals.redundant_objects)
    yield _one("reclaimable_bytes", "The size of the redundant objects.", totals.reclaimable_bytes)
    yield _one("billable_bytes", "What the redundant objects are billed as.", totals.billable_bytes)
    yield _one("monthly_usd", "What the redundant objects cost a month.", totals.monthly_usd)
    skipped = {str(reason): counts[reason] for reason in SkipReason}
    yield Metric("skipped_objects", "Objects that were not compared, by reason.", skipped, "reason")
    yield _one("in_doubt_objects", "Objects that a budget left unproven.", 0 if doubt is None else doubt.objects)


def _work(report: AuditReport) -> Iterator[Metric]:
    work = report.work
    requests = {"LIST": work.list_requests, "HEAD": work.head_requests, "GET": work.get_requests}
    yield Metric("requests", "Requests that the audit sent.", requests, "method")
    yield _one("read_bytes", "Bytes of objects that the audit read.", work.bytes_read)
    yield _one("cost_usd", "What the audit itself cost.", work.cost_usd)


def _buckets(shares: tuple[Share, ...]) -> Iterator[Metric]:
    redundant = {share.name: share.redundant_objects for share in shares}
    reclaimable = {share.name: share.reclaimable_bytes for share in shares}
    usd = {share.name: share.monthly_usd for share in shares}
    yield Metric("bucket_redundant_objects", "Redundant objects in a bucket.", redundant, "bucket")
    yield Metric("bucket_reclaimable_bytes", "The size of the redundant objects in a bucket.", reclaimable, "bucket")
    yield Metric("bucket_monthly_usd", "What the redundant objects in a bucket cost a month.", usd, "bucket")


def _one(name: str, meaning: str, value: float | Decimal | None) -> Metric:
    return Metric(name, meaning, {"": value})


def _lines(metric: Metric, locations: str) -> Iterator[str]:
    """A metric without a known value is not mentioned."""
    known = [(label, value) for label, value in metric.values.items() if value is not None]
    if not known:
        return
    name = f"s3dedup_{metric.name}"
    yield f"# HELP {name} {metric.meaning}"
    yield f"# TYPE {name} gauge"
    for label, value in known:
        more = f",{metric.label}={_quoted(label)}" if metric.label else ""
        yield f"{name}{{locations={_quoted(locations)}{more}}} {_number(value)}"


def _number(value: float | Decimal) -> str:
    """In full, with no exponent and no zeros behind."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _quoted(text: str) -> str:
    return f'"{plain(text).translate(_ESCAPES)}"'
