"""Earlier audits, and what has changed since one of them: as a page for a terminal, or as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import nlargest
from itertools import groupby
from typing import TextIO

from s3dedup.model import Comparison, FinishedRun, GroupChange
from s3dedup.report.records import json_text
from s3dedup.report.view import TOP
from s3dedup.text import human_bytes, human_count, human_usd, plain

RUNS_FORMATS = ("table", "json")
SHOWN = 8
"""So much of a run's id is shown; `compare` takes the beginning of one."""


def render_history(runs: Sequence[FinishedRun], format: str, stream: TextIO) -> None:  # noqa: A002  the contract's word
    """Write the runs, given oldest first, in one of `RUNS_FORMATS`."""
    if format == "json":
        stream.write(f'{{"schema": "s3dedup/history/1",\n "runs": {_array(runs)}}}\n')
    else:
        write_lines(stream, _history(runs))


def render_comparison(found: Comparison, format: str, stream: TextIO) -> None:  # noqa: A002  the contract's word
    """Write what changed, in one of `RUNS_FORMATS`; all of it as JSON, the largest changes on a page."""
    if format == "json":
        stream.write('{"schema": "s3dedup/compare/1",\n')
        stream.write(f' "earlier": {json_text(found.earlier)},\n "later": {json_text(found.later)},\n')
        stream.write(f' "sums": {json_text(found.sums)},\n "groups": ')
        stream.writelines(_pieces(found.changes))
        stream.write("}\n")
    else:
        write_lines(stream, _comparison(found))


def write_lines(stream: TextIO, lines: Iterable[str]) -> None:
    """Lines, with what the stream's encoding lacks as escapes."""
    encoding = stream.encoding or "utf-8"
    stream.writelines(f"{line.rstrip()}\n".encode(encoding, "backslashreplace").decode(encoding) for line in lines)


def _array(items: Iterable[object]) -> str:
    return "".join(_pieces(items))


def _pieces(items: Iterable[object]) -> Iterator[str]:
    """A JSON array, one item a line."""
    separator = "[\n  "
    for item in items:
        yield f"{separator}{json_text(item)}"
        separator = ",\n  "
    yield "\n ]" if separator.startswith(",") else "[]"


def _history(runs: Sequence[FinishedRun]) -> Iterator[str]:
    """The runs of the same locations below each other, those audited last at the end."""
    last = {_places(run): number for number, run in enumerate(runs)}
    for places, found in groupby(sorted(runs, key=lambda run: last[_places(run)]), _places):
        yield places
        yield f"{'Finished (UTC)':16}  {'Objects':>12}  {'Redundant':>11}  {'Reclaimable':>11}  {'Per month':>10}  Run"
        yield from map(_run, found)
        yield ""
    if any(not run.run.complete for run in runs):
        yield "* Incomplete: not everything was compared."
    if any(run.totals.monthly_usd is None for run in runs):
        yield "- Unknown, which is not zero."


def _run(run: FinishedRun) -> str:
    totals, mark = run.totals, "" if run.run.complete else " *"
    counts = f"{totals.objects:>12,}  {totals.redundant_objects:>11,}  {human_bytes(totals.reclaimable_bytes):>11}"
    return f"{_when(run)}  {counts}  {human_usd(totals.monthly_usd):>10}  {_name(run)}{mark}"


def _comparison(found: Comparison) -> Iterator[str]:
    earlier, later = found.earlier, found.later
    yield f"Earlier  {_when(earlier)} UTC, {_name(earlier)}"
    yield f"Later    {_when(later)} UTC, {_name(later)}"
    if set(earlier.run.locations) != set(later.run.locations):
        yield f"They looked in different places: before in {_places(earlier)}, now in {_places(later)}."
    yield ""
    yield f"{'':14}  {'Earlier':>12}  {'Later':>12}  {'Change':>12}"
    before, now = earlier.totals, later.totals
    for label, old, new in (
        ("Objects", before.objects, now.objects),
        ("Groups", before.groups, now.groups),
        ("Redundant", before.redundant_objects, now.redundant_objects),
    ):
        yield f"{label:14}  {old:>12,}  {new:>12,}  {new - old:>+12,}"
    for label, old, new in (
        ("Listed", before.bytes, now.bytes),
        ("Reclaimable", before.reclaimable_bytes, now.reclaimable_bytes),
    ):
        yield f"{label:14}  {human_bytes(old):>12}  {human_bytes(new):>12}  {_signed(new - old):>12}"
    yield f"{'Per month':14}  {human_usd(before.monthly_usd):>12}  {human_usd(now.monthly_usd):>12}"
    yield ""
    for change, each in found.sums.items():
        groups, saving = human_count(each.groups, "group"), _signed(each.reclaimable_bytes)
        yield f"{change.capitalize():14}  {groups:>26}  {saving:>12} reclaimable"
    yield from _largest(found.changes)


def _largest(changes: Iterable[GroupChange]) -> Iterator[str]:
    """The groups whose reclaimable bytes changed most."""
    shown = nlargest(TOP, changes, key=lambda each: abs(each.reclaimable_after - each.reclaimable_before))
    if shown:
        yield ""
        yield f"{'Largest':8}  {'Size':>10}  {'Copies':>11}  {'Reclaimable':>11}  Keeper, or the group's id"
    for each in shown:
        copies = f"{each.copies_before:,} -> {each.copies_after:,}"
        change = _signed(each.reclaimable_after - each.reclaimable_before)
        name = plain(each.keeper or each.id)
        yield f"{each.change:8}  {human_bytes(each.size):>10}  {copies:>11}  {change:>11}  {name}"


def _signed(size: int) -> str:
    return f"-{human_bytes(-size)}" if size < 0 else f"+{human_bytes(size)}" if size else human_bytes(0)


def _places(run: FinishedRun) -> str:
    return ", ".join(plain(location) for location in sorted(run.run.locations))


def _when(run: FinishedRun) -> str:
    return f"{run.run.finished:%Y-%m-%d %H:%M}"


def _name(run: FinishedRun) -> str:
    return plain(run.run.id[:SHOWN])
