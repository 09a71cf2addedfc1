"""Which price table counts, and how AWS's list gets into the user's cache: against a server on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from s3dedup.cost import NO_PRICES, PriceTable, RegionPrices, shipped_table, write_table
from s3dedup.errors import EndpointError, UsageError
from s3dedup.prices import price_table, prices_in, refresh_prices
from s3dedup.store import price_list as store
from tests.offers import Offer, price_list, region_index, whole_offer

SHIPPED = shipped_table()
Files = dict[str, bytes | int]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give where this user's prices are cached."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tmp_path / "cache" / "s3dedup" / "prices.json"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Files]:
    """Give the files of a price list with two regions; a test may change them."""
    files: Files = {
        "/region_index.json": region_index("eu-central-1", "us-east-1"),
        "/us-east-1/index.json": whole_offer().encode(),
        "/eu-central-1/index.json": whole_offer("eu-central-1", "EUC1-").encode(),
    }
    with price_list(files) as address:
        monkeypatch.setattr(store, "ROOT", address)
        yield files


def dated(date: str, source: str = "a list") -> RegionPrices:
    return RegionPrices(source, date, {})


def kept(cache: Path, table: PriceTable) -> None:
    cache.parent.mkdir(parents=True)
    cache.write_bytes(write_table(table))


# --- which table counts ---------------------------------------------------------------------------------------------


def test_a_file_that_is_named_counts_alone(tmp_path: Path, cache: Path) -> None:
    kept(cache, PriceTable({"eu-west-1": dated("2026-09")}))
    mine = PriceTable({"moon-1": dated("2026-10")})
    (tmp_path / "mine.json").write_bytes(write_table(mine))
    for aws in (True, False):
        assert price_table(tmp_path / "mine.json", aws=aws) == mine


def test_on_aws_the_table_that_ships_counts_where_nothing_was_refreshed() -> None:
    assert price_table() == SHIPPED


@pytest.mark.parametrize(
    ("date", "counts"), [("2026-08-01", True), ("2026-07-02", True), ("2026-07", True), ("2026-06-30", False)]
)
def test_on_aws_what_was_refreshed_counts_unless_it_is_older(date: str, *, counts: bool, cache: Path) -> None:
    kept(cache, PriceTable({"us-east-1": dated(date), "eu-west-1": dated("2020-01-01")}))
    table = price_table()
    assert (table.regions["us-east-1"] == dated(date)) is counts
    assert table.regions["eu-west-1"] == dated("2020-01-01")


def test_another_store_has_no_prices_unless_a_file_is_named(cache: Path) -> None:
    kept(cache, PriceTable({"us-east-1": dated("2026-09")}))
    assert price_table(aws=False) == NO_PRICES


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff"])
def test_a_cache_that_cannot_be_read_is_as_good_as_none(content: bytes, cache: Path) -> None:
    cache.parent.mkdir(parents=True)
    cache.write_bytes(content)
    assert price_table() == SHIPPED


def test_without_a_home_nothing_is_cached_and_a_cache_to_refresh_has_to_be_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def homeless() -> Path:
        raise RuntimeError

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(UsageError, match="no home directory to keep prices in: set XDG_CACHE_HOME"):
        refresh_prices()
    assert price_table() == SHIPPED


def test_one_region_of_a_table_is_shown_and_one_that_it_has_not_refused() -> None:
    assert prices_in(SHIPPED, "us-east-1").regions.keys() == {"us-east-1"}
    with pytest.raises(UsageError, match="no prices for region 'moon-1': --refresh reads those of AWS"):
        prices_in(SHIPPED, "moon-1")


# --- refreshing -----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("served")
def test_all_regions_of_the_price_list_are_read_and_count_from_then_on() -> None:
    assert refresh_prices() == ("eu-central-1", "us-east-1")
    table = price_table()
    assert table.regions.keys() == {"eu-central-1", "us-east-1"}
    assert table.regions["us-east-1"].date == "2026-07-15"
    rates = table.rates("eu-central-1", "STANDARD_IA")
    assert rates is not None
    assert rates.retrieval == Decimal("0.01")


def test_one_region_is_read_without_the_index_and_the_others_stay(served: Files) -> None:
    refresh_prices(["eu-central-1"])
    del served["/region_index.json"], served["/eu-central-1/index.json"]
    assert refresh_prices(["us-east-1"]) == ("us-east-1",)
    assert price_table().regions["eu-central-1"].date == "2026-07-15"


def test_a_region_without_prices_in_usd_is_left_out(served: Files) -> None:
    chinese = Offer("eu-central-1", "EUC1-").sell("TimedStorage-ByteHrs", "0.155", currency="CNY")
    served["/eu-central-1/index.json"] = chinese.encode()
    assert refresh_prices() == ("us-east-1",)
    with pytest.raises(EndpointError, match="no storage prices in USD"):
        refresh_prices(["eu-central-1"])


def test_a_refresh_that_fails_half_way_changes_nothing(served: Files, cache: Path) -> None:
    served["/us-east-1/index.json"] = b"<html>"
    with pytest.raises(EndpointError, match=r"not understood \(it is no price list of AWS .*nothing was refreshed"):
        refresh_prices()
    assert not cache.exists()


@pytest.mark.usefixtures("served")
def test_nothing_but_the_table_is_left_in_the_cache(cache: Path) -> None:
    refresh_prices()
    refresh_prices(["us-east-1"])
    assert list(cache.parent.iterdir()) == [cache]


@pytest.mark.parametrize("region", ["moon-1", "EU", "../us-east-1", "us-east-1/x", ""])
@pytest.mark.usefixtures("served")
def test_a_region_that_the_price_list_does_not_have_is_refused(region: str) -> None:
    with pytest.raises(UsageError, match=r"has no region .*: check the spelling"):
        refresh_prices([region])


@pytest.mark.parametrize("path", ["/region_index.json", "/us-east-1/index.json"])
def test_a_price_list_that_fails_is_told_with_its_status(path: str, served: Files) -> None:
    served[path] = 503
    with pytest.raises(EndpointError, match=r"cannot be read \(status 503\): check the network"):
        refresh_prices()


def test_a_price_list_without_an_index_is_not_taken_for_a_wrong_region(served: Files) -> None:
    del served["/region_index.json"]
    with pytest.raises(EndpointError, match=r"cannot be read \(status 403\)"):
        refresh_prices()


def test_a_price_list_that_cannot_be_reached_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "ROOT", "http://127.0.0.1:9")
    with pytest.raises(EndpointError, match=r"cannot be read \(Could not connect .*the prices that were known"):
        refresh_prices()


@pytest.mark.usefixtures("served")
def test_a_cache_that_cannot_be_written_is_told(cache: Path) -> None:
    cache.parent.parent.write_text("a file where a directory should be")
    with pytest.raises(UsageError, match=r"cannot be kept in .*: set XDG_CACHE_HOME"):
        refresh_prices()


# --- a file of one's own --------------------------------------------------------------------------------------------


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot be read .*: name a file that is there"):
        price_table(tmp_path / "none.json")


def test_a_file_that_is_no_price_table_is_told_with_what_shows_a_right_one(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text('{"schema": "s3dedup/prices/1", "currency": "EUR", "regions": {}}')
    with pytest.raises(
        UsageError, match=r"the file.currency: Invalid enum value 'EUR'; `s3dedup prices --format json`"
    ):
        price_table(tmp_path / "mine.json")
