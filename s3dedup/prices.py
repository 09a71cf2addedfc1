"""Which price table counts: the user's own file, what was refreshed from AWS, or the dated one that ships."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from s3dedup.cost import (
    NO_PRICES,
    PriceTable,
    RegionPrices,
    parse_offer,
    parse_regions,
    read_table,
    shipped_table,
    write_table,
)
from s3dedup.errors import EndpointError, UsageError
from s3dedup.store import fetch_offer, fetch_region_index

log = logging.getLogger("s3dedup")


def price_table(file: Path | None = None, *, aws: bool = True) -> PriceTable:
    """The table for a store.

    | a file is named | the store is AWS | table |
    |---|---|---|
    | yes | - | the file's, alone |
    | no | yes | the one that ships, and over it what was refreshed of as new a date |
    | no | no | empty: every price is unknown |

    Raises:
        UsageError: the file cannot be read, or is no price table.
    """
    if file is not None:
        return _read_file(file)
    return _refreshed().where_newer(shipped_table()) if aws else NO_PRICES


def prices_in(table: PriceTable, region: str) -> PriceTable:
    """The same table with one region only.

    Raises:
        UsageError: it has no prices for that region.
    """
    found = table.at(region)
    if found is None:
        raise UsageError(
            f"There are no prices for region {region!r}: --refresh reads those of AWS, and --prices takes a file of"
            " your own."
        )
    return PriceTable({region: found})


def refresh_prices(regions: Sequence[str] = ()) -> tuple[str, ...]:
    """Read AWS's price list into the user's cache: of the regions named, else of all that it has.

    Returns the regions that have prices now. What was refreshed earlier of others stays. The cache changes only when
    everything was read.

    Raises:
        UsageError: the price list has no such region, or there is no cache that can be written.
        EndpointError: the price list cannot be read, or not be understood.
    """
    target = _cache()
    try:
        wanted = regions or parse_regions(fetch_region_index())
        read = {region: _read_offer(region) for region in wanted}
    except ValueError as error:
        raise _not_understood(str(error)) from error
    fresh: dict[str, RegionPrices] = {region: prices for region, prices in read.items() if prices.classes}
    if not fresh:
        raise _not_understood("it has no storage prices in USD for what was asked")
    _keep(PriceTable(fresh).over(_refreshed()), target)
    return tuple(fresh)


def _read_offer(region: str) -> RegionPrices:
    prices = parse_offer(fetch_offer(region), region)
    log.info("%s: %d storage classes priced, as of %s", region, len(prices.classes), prices.date)
    return prices


def _not_understood(reason: str) -> EndpointError:
    return EndpointError(
        f"AWS's price list is not understood ({reason}): nothing was refreshed; pass a table of your own with --prices."
    )


def _read_file(file: Path) -> PriceTable:
    try:
        return read_table(file.read_bytes())
    except OSError as error:
        raise UsageError(
            f"The prices in {file} cannot be read ({error.strerror}): name a file that is there and can be read."
        ) from error
    except ValueError as error:
        raise UsageError(
            f"{file} is no price table: {error}; `s3dedup prices --format json` shows a right one."
        ) from error


def _refreshed() -> PriceTable:
    """What was refreshed earlier. A cache that is not there, or cannot be read, is an empty one."""
    try:
        return read_table(_cache().read_bytes())
    except (OSError, ValueError, UsageError):
        return NO_PRICES


def _keep(table: PriceTable, target: Path) -> None:
    """Put the table in the cache, whole or not at all."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".prices.", delete=False) as made:
            try:
                made.write(write_table(table))
                made.close()
                Path(made.name).replace(target)
            finally:
                Path(made.name).unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(
            f"The prices cannot be kept in {target.parent} ({error.strerror}): set XDG_CACHE_HOME to a directory that"
            " can be written to."
        ) from error


def _cache() -> Path:
    """The user's cache (XDG Base Directory).

    Raises:
        UsageError: the user has no home directory.
    """
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "s3dedup" / "prices.json"
    except RuntimeError as error:
        raise UsageError("There is no home directory to keep prices in: set XDG_CACHE_HOME.") from error
