r"""The report as a message: short Markdown for a pull request or a chat.

Names from a bucket stand in code spans only, where nothing is a link, an image or a mention. What could end a code span
or a table cell, begin a tag, or call somebody, is escaped as control codes are: "`", "|", "<" and "@" are `\x60`,
`\x7c`, `\x3c` and `\x40`.
"""

from __future__ import annotations

import html
import re
from itertools import islice
from typing import TYPE_CHECKING, TextIO

from s3dedup.report import words
from s3dedup.report.view import Carrier
from s3dedup.text import escape, human_bytes, human_count, human_duration, human_usd, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from s3dedup.model import AuditReport, DuplicateGroup, RollUps
    from s3dedup.report.view import View

GROUPS = 10
PAIRS = 5
LOCATIONS = 5
LONGEST = 90
"""Characters of a name; of a longer one the beginning and the end are shown, so that a message can always be posted."""

_SPECIAL = re.compile(r"[`|<@]|(?<= ) ")  # a code span shows two spaces as one


def render(report: AuditReport, stream: TextIO, view: View) -> None:
    """Write one message with the largest groups: at most ten, or `view.top` where that is less."""
    out = Carrier(stream)
    for line in _lines(report, min(view.top, GROUPS)):
        out.write(f"{line}\n")


def _lines(report: AuditReport, top: int) -> Iterator[str]:
    omissions = words.Omissions.of(report.skipped)
    yield from _verdict(report, omissions)
    if report.rollups is not None:
        yield from _money(report.rollups)
    groups = list(islice(report.groups, top))
    if groups:
        yield from _groups(groups, report.totals.groups)
    if omissions.examples:
        yield from _omissions(omissions)
    yield from ("", _origin(report))


def _verdict(report: AuditReport, omissions: words.Omissions) -> Iterator[str]:
    yield f"**{_text(words.verdict(report.totals, report.run))}**"
    for sentence in (words.saved(report.totals), words.restores(report.totals)):
        if sentence is not None:
            yield from ("", _text(sentence))
    shortcoming = words.shortcoming(report.run, omissions)
    if shortcoming is not None:
        yield from ("", f"**Incomplete:** {shortcoming}")
    if report.in_doubt is not None:
        yield from ("", _text(words.doubt(report.in_doubt)))
    change = words.change(report)
    if change is not None:
        yield from ("", f"Trend: {change}.")


def _money(rollups: RollUps) -> Iterator[str]:
    if rollups.prefix_pairs:
        yield from ("", "### Where the money is", "")
    for pair in rollups.prefix_pairs[:PAIRS]:
        gain = words.gain(pair.objects, pair.reclaimable_bytes, pair.monthly_usd)
        yield f"- {_text(words.part_of(pair))} {_code(pair.redundant)} is also in {_code(pair.keeper)}: {_text(gain)}"


def _groups(groups: list[DuplicateGroup], total: int) -> Iterator[str]:
    extent = f" ({len(groups):,} of {total:,})" if len(groups) < total else ""
    yield from ("", f"### Largest groups{extent}", "")
    yield "| Reclaimable | Per month | Copies | Keeper | A redundant one |"
    yield "|--:|--:|--:|:--|:--|"
    for group in groups:
        copies, usd = f"{len(group.objects):,}", _text(human_usd(group.monthly_usd))
        keeper, redundant = _distinct(group.keeper.uri, (group.redundant or group.objects)[0].uri)
        yield f"| {human_bytes(group.reclaimable_bytes)} | {usd} | {copies} | {keeper} | {redundant} |"


def _omissions(omissions: words.Omissions) -> Iterator[str]:
    yield from ("", "### Not compared", "")
    for reason, count in omissions.counts.most_common():
        yield f"- {human_count(count, 'object')}, {reason}: {words.REMEDY[reason]}"


def _origin(report: AuditReport) -> str:
    run = report.run
    looked = ", ".join(map(_code, run.locations[:LOCATIONS]))
    more = f" and {len(run.locations) - LOCATIONS:,} more" if len(run.locations) > LOCATIONS else ""
    length = human_duration(run.finished - run.started)
    prices = "" if report.prices is None else f" {_text(report.prices)}"
    return (
        f"s3dedup looked in {looked}{more} on {run.started:%Y-%m-%d %H:%M} UTC, for {length}:"
        f" {words.listed(report.totals)}.{prices}"
    )


def _text(text: str) -> str:
    """Our own words outside of code: `<0.1 %` and `>99.9 %` are no tag and no quotation."""
    return html.escape(text, quote=False)


def _distinct(one: str, other: str) -> tuple[str, str]:
    """Two names; where they would look the same, what is shown of them is where they begin to differ."""
    if _shortened(one) != _shortened(other):
        return _code(one), _code(other)
    same = next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    start = max(0, same - LONGEST // 3)
    return _code(f"...{one[start:]}"), _code(f"...{other[start:]}")


def _code(text: str) -> str:
    """A code span that nothing in the text can end."""
    return f"`{_SPECIAL.sub(lambda found: escape(found[0]), plain(_shortened(text)))}`"


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]}...{text[-LONGEST // 2 :]}"
