"""From an audit to its plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from importlib import import_module
from pathlib import Path

import pytest

from s3dedup import Source
from s3dedup.audit import manifest
from s3dedup.engine.planning import planned
from s3dedup.errors import NoReportError, StateError
from s3dedup.model import AuditReport, DuplicateGroup, EvidenceKind, Location, ObjectVersion, Place, Totals, Work
from s3dedup.plan import LeftOut
from s3dedup.shelf import Manner, read_summary
from tests.fakes3 import PlantedS3
from tests.oracle.memory import AWS
from tests.plan.samples import RUN, THEN
from tests.plan.stand import Stand

ELSEWHERE = "http://elsewhere"
MANNER = Manner([Location("b")], [Place(AWS, "b", is_aws=True)], False, "auto", "sha1", 0, [], [], [])  # type: ignore[arg-type]  # noqa: FBT003  versions


def group(name: str, usd: Decimal | None, size: int = 1, copies: int = 2, kept: int = 1) -> DuplicateGroup:
    objects = tuple(
        ObjectVersion("b", f"{name}{number}", None, size, "e" * 32, "STANDARD", THEN + timedelta(seconds=number))
        for number in range(copies)
    )
    return DuplicateGroup(name, size, EvidenceKind.MD5_ETAG, objects, size, usd, kept)


def report(*groups: DuplicateGroup) -> AuditReport:
    return AuditReport("0.1.0", RUN, Totals(0, 0, 0, 0, 0, 0, None, None), Work(), groups, ())


def test_the_most_money_comes_first_and_unknown_money_last_by_size() -> None:
    groups = [
        group("unknown-large", None, 9),
        group("unknown-small", None, 3),
        group("cheap", Decimal("0.000000000002")),
        group("dear", Decimal("123456789.5")),
        group("free", Decimal(0)),
    ]
    with planned(report(*groups), MANNER, "1", (), ()) as plan:
        assert [entry.group for entry in plan.entries] == ["dear", "cheap", "free", "unknown-large", "unknown-small"]  # type: ignore[union-attr]


def test_what_stays_is_in_no_line_and_counted() -> None:
    with planned(report(group("x", None, copies=5, kept=3), group("y", None, kept=2)), MANNER, "1", (), ()) as plan:
        assert plan.head.left_out == LeftOut(protected=3, skipped=0, in_doubt=0)
        lines = list(plan.entries)
    assert [(each.keeper.key, each.redundant.key) for each in lines] == [("x0", "x3"), ("x0", "x4")]  # type: ignore[union-attr]


def test_more_groups_than_are_sorted_at_once_are_all_there() -> None:
    many = [group(f"{number:04}", Decimal(number)) for number in range(2500)]
    with planned(report(*many), MANNER, "1", (), ()) as plan:
        assert [entry.group for entry in plan.entries] == [f"{number:04}" for number in reversed(range(2500))]  # type: ignore[union-attr]


def test_a_report_that_does_not_tell_how_it_was_made_is_refused() -> None:
    with pytest.raises(StateError, match="older s3dedup"), planned(report(), None, "1", (), ()):
        pass


def test_an_audit_that_is_finished_while_a_plan_is_made_is_not_mixed_with_it(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand.aws.put("b", "k", b"x")
    stand.audited()
    earlier = read_summary(stand.directory)
    stand.audited()
    monkeypatch.setattr(import_module("s3dedup.audit"), "read_summary", lambda _: earlier)
    with pytest.raises(StateError, match="run the same command again"), manifest(stand.directory):
        pass


def test_without_an_audit_there_is_no_plan(tmp_path: Path) -> None:
    with pytest.raises(NoReportError), manifest(tmp_path):
        pass


def test_buckets_have_their_own_names_and_endpoints_where_two_are_named_alike(tmp_path: Path) -> None:
    stand = Stand(tmp_path, {AWS: PlantedS3(), ELSEWHERE: PlantedS3()})
    for s3 in stand.s3.values():
        s3.put("b", "k", b"twin" * 9)
    (line,) = stand.planned("s3://b", Source("s3://b", endpoint_url=ELSEWHERE))
    assert {(each.endpoint, each.bucket) for each in (line.keeper, line.redundant)} == {(AWS, "b"), (ELSEWHERE, "b")}
    with manifest(tmp_path) as plan:
        assert plan.head.endpoints == (AWS, ELSEWHERE)
    assert [type(entry) for entry in stand.verified()] == [type(line)]


def test_other_keepers_are_chosen_and_said(stand: Stand) -> None:
    for key in ("old", "new", "kept.pdf"):
        stand.aws.put("b", key, b"twin" * 9)
    stand.audited()
    with manifest(stand.directory, ["newest"], ["*.pdf"]) as plan:
        (one, other) = list(plan.entries)
        assert (plan.head.keep, plan.head.protect) == (("newest",), ("*.pdf",))
        assert "Protected" in plan.head.notes[-1]
    assert [one.keeper.key, one.redundant.key, other.redundant.key] == ["kept.pdf", "new", "old"]  # type: ignore[union-attr]


def test_what_was_skipped_and_what_a_budget_left_is_counted(stand: Stand) -> None:
    for key in ("a", "b"):
        stand.aws.put("b", key, b"kms" * 9, encryption="SSE-KMS")
        stand.aws.put("b", f"{key}.gz", b"archived", encryption="SSE-KMS", storage_class="GLACIER", checksum=None)
    stand.audited(max_read=0)
    with manifest(stand.directory) as plan:
        left = plan.head.left_out
    assert (left.skipped > 0, left.in_doubt > 0) == (True, True)
    assert replace(left, skipped=0, in_doubt=0) == LeftOut(0, 0, 0)
