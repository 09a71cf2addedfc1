from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

import pytest

from s3dedup.report import render
from tests.report import samples

if TYPE_CHECKING:
    from collections.abc import Callable

    from s3dedup.model import AuditReport

REPORTS = {"rich": samples.rich_report, "complete": samples.complete_report, "empty": samples.empty_report}
ENDINGS = {"table": "txt", "json": "json", "jsonl": "jsonl", "csv": "csv", "markdown": "md", "prometheus": "prom"}
"""The formats that are compared as text: a page and a binary file are read by tests of their own."""


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("name", ENDINGS)
def test_a_report_is_rendered_as_its_golden_file_says(
    name: str, report: str, check_golden: Callable[[str, str], None]
) -> None:
    stream = StringIO()
    render(REPORTS[report](), name, stream, width=80)
    check_golden(f"{report}.{ENDINGS[name]}", stream.getvalue())


def test_a_wide_terminal_shows_long_keys_whole(check_golden: Callable[[str, str], None]) -> None:
    stream = StringIO()
    report: AuditReport = samples.rich_report()
    render(report, "table", stream, width=140, top=5)
    check_golden("rich-140.txt", stream.getvalue())
