"""What the page says: each function is one section of it, and gives nothing where there is nothing to say."""

from __future__ import annotations

from collections.abc import Sequence

from s3dedup.model import AuditReport, DuplicateGroup, PastRun, PrefixPair, RollUps, Share, SkipReason, Totals
from s3dedup.report import words
from s3dedup.report.html.charts import Bar, bars, trend
from s3dedup.report.html.data import Packed
from s3dedup.report.html.markup import Markup, facts, joined, name_of, table, tag
from s3dedup.text import human_bytes, human_count, human_duration, human_share, human_usd, plain

NOTHING = Markup()
BARS = 10
"""Of a chart: the others are in the JSON formats."""
LOCATIONS = 10
OBJECTS = 4
"""Of a group in the table that is printed."""


def headline(report: AuditReport, omissions: words.Omissions) -> Markup:
    """The verdict, where it looked, and what is missing from it."""
    run = report.run
    day = f"{run.finished.day} {run.finished:%B %Y}"
    shortcoming = words.shortcoming(run, omissions)
    warning = () if shortcoming is None else (tag("b", "Incomplete. "), _sentence(shortcoming), " ")
    doubt = () if report.in_doubt is None else (words.doubt(report.in_doubt),)
    banner = tag("p", *warning, *doubt, class_="banner") if warning or doubt else NOTHING
    return tag(
        "header",
        tag("p", tag("b", "s3dedup"), f" audit of {day}", class_="brand"),
        tag("h1", words.verdict(report.totals, run)),
        tag("p", "Looked in ", _locations(run.locations), ".", class_="muted"),
        banner,
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _locations(locations: Sequence[str]) -> Markup:
    names = [name_of(location) for location in locations[:LOCATIONS]]
    more = f" and {len(locations) - LOCATIONS:,} more" if len(locations) > LOCATIONS else ""
    return joined(Markup(", ".join(names)), more)


def tiles(totals: Totals) -> Markup:
    """The totals at a glance."""
    if not totals.groups:
        return NOTHING
    billed = "-" if totals.billable_bytes is None else human_bytes(totals.billable_bytes)
    return facts(
        [
            ("Costs a month", human_usd(totals.monthly_usd)),
            ("Reclaimable", human_bytes(totals.reclaimable_bytes)),
            ("Billed as", billed),
            ("Redundant objects", f"{totals.redundant_objects:,}"),
            ("Groups", f"{totals.groups:,}"),
        ],
        class_="tiles",
    )


def savings(totals: Totals) -> Markup:
    """What deleting would save, by what each delete would do."""
    if totals.savings is None or not totals.redundant_objects:
        return NOTHING
    rows = [(human_usd(part.monthly_usd), part.extent, _sentence(part.outcome)) for part in words.parts(totals.savings)]
    warning = words.restores(totals)
    return tag(
        "section",
        tag("h2", "What deleting would save"),
        table(("Per month", "Redundant", "Deleting it"), rows, 1),
        tag("p", warning, class_="banner") if warning else NOTHING,
    )


def money(rollups: RollUps | None) -> Markup:
    """Where the money is: prefixes that repeat others, and the buckets and classes."""
    if rollups is None or not (rollups.prefix_pairs or rollups.buckets or rollups.classes):
        return NOTHING
    shares = (_shares("By bucket", rollups.buckets), _shares("By storage class", rollups.classes))
    return tag(
        "section",
        tag("h2", "Where the money is"),
        _chart("Prefixes that repeat others", [_pair(pair) for pair in rollups.prefix_pairs]),
        _chart("Replicas, which are intended", [_pair(pair) for pair in rollups.replicas]),
        tag("div", *shares, class_="columns"),
    )


def _shares(title: str, shares: Sequence[Share]) -> Markup:
    return _chart(title, [_share(share) for share in shares])


def _chart(title: str, items: list[Bar]) -> Markup:
    if not items:
        return NOTHING
    more = len(items) - BARS
    rest = tag("p", f"And {more:,} more, which the JSON formats have.", class_="fine") if more > 0 else NOTHING
    return tag("div", tag("h3", title), bars(items[:BARS]), rest)


def _pair(pair: PrefixPair) -> Bar:
    objects = tag("span", f" {human_count(pair.objects, 'object')}", class_="muted")
    label = joined(words.part_of(pair), " ", name_of(pair.redundant), " is also in ", name_of(pair.keeper), objects)
    return Bar(label, pair.reclaimable_bytes, pair.monthly_usd)


def _share(share: Share) -> Bar:
    redundant = tag("span", f" {share.redundant_objects:,} redundant", class_="muted")
    return Bar(joined(name_of(share.name), redundant), share.reclaimable_bytes, share.monthly_usd)


def history(report: AuditReport) -> Markup:
    """The trend over past runs and this one."""
    change = words.change(report)
    if change is None:
        return NOTHING
    runs = [*report.past, PastRun(report.run.id, report.run.finished, report.run.complete, report.totals)]
    rows = [
        (
            f"{run.finished:%Y-%m-%d %H:%M}",
            human_bytes(run.totals.reclaimable_bytes),
            human_usd(run.totals.monthly_usd),
            f"{run.totals.redundant_objects:,}",
            "" if run.complete else "incomplete",
        )
        for run in reversed(runs)
    ]
    headings = ("Finished (UTC)", "Reclaimable", "Per month", "Redundant objects", "")
    return tag(
        "section",
        tag("h2", "Trend"),
        tag("p", f"{_sentence(change)}.", class_="muted"),
        trend(runs),
        tag("details", tag("summary", f"All {len(runs):,} runs"), table(headings, rows, 4)),
    )


def paper(top: Sequence[DuplicateGroup], totals: Totals) -> Markup:
    """The largest groups as a plain table: what is printed, and what a browser without scripts shows."""
    if not top:
        return NOTHING
    extent = f" ({len(top):,} of {totals.groups:,})" if len(top) < totals.groups else ""
    rows = [
        (
            human_bytes(group.reclaimable_bytes),
            human_usd(group.monthly_usd),
            f"{len(group.objects):,}",
            human_bytes(group.size),
            group.evidence,
            _names(group),
        )
        for group in top
    ]
    headings = ("Reclaimable", "Per month", "Copies", "Size", "Evidence", "Keeper, and redundant ones")
    title = tag("h2", f"Largest groups{extent}")
    return tag("section", title, table(headings, rows, 4), class_="paper")


def _names(group: DuplicateGroup) -> Markup:
    names = [tag("div", name_of(item.uri)) for item in group.objects[:OBJECTS]]
    more = len(group.objects) - OBJECTS
    return joined(*names, tag("div", f"+{more:,} more", class_="muted") if more > 0 else NOTHING)


def extent(packed: Packed, totals: Totals) -> Markup:
    """That a page has not all groups, where that is so."""
    if packed.groups == totals.groups:
        return NOTHING
    share = human_share(packed.reclaimable_bytes, totals.reclaimable_bytes)
    return tag(
        "p",
        f"The largest {packed.groups:,} of {totals.groups:,} groups are on this page: {share} of what is reclaimable."
        " The formats csv, jsonl and parquet have all of them.",
        class_="banner",
    )


def not_compared(omissions: words.Omissions) -> Markup:
    """What was skipped, why, and what to do about it."""
    if not omissions.examples:
        return NOTHING
    rows = [_omission(omissions, reason, count) for reason, count in omissions.counts.most_common()]
    table_ = table(("Objects", "Reason", "For example", "What to do"), rows, 1)
    return tag("section", tag("h2", "Not compared"), tag("div", table_, class_="wide"))


def _omission(omissions: words.Omissions, reason: SkipReason, count: int) -> tuple[str, ...]:
    example = omissions.examples[reason]
    name = name_of(f"s3://{example.bucket}/{example.key}")
    shown = joined(name, tag("div", plain(example.detail), class_="muted"))
    return f"{count:,}", reason, shown, words.REMEDY[reason]


def origins(report: AuditReport) -> Markup:
    """How the result was reached."""
    run = report.run
    length = human_duration(run.finished - run.started)
    rows = [
        ("Run", f"{plain(run.id)}, {run.started:%Y-%m-%d %H:%M} UTC, {length}, s3dedup {plain(report.tool_version)}"),
        ("Listed", words.listed(report.totals)),
        ("Requests", words.requests(report.work)),
        ("Read", words.bytes_read(report.work, report.totals)),
    ]
    if report.prices is not None:
        rows.append(("Prices", plain(report.prices)))
    notes = tag("ul", *(tag("li", plain(note)) for note in report.notes)) if report.notes else NOTHING
    return tag("section", tag("h2", "How this was found"), facts(rows, class_="facts"), notes)


def legend() -> Markup:
    """The words that need one."""
    return tag(
        "footer",
        tag(
            "p",
            "The keeper of a group is the object that stays: the oldest, then the one with the shortest key. The others"
            " are redundant; reclaimable is what they hold. - means unknown, which is not zero. What cannot be seen in"
            " a name is escaped, as \\u202e.",
        ),
        tag("p", "This page was made by s3dedup, which only reads. It loads nothing and sends nothing."),
    )
