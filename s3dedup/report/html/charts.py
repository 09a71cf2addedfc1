"""The charts of the page: SVG and text, without a script and without a style attribute, which its policy forbids."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from s3dedup.model import PastRun
from s3dedup.report.html.markup import Markup, joined, tag
from s3dedup.text import human_bytes, human_usd

HEIGHT, WIDTH = 100, 1000
"""The plane of the trend; it is stretched to the room that there is."""
THINNEST = 0.002
"""The share of the longest bar that the smallest amount is drawn as, so that it can be seen."""
DOTS = 60
"""More of them would be a thick line."""


class Bar(NamedTuple):
    """A bar: what it stands for, and what could go there."""

    label: Markup
    reclaimable_bytes: int
    monthly_usd: Decimal | None


def bars(items: Sequence[Bar]) -> Markup:
    """Bars by money where all of it is known, by bytes where it is not."""
    money = [item.monthly_usd for item in items if item.monthly_usd is not None]
    lengths = [*map(float, money)] if len(money) == len(items) else [float(item.reclaimable_bytes) for item in items]
    longest = max(lengths, default=0) or 1
    shown = (_bar(item, length / longest) for item, length in zip(items, lengths, strict=True))
    return tag("ol", *shown, class_="bars")


def _bar(item: Bar, share: float) -> Markup:
    money, size = tag("b", human_usd(item.monthly_usd)), human_bytes(item.reclaimable_bytes)
    fill = tag("rect", width=f"{max(share, THINNEST if share else 0):.2%}", height="100%", rx="3", class_="fill")
    track = tag("rect", width="100%", height="100%", rx="3", class_="track")
    return tag(
        "li",
        tag("div", item.label, class_="what"),
        tag("div", money, tag("span", size, class_="muted"), class_="amount"),
        tag("svg", track, fill, class_="bar", aria_hidden="true"),
    )


def trend(runs: Sequence[PastRun]) -> Markup:
    """Reclaimable bytes over time, from zero. Where there is room each run is a dot, hollow if it was incomplete."""
    highest = max(run.totals.reclaimable_bytes for run in runs)
    places = _places(runs, highest or 1)
    line = " L ".join(f"{x:.1f} {y:.1f}" for x, y in places)
    area = f"M {places[0][0]:.1f} {HEIGHT} L {line} L {places[-1][0]:.1f} {HEIGHT} Z"
    dots = (_dot(place, run) for place, run in zip(places, runs, strict=True)) if len(runs) <= DOTS else ()
    plane = tag(
        "svg",
        tag("path", d=area, class_="area"),
        tag("path", d=f"M {line}", class_="line"),
        *dots,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        preserveAspectRatio="none",
        aria_hidden="true",
    )
    first, last = (f"{run.finished:%Y-%m-%d}" for run in (runs[0], runs[-1]))
    dates = tag("div", tag("span", first), tag("span", last), class_="dates")
    return tag("figure", tag("div", human_bytes(highest), class_="highest"), plane, dates, class_="trend")


def _places(runs: Sequence[PastRun], highest: int) -> list[tuple[float, float]]:
    """Where the runs lie on the plane, whose y grows downwards."""
    begin = runs[0].finished
    length = (runs[-1].finished - begin).total_seconds() or 1
    return [
        (
            WIDTH * (run.finished - begin).total_seconds() / length,
            HEIGHT * (1 - run.totals.reclaimable_bytes / highest),
        )
        for run in runs
    ]


def _dot(place: tuple[float, float], run: PastRun) -> Markup:
    """A line of no length with round ends: a circle, however the plane is stretched."""
    path = f"M {place[0]:.1f} {place[1]:.1f} h 0"
    rim = tag("path", d=path, class_="dot")
    return rim if run.complete else joined(rim, tag("path", d=path, class_="dot hollow"))
