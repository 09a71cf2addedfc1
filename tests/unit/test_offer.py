"""AWS's offer file becomes a price table, and none of its traps a wrong price."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3dedup.cost import shipped_table
from s3dedup.cost.offer import parse_offer, parse_regions
from tests.offers import Offer, term, whole_offer

TIERS = [(0, Decimal("0.023")), (51200, Decimal("0.022")), (512000, Decimal("0.021"))]


def minimal() -> Offer:
    return Offer().sell("TimedStorage-ByteHrs", "0.0230000000")


@pytest.mark.parametrize(("region", "prefix"), [("us-east-1", ""), ("eu-central-1", "EUC1-"), ("eu-west-1", "EU-")])
def test_a_whole_offer_gives_the_shipped_prices_whatever_the_regions_prefix(region: str, prefix: str) -> None:
    read = parse_offer(whole_offer(region, prefix).encode(), region)
    shipped = shipped_table().regions["us-east-1"]
    assert shipped.classes.keys() == read.classes.keys()
    for name in shipped.classes.keys() - {"GLACIER", "DEEP_ARCHIVE"}:
        assert read.classes[name] == shipped.classes[name]
    assert read.list_request == shipped.list_request


def test_the_table_says_from_which_file_of_which_day_it_is() -> None:
    read = parse_offer(minimal().encode(), "us-east-1")
    assert (read.source, read.date) == ("AWS's public offer file of Amazon S3 for us-east-1", "2026-07-15")


def test_tiers_are_put_in_order() -> None:
    read = parse_offer(whole_offer().encode(), "us-east-1")
    assert [(tier.from_gb, tier.usd) for tier in read.classes["STANDARD"].storage] == TIERS


def test_the_staging_storage_is_not_taken_for_deep_archive() -> None:
    read = parse_offer(whole_offer().encode(), "us-east-1").classes["DEEP_ARCHIVE"]
    assert read.storage[0].usd == Decimal("0.00099")


def test_deep_archives_own_storage_counts_where_the_file_has_it() -> None:
    read = parse_offer(whole_offer().sell("TimedStorage-GDA-ByteHrs", "0.0018000000").encode(), "us-east-1")
    assert read.classes["DEEP_ARCHIVE"].storage[0].usd == Decimal("0.0018")


def test_without_a_price_for_deep_archive_the_class_is_unknown() -> None:
    offer = minimal().sell("TimedStorage-GDA-Staging", "0.0210000000", volumeType="Glacier Deep Archive")
    assert parse_offer(offer.encode(), "us-east-1").classes.keys() == {"STANDARD"}


@pytest.mark.parametrize(
    "usage",
    ["Tables-TimedStorage-ByteHrs", "TimedStorage-ByteHrs-Extra", "XTimedStorage-ByteHrs", "timedstorage-bytehrs"],
)
def test_a_usage_type_that_only_looks_like_one_is_none(usage: str) -> None:
    assert parse_offer(Offer().sell(usage, "0.0990000000").encode(), "us-east-1").classes == {}


def test_a_product_of_another_region_does_not_count() -> None:
    offer = minimal().sell("Requests-Tier2", "0.9990000000", regionCode="ap-northeast-2")
    assert parse_offer(offer.encode(), "us-east-1").classes["STANDARD"].read_request is None


def test_products_of_one_usage_type_that_do_not_agree_leave_its_price_unknown() -> None:
    offer = minimal().sell("Requests-Tier2", "0.0000004000").sell("Requests-Tier2", "0.0000005000", operation="GetIt")
    assert parse_offer(offer.encode(), "us-east-1").classes["STANDARD"].read_request is None


def test_products_of_one_usage_type_that_agree_are_one_price() -> None:
    read = parse_offer(whole_offer().encode(), "us-east-1")
    assert read.classes["GLACIER"].read_request == Decimal("0.0000004")


def test_a_request_price_with_tiers_is_unknown_rather_than_the_first() -> None:
    offer = minimal().sell("Requests-Tier2", ("0", "0.0000004000"), ("1000", "0.0000003000"))
    assert parse_offer(offer.encode(), "us-east-1").classes["STANDARD"].read_request is None


def test_prices_in_another_currency_are_unknown() -> None:
    offer = Offer("cn-north-1", "CNN1-").sell("TimedStorage-ByteHrs", "0.1550000000", currency="CNY")
    assert parse_offer(offer.encode(), "cn-north-1").classes == {}


@pytest.mark.parametrize("begin", ["51200", "Inf", "-1", "0.5", ""])
def test_tiers_that_do_not_begin_at_nothing_are_unknown(begin: str) -> None:
    offer = Offer().sell("TimedStorage-ByteHrs", (begin, "0.0220000000"))
    assert parse_offer(offer.encode(), "us-east-1").classes == {}


@pytest.mark.parametrize("price", ["cheap", "", "NaN", "-0.02", "0.0000000000", "1E+30"])
def test_a_price_that_can_be_none_is_unknown(price: str) -> None:
    offer = minimal().sell("Requests-Tier2", price)
    assert parse_offer(offer.encode(), "us-east-1").classes["STANDARD"].read_request is None


def test_two_prices_for_one_volume_are_unknown() -> None:
    assert parse_offer(Offer().sell("TimedStorage-ByteHrs", "0.02", "0.03").encode(), "us-east-1").classes == {}


def test_a_product_of_no_interest_may_be_priced_in_any_way() -> None:
    offer = minimal().sell("Global-Bucket-Hrs", ("-1", "cheap")).sell("TimedStorage-RRS-ByteHrs", ("x", "y"))
    assert parse_offer(offer.encode(), "us-east-1").classes.keys() == {"STANDARD"}


def test_a_product_without_a_price_is_unknown() -> None:
    offer = minimal().sell("Requests-Tier2", "0.0000004000")
    del offer.terms["SKU1"]
    assert parse_offer(offer.encode(), "us-east-1").classes["STANDARD"].read_request is None


def test_of_several_terms_the_last_to_come_into_effect_counts() -> None:
    offer = minimal()
    offer.terms["SKU0"]["SKU0.OLD"] = term("SKU0", ("0.0300000000",), "USD", since="2020-01-01")
    assert parse_offer(offer.encode(), "us-east-1").classes["STANDARD"].storage[0].usd == Decimal("0.023")


def test_intelligent_tiering_is_unknown_where_its_monitoring_is() -> None:
    offer = (
        minimal().sell("TimedStorage-INT-FA-ByteHrs", "0.0230000000").sell("TimedStorage-INT-DAA-ByteHrs", "0.00099")
    )
    assert "INTELLIGENT_TIERING" not in parse_offer(offer.encode(), "us-east-1").classes


def test_what_is_not_in_the_file_stays_unknown() -> None:
    read = parse_offer(whole_offer().encode(), "us-east-1")
    assert (read.egress_region, read.egress_internet) == (None, None)
    assert read.classes["GLACIER"].retrieval is None
    assert read.classes["DEEP_ARCHIVE"].retrieval is None


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        (b"<html>", "it is no price list of AWS"),
        (b"\xff\xfe", "it is no price list of AWS"),
        (b"{}", "it is no price list of AWS"),
        (Offer(code="AmazonEC2").encode(), "it is the offer of 'AmazonEC2', not of AmazonS3"),
    ],
)
def test_another_file_is_refused_and_the_reason_given(document: bytes, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_offer(document, "us-east-1")


numbers = st.sampled_from(["0", "0.5", "-1", "51200", "1E+30", "1E-30", "NaN", "sNaN", "Infinity", "", "x"])


@given(st.lists(st.tuples(numbers, numbers), max_size=3))
def test_whatever_numbers_are_in_it_an_offer_never_gives_a_price_of_nothing(tiers: list[tuple[str, str]]) -> None:
    offer = Offer().sell("TimedStorage-ByteHrs", *tiers).sell("Requests-Tier2", *tiers)
    read = parse_offer(offer.encode(), "us-east-1")
    assert all(tier.usd > 0 for rates in read.classes.values() for tier in rates.storage)
    assert all(rates.read_request is None or rates.read_request > 0 for rates in read.classes.values())


def test_the_region_index_names_the_regions() -> None:
    index = b'{"regions":{"b":{"regionCode":"us-west-2","currentVersionUrl":"/x"},"a":{"regionCode":"eu-west-1"}}}'
    assert parse_regions(index) == ("eu-west-1", "us-west-2")


def test_an_index_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="no price list of AWS"):
        parse_regions(b"[]")
