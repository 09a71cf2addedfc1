from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3dedup.text import (
    human_bytes,
    human_count,
    human_duration,
    human_share,
    human_usd,
    plain,
    read_size,
    read_usd,
)

ANY_TEXT = st.text(st.characters(codec=None))


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[31m", r"\x1b[31m"),
        ("\x9b31m", r"\x9b31m"),
        ("a\r\nb\tc\x7f\x00", r"a\x0d\x0ab\x09c\x7f\x00"),
        ("\u202aa\u202e\u2066\u2069", r"\u202aa\u202e\u2066\u2069"),
        ("\u200b\u200d\ufeff\u00ad\u2060", r"\u200b\u200d\ufeff\xad\u2060"),
        ("\u2028\u2029\u0085", r"\u2028\u2029\x85"),
        ("a\u00a0b", r"a\xa0b"),
        ("\ufe0f\u034f\u3164\U000e0100", r"\ufe0f\u034f\u3164\U000e0100"),
        ("\udc80", r"\udc80"),
        ("\U000e0001", r"\U000e0001"),
        (r"\x1b", r"\\x1b"),
        ("a ", r"a\x20"),
        (" a b", " a b"),
        ("Zoë/東京/🦊.jpg", "Zoë/東京/🦊.jpg"),
    ],
)
def test_what_could_act_on_a_terminal_or_hide_is_written_visibly(hostile: str, shown: str) -> None:
    assert plain(hostile) == shown


@given(ANY_TEXT)
def test_plain_text_can_be_printed_whatever_it_was(text: str) -> None:
    assert plain(text).isprintable()


@given(ANY_TEXT)
def test_plain_text_can_be_read_back_so_different_texts_stay_different(text: str) -> None:
    escaped = "".join(c if ord(c) < 0x80 else f"\\U{ord(c):08x}" for c in plain(text))
    assert escaped.encode().decode("unicode_escape") == text


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (2**20 - 1, "1.0 MiB"),
        (2**20 - 60, "1023.9 KiB"),
        (3_408_486_046_105, "3.1 TiB"),
        (2**60, "1.0 EiB"),
        (2**70, "1,024.0 EiB"),
    ],
)
def test_bytes_are_shown_in_binary_units_and_never_as_1024_of_one(size: int, shown: str) -> None:
    assert human_bytes(size) == shown


@given(st.integers(0, 2**63))
def test_bytes_fit_ten_columns(size: int) -> None:
    assert len(human_bytes(size)) <= 10


def test_one_object_is_singular_and_all_else_plural() -> None:
    assert [human_count(n, "object") for n in (0, 1, 1204)] == ["0 objects", "1 object", "1,204 objects"]


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(None, "-"), ("0", "$0.00"), ("0.009", "<$0.01"), ("0.01", "$0.01"), ("1204.305", "$1,204.30")],
)
def test_unknown_money_is_a_dash_and_a_trace_is_not_nothing(amount: str | None, shown: str) -> None:
    assert human_usd(None if amount is None else Decimal(amount)) == shown


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [
        (0, 0, "-"),
        (0, 9, "0 %"),
        (1, 10**6, "<0.1 %"),
        (1, 8, "12.5 %"),
        (10**6 - 1, 10**6, ">99.9 %"),
        (9, 9, "100.0 %"),
    ],
)
def test_a_share_never_rounds_to_none_or_all_of_it(part: int, whole: int, shown: str) -> None:
    assert human_share(part, whole) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.4, "0 s"), (59.6, "1 min 0 s"), (192, "3 min 12 s"), (93_900, "26 h 5 min")]
)
def test_a_duration_is_shown_in_its_two_largest_units(seconds: float, shown: str) -> None:
    assert human_duration(timedelta(seconds=seconds)) == shown


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("17", 17),
        ("17 B", 17),
        ("1k", 1024),
        ("128KiB", 128 * 1024),
        ("10 MiB", 10 * 2**20),
        ("10M", 10 * 2**20),
        ("10MB", 10 * 10**6),
        ("1.5gb", 1_500_000_000),
        (" 2TiB ", 2 * 2**40),
    ],
)
def test_a_size_is_read_as_it_is_written(text: str, size: int) -> None:
    assert read_size(text) == size


@pytest.mark.parametrize("text", ["", "big", "-1", "1e3", "10 XB", "1.5.2", "MiB", "10 MiBs"])
def test_what_is_no_size_is_refused_with_the_way_to_write_one(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a size: write bytes, or a unit as in 128KiB, 10MiB, 1\.5GB$"):
        read_size(text)


@pytest.mark.parametrize(("text", "usd"), [("0", "0"), ("0.50", "0.50"), ("$12", "12"), (" 1e2 ", "100")])
def test_money_is_read_as_it_is_written(text: str, usd: str) -> None:
    assert read_usd(text) == Decimal(usd)


@pytest.mark.parametrize("text", ["", "-1", "nan", "inf", "12 EUR", "$"])
def test_what_is_no_money_is_refused_with_the_way_to_write_it(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not an amount of money: write dollars, as in 0\.50 or 12$"):
        read_usd(text)
