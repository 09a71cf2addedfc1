from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from s3dedup.model import AuditReport, InDoubt, PrefixPair
from s3dedup.report import words
from tests.report import samples


def pair(share: float | None, *, whole: bool = False) -> PrefixPair:
    return PrefixPair("s3://a/", "s3://b/", share, 1, 1, whole=whole)


def test_a_prefix_of_which_every_object_is_elsewhere_is_all_of_it() -> None:
    assert words.part_of(pair(1.0, whole=True)) == "All of"


@pytest.mark.parametrize(
    ("share", "part"),
    [(0.97, "97.0 % of"), (0.0001, "<0.1 % of"), (0.9999999999, ">99.9 % of"), (1.0, ">99.9 % of"), (0.0, "0 % of")],
)
def test_a_share_is_never_rounded_to_all_of_it(share: float, part: str) -> None:
    assert words.part_of(pair(share)) == part


def test_a_share_that_nobody_knows_is_some_of_it() -> None:
    assert words.part_of(pair(None)) == "Some of"


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        (None, "12,345 objects, 4.1 TiB"),
        ("94", "12,345 objects, 4.1 TiB, $94.00 a month"),
        ("0", "12,345 objects, 4.1 TiB, $0.00 a month"),
    ],
)
def test_a_gain_says_money_only_where_it_is_known(usd: str | None, text: str) -> None:
    assert words.gain(12_345, 4_508_000_000_000, None if usd is None else Decimal(usd)) == text


def test_what_is_in_doubt_is_said_with_what_settling_it_takes_at_most_and_unknown_cost_is_a_dash() -> None:
    assert words.doubt(InDoubt(1, 2048, 1, 1024, None, 512)) == (
        "1 object (2.0 KiB) could not be settled within the budget. Settling them takes at most 1 request and 1.0 KiB"
        " read (cost -), and finds at most 512 B more."
    )


def after(part: float) -> AuditReport:
    """A report behind one that found `part` of what it found."""
    now = samples.complete_report()
    return replace(now, past=(samples.past_run(now, 14, part),))


def test_the_first_run_has_nothing_to_be_compared_with() -> None:
    assert words.change(samples.complete_report()) is None


def test_a_run_that_found_as_much_says_so() -> None:
    assert words.change(after(1)) == "as much as the 5.0 MiB of 2026-11-08"


def test_a_run_that_found_more_says_how_much_more() -> None:
    assert words.change(after(0.5)) == "2.5 MiB more than the 2.5 MiB of 2026-11-08"


def test_a_run_that_found_less_says_how_much_less() -> None:
    assert words.change(after(2)) == "5.0 MiB less than the 10.0 MiB of 2026-11-08"


def test_a_run_is_compared_with_the_last_one_and_warned_of_one_that_was_incomplete() -> None:
    now = samples.complete_report()
    past = (samples.past_run(now, 14, 9), samples.past_run(now, 7, 1))
    assert words.change(replace(now, past=past)) == "as much as the 5.0 MiB of 2026-11-15, which was incomplete"
