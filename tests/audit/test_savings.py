"""What deleting would truly save: from the settings of buckets and the HEADs of objects to the report's money."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from s3dedup.audit import report
from s3dedup.engine import asking
from s3dedup.model import Effect
from tests.audit.helpers import KIB, MIB, random_body
from tests.fakes3 import Replication, Response, matching

if TYPE_CHECKING:
    from collections.abc import Callable

    from s3dedup.model import AuditReport, Portion, Savings
    from tests.audit.helpers import Auditor
    from tests.fakes3 import FakeS3
    from tests.servers import S3Server
    from tests.servers.fixtures import FreshBucket

BODY = random_body(MIB, 7)
LATER = datetime.now(UTC) + timedelta(days=400)
USD = Decimal("0.023") / 1024
"""A month of `BODY` in STANDARD, in us-east-1."""
as_aws = pytest.mark.usefixtures("as_aws")


def savings(found: AuditReport) -> Savings:
    assert found.totals.savings is not None
    return found.totals.savings


def effects(found: AuditReport) -> dict[str, Effect]:
    """Of each redundant object what deleting it would do."""
    return {
        f"{each.bucket}/{each.key}": effect
        for group in found.groups
        for each, effect in zip(group.redundant, group.effects, strict=True)
    }


def counted(found: AuditReport) -> dict[str, int]:
    """How many objects there are in each portion that is not empty; together they are everything redundant."""
    names = ("frees", "frees_later", "needs_version_id", "locked", "replica", "unknown")
    portions: dict[str, Portion] = {name: getattr(savings(found), name) for name in names}
    assert sum(each.objects for each in portions.values()) == found.totals.redundant_objects
    assert sum(each.bytes for each in portions.values()) == found.totals.reclaimable_bytes
    return {name: each.objects for name, each in portions.items() if each.objects}


def heads(fake: FakeS3) -> set[str]:
    """What was asked whether it may be deleted: the candidates' encryption is settled by a rule before."""
    return {f"{entry.bucket}/{entry.key}" for entry in fake.requests("HeadObject")}


def close(one: Decimal | None, other: Decimal) -> bool:
    return one is not None and abs(one - other) < Decimal("1E-9")


# --- buckets that settle it -----------------------------------------------------------------------------------------


@as_aws
def test_in_a_bucket_without_versions_all_that_is_redundant_saves_what_it_costs(fake: FakeS3, auditor: Auditor) -> None:
    for key in "abc":
        fake.put("b", key, BODY)
    found = auditor("b")
    (group,) = found.groups
    assert counted(found) == {"frees": 2}
    assert close(found.totals.monthly_usd, 2 * USD)
    assert savings(found).saved_usd == group.saved_usd == found.totals.monthly_usd
    assert savings(found).early_delete_usd == group.early_delete_usd == 0
    assert savings(found).days_left == group.days_left == 0
    assert not fake.count("GetObjectLockConfiguration"), "locks and replication need versions"
    assert not any("versions" in note for note in found.notes)


@as_aws
def test_a_versioned_bucket_needs_version_ids_and_saves_nothing_without_them(fake: FakeS3, auditor: Auditor) -> None:
    fake.bucket("b", versioning="Suspended")
    for key in "ab":
        fake.put("b", key, BODY)
    found = auditor("b")
    assert counted(found) == {"needs_version_id": 1}
    assert savings(found).saved_usd == 0
    assert close(found.totals.monthly_usd, USD)
    assert "s3://b keeps old versions; Object Lock is off; it is not replicated." in found.notes
    assert "s3://b: replicas that buckets outside of this audit have made there would not be recognised." in found.notes


@as_aws
def test_with_version_ids_a_versioned_bucket_frees_what_is_redundant(fake: FakeS3, auditor: Auditor) -> None:
    fake.bucket("b", versioning="Enabled")
    for key in "ab":
        fake.put("b", key, BODY)
    found = auditor("b", versions=True)
    assert counted(found) == {"frees": 1}
    assert savings(found).saved_usd == found.totals.monthly_usd


@as_aws
def test_where_versioning_may_not_be_asked_the_saving_is_unknown_and_never_the_cost(
    fake: FakeS3, auditor: Auditor
) -> None:
    fake.deny("b", "s3:GetBucketVersioning")
    for key in "ab":
        fake.put("b", key, BODY)
    found = auditor("b")
    (group,) = found.groups
    assert counted(found) == {"unknown": 1}
    assert (savings(found).saved_usd, group.saved_usd, group.early_delete_usd, group.days_left) == (None,) * 4
    assert close(group.monthly_usd, USD)
    assert any("whether it keeps old versions may not or cannot be asked" in note for note in found.notes)


@pytest.mark.parametrize(
    "answer",
    [
        Response(501, {}, b"<Error><Code>NotImplemented</Code></Error>"),
        Response(200, {}, b"<ListBucketResult></ListBucketResult>"),
        Response(200, {}, b"no XML"),
    ],
    ids=["not implemented", "a listing", "no XML"],
)
def test_a_store_that_does_not_answer_about_versions_leaves_it_unknown(
    answer: Response, fake: FakeS3, auditor: Auditor
) -> None:
    fake.faults.add(lambda _: answer, match=matching("GetBucketVersioning"), times=None)
    for key in "ab":
        fake.put("b", key, BODY)
    assert counted(auditor("b")) == {"unknown": 1}


# --- minimum terms, archives ----------------------------------------------------------------------------------------


@as_aws
def test_what_is_within_its_minimum_term_is_freed_later_and_costs_once(fake: FakeS3, auditor: Auditor) -> None:
    now = datetime.now(UTC)
    for days, key in ((40, "a"), (35, "b"), (10, "c")):
        fake.put("b", key, BODY, storage_class="STANDARD_IA", last_modified=now - timedelta(days=days))
    found = auditor("b")
    (group,) = found.groups
    assert effects(found) == {"b/b": Effect.FREES, "b/c": Effect.LATER}
    assert counted(found) == {"frees": 1, "frees_later": 1}
    assert savings(found).days_left == group.days_left == 20
    assert close(group.early_delete_usd, Decimal("0.0125") / 1024 * 20 / 30)
    assert savings(found).early_delete_usd == group.early_delete_usd


@as_aws
def test_a_group_whose_keeper_alone_is_archived_says_so(fake: FakeS3, auditor: Auditor) -> None:
    for key, name in {"a": "GLACIER", "b": "STANDARD"}.items():
        fake.put("b", key, BODY, storage_class=name)
    found = auditor("b")
    assert [group.loses_instant_access for group in found.groups] == [True]
    assert savings(found).loses_instant_access == 1
    again = report(auditor.state, keep=["newest"])
    assert [group.loses_instant_access for group in again.groups] == [False]
    assert savings(again).loses_instant_access == 0


# --- locks ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def locked(fake: FakeS3) -> FakeS3:
    """A bucket with Object Lock: one object under retention, one on hold, one whose retention is over, two free."""
    fake.bucket("b", versioning="Enabled", object_lock=True)
    fake.put("b", "a", BODY)
    fake.put("b", "retained", BODY, lock=("COMPLIANCE", LATER))
    fake.put("b", "held", BODY, legal_hold=True)
    fake.put("b", "over", BODY, lock=("GOVERNANCE", datetime(2026, 1, 1, tzinfo=UTC)), legal_hold=False)
    fake.put("b", "free", BODY)
    return fake


@as_aws
def test_what_is_locked_is_found_by_asking_the_redundant_objects_and_only_these(
    locked: FakeS3, auditor: Auditor
) -> None:
    found = auditor("b", versions=True, etag_trust="always")
    assert effects(found) == {
        "b/retained": Effect.LOCKED,
        "b/held": Effect.LOCKED,
        "b/over": Effect.FREES,
        "b/free": Effect.FREES,
    }
    assert heads(locked) == {"b/retained", "b/held", "b/over", "b/free"}
    assert found.work.head_requests == len(locked.requests("HeadObject")) + locked.count("HeadBucket")
    assert close(savings(found).saved_usd, 2 * USD)


@as_aws
@pytest.mark.parametrize("action", ["s3:GetObjectRetention", "s3:GetObjectLegalHold"])
def test_where_locks_are_not_told_nothing_is_called_free(action: str, locked: FakeS3, auditor: Auditor) -> None:
    locked.deny("b", action)
    found = auditor("b", versions=True, etag_trust="always")
    assert Effect.FREES not in effects(found).values()
    assert savings(found).saved_usd is None
    assert any("allow s3:GetObjectRetention and s3:GetObjectLegalHold" in note for note in found.notes)


@as_aws
def test_a_budget_ends_the_asking_and_the_rest_is_counted_as_unknown(locked: FakeS3, auditor: Auditor) -> None:
    small = random_body(KIB, 1)
    for key in ("1", "2"):
        locked.put("b", key, small)
    found = auditor("b", versions=True, etag_trust="always", max_requests=4)
    assert counted(found) == {"locked": 2, "frees": 2, "unknown": 1}, "the largest group first"
    assert effects(found)["b/2"] is Effect.UNKNOWN
    assert len(heads(locked)) == 4


@as_aws
@pytest.mark.usefixtures("locked")
def test_no_more_objects_are_asked_than_is_worth_it(auditor: Auditor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "MOST", 3)
    assert counted(auditor("b", versions=True, etag_trust="always")) == {"unknown": 4}


@as_aws
def test_an_object_that_may_not_be_asked_is_unknown_and_the_audit_goes_on(locked: FakeS3, auditor: Auditor) -> None:
    locked.deny("b", "s3:GetObjectVersion", "held")
    found = auditor("b", versions=True, etag_trust="always")
    assert effects(found)["b/held"] is Effect.UNKNOWN
    assert found.run.complete


# --- replication ----------------------------------------------------------------------------------------------------


def replicated(fake: FakeS3, rule: Replication) -> None:
    """Two contents in a/, each twice, of which a rule of `a` has made replicas in `r`."""
    fake.bucket("a", versioning="Enabled", replication=[rule])
    fake.bucket("r", versioning="Enabled")
    for number, key in enumerate(("x/1", "x/2", "x/copy of 1", "other")):
        body = BODY if "1" in key else random_body(KIB, number)
        fake.put("a", key, body, version_id=f"v{number}", replication_status="COMPLETED")
        fake.put("r", key, body, version_id=f"v{number}", replication_status="REPLICA")


@as_aws
@pytest.mark.parametrize("versions", [False, True])
def test_replicas_by_rule_are_set_apart_without_a_question(fake: FakeS3, auditor: Auditor, *, versions: bool) -> None:
    replicated(fake, Replication("r"))
    found = auditor("a", "r", versions=versions, etag_trust="always")
    assert effects(found) == {
        "a/x/copy of 1": Effect.FREES if versions else Effect.NEEDS_VERSION,
        "r/x/1": Effect.REPLICA,
        "r/x/copy of 1": Effect.REPLICA,
        "r/x/2": Effect.REPLICA,
        "r/other": Effect.REPLICA,
    }
    assert not heads(fake)
    rollups = found.rollups
    assert rollups is not None
    assert [(each.redundant, each.objects) for each in rollups.prefix_pairs] == [("s3://a/x/", 1)]
    assert [(each.redundant, each.keeper, each.objects) for each in rollups.replicas] == [("s3://r", "s3://a", 4)]
    assert {each.name: (each.redundant_objects, each.replicas) for each in rollups.buckets} == {
        "a": (1, 0),
        "r": (0, 4),
    }


@as_aws
def test_the_source_of_a_keeper_that_is_its_replica_is_intended_too(fake: FakeS3, auditor: Auditor) -> None:
    replicated(fake, Replication("r"))
    found = auditor("a", "r", keep=["location:s3://r"], etag_trust="always")
    assert effects(found)["a/x/1"] is Effect.REPLICA


@as_aws
@pytest.mark.parametrize(
    "rule", [Replication("r", enabled=False), Replication("r", tag="keep"), Replication("r", "nothing/")], ids=repr
)
def test_where_rules_do_not_tell_the_objects_are_asked(rule: Replication, fake: FakeS3, auditor: Auditor) -> None:
    replicated(fake, rule)
    found = auditor("a", "r", etag_trust="always")
    assert heads(fake) >= {"r/x/1", "r/x/copy of 1", "r/x/2", "r/other"}
    assert counted(found) == {"replica": 4, "needs_version_id": 1}
    assert found.rollups is not None
    assert sum(each.objects for each in found.rollups.replicas) == 4


@as_aws
def test_where_rules_may_not_be_asked_the_objects_are(fake: FakeS3, auditor: Auditor) -> None:
    replicated(fake, Replication("r"))
    fake.deny("a", "s3:GetReplicationConfiguration")
    found = auditor("a", "r", etag_trust="always")
    assert counted(found) == {"replica": 4, "needs_version_id": 1}
    assert any("its replication rules are not known" in note for note in found.notes)


# --- the report with other keepers ----------------------------------------------------------------------------------


@as_aws
@pytest.mark.parametrize("options", [{"keep": ["newest"]}, {"protect": ["*/2"]}, {"keep": ["cheapest-class"]}], ids=str)
def test_a_report_with_other_keepers_has_the_amounts_of_an_audit_with_them(
    fake: FakeS3, auditor: Auditor, options: dict[str, list[str]]
) -> None:
    replicated(fake, Replication("r"))
    fake.put("plain", "1", BODY, storage_class="STANDARD_IA")
    auditor("a", "r", "plain", etag_trust="always")
    again = report(auditor.state, **options)
    told = auditor("a", "r", "plain", etag_trust="always", **options)
    assert again.totals.monthly_usd is not None
    assert (again.totals, again.rollups) == (told.totals, told.rollups)
    assert list(again.groups) == list(told.groups)


@as_aws
@pytest.mark.usefixtures("locked")
def test_what_objects_told_is_remembered_for_other_keepers(auditor: Auditor) -> None:
    auditor("b", versions=True, etag_trust="always")
    found = report(auditor.state, keep=["newest"])
    assert effects(found) == {
        "b/a": Effect.UNKNOWN,
        "b/retained": Effect.LOCKED,
        "b/held": Effect.LOCKED,
        "b/over": Effect.FREES,
    }, "the keeper was not asked"


# --- a real server --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("versioning", "versions", "portion"),
    [(None, False, "frees"), ("Enabled", False, "needs_version_id"), ("Enabled", True, "frees")],
)
def test_on_a_real_server_the_versioning_of_a_bucket_decides(
    versioning: str | None,
    seaweed: S3Server,
    fresh_bucket: FreshBucket,
    auditor_of: Callable[[S3Server], Auditor],
    portion: str,
    *,
    versions: bool,
) -> None:
    bucket = fresh_bucket(seaweed)
    if versioning:
        seaweed.client().put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": versioning})
    for key in "ab":
        seaweed.client().put_object(Bucket=bucket, Key=key, Body=BODY)
    found = auditor_of(seaweed)(bucket, versions=versions)
    assert counted(found) == {portion: 1}
    assert found.totals.monthly_usd is None, "no prices are known there"
