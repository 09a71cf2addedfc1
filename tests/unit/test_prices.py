"""What storage, requests and reading cost by a table, and that what is unknown stays unknown."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3dedup.cost import (
    ANYWHERE,
    NO_PRICES,
    Destination,
    Pricer,
    PriceTable,
    Rates,
    Reads,
    RegionPrices,
    Tier,
    Tiering,
    billable_bytes,
    shipped_table,
)
from s3dedup.cost.billable import MINIMUM, MINIMUM_DAYS, OVERHEAD, OVERHEAD_AT_STANDARD, TIERED_FROM
from s3dedup.cost.prices import LARGEST

KIB, GB = 1 << 10, 1 << 30
HOME = "us-east-1"
TABLE = shipped_table()
PRICER = Pricer(TABLE)
CLASSES = TABLE.regions[HOME].classes
INTERNET, OTHER = Destination.INTERNET, Destination.OTHER_REGION


def usd(text: str) -> Decimal:
    return Decimal(text)


def rates(price: str = "0.02", **more: object) -> Rates:
    return Rates(**{"storage": (Tier(0, usd(price)),), "minimum_bytes": 0, "minimum_days": 0} | more)  # type: ignore[arg-type]  # the fields' own types


def region(source: str = "a list", **classes: Rates) -> RegionPrices:
    return RegionPrices(source, "2026-01", classes)


# --- a month's storage ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("storage_class", "size", "cost"),
    [
        ("STANDARD", GB, "0.023"),
        ("STANDARD_IA", GB, "0.0125"),
        ("ONEZONE_IA", GB, "0.01"),
        ("GLACIER_IR", GB, "0.004"),
        ("EXPRESS_ONEZONE", GB, "0.11"),
        ("GLACIER_IR", 8192 * 128 * KIB, "0.004"),
    ],
)
def test_a_gb_is_two_to_the_thirty_bytes(storage_class: str, size: int, cost: str) -> None:
    assert PRICER.monthly(size, storage_class, HOME) == usd(cost)


def test_a_small_object_in_infrequent_access_costs_what_its_minimum_size_costs() -> None:
    assert PRICER.monthly(1, "STANDARD_IA", HOME) == PRICER.monthly(128 * KIB, "STANDARD_IA", HOME)
    assert PRICER.monthly(1, "STANDARD_IA", HOME) == (usd("0.0125") / 8192).quantize(usd("1E-12"))


@pytest.mark.parametrize(("storage_class", "rate"), [("GLACIER", "0.0036"), ("DEEP_ARCHIVE", "0.00099")])
def test_an_archives_overhead_is_billed_at_two_rates(storage_class: str, rate: str) -> None:
    expected = ((GB + 32 * KIB) * usd(rate) + 8 * KIB * usd("0.023")) / GB
    assert PRICER.monthly(GB, storage_class, HOME) == expected.quantize(usd("1E-12"))


def test_an_archives_price_is_unknown_where_that_of_standard_is() -> None:
    pricer = Pricer(PriceTable({HOME: region(GLACIER=CLASSES["GLACIER"])}))
    assert pricer.monthly(GB, "GLACIER", HOME) is None
    assert pricer.reading(Reads(1), "GLACIER", HOME) == usd("0.0000004")


@pytest.mark.parametrize("storage_class", sorted(CLASSES))
def test_one_byte_costs_something_in_every_class(storage_class: str) -> None:
    price = PRICER.of(storage_class, HOME)
    assert price is not None
    assert (price.monthly(1) or 0) > 0


@pytest.mark.parametrize(
    ("volume_gb", "rate"),
    [(0, "0.023"), (51200, "0.023"), (51201, "0.022"), (512000, "0.022"), (512001, "0.021"), (10**7, "0.021")],
)
def test_storage_is_priced_at_the_tier_that_the_listed_volume_reaches(volume_gb: int, rate: str) -> None:
    pricer = Pricer(TABLE, {(HOME, "STANDARD"): volume_gb * GB})
    assert pricer.monthly(GB, "STANDARD", HOME) == usd(rate)


def test_the_volume_of_another_class_or_region_does_not_lower_a_price() -> None:
    pricer = Pricer(TABLE, {(HOME, "STANDARD_IA"): 10**9 * GB, ("eu-west-1", "STANDARD"): 10**9 * GB})
    assert pricer.monthly(GB, "STANDARD", HOME) == usd("0.023")


def test_an_object_that_may_lie_in_any_access_tier_has_no_price() -> None:
    price = PRICER.of("INTELLIGENT_TIERING", HOME)
    assert price is not None
    assert price.monthly(GB) is None


def test_an_object_too_small_to_be_moved_between_access_tiers_has_a_price_without_monitoring() -> None:
    price = PRICER.of("INTELLIGENT_TIERING", HOME)
    assert price is not None
    assert price.monthly(128 * KIB - 1) == PRICER.monthly(128 * KIB - 1, "STANDARD", HOME)
    assert price.monthly(128 * KIB) is None


@pytest.mark.parametrize(
    ("storage_class", "where"), [("STANDARD", "eu-west-1"), ("STANDARD", None), ("SOMETHING_NEW", HOME)]
)
def test_an_unknown_region_or_class_has_no_price(storage_class: str, where: str | None) -> None:
    assert PRICER.of(storage_class, where) is None
    assert PRICER.monthly(GB, storage_class, where) is None
    assert PRICER.reading(Reads(1, 1), storage_class, where) is None


def test_a_store_without_a_table_has_no_prices() -> None:
    assert Pricer(NO_PRICES).monthly(GB, "STANDARD", HOME) is None
    assert Pricer(NO_PRICES).listing(1, HOME) is None
    assert Pricer(NO_PRICES).sources([HOME, None]) == ()


@given(st.integers(0, 50 * 10**12), st.sampled_from(sorted(CLASSES)))
def test_a_price_is_never_below_zero_and_grows_with_the_size(size: int, storage_class: str) -> None:
    price = PRICER.of(storage_class, HOME)
    assert price is not None
    mine, larger = price.monthly(size), price.monthly(size + KIB)
    assert mine is None or mine >= 0
    assert mine is None or larger is None or mine <= larger


@given(st.integers(0, 1 << 63), st.integers(0, LARGEST), st.decimals(0, LARGEST, allow_nan=False))
def test_no_price_that_a_table_may_hold_is_too_large_to_reckon_with(size: int, days: int, amount: Decimal) -> None:
    tiering = Tiering(LARGEST, amount, amount)
    one = rates(
        storage=(Tier(0, amount),), minimum_bytes=LARGEST, read_request=amount, retrieval=amount, tiering=tiering
    )
    pricer = Pricer(PriceTable({HOME: region(STANDARD=one)}))
    price = pricer.of("STANDARD", HOME)
    assert price is not None
    assert price.early_delete(size, days) >= 0
    assert pricer.reading(Reads(size, size), "STANDARD", HOME) is not None


# --- requests and reading -------------------------------------------------------------------------------------------


def test_a_billion_heads_cost_what_the_price_list_says() -> None:
    assert PRICER.reading(Reads(10**9), "STANDARD", HOME) == 400
    assert PRICER.reading(Reads(10**9), "GLACIER_IR", HOME) == 10_000


def test_a_thousand_lists_cost_half_a_cent() -> None:
    assert PRICER.listing(1000, HOME) == usd("0.005")


@pytest.mark.parametrize(
    ("to", "cost"),
    [(Destination.SAME_REGION, "0.03001"), (OTHER, "0.05001"), (INTERNET, "0.12001")],
)
def test_reading_costs_requests_retrieval_and_traffic(to: Destination, cost: str) -> None:
    assert PRICER.reading(Reads(1, GB), "GLACIER_IR", HOME, to) == usd(cost)


@pytest.mark.parametrize(
    ("reads", "to"),
    [(Reads(1, 0), Destination.SAME_REGION), (Reads(0, 1), Destination.SAME_REGION), (Reads(0, 1), INTERNET)],
)
def test_one_unknown_price_makes_the_cost_of_reading_unknown(reads: Reads, to: Destination) -> None:
    pricer = Pricer(PriceTable({HOME: region(STANDARD=rates())}))
    assert pricer.reading(reads, "STANDARD", HOME, to) is None


def test_what_was_not_asked_costs_nothing_though_its_price_is_unknown() -> None:
    pricer = Pricer(PriceTable({HOME: region(STANDARD=rates(read_request=usd("0.001")))}))
    assert pricer.reading(Reads(2, 0), "STANDARD", HOME, INTERNET) == usd("0.002")
    assert pricer.reading(Reads(), "SOMETHING_NEW", None) == 0


def test_the_work_of_an_audit_costs_its_lists_and_its_reads() -> None:
    reads: dict[tuple[str | None, str], Reads] = {(HOME, "STANDARD"): Reads(10, GB), (HOME, "GLACIER_IR"): Reads(1, GB)}
    assert PRICER.work({HOME: 2}, reads) == usd("0.00001") + usd("0.000004") + usd("0.03001")
    assert PRICER.work({HOME: 2, None: 0}, reads) == PRICER.work({HOME: 2}, reads)
    assert PRICER.work({HOME: 2, None: 1}, reads) is None
    assert PRICER.work({}, {}) == 0


# --- tables ---------------------------------------------------------------------------------------------------------


def test_prices_for_anywhere_count_in_every_region_that_is_not_named() -> None:
    table = PriceTable({ANYWHERE: region(STANDARD=rates("0.01")), HOME: region(STANDARD_IA=rates("0.5"))})
    pricer = Pricer(table)
    assert pricer.monthly(GB, "STANDARD", "eu-west-1") == usd("0.01")
    assert pricer.monthly(GB, "STANDARD", None) == usd("0.01")
    assert pricer.monthly(GB, "STANDARD", HOME) is None


def test_of_two_tables_the_upper_one_counts_region_by_region() -> None:
    upper = PriceTable({HOME: region("new", STANDARD=rates("0.01"))})
    lower = PriceTable({HOME: region("old"), "eu-west-1": region("old")})
    both = Pricer(upper.over(lower))
    assert both.monthly(GB, "STANDARD", HOME) == usd("0.01")
    assert both.sources([HOME, "eu-west-1", HOME, "nowhere"]) == ("new (2026-01)", "old (2026-01)")


def test_the_shipped_table_says_where_its_prices_are_from() -> None:
    (source,) = PRICER.sources([HOME])
    assert source == "AWS's public offer file of Amazon S3 for us-east-1, and aws.amazon.com/s3/pricing (2026-07)"


@pytest.mark.parametrize("name", sorted(CLASSES))
@pytest.mark.parametrize("size", [1, 128 * KIB, GB])
def test_the_shipped_table_bills_the_bytes_that_are_reported_as_billable(name: str, size: int) -> None:
    found = CLASSES[name]
    overhead = found.overhead_bytes + found.overhead_standard_bytes
    assert max(size, found.minimum_bytes) + overhead == billable_bytes(size, name)
    assert found.minimum_days == MINIMUM_DAYS.get(name, 0)
    assert found.overhead_standard_bytes == (OVERHEAD_AT_STANDARD if name in OVERHEAD else 0)


def test_the_shipped_table_knows_every_class_but_the_one_that_aws_gave_up() -> None:
    assert MINIMUM.keys() - CLASSES.keys() == {"REDUCED_REDUNDANCY"}
    tiering = CLASSES["INTELLIGENT_TIERING"].tiering
    assert tiering is not None
    assert tiering.from_bytes == TIERED_FROM


@pytest.mark.parametrize(
    "tiers",
    [(), (Tier(1, usd("1")),), (Tier(0, usd("1")), Tier(0, usd("1"))), (Tier(0, usd("1")), *[Tier(5, usd("1"))] * 2)],
)
def test_tiers_that_do_not_rise_from_nothing_are_refused(tiers: tuple[Tier, ...]) -> None:
    with pytest.raises(ValueError, match="must hold tiers with rising `from_gb`, the first of them 0"):
        rates(storage=tiers)


@pytest.mark.parametrize("amount", ["-1", "NaN", "Infinity", "1000000000000.1"])
def test_an_amount_that_cannot_be_a_price_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="`usd` must be from 0 to 1000000000000, and is"):
        Tier(0, usd(amount))
    with pytest.raises(ValueError, match="`coldest` must be from 0 to 1000000000000, and is"):
        Tiering(0, usd("0"), usd(amount))
    with pytest.raises(ValueError, match="`retrieval` must be from 0 to 1000000000000, and is"):
        rates(retrieval=usd(amount))
    with pytest.raises(ValueError, match="`list_request` must be from 0 to 1000000000000, and is"):
        RegionPrices("a list", "2026-01", {}, list_request=usd(amount))
