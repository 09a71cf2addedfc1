"""A price table as a page for the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from s3dedup.cost import GB, PriceTable, Rates, RegionPrices
from s3dedup.report.view import Carrier
from s3dedup.text import human_bytes, plain

_COLUMNS = ("Class", "GB-month", "1,000 GET", "GB read", "Minimum", "Days")
_LEGEND = (
    "USD; a GB is 2^30 bytes; `-` is unknown, which is not free. A HEAD costs what a GET costs. Storage is priced at"
    " the tier that the listed volume of the class and region reaches; what else the account holds may make it"
    " cheaper. Minimum and days are the least that an object is billed for (+: in addition to its size); days count"
    " from when it was last modified, but a lifecycle transition starts them anew."
)


def print_prices(table: PriceTable, stream: TextIO, width: int | None = None) -> None:
    """Write a page: for each region the list that its prices are from, the classes, and what requests cost."""
    console = Console(file=stream, width=width, markup=False, highlight=False, emoji=False, force_jupyter=False)
    with console.capture() as page:
        for region, prices in sorted(table.regions.items()):
            console.print(Text(f"{plain(region)}: {plain(prices.source)} ({plain(prices.date)})", style="bold"))
            console.print(_classes(prices))
            console.print(Text(f"{_requests(prices)}\n"))
        console.print(Text(_LEGEND, style="dim"))
    Carrier(stream).write("\n".join(line.rstrip(" ") for line in page.get().split("\n")))


def _classes(prices: RegionPrices) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in _COLUMNS:
        table.add_column(column, overflow="fold")
    for name, rates in prices.classes.items():
        table.add_row(*(Text(cell) for cell in (plain(name), *_cells(rates))))
    return table


def _cells(rates: Rates) -> Iterator[str]:
    yield "\n".join(_storage(rates))
    yield _usd(rates.read_request, 1000)
    yield _usd(rates.retrieval)
    yield _billed(rates)
    yield f"{rates.minimum_days}" if rates.minimum_days else ""


def _storage(rates: Rates) -> Iterator[str]:
    """The tiers, a line each; where objects move between access tiers, the coldest and what watching them costs."""
    if rates.tiering is not None:
        yield f"{_usd(rates.tiering.coldest)} up to"
    for tier in rates.storage:
        yield _usd(tier.usd) + (f" over {human_bytes(tier.from_gb * GB)}" if tier.from_gb else "")
    if rates.tiering is not None:
        yield f"+ {_usd(rates.tiering.monitoring, 1000)} /1k objects"


def _billed(rates: Rates) -> str:
    overhead = rates.overhead_bytes + rates.overhead_standard_bytes
    if overhead:
        return f"+ {human_bytes(overhead)}"
    return human_bytes(rates.minimum_bytes) if rates.minimum_bytes else ""


def _requests(prices: RegionPrices) -> str:
    return (
        f"1,000 LIST {_usd(prices.list_request, 1000)}; a GB to another region {_usd(prices.egress_region)},"
        f" to the internet {_usd(prices.egress_internet)}"
    )


def _usd(amount: Decimal | None, times: int = 1) -> str:
    """An amount with all its digits and no idle zeros; `-` where it is unknown."""
    if amount is None:
        return "-"
    digits = f"{amount * times:f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
