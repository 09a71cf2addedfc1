"""The report for programs: the JSON of the contract, `s3dedup/report/1`, one group a line.

`report-1.schema.json` describes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from s3dedup.report.records import group_record, head, json_text, skipped_record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from s3dedup.model import AuditReport
    from s3dedup.report.view import View

SCHEMA = "s3dedup/report/1"


def render(report: AuditReport, stream: TextIO, _view: View) -> None:
    """Write the report, group by group; the view changes nothing, all groups are there."""
    stream.write(f'{{"schema": {json_text(SCHEMA)},\n')
    stream.writelines(f' "{name}": {json_text(value)},\n' for name, value in head(report).items())
    _write_array(stream, "groups", map(group_record, report.groups))
    stream.write(",\n")
    _write_array(stream, "skipped", map(skipped_record, report.skipped))
    stream.write("}\n")


def _write_array(stream: TextIO, name: str, items: Iterable[dict[str, object]]) -> None:
    stream.write(f' "{name}": [')
    separator = "\n  "
    for item in items:
        stream.write(f"{separator}{json_text(item)}")
        separator = ",\n  "
    stream.write("\n ]")
