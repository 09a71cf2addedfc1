"""The live line: drawn without a thread of its own, and what it says."""

from __future__ import annotations

import io
import threading

from rich.console import Console

from s3dedup.cli.progress import LiveWatch, _bar
from s3dedup.model import Work


def test_the_live_line_tells_the_stage_and_its_requests_and_needs_no_thread() -> None:
    """A thread would keep the audit from forking, and so from using more than one core."""
    drawn = io.StringIO()
    threads = threading.active_count()
    with _bar(Console(file=drawn, force_terminal=True, width=200)) as bar:
        watch = LiveWatch(bar)
        watch.attach(lambda: Work(list_requests=3, head_requests=2, get_requests=1))
        watch.stage("Listing")
        watch._drawn = 0  # noqa: SLF001  as if a tenth of a second had gone by
        watch.advance(1234, 5 << 20)
        assert threading.active_count() == threads
    assert "Listing" in drawn.getvalue()
    assert "1,234 objects, 5.0 MiB, 6 requests" in drawn.getvalue()
