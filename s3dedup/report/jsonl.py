"""The report for pipelines: JSON lines, `s3dedup/report-lines/1`, one record a line, each with its `type`.

The first line is the `run`, with all that the JSON report says before its groups; then each `group` and each `skipped`
object, with the fields that they have there. The last is the `end`, which counts what came before it: a file that does
not end with it was cut off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from s3dedup.report.records import group_record, head, json_text, skipped_record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from s3dedup.model import AuditReport
    from s3dedup.report.view import View

SCHEMA = "s3dedup/report-lines/1"


def render(report: AuditReport, stream: TextIO, _view: View) -> None:
    """Write the report, line by line; the view changes nothing, all groups are there."""
    groups = objects = reclaimable = skipped = 0
    _write(stream, "run", {"schema": SCHEMA} | head(report))
    for group in report.groups:
        _write(stream, "group", group_record(group))
        groups += 1
        objects += len(group.objects)
        reclaimable += group.reclaimable_bytes
    for item in report.skipped:
        _write(stream, "skipped", skipped_record(item))
        skipped += 1
    counted = {"groups": groups, "objects": objects, "reclaimable_bytes": reclaimable, "skipped": skipped}
    _write(stream, "end", counted)


def _write(stream: TextIO, kind: str, fields: Mapping[str, object]) -> None:
    stream.write(json_text({"type": kind, **fields}) + "\n")
