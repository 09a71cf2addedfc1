"""Which candidates of a bucket are asked whether they keep to its default encryption."""

from __future__ import annotations

from s3dedup.engine.rules import MOST_SAMPLES, SAMPLES, to_ask
from s3dedup.model import ListedObject


def uploaded(month: int, algorithm: str = "CRC32") -> ListedObject:
    """An object of some month."""
    moment = f"{2000 + month // 12}-{month % 12 + 1:02}-01T00:00:00.000Z"
    return ListedObject("key", 1, "etag", "STANDARD", moment, checksum_algorithms=algorithm)


def test_of_one_month_the_first_ones_are_asked() -> None:
    assert to_ask([uploaded(0)] * 100) == list(range(SAMPLES))


def test_a_month_and_a_manner_of_upload_that_the_first_ones_have_not_are_asked_once() -> None:
    rows = [uploaded(0)] * 20 + [uploaded(1)] * 20 + [uploaded(0, "SHA256")] * 20
    assert to_ask(rows) == [*range(SAMPLES), 20, 40]


def test_of_very_many_months_only_some_are_asked() -> None:
    assert to_ask([uploaded(month) for month in range(200)]) == list(range(MOST_SAMPLES))
