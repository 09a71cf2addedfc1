"""What S3 bills for an object, by storage class. Source: aws.amazon.com/s3/pricing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3dedup.cost import billable_bytes
from s3dedup.cost.billable import MINIMUM, OVERHEAD

KIB = 1024
AS_STORED = ["STANDARD", "REDUCED_REDUNDANCY", "INTELLIGENT_TIERING", "EXPRESS_ONEZONE"]
WITH_MINIMUM = ["STANDARD_IA", "ONEZONE_IA", "GLACIER_IR"]
WITH_OVERHEAD = ["GLACIER", "DEEP_ARCHIVE"]


@pytest.mark.parametrize("storage_class", AS_STORED)
@pytest.mark.parametrize("size", [0, 1, 128 * KIB, 50 * 10**12])
def test_most_classes_bill_what_is_stored(storage_class: str, size: int) -> None:
    assert billable_bytes(size, storage_class) == size


@pytest.mark.parametrize("storage_class", WITH_MINIMUM)
@pytest.mark.parametrize(
    ("size", "billed"),
    [(1, 128 * KIB), (128 * KIB - 1, 128 * KIB), (128 * KIB, 128 * KIB), (128 * KIB + 1, 128 * KIB + 1)],
)
def test_infrequent_access_bills_at_least_128_kib(storage_class: str, size: int, billed: int) -> None:
    assert billable_bytes(size, storage_class) == billed


@pytest.mark.parametrize("storage_class", WITH_OVERHEAD)
@pytest.mark.parametrize("size", [1, 10**12])
def test_archives_bill_40_kib_more_for_each_object(storage_class: str, size: int) -> None:
    assert billable_bytes(size, storage_class) == size + 40 * KIB


@pytest.mark.parametrize("storage_class", ["OUTPOSTS", "SNOW", "FSX_OPENZFS", "", "standard", "SOMETHING_NEW"])
def test_what_a_class_that_is_not_known_bills_is_unknown_and_not_nothing(storage_class: str) -> None:
    assert billable_bytes(1, storage_class) is None


def test_every_class_of_the_tables_is_tested_here() -> None:
    assert set(MINIMUM) == {*AS_STORED, *WITH_MINIMUM, *WITH_OVERHEAD}
    assert set(OVERHEAD) == set(WITH_OVERHEAD)


@given(st.integers(0, 50 * 10**12), st.sampled_from(sorted(MINIMUM)))
def test_nothing_is_billed_for_less_than_its_size(size: int, storage_class: str) -> None:
    assert (billable_bytes(size, storage_class) or 0) >= size
