"""The report for the engineer at a terminal: the verdict first, then what it rests on, a legend last.

One page reads from the top: what is redundant, and what share of all that was listed; where the money is;
the largest groups; what was not compared and what to do about it; the work done. Everything that comes from a
bucket goes through `plain`, and nothing here is markup. It fits 80 columns; a stream that is no terminal gets
no colours.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, TextIO

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from s3dedup.report import words
from s3dedup.report.view import Carrier
from s3dedup.text import human_bytes, human_count, human_duration, human_usd, plain

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from s3dedup.model import AuditReport, DuplicateGroup, RollUps, Share, Totals, Work
    from s3dedup.report.view import View

_PAIRS_SHOWN = 5
_SHARES_SHOWN = 5
_OBJECTS_SHOWN = 4  # of a group: the keeper and three others
_INDENT = 17
_NARROWEST = 24  # columns of a key, however narrow the terminal is
_ELLIPSIS = "..."
_HEAD_SHARES = (1 / 3, 1 / 2, 2 / 3)  # keys that differ mostly differ at the end


def render(report: AuditReport, stream: TextIO, view: View) -> None:
    """Write one page: at most `view.top` groups, in `view.width` columns."""
    console = Console(file=stream, width=view.width, markup=False, highlight=False, emoji=False, force_jupyter=False)
    omissions = words.Omissions.of(report.skipped)
    shown = list(islice(report.groups, view.top))
    with console.capture() as page:
        _print_verdict(console, report, omissions)
        _print_facts(console, report)
        _print_savings(console, report.totals)
        if report.rollups is not None:
            _print_rollups(console, report.rollups)
        if report.totals.groups:
            _print_groups(console, shown, report.totals)
        if omissions.examples:
            _print_omissions(console, omissions)
        _print_work(console, report.work, report.totals)
        _print_notes(console, report)
        _print_legend(console, shown)
    Carrier(stream).write("\n".join(line.rstrip(" ") for line in page.get().split("\n")))


def _print_verdict(console: Console, report: AuditReport, omissions: words.Omissions) -> None:
    shortcoming = words.shortcoming(report.run, omissions)
    if shortcoming is not None:
        console.print(Text(f"INCOMPLETE: {shortcoming}\n", style="bold red"))
    found = report.totals.redundant_objects > 0
    console.print(Text(words.verdict(report.totals, report.run), style="bold yellow" if found else "bold green"))
    console.print()


def _print_facts(console: Console, report: AuditReport) -> None:
    totals = report.totals
    rows = [("Looked in", ", ".join(plain(location) for location in report.run.locations))]
    rows.append(("Listed", words.listed(totals)))
    if totals.groups:
        billable = "-" if totals.billable_bytes is None else human_bytes(totals.billable_bytes)
        rows.append(("Duplicates", words.duplicates(totals)))
        rows.append(("Reclaimable", f"{human_bytes(totals.reclaimable_bytes)}, billed as {billable}"))
        rows.append(("Costs a month", human_usd(totals.monthly_usd)))
    change = words.change(report)
    if change is not None:
        rows.append(("Trend", change))
    if report.in_doubt is not None:
        rows.append(("In doubt", words.doubt(report.in_doubt)))
    rows.append(("Run", _run(report)))
    _print_rows(console, rows)


def _print_savings(console: Console, totals: Totals) -> None:
    """What deleting would save, by what each delete would do."""
    if totals.savings is None or not totals.redundant_objects:
        return
    _print_heading(console, "What deleting would save")
    console.print(Text(f"{'Per month':>{_INDENT - 2}}", style="dim"))
    rows = [(human_usd(part.monthly_usd), f"{part.extent}: {part.outcome}") for part in words.parts(totals.savings)]
    _print_rows(console, [(f"{usd:>{_INDENT - 4}}", text) for usd, text in rows])
    warning = words.restores(totals)
    if warning is not None:
        console.print(Padding(Text(warning, style="bold yellow"), (1, 0, 0, 2)))


def _run(report: AuditReport) -> str:
    run = report.run
    length = human_duration(run.finished - run.started)
    return f"{plain(run.id)}, {run.started:%Y-%m-%d %H:%M} UTC, {length}, s3dedup {plain(report.tool_version)}"


def _print_rollups(console: Console, rollups: RollUps) -> None:
    """The prefixes that repeat others; the buckets and classes where there are several to choose from."""
    tables = [shares for shares in (rollups.buckets, rollups.classes) if len(shares) > 1]
    if not rollups.prefix_pairs and not tables:
        return
    _print_heading(console, "Where the money is")
    console.print(Text(f"{'Reclaimable':>15}  {'Per month':>10}", style="dim"))
    for pair in rollups.prefix_pairs[:_PAIRS_SHOWN]:
        _print_gain(console, pair.reclaimable_bytes, pair.monthly_usd, f"{words.part_of(pair)} {plain(pair.redundant)}")
        _print_gain(console, None, None, f"is also in {plain(pair.keeper)}")
    for shares in tables:
        console.print()
        _print_shares(console, shares)


def _print_shares(console: Console, shares: tuple[Share, ...]) -> None:
    for share in shares[:_SHARES_SHOWN]:
        redundant = human_count(share.redundant_objects, "redundant object")
        _print_gain(console, share.reclaimable_bytes, share.monthly_usd, f"{plain(share.name)}: {redundant}")


def _print_gain(console: Console, reclaimable: int | None, usd: Decimal | None, text: str) -> None:
    """What could go on the left, where it is on the right; without an amount the text goes on from the line above."""
    numbers = "" if reclaimable is None else f"{human_bytes(reclaimable):>15}  {human_usd(usd):>10}"
    indent = 29
    for line in chop_cells(text, max(_NARROWEST, console.width - indent)):
        console.print(Text.assemble((f"{numbers:<{indent}}", "bold"), line))
        numbers = ""


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


def _print_omissions(console: Console, omissions: words.Omissions) -> None:
    _print_heading(console, "Not compared")
    rows: list[tuple[str, str]] = []
    for reason, count in omissions.counts.most_common():
        example = omissions.examples[reason]
        key = plain(f"s3://{example.bucket}/{example.key}")
        room = max(_NARROWEST, console.width - _INDENT) - len("e.g. ")
        rows.append((reason, f"{human_count(count, 'object')}: {plain(example.detail)}"))
        rows.append(("", f"e.g. {elide(key, room, _HEAD_SHARES[0])}"))
        rows.append(("", words.REMEDY[reason]))
    _print_rows(console, rows)


def _print_work(console: Console, work: Work, totals: Totals) -> None:
    _print_heading(console, "Work done")
    _print_rows(console, [("Requests", words.requests(work)), ("Read", words.bytes_read(work, totals))])


def _print_notes(console: Console, report: AuditReport) -> None:
    notes = report.notes if report.prices is None else (*report.notes, report.prices)
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
        rows += [(kind, meaning) for kind, meaning in words.MEANING.items() if kind in present]
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
