"""Earlier audits: which there were, and what has changed since one of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from s3dedup.errors import NoReportError, UsageError
from s3dedup.groups import changes, sum_changes
from s3dedup.model import AuditReport, Comparison, FinishedRun, GroupChange
from s3dedup.shelf import PastRecord, Stored, group_marks, has_groups, past_runs

Runs = dict[int, PastRecord]


def finished_runs(directory: Path) -> list[FinishedRun]:
    """The audits that a state directory remembers, the oldest first.

    Raises:
        NoReportError: there are none.
    """
    return [record.run for record in _known(directory).values()]


def with_past(report: AuditReport, directory: Path) -> AuditReport:
    """A report with the earlier audits of the same locations."""
    runs = [record.run for record in past_runs(directory).values() if record.run.run.id != report.run.id]
    places = set(report.run.locations)
    return replace(report, past=tuple(run.past for run in runs if set(run.run.locations) == places))


def comparison(directory: Path, run: str | None) -> Comparison:
    """What the last audit found against an earlier one: the one whose id begins with `run`, or, where that is None, the
    last one of the same locations.

    Raises:
        NoReportError: there is no finished audit.
        UsageError: there is no such audit, or what it found is no longer kept.
        StateError: what one of them found is corrupt; met as well when the changes are iterated over.
    """
    runs = _known(directory)
    last = max(runs)
    earlier = earlier_run(runs, run)
    if not has_groups(directory, earlier):
        raise UsageError(
            f"What audit {runs[earlier].run.run.id} found is no longer kept: choose a later one from `s3dedup history`."
        )
    keepers = runs[earlier].keepers | runs[last].keepers

    def changed() -> Iterator[GroupChange]:
        for each in changes(group_marks(directory, earlier), group_marks(directory, last)):
            yield replace(each, keeper=keepers.get(each.id))

    sums = sum_changes(changed())
    count = sum(each.groups for each in sums.values())
    return Comparison(runs[earlier].run, runs[last].run, sums, Stored(changed, count))


def earlier_run(runs: Runs, wanted: str | None) -> int:
    """The number of the run to compare the last one with.

    | wanted | earlier runs | it is |
    |---|---|---|
    | None | of the same locations | the last of these |
    | None | only of others, or none | refused |
    | a text | one whose id begins so | this one |
    | a text | none, or several | refused |

    Raises:
        UsageError: there is none, or more than one.
    """
    last = max(runs)
    places = set(runs[last].run.run.locations)
    if wanted is None:
        found = [number for number in runs if number != last and set(runs[number].run.run.locations) == places][-1:]
        missing = "There is no earlier audit of the same locations: audit them again later, or name a run"
    else:
        found = [number for number in runs if number != last and runs[number].run.run.id.startswith(wanted)]
        several = "several earlier audits have" if found else "no earlier audit has"
        missing = f"{several[0].upper()}{several[1:]} an id that begins with {wanted!r}: name one"
    if len(found) != 1:
        raise UsageError(f"{missing} of `s3dedup history`.")
    return found[0]


def _known(directory: Path) -> Runs:
    runs = past_runs(directory)
    if not runs:
        raise NoReportError(str(directory))
    return runs
