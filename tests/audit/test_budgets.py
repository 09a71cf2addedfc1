"""Budgets, estimates and money: nothing is spent beyond a limit, and what is left unproven is counted."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from s3dedup import estimate
from s3dedup.errors import UsageError
from tests.audit.helpers import KIB, MIB, keys_of, random_body
from tests.fakes3 import FakeS3

if TYPE_CHECKING:
    from pathlib import Path

    from tests.audit.helpers import Auditor

pytestmark = pytest.mark.usefixtures("as_aws")
SIZE = 100 * KIB


def plant(fake: FakeS3, keys: str, size: int = SIZE, **how: Any) -> None:  # noqa: ANN401  those of FakeS3.put
    """Objects with one content, of which nothing is known without reading."""
    for key in keys:
        fake.put("b", key, random_body(size), **{"encryption": "SSE-KMS", "checksum": None, **how})


def test_what_promises_most_for_what_it_costs_is_read_first_and_not_what_is_largest(
    fake: FakeS3, auditor: Auditor
) -> None:
    plant(fake, "ab", SIZE)
    plant(fake, "cdefghij", SIZE // 2)
    assert keys_of(auditor("b", max_read=4 * SIZE)) == {frozenset("cdefghij")}


@pytest.mark.parametrize(
    ("limits", "groups"),
    [
        pytest.param({"max_read": 0}, 0, id="no-byte"),
        pytest.param({"max_read": 2 * SIZE}, 1, id="one-pair"),
        pytest.param({"max_read": 100 * SIZE}, 3, id="enough"),
        pytest.param({"max_cost": Decimal(0)}, 0, id="no-money"),
        pytest.param({"max_cost": Decimal(1)}, 3, id="enough-money"),
    ],
)
def test_a_budget_ends_the_proving_and_the_report_says_what_is_left(
    limits: dict[str, Any], groups: int, fake: FakeS3, auditor: Auditor
) -> None:
    for number, keys in enumerate(("ab", "cd", "ef")):
        plant(fake, keys, SIZE - number)
    report = auditor("b", **limits)
    assert len(keys_of(report)) == groups
    assert report.run.complete is (groups == 3)
    assert report.work.bytes_read <= limits.get("max_read", 100 * SIZE)
    left = 3 - groups
    if left:
        assert report.in_doubt is not None
        assert report.in_doubt.objects == 2 * left
        assert report.in_doubt.requests == 2 * left
        assert SIZE * 2 * left - 20 < report.in_doubt.bytes_to_read <= SIZE * 2 * left
        assert SIZE * left - 10 < report.in_doubt.reclaimable_bytes <= SIZE * left
        assert report.in_doubt.cost_usd
    else:
        assert report.in_doubt is None


@pytest.mark.parametrize("requests", [0, 1, 5, 9, 20])
def test_no_more_heads_and_gets_are_sent_than_are_allowed(requests: int, fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, "abcdef")
    auditor("b", max_requests=requests)
    assert fake.count("HeadObject") + fake.count("GetObject") <= requests


def test_what_promises_most_for_what_it_costs_is_proven_first(fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, "ab", SIZE)
    plant(fake, "cd", SIZE + 1, storage_class="STANDARD_IA")
    plant(fake, "ef", SIZE + 2, encryption="SSE-S3", parts=SIZE // 2)
    plant(fake, "gh", SIZE + 3)
    fake.put("b", "e-copy", random_body(SIZE + 2), encryption="SSE-S3", checksum=None)
    report = auditor("b", max_read=2 * SIZE)
    assert frozenset({"e", "f", "e-copy"}) in keys_of(report), "one reading settles two"


def test_half_of_a_proof_is_not_begun(fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, "ab", 9 * MIB)
    report = auditor("b", max_read=10 * MIB)
    assert report.work.bytes_read == 4 * 64 * KIB
    assert report.in_doubt is not None
    assert report.in_doubt.objects == 2


def test_what_a_budget_left_is_proven_by_the_next_audit(fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, "ab")
    assert not auditor("b", max_read=0).run.complete
    report = auditor("b")
    assert keys_of(report) == {frozenset("ab")}
    assert report.run.complete


@pytest.mark.parametrize("limits", [{"max_read": 0}, {"max_requests": 1}], ids=["bytes", "requests"])
def test_what_a_budget_kept_from_being_learnt_of_a_bucket_is_learnt_by_the_next_audit(
    limits: dict[str, Any], fake: FakeS3, auditor: Auditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    plant(fake, "ab", encryption="SSE-S3")
    assert not auditor("b", **limits).run.complete
    report = auditor("b")
    assert (keys_of(report), report.run.complete) == ({frozenset("ab")}, True)
    assert [group.evidence.value for group in report.groups] == ["md5-etag"]


def test_money_without_prices_cannot_be_limited(
    fake: FakeS3, auditor: Auditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    plant(fake, "ab")
    with pytest.raises(UsageError, match="--max-cost cannot be kept where no prices are known: pass --prices"):
        auditor("b", max_cost=Decimal(1))
    assert not fake.log


@pytest.mark.parametrize("limit", ["max_read", "max_requests", "max_cost"])
def test_a_budget_below_zero_is_refused(limit: str, auditor: Auditor) -> None:
    with pytest.raises(UsageError, match="budget below zero makes no sense"):
        auditor("b", **{limit: -1})


def test_an_estimate_says_what_proving_would_take_and_reads_no_body(fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, "ab", encryption="SSE-S3")
    plant(fake, "cd", SIZE + 1)
    found = estimate(auditor.config("b"))
    assert not fake.requests("GetObject")
    assert found.work.bytes_read == 0
    assert (found.totals.groups, found.in_doubt.objects) in {(1, 2), (0, 4)}
    assert found.in_doubt.bytes_to_read >= 2 * (SIZE + 1)
    assert found.prices is not None
    assert "us-east-1" in found.prices


def test_an_estimate_leaves_the_last_report_alone(fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, "ab")
    report = auditor("b")
    plant(fake, "c")
    estimate(auditor.config("b"))
    again = auditor("b")
    assert report.run.id != again.run.id
    assert keys_of(again) == {frozenset("abc")}


def test_a_group_an_audit_and_its_work_have_a_price(fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, "abc", 1 << 20, encryption="SSE-S3")
    report = auditor("b")
    (group,) = report.groups
    assert group.monthly_usd == report.totals.monthly_usd
    assert group.monthly_usd == pytest.approx(Decimal("0.023") * 2 / 1024, abs=Decimal("1E-8"))
    assert report.work.cost_usd is not None
    assert Decimal("0.000005") <= report.work.cost_usd < Decimal("0.0001")


def test_where_no_prices_are_known_money_is_unknown_and_not_zero(
    fake: FakeS3, auditor: Auditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    plant(fake, "ab")
    report = auditor("b")
    (group,) = report.groups
    assert (group.monthly_usd, report.totals.monthly_usd, report.work.cost_usd, report.prices) == (None,) * 4


def test_prices_of_a_file_count_on_any_store(
    fake: FakeS3, auditor: Auditor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.undo()
    table = tmp_path / "prices.json"
    table.write_text(
        '{"schema": "s3dedup/prices/1", "currency": "USD", "regions": {"*": {"source": "our invoice",'
        ' "date": "2026-11-01", "classes":'
        ' {"STANDARD": {"storage": [{"from_gb": 0, "usd": 1}], "minimum_bytes": 0, "minimum_days": 0}}}}}'
    )
    plant(fake, "ab", 1 << 20)
    report = auditor("b", prices=table)
    (group,) = report.groups
    assert group.monthly_usd == pytest.approx(Decimal(1) / 1024, abs=Decimal("1E-8"))
    assert report.prices == "Prices: our invoice (2026-11-01)."


def test_the_region_of_a_bucket_is_asked_for_once(fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, "ab", encryption="SSE-S3")
    auditor("b")
    auditor("b")
    assert fake.count("HeadBucket") == 1
