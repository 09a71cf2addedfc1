"""The report for the engineer at a terminal: the verdict first, then what it rests on, a legend last.

One page reads from the top: what is redundant, and what share of all that was listed; the largest groups;
what was not compared and what to do about it; the work done. Everything that comes from a bucket goes through
`plain`, and nothing here is markup. It fits 80 columns; a stream that is no terminal gets no colours.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, TextIO

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from s3dedup.model import (
    AuditReport,
    DuplicateGroup,
    EvidenceKind,
    RunInfo,
    Skipped,
    SkipReason,
    Totals,
    Work,
)
from s3dedup.text import human_bytes, human_count, human_duration, human_share, human_usd, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from s3dedup.report.view import View

_OBJECTS_SHOWN = 4  # of a group: the keeper and three others
_INDENT = 17
_NARROWEST = 24  # columns of a key, however narrow the terminal is
_ELLIPSIS = "..."
_HEAD_SHARES = (1 / 3, 1 / 2, 2 / 3)  # keys that differ mostly differ at the end

_MEANING: Mapping[EvidenceKind, str] = {
    EvidenceKind.MD5_ETAG: "Equal size and equal ETag, and the ETag is known to be the MD5 of the content.",
    EvidenceKind.MULTIPART_ETAG: "Equal multipart ETag, uploaded in parts of the same sizes.",
    EvidenceKind.CHECKSUM: "S3 stores the same cryptographic checksum of the whole object beside each.",
    EvidenceKind.DERIVED: "One object was read; its bytes give the ETags or checksums of the others.",
    EvidenceKind.SHA1_RANGES: "All bytes were read, and each range has the same SHA-1.",
    EvidenceKind.SHA256_RANGES: "All bytes were read, and each range has the same SHA-256.",
}

_REMEDY: Mapping[SkipReason, str] = {
    SkipReason.ACCESS_DENIED: "Allow s3:GetObject on them (and kms:Decrypt on their key), or --exclude such keys.",
    SkipReason.ARCHIVED: "Restore them first, or leave their class out with --storage-class.",
    SkipReason.CHANGED: "They were overwritten during the audit: run it again, or --exclude such keys.",
    SkipReason.VANISHED: "They were deleted during the audit: run it again, or --exclude such keys.",
    SkipReason.UNREADABLE: "Run it again; if it persists, look at these objects.",
    SkipReason.BUDGET: "Run it again: what was proven is kept.",
}


def render(report: AuditReport, stream: TextIO, view: View) -> None:
    """Write one page: at most `view.top` groups, in `view.width` columns."""
    console = Console(file=stream, width=view.width, markup=False, highlight=False, emoji=False, force_jupyter=False)
    omissions = _Omissions.of(report.skipped)
    shown = list(islice(report.groups, view.top))
    with console.capture() as page:
        _print_verdict(console, report, omissions)
        _print_facts(console, report)
        if report.totals.groups:
            _print_groups(console, shown, report.totals)
        if omissions.examples:
            _print_omissions(console, omissions)
        _print_work(console, report.work, report.totals)
        _print_notes(console, report.notes)
        _print_legend(console, shown)
    stream.write(_fit(page.get(), stream))


def _fit(page: str, stream: TextIO) -> str:
    """The page without trailing spaces, and with what the stream's encoding lacks as escapes."""
    encoding = stream.encoding or "utf-8"
    trimmed = "\n".join(line.rstrip(" ") for line in page.split("\n"))
    return trimmed.encode(encoding, "backslashreplace").decode(encoding)


@dataclass(slots=True)
class _Omissions:
    """What was not compared: how many objects for each reason, and the first of each."""

    counts: Counter[SkipReason] = field(default_factory=Counter)
    examples: dict[SkipReason, Skipped] = field(default_factory=dict)

    @classmethod
    def of(cls, skipped: Iterable[Skipped]) -> _Omissions:
        """Count them in one pass."""
        omissions = cls()
        for item in skipped:
            omissions.counts[item.reason] += 1
            omissions.examples.setdefault(item.reason, item)
        return omissions

    def __str__(self) -> str:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in self.counts.most_common())
        count = self.counts.total()
        return f"{human_count(count, 'object')} {'was' if count == 1 else 'were'} not compared ({reasons})"


def _print_verdict(console: Console, report: AuditReport, omissions: _Omissions) -> None:
    if not report.run.complete:
        why = str(omissions) if omissions.examples else "the audit ended before everything was compared"
        console.print(Text(f"INCOMPLETE: {why}, so there may be more duplicates.\n", style="bold red"))
    found = report.totals.redundant_objects > 0
    console.print(Text(_verdict(report.totals, report.run), style="bold yellow" if found else "bold green"))
    console.print()


def _verdict(totals: Totals, run: RunInfo) -> str:
    """The answer in one sentence.

    | objects | redundant | complete | it says |
    |---|---|---|---|
    | none | - | - | nothing to compare |
    | some | none | yes | no duplicates |
    | some | none | no | no duplicates so far |
    | some | some | - | what is redundant |
    """
    if not totals.objects:
        return "Nothing to compare: no objects were found."
    if not totals.redundant_objects:
        return "No duplicates: no content is stored twice." if run.complete else "No duplicates so far."
    hold = "holds" if totals.redundant_objects == 1 else "hold"
    return (
        f"{human_count(totals.redundant_objects, 'redundant object')} {hold}"
        f" {human_bytes(totals.reclaimable_bytes)}: {human_share(totals.reclaimable_bytes, totals.bytes)}"
        f" of the {human_bytes(totals.bytes)} listed."
    )


def _print_facts(console: Console, report: AuditReport) -> None:
    totals = report.totals
    rows = [("Looked in", ", ".join(plain(location) for location in report.run.locations))]
    rows.append(("Listed", _listed(totals)))
    if totals.groups:
        billable = "-" if totals.billable_bytes is None else human_bytes(totals.billable_bytes)
        rows.append(("Duplicates", _duplicates(totals)))
        rows.append(("Reclaimable", f"{human_bytes(totals.reclaimable_bytes)}, billed as {billable}"))
        rows.append(("Saves a month", human_usd(totals.monthly_usd)))
    rows.append(("Run", _run(report)))
    _print_rows(console, rows)


def _listed(totals: Totals) -> str:
    listed = f"{human_count(totals.objects, 'object')}, {human_bytes(totals.bytes)}"
    if not totals.empty_objects:
        return listed
    return f"{listed}; {human_count(totals.empty_objects, 'empty object')} left out"


def _duplicates(totals: Totals) -> str:
    objects = human_count(totals.groups + totals.redundant_objects, "object")
    groups, keepers = human_count(totals.groups, "group"), human_count(totals.groups, "keeper")
    return f"{objects} in {groups}: {keepers}, {totals.redundant_objects:,} redundant"


def _run(report: AuditReport) -> str:
    run = report.run
    length = human_duration(run.finished - run.started)
    return f"{plain(run.id)}, {run.started:%Y-%m-%d %H:%M} UTC, {length}, s3dedup {plain(report.tool_version)}"


def _print_groups(console: Console, shown: list[DuplicateGroup], totals: Totals) -> None:
    extent = f" ({len(shown):,} of {totals.groups:,})" if len(shown) < totals.groups else ""
    _print_heading(console, f"Duplicate groups, largest first{extent}")
    header = f"{'#':>4}  {'Reclaimable':>11}  {'Size':>10}  {'Copies':>7}  {'Per month':>10}  Evidence"
    console.print(Text(header, style="dim"))
    for rank, group in enumerate(shown, 1):
        _print_group(console, rank, group)
    hidden = totals.groups - len(shown)
    if hidden > 0:
        rest = totals.reclaimable_bytes - sum(group.reclaimable_bytes for group in shown)
        more = f"+{human_count(hidden, 'more group')} with {human_bytes(rest)}; --format json has them all."
        console.print(Text(f"\n      {more}"))


def _print_group(console: Console, rank: int, group: DuplicateGroup) -> None:
    reclaimable, size = human_bytes(group.reclaimable_bytes), human_bytes(group.size)
    usd = human_usd(group.monthly_usd)
    numbers = f"{rank:>4}  {reclaimable:>11}  {size:>10}  {len(group.objects):>7,}  {usd:>10}  {group.evidence}"
    console.print(Text(numbers, style="bold"))
    _print_objects(console, group)


def _print_objects(console: Console, group: DuplicateGroup) -> None:
    """The keeper, a few redundant objects, and how many more; a single one more is shown."""
    objects = group.objects
    labels = {group.kept: "redundant", 1: "protected", 0: "keeper"} if group.kept > 1 else {0: "keeper", 1: "redundant"}
    shown = objects if len(objects) <= _OBJECTS_SHOWN + 1 else objects[:_OBJECTS_SHOWN]
    keys = [plain(f"s3://{item.bucket}/{item.key}") for item in shown]
    folded = distinct_lines(keys, max(_NARROWEST, console.width - _INDENT))
    for rank, (item, lines) in enumerate(zip(shown, folded, strict=True)):
        label = labels.get(rank, "")
        for line in lines:
            _print_object(console, label, line, "green" if rank < group.kept else "")
            label = ""
        if item.version_id is not None:
            _print_object(console, "", f"version {plain(item.version_id)}", "dim")
    if len(shown) < len(objects):
        _print_object(console, "", f"+{len(objects) - len(shown):,} more", "dim")


def _print_object(console: Console, label: str, line: str, style: str) -> None:
    console.print(Text.assemble((f"{label:>{_INDENT - 2}}  ", "dim"), (line, style)))


def _print_omissions(console: Console, omissions: _Omissions) -> None:
    _print_heading(console, "Not compared")
    rows: list[tuple[str, str]] = []
    for reason, count in omissions.counts.most_common():
        example = omissions.examples[reason]
        key = plain(f"s3://{example.bucket}/{example.key}")
        room = max(_NARROWEST, console.width - _INDENT) - len("e.g. ")
        rows.append((reason, f"{human_count(count, 'object')}: {plain(example.detail)}"))
        rows.append(("", f"e.g. {elide(key, room, _HEAD_SHARES[0])}"))
        rows.append(("", _REMEDY[reason]))
    _print_rows(console, rows)


def _print_work(console: Console, work: Work, totals: Totals) -> None:
    _print_heading(console, "Work done")
    requests = (
        f"{work.list_requests:,} LIST, {work.head_requests:,} HEAD, {work.get_requests:,} GET;"
        f" cost {human_usd(work.cost_usd)}"
    )
    read = f"{human_bytes(work.bytes_read)}: {human_share(work.bytes_read, totals.bytes)} of the bytes listed"
    _print_rows(console, [("Requests", requests), ("Read", read)])


def _print_notes(console: Console, notes: tuple[str, ...]) -> None:
    if notes:
        _print_heading(console, "Notes")
        _print_rows(console, [("-", plain(note)) for note in notes], indent=2)


def _print_legend(console: Console, shown: list[DuplicateGroup]) -> None:
    if shown:
        _print_heading(console, "Legend")
        rows = [
            ("copies", "All objects of the group, the keeper too."),
            ("reclaimable", "What the group holds beside the keeper."),
        ]
        if any(group.monthly_usd is None for group in shown):
            rows.append(("-", "Unknown, which is not zero."))
        present = {group.evidence for group in shown}
        rows += [(kind, meaning) for kind, meaning in _MEANING.items() if kind in present]
        _print_rows(console, rows)


def _print_heading(console: Console, title: str) -> None:
    console.print(Text(f"\n{title}", style="bold"))


def _print_rows(console: Console, rows: Iterable[tuple[str, str]], indent: int = _INDENT) -> None:
    """Labels on the left, their texts wrapped on the right."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(min_width=indent - 4, no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for label, text in rows:
        grid.add_row(Text(label), Text(text))
    console.print(Padding(grid, (0, 0, 0, 2)))


def distinct_lines(texts: list[str], width: int) -> list[list[str]]:
    """Each text on one line of at most `width` columns, with some of its middle left out where it is longer.

    Where different texts would look the same, more of the beginning is shown; in the end they are folded.
    """
    for head_share in _HEAD_SHARES:
        elided = [elide(text, width, head_share) for text in texts]
        if len(set(elided)) == len(set(texts)):
            return [[line] for line in elided]
    return [chop_cells(text, width) for text in texts]


def elide(text: str, width: int, head_share: float) -> str:
    """A text in at most `width` columns: `head_share` of them its beginning, `...`, and its end."""
    if cell_len(text) <= width:
        return text
    room = width - len(_ELLIPSIS)
    head = int(room * head_share)
    return f"{chop_cells(text, head)[0]}{_ELLIPSIS}{chop_cells(text[::-1], room - head)[0][::-1]}"
