r"""The report for spreadsheets: CSV as RFC 4180 has it, one row an object of a group.

Excel takes a file for UTF-8 only when a byte order mark says so; there is one (in Python, read it as "utf-8-sig").
Texts are escaped as on the other pages: a control code, an invisible character or a backslash is `\x07`, `\u202e` or
`\\`. So is a character that would begin a formula, also where a spreadsheet splits at `;`: `=1+1` is `\x3d1+1`. To have
the exact key back: `key.encode("latin-1", "backslashreplace").decode("unicode_escape")`.
"""

from __future__ import annotations

import csv
import re
from datetime import UTC
from typing import TYPE_CHECKING, TextIO

from s3dedup.report.rows import Row, rows
from s3dedup.report.view import Carrier, is_utf8
from s3dedup.text import escape, plain

if TYPE_CHECKING:
    from decimal import Decimal

    from s3dedup.model import AuditReport
    from s3dedup.report.view import View

BYTE_ORDER_MARK = "\ufeff"

# What begins a formula (https://owasp.org/www-community/attacks/CSV_Injection; tab and CR are escaped anyway), at the
# beginning of a text or of what some spreadsheet takes for the next cell.
_FORMULA = re.compile(r"(?:^|[,;|\"'])\s*[=+\-@\uff1d\uff0b\uff0d\uff20]")


def render(report: AuditReport, stream: TextIO, _view: View) -> None:
    """Write a row for each object of each group; the view changes nothing. Skipped objects are in the JSON formats."""
    if is_utf8(stream):
        stream.write(BYTE_ORDER_MARK)
    writer = csv.writer(Carrier(stream), lineterminator="\r\n")
    writer.writerow(Row._fields)
    writer.writerows(map(_cells, rows(report.groups)))


def _cells(row: Row) -> tuple[str, ...]:
    """Unknown is an empty cell; a time is ISO 8601 in UTC."""
    return (
        safe(row.group),
        row.evidence,
        "true" if row.keeper else "false",
        safe(row.bucket),
        safe(row.key),
        "" if row.version_id is None else safe(row.version_id),
        str(row.size),
        str(row.reclaimable_bytes),
        _money(row.monthly_usd),
        safe(row.storage_class),
        f"{row.last_modified.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        safe(row.etag),
        row.effect or "",
        _money(row.saved_usd),
        _money(row.early_delete_usd),
        "" if row.days_left is None else str(row.days_left),
    )


def _money(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:f}"


def safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula, and from which the exact one can be had back."""
    return _FORMULA.sub(lambda found: f"{found[0][:-1]}{escape(found[0][-1])}", plain(text))
