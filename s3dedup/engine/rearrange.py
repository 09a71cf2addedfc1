"""The last report once more, with other keepers: from what is on disk, without S3."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from s3dedup.engine.appraise import Appraiser, name_of
from s3dedup.engine.emit import Emitter
from s3dedup.groups import Choice
from s3dedup.model import AuditReport
from s3dedup.shelf import Results, Summary, read_digests, read_report, read_summary


def rearranged(directory: Path, choice: Choice) -> AuditReport:
    """The last finished audit of a state directory with keepers by `choice`. All groups are made anew, and whatever
    depends on who stays is counted anew, at the prices that the audit had and with what it was told. The new report
    lies in a temporary file, which goes with it.

    Raises:
        NoReportError: there is no finished audit.
        StateError: the state is corrupt, or there is no room for the new report.
    """
    with ExitStack() as opened:
        scratch = Path(opened.enter_context(TemporaryDirectory(prefix="s3dedup-")))
        results, summary = Results(scratch), read_summary(directory)
        opened.callback(results.discard)
        appraiser = Appraiser.from_bytes(summary.appraiser)
        emitter = Emitter(results.add, choice, appraiser, later=False)
        for name, record in read_digests(directory):
            told = {name_of(record.objects[place]): each for place, each in (record.told or {}).items()}
            emitter.emit(record.size, name[6:], record.evidence, record.objects, told)
        for skipped in read_report(directory).skipped:
            results.add_skipped(skipped)
        results.finish(_summary(summary, emitter))
        return read_report(scratch)


def _summary(old: Summary, emitter: Emitter) -> Summary:
    """The old summary with everything new that depends on the keepers."""
    tally = emitter.tally
    totals = replace(
        old.totals,
        redundant_objects=tally.redundant,
        reclaimable_bytes=tally.reclaimable_bytes,
        billable_bytes=tally.billable_bytes,
        monthly_usd=tally.monthly_usd,
        protected_objects=tally.protected,
        savings=tally.savings.finish(),
    )
    rollups, choices = tally.rollup.finish(dict(old.below)), list(tally.decisions.notes(emitter.choice))
    return msgspec.structs.replace(old, totals=totals, rollups=rollups, choices=choices)
