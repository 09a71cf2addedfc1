"""One audit after the other: what the later one says of the earlier one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from s3dedup.audit import compare, history, report
from s3dedup.errors import NoReportError, UsageError
from s3dedup.model import Change, ChangeSum
from tests.audit.helpers import KIB, random_body

if TYPE_CHECKING:
    from pathlib import Path

    from tests.audit.helpers import Auditor
    from tests.fakes3 import FakeS3

BODIES = [random_body(KIB * size, size) for size in range(5)]


def plant(fake: FakeS3, *names: str) -> None:
    """Objects whose content is the number at the beginning of their name."""
    for name in names:
        fake.put("b", name, BODIES[int(name[0])])


@pytest.fixture
def audited_twice(fake: FakeS3, auditor: Auditor) -> Auditor:
    """Before the second audit the group of 1 lost all but one, that of 2 got one more, that of 3 lost one, 4 is new."""
    plant(fake, "1a", "1b", "2a", "2b", "3a", "3b", "3c", "4a")
    auditor("b")
    for key in ("1b", "3c"):
        fake.delete("b", key)
    plant(fake, "2c", "4b")
    auditor("b")
    return auditor


def test_what_changed_since_the_audit_before_is_known_group_by_group(audited_twice: Auditor) -> None:
    found = compare(audited_twice.state)
    assert found.sums == {
        Change.NEW: ChangeSum(1, 4 * KIB),
        Change.GROWN: ChangeSum(1, 2 * KIB),
        Change.SHRUNK: ChangeSum(1, -3 * KIB),
        Change.GONE: ChangeSum(1, -1 * KIB),
    }
    assert [(each.change, each.copies_before, each.copies_after, each.keeper) for each in found.changes] == [
        (Change.GONE, 2, 0, "s3://b/1a"),
        (Change.GROWN, 2, 3, "s3://b/2a"),
        (Change.SHRUNK, 3, 2, "s3://b/3a"),
        (Change.NEW, 0, 2, "s3://b/4a"),
    ]
    assert len(found.changes) == len(list(found.changes)) == 4, "they can be read twice"
    assert found.later.totals.reclaimable_bytes - found.earlier.totals.reclaimable_bytes == 2 * KIB


def test_a_report_knows_the_earlier_audits_of_the_same_locations(audited_twice: Auditor, fake: FakeS3) -> None:
    fake.bucket("other")
    audited_twice("other")
    found = audited_twice("b")
    runs = history(audited_twice.state)
    assert [each.run.locations for each in runs] == [("s3://b",), ("s3://b",), ("s3://other",), ("s3://b",)]
    assert [each.id for each in found.past] == [runs[0].run.id, runs[1].run.id]
    assert found.past[0].totals == runs[0].totals
    assert report(audited_twice.state).past == found.past
    assert report(audited_twice.state, keep=["newest"]).past == found.past


def test_an_audit_can_be_compared_with_one_that_it_names(audited_twice: Auditor) -> None:
    first = history(audited_twice.state)[0].run.id
    audited_twice("b")
    assert sum(each.groups for each in compare(audited_twice.state).sums.values()) == 0
    assert sum(each.groups for each in compare(audited_twice.state, first[:8]).sums.values()) == 4


def test_a_run_whose_groups_are_no_longer_kept_is_refused(audited_twice: Auditor) -> None:
    (audited_twice.state / "history" / "00000001.groups").unlink()
    with pytest.raises(UsageError, match="is no longer kept: choose a later one"):
        compare(audited_twice.state)


def test_another_choice_of_keepers_is_no_change_of_the_groups(fake: FakeS3, auditor: Auditor) -> None:
    plant(fake, "1a", "1b", "2a", "2b")
    auditor("b")
    auditor("b", keep=["newest"], protect=["2*"])
    found = compare(auditor.state)
    assert list(found.changes) == []
    assert found.later.totals.reclaimable_bytes < found.earlier.totals.reclaimable_bytes


def test_without_an_audit_there_is_no_history(tmp_path: Path) -> None:
    with pytest.raises(NoReportError):
        history(tmp_path)
    with pytest.raises(NoReportError):
        compare(tmp_path)
