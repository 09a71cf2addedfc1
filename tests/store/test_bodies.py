"""Bodies that break off are gone on with, as long as anything comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from s3dedup.errors import ObjectUnreadableError
from tests.store.helpers import listed, read, warm

if TYPE_CHECKING:
    from s3dedup.store import S3Store
    from tests.fakes3 import FakeS3


@pytest.mark.parametrize("short", [False, True], ids=["boto3", "the short way"])
def test_a_long_read_may_break_off_any_number_of_times_as_long_as_it_gets_on(
    short: bool, fake: FakeS3, store: S3Store
) -> None:
    body = bytes(range(100))
    row = listed(fake.put("b", "k", body))
    if short:
        warm(store, row)
    fake.log.clear()
    fake.faults.add("truncate-body-after:7", times=None)
    assert read(store, row) == body
    assert [entry.range for entry in fake.log] == [f"bytes={start}-99" for start in range(0, 100, 7)]


def test_a_body_that_breaks_off_four_times_in_one_place_is_given_up(fake: FakeS3, store: S3Store) -> None:
    row = listed(fake.put("b", "k", bytes(100)))
    fake.faults.add("truncate-body-after:60")
    fake.faults.add("truncate-body-after:0", times=3)
    fake.faults.add("truncate-body-after:20")
    fake.faults.add("truncate-body-after:0", times=None)
    with pytest.raises(ObjectUnreadableError, match="broke off 4 times"):
        read(store, row)
    assert [entry.range for entry in fake.log] == [f"bytes={start}-99" for start in (0, *[60] * 4, *[80] * 4)]
