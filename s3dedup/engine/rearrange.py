"""The last report once more, with other keepers: from what is on disk, without S3."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from s3dedup.engine.emit import Emitter
from s3dedup.groups import Choice
from s3dedup.model import AuditReport
from s3dedup.shelf import Results, Summary, read_digests, read_report, read_summary


def rearranged(directory: Path, choice: Choice) -> AuditReport:
    """The last finished audit of a state directory with keepers by `choice`. All groups are made anew, and whatever
    depends on who stays is counted anew. The new report lies in a temporary file, which goes with it.

    Raises:
        NoReportError: there is no finished audit.
        StateError: the state is corrupt, or there is no room for the new report.
    """
    with ExitStack() as opened:
        scratch = Path(opened.enter_context(TemporaryDirectory(prefix="s3dedup-")))
        results = Results(scratch)
        opened.callback(results.discard)
        emitter = Emitter(results.add, choice)
        for name, record in read_digests(directory):
            emitter.emit(record.size, name[6:], record.evidence, record.objects)
        for skipped in read_report(directory).skipped:
            results.add_skipped(skipped)
        results.finish(_summary(read_summary(directory), emitter))
        return read_report(scratch)


def _summary(old: Summary, emitter: Emitter) -> Summary:
    """The old summary with everything new that depends on the keepers."""
    tally = emitter.tally
    totals = replace(
        old.totals,
        redundant_objects=tally.redundant,
        reclaimable_bytes=tally.reclaimable_bytes,
        billable_bytes=tally.billable_bytes,
        monthly_usd=None,
    )
    rollups, choices = tally.rollup.finish(dict(old.below)), list(tally.decisions.notes(emitter.choice))
    return msgspec.structs.replace(old, totals=totals, rollups=rollups, choices=choices)
