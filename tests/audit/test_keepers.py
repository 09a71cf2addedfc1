"""Keepers, roll-ups and what is protected, from an audit to its report, and to the same report once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from s3dedup.audit import report
from s3dedup.errors import NoReportError, UsageError
from tests.audit.helpers import KIB, random_body
from tests.fakes3 import matching

if TYPE_CHECKING:
    from pathlib import Path

    from s3dedup.model import AuditReport, ObjectVersion
    from tests.audit.helpers import Auditor
    from tests.fakes3 import FakeS3

Stays = set[tuple[tuple[str, ...], tuple[str, ...]]]
"""Of each group the addresses that stay, the keeper first, and those that are redundant."""


def stays(found: AuditReport) -> Stays:
    def names(objects: tuple[ObjectVersion, ...]) -> tuple[str, ...]:
        return tuple(each.uri.removeprefix("s3://") for each in objects)

    return {(names(group.objects[: group.kept]), names(group.redundant)) for group in found.groups}


ONE, TWO = random_body(4 * KIB, 1), random_body(9 * KIB, 2)
BODIES = {"data/1": ONE, "data/2": TWO, "backup/1": ONE, "backup/2": TWO, "masters/1 more": ONE, "lone": b"lone"}
BY_AGE: Stays = {
    (("b/data/1",), ("b/backup/1", "b/masters/1 more")),
    (("b/data/2",), ("b/backup/2",)),
}


@pytest.fixture
def planted(fake: FakeS3) -> FakeS3:
    """Two contents in data/ and in backup/, and one of them once more; each object a second older than the next."""
    for key, body in BODIES.items():
        fake.put("b", key, body)
    return fake


@pytest.mark.usefixtures("planted")
def test_without_rules_the_oldest_stays(auditor: Auditor) -> None:
    found = auditor("b")
    assert stays(found) == BY_AGE
    assert not any("eeper" in note or "rotected" in note for note in found.notes)


@pytest.mark.usefixtures("planted")
def test_an_audit_keeps_what_it_is_told_to_and_says_by_which_rule(auditor: Auditor) -> None:
    found = auditor("b", keep=["regex:/masters/", "newest"])
    assert stays(found) == {
        (("b/masters/1 more",), ("b/backup/1", "b/data/1")),
        (("b/backup/2",), ("b/data/2",)),
    }
    assert "Keepers were chosen by regex:/masters/ in 1 group, by newest in 1 group." in found.notes


@pytest.mark.usefixtures("planted")
def test_a_tie_is_reported(auditor: Auditor) -> None:
    found = auditor("b", keep=["location:s3://elsewhere"])
    assert stays(found) == BY_AGE
    (note,) = (note for note in found.notes if "Ties" in note)
    assert (
        note == "Ties in 2 groups were settled: the oldest stays, then the shortest key, then the first in byte order."
    )


@pytest.mark.usefixtures("planted")
def test_what_is_protected_is_not_redundant_and_nothing_is_reclaimed_of_it(auditor: Auditor) -> None:
    found = auditor("b", protect=["s3://b/masters/", "*/2"])
    assert stays(found) == {
        (("b/masters/1 more",), ("b/data/1", "b/backup/1")),
        (("b/data/2", "b/backup/2"), ()),
    }
    assert (found.totals.groups, found.totals.redundant_objects) == (2, 2)
    assert found.totals.reclaimable_bytes == found.totals.billable_bytes == 8 * KIB
    assert [group.reclaimable_bytes for group in found.groups] == [8 * KIB, 0], "what saves most first"
    assert "Protected, and so never redundant: 3 objects of duplicate groups." in found.notes


@pytest.mark.usefixtures("planted")
def test_an_audit_says_which_prefix_repeats_which(auditor: Auditor) -> None:
    found = auditor("b").rollups
    assert found is not None
    assert [(each.name, each.objects, each.redundant_objects) for each in found.buckets] == [("b", 5, 3)]
    assert [(each.redundant, each.keeper, each.share, each.whole) for each in found.prefix_pairs] == [
        ("s3://b/backup/", "s3://b/data/", 1.0, True),
        ("s3://b/masters/", "s3://b/data/", 1.0, True),
    ]


@pytest.mark.usefixtures("planted")
def test_nothing_above_an_audited_prefix_is_said_to_be_a_duplicate(auditor: Auditor) -> None:
    found = auditor("b/data/", "b/backup/").rollups
    assert found is not None
    (pair,) = found.prefix_pairs
    assert (pair.redundant, pair.keeper, pair.objects, pair.whole) == ("s3://b/backup/", "s3://b/data/", 2, True)


@pytest.mark.usefixtures("planted")
@pytest.mark.parametrize(
    "options",
    [{"keep": ["newest"]}, {"protect": ["*/2"]}, {"keep": ["shortest-key"], "protect": ["s3://b/masters/"]}],
    ids=str,
)
def test_a_report_with_other_keepers_is_what_an_audit_with_them_would_have_found(
    auditor: Auditor, planted: FakeS3, options: dict[str, list[str]]
) -> None:
    auditor("b", keep=["regex:/masters/"])
    requests = len(planted.log)
    again = report(auditor.state, **options)
    assert len(planted.log) == requests, "S3 is not asked"
    told = auditor("b", **options)
    assert stays(again) == stays(told) != BY_AGE
    assert (again.totals, again.rollups) == (told.totals, told.rollups)
    assert list(again.groups) == list(told.groups)
    assert again.notes[-2:] == told.notes[-2:]


@pytest.mark.usefixtures("planted")
def test_a_report_with_other_keepers_changes_nothing_that_is_kept(auditor: Auditor) -> None:
    before = auditor("b")
    files = sorted(path.name for path in auditor.state.iterdir())
    report(auditor.state, keep=["newest"])
    assert sorted(path.name for path in auditor.state.iterdir()) == files
    after = report(auditor.state)
    assert (stays(after), after.notes, after.rollups) == (BY_AGE, before.notes, before.rollups)


def test_what_was_skipped_is_in_the_report_with_other_keepers_too(auditor: Auditor, planted: FakeS3) -> None:
    planted.faults.add("403", match=matching("GetObject", "data/2"), times=None)
    before = auditor("b", etag_trust="never")
    again = report(auditor.state, keep=["newest"])
    assert list(again.skipped) == list(before.skipped) != []
    assert stays(again) != stays(before)
    assert (again.run, again.work) == (before.run, before.work)


def test_without_an_audit_there_is_no_report_with_other_keepers(tmp_path: Path) -> None:
    with pytest.raises(NoReportError):
        report(tmp_path, keep=["newest"])


@pytest.mark.parametrize("options", [{"keep": ["best"]}, {"protect": ["all"]}], ids=str)
def test_rules_that_are_none_are_refused_before_anything_is_done(
    auditor: Auditor, options: dict[str, list[str]]
) -> None:
    with pytest.raises(UsageError, match=r"'(best|all)' (is no rule|does not say)"):
        auditor.config("b", **options)
    with pytest.raises(UsageError):
        report(auditor.state, **options)
    assert not auditor.state.exists()
