"""The page of a price table: everything that is in it, and nothing that it only looks like."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO, StringIO, TextIOWrapper

from s3dedup.cost import ANYWHERE, PriceTable, Rates, RegionPrices, Tier, shipped_table
from s3dedup.report.prices import print_prices

SHIPPED = """\
us-east-1: AWS's public offer file of Amazon S3 for us-east-1, and
aws.amazon.com/s3/pricing (2026-07)
Class                GB-month              1,000 GET  GB read  Minimum     Days
STANDARD             0.023                 0.0004     0
                     0.022 over 50.0 TiB
                     0.021 over 500.0 TiB
INTELLIGENT_TIERING  0.00099 up to         0.0004     0
                     0.023
                     + 0.0025 /1k objects
STANDARD_IA          0.0125                0.001      0.01     128.0 KiB   30
ONEZONE_IA           0.01                  0.001      0.01     128.0 KiB   30
GLACIER_IR           0.004                 0.01       0.03     128.0 KiB   90
GLACIER              0.0036                0.0004     0.01     + 40.0 KiB  90
DEEP_ARCHIVE         0.00099               0.0004     0.02     + 40.0 KiB  180
EXPRESS_ONEZONE      0.11                  0.00003    0.0006
1,000 LIST 0.005; a GB to another region 0.02, to the internet 0.09

USD; a GB is 2^30 bytes; `-` is unknown, which is not free. A HEAD costs what a
"""


def page(table: PriceTable, width: int = 80) -> str:
    stream = StringIO()
    print_prices(table, stream, width)
    return stream.getvalue()


def region(name: str = "moon-1", source: str = "a list", storage_class: str = "STANDARD") -> PriceTable:
    rates = Rates((Tier(0, Decimal("0.01")),), 0, 0)
    return PriceTable({name: RegionPrices(source, "2026-11-01", {storage_class: rates})})


def test_the_shipped_table_fits_80_columns_and_begins_with_its_source() -> None:
    assert page(shipped_table()).startswith(SHIPPED)
    assert all(len(line) <= 80 for line in page(shipped_table()).splitlines())


def test_what_is_unknown_is_a_dash_and_never_nothing() -> None:
    lines = page(region()).splitlines()
    assert lines[2].split() == ["STANDARD", "0.01", "-", "-"]
    assert lines[3] == "1,000 LIST -; a GB to another region -, to the internet -"


def test_regions_come_in_order_each_with_its_own_source() -> None:
    table = region("sun-1", "list of the sun").over(region("moon-1", "list of the moon"))
    heads = [line for line in page(table).splitlines() if "list of" in line]
    assert heads == ["moon-1: list of the moon (2026-11-01)", "sun-1: list of the sun (2026-11-01)"]


def test_names_from_a_file_cannot_act_on_the_terminal() -> None:
    shown = page(region("\x1b[31mred", "[bold]a\u202elist", "STAND\nARD"))
    assert "\\x1b[31mred: [bold]a\\u202elist" in shown
    assert "STAND\\x0aARD" in shown
    assert "\x1b" not in shown


def test_a_name_that_is_too_long_is_folded_and_not_cut() -> None:
    shown = page(region(ANYWHERE, storage_class="X" * 100), 60)
    assert shown.count("X") == 100


def test_a_stream_that_cannot_carry_a_name_gets_an_escape() -> None:
    raw = BytesIO()
    stream = TextIOWrapper(raw, encoding="ascii")
    print_prices(region(source="Preisliste für Köln"), stream, 80)
    stream.flush()
    assert b"Preisliste f\\xfcr K\\xf6ln" in raw.getvalue()
