"""The file of a price table: read strictly, with one sentence that names the place, and written as it is read."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3dedup.cost import PriceTable, Rates, RegionPrices, Tier, Tiering, read_table, shipped_table, write_table

CLASS: dict[str, Any] = {"storage": [{"from_gb": 0, "usd": "0.01"}], "minimum_bytes": 0, "minimum_days": 90}


def document(of_class: object = CLASS, **of_region: object) -> dict[str, Any]:
    region = {"source": "the list of a provider", "date": "2026-11-01", "classes": {"STANDARD": of_class}} | of_region
    return {"schema": "s3dedup/prices/1", "currency": "USD", "regions": {"moon-1": region}}


def read(table: object) -> PriceTable:
    return read_table(json.dumps(table).encode())


def test_a_file_of_another_provider_is_read() -> None:
    rates = read(document()).rates("moon-1", "STANDARD")
    assert rates is not None
    assert (rates.storage, rates.minimum_days) == ((Tier(0, Decimal("0.01")),), 90)


def test_what_is_left_out_is_unknown_and_not_free() -> None:
    table = read(document())
    rates = table.rates("moon-1", "STANDARD")
    assert rates is not None
    assert (rates.read_request, rates.retrieval) == (None, None)
    assert table.regions["moon-1"].list_request is None


def test_an_amount_counts_with_the_digits_that_are_written() -> None:
    text = json.dumps(document()).replace('"0.01"', "0.010000000000000000000001").encode()
    rates = read_table(text).rates("moon-1", "STANDARD")
    assert rates is not None
    assert rates.storage[0].usd == Decimal("0.010000000000000000000001")


def test_an_amount_may_be_a_whole_number() -> None:
    rates = read(document(CLASS | {"retrieval": 2})).rates("moon-1", "STANDARD")
    assert rates is not None
    assert rates.retrieval == 2


def test_the_shipped_table_is_written_as_it_is_read() -> None:
    assert read_table(write_table(shipped_table())) == shipped_table()


amounts = st.decimals(0, 1000, places=12)
some_rates = st.builds(
    Rates,
    storage=amounts.map(lambda usd: (Tier(0, usd), Tier(7, usd))),
    minimum_bytes=st.integers(0, 1 << 20),
    minimum_days=st.integers(0, 365),
    read_request=st.none() | amounts,
    retrieval=st.none() | amounts,
    tiering=st.none() | st.builds(Tiering, st.integers(0, 1 << 20), amounts, amounts),
)
some_regions = st.builds(
    RegionPrices,
    source=st.text(st.characters(codec="utf-8")),
    date=st.text(st.characters(codec="utf-8")),
    classes=st.dictionaries(st.text(st.characters(codec="utf-8")), some_rates, max_size=3),
    list_request=st.none() | amounts,
)


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), some_regions, max_size=3).map(PriceTable))
def test_any_table_is_read_back_as_it_was_written(table: PriceTable) -> None:
    assert read_table(write_table(table)) == table


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ([], "the file: Expected `object`, got `array`"),
        ({}, "the file: Object missing required field `schema`"),
        (document() | {"schema": "s3dedup/prices/2"}, "the file.schema: Invalid enum value 's3dedup/prices/2'"),
        (document() | {"currency": "EUR"}, "the file.currency: Invalid enum value 'EUR'"),
        (document() | {"extra": 1}, "the file: Object contains unknown field `extra`"),
        (document(classes=None), "regions.moon-1.classes: Expected `object`, got `null`"),
        (document(list_request=-1), "regions.moon-1: `list_request` must be from 0 to 1000000000000, and is -1"),
        (document(lists=1), "regions.moon-1: Object contains unknown field `lists`"),
        (document(date=2026), "regions.moon-1.date: Expected `str`, got `int`"),
        (document([]), "regions.moon-1.classes.STANDARD: Expected `object`, got `array`"),
        (document({"storage": []}), "classes.STANDARD: Object missing required field `minimum_bytes`"),
        (document(CLASS | {"storage": []}), "STANDARD: `storage` must hold tiers with rising `from_gb`"),
        (document(CLASS | {"retrival": 1}), "STANDARD: Object contains unknown field `retrival`"),
        (document(CLASS | {"minimum_days": "90 days"}), "STANDARD.minimum_days: Expected `int`, got `str`"),
        (
            document(CLASS | {"storage": [{"from_gb": 0, "usd": "cheap"}]}),
            "regions.moon-1.classes.STANDARD.storage[0].usd: Invalid decimal string",
        ),
        (
            document(CLASS | {"storage": [{"from_gb": 0, "usd": "-1"}]}),
            "regions.moon-1.classes.STANDARD.storage[0]: `usd` must be from 0 to 1000000000000, and is -1",
        ),
    ],
)
def test_a_wrong_file_is_refused_by_naming_the_place(table: object, complaint: str) -> None:
    with pytest.raises(ValueError, match=r"^[a-z]") as refusal:
        read(table)
    assert complaint in str(refusal.value)


@pytest.mark.parametrize("text", [b"", b"{", b"prices: none", b"\xff", b'{"schema": NaN}'])
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"^it is no JSON \("):
        read_table(text)
