"""What may be acted on, and whether an object is still what was planned: one test a row."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from s3dedup.errors import (
    ObjectArchivedError,
    ObjectChangedError,
    ObjectDeniedError,
    ObjectError,
    ObjectUnreadableError,
    ObjectVanishedError,
)
from s3dedup.evidence import withstands_collisions
from s3dedup.model import Encryption, EvidenceKind, HeadFacts
from s3dedup.plan import DropReason, Obstacle, is_locked, is_proof, obstacle, trouble
from tests.plan.samples import CHECKED, COMPARED, NOW, THEN, item, line

READ = EvidenceKind.SHA256_RANGES


def head(**facts: Any) -> HeadFacts:  # noqa: ANN401  its fields
    return replace(HeadFacts("e" * 32, 10, Encryption.NONE, archived=False), **facts)


@pytest.mark.parametrize("evidence", EvidenceKind)
@pytest.mark.parametrize("digest", ["sha1", "sha256"])
def test_what_was_compared_byte_for_byte_is_proven(evidence: EvidenceKind, digest: str) -> None:
    assert is_proof(evidence, digest, "ab")


@pytest.mark.parametrize("evidence", EvidenceKind)
@pytest.mark.parametrize("digest", ["sha1", "sha256"])
def test_what_was_not_is_proven_if_its_evidence_withstands_collisions(evidence: EvidenceKind, digest: str) -> None:
    assert is_proof(evidence, digest, None) == withstands_collisions(evidence, digest)


def test_no_tool_acts_on_what_was_not_compared() -> None:
    assert obstacle(line(checked=None), "sha1") is Obstacle.NOT_COMPARED
    assert obstacle(line(checked=CHECKED), "sha1") is Obstacle.NOT_COMPARED


def test_no_tool_acts_on_what_a_lock_keeps() -> None:
    assert obstacle(line(checked=replace(COMPARED, locked=True)), "sha1") is Obstacle.LOCKED


def test_no_tool_acts_on_a_replica() -> None:
    replica = replace(COMPARED, replication="REPLICA")
    assert obstacle(line(checked=replica), "sha1") is Obstacle.REPLICA
    assert obstacle(line(redundant=item("k", version_id="v1"), checked=replica), "sha1") is Obstacle.REPLICA


def test_the_source_of_a_replica_is_none() -> None:
    assert obstacle(line(checked=replace(COMPARED, replication="COMPLETED")), "sha1") is None


def test_no_tool_acts_on_a_null_version() -> None:
    assert obstacle(line(redundant=item("k", version_id="null")), "sha1") is Obstacle.NULL_VERSION


def test_a_tool_may_act_on_a_version_that_nobody_asked_about() -> None:
    assert obstacle(line(redundant=item("k", version_id="v1"), checked=None, evidence=READ), "sha256") is None


def test_no_tool_acts_where_nobody_asked_whether_versions_are_kept() -> None:
    assert obstacle(line(checked=None, evidence=READ), "sha256") is Obstacle.NOT_CHECKED


def test_no_tool_acts_where_a_delete_would_only_add_a_marker() -> None:
    assert obstacle(line(checked=replace(COMPARED, versioned=True)), "sha1") is Obstacle.VERSIONED


def test_a_tool_may_act_on_what_was_compared_and_has_no_versions() -> None:
    assert obstacle(line(checked=COMPARED), "sha1") is None


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (ObjectChangedError, (DropReason.CHANGED, "it was overwritten")),
        (ObjectVanishedError, (DropReason.VANISHED, "it is gone")),
        (ObjectDeniedError, (DropReason.ACCESS_DENIED, "why")),
        (ObjectArchivedError, (DropReason.ARCHIVED, "why")),
        (ObjectUnreadableError, (DropReason.UNREADABLE, "why")),
    ],
)
def test_an_object_that_cannot_be_asked_about_is_trouble_for_its_reason(
    error: type[ObjectError], found: tuple[DropReason, str]
) -> None:
    assert trouble(item("k"), error("why")) == found


def test_an_object_of_another_size_has_changed() -> None:
    assert trouble(item("k"), head(size=11)) == (DropReason.CHANGED, "its size is another")


def test_an_answer_for_another_version_is_trouble() -> None:
    found = trouble(item("k", version_id="v1"), head(version_id="v2"))
    assert found == (DropReason.CHANGED, "the store answered for another version")


def test_an_object_of_another_time_has_changed() -> None:
    found = trouble(item("k"), head(modified=THEN + timedelta(seconds=1)))
    assert found == (DropReason.CHANGED, "it was written again")


@pytest.mark.parametrize("told", [{}, {"modified": THEN}, {"modified": THEN, "version_id": "v1"}])
def test_an_object_with_the_same_size_time_and_version_is_what_was_planned(told: dict[str, Any]) -> None:
    listed = item("k", version_id="v1", last_modified=THEN.replace(microsecond=250_000))
    assert trouble(listed, head(**told)) is None


def test_a_version_that_only_the_head_tells_is_no_trouble() -> None:
    assert trouble(item("k"), head(version_id="v1")) is None


@pytest.mark.parametrize(
    ("told", "locked"),
    [
        ({"legal_hold": True}, True),
        ({"lock_mode": "GOVERNANCE", "retain_until": NOW - timedelta(days=1)}, False),
        ({"lock_mode": "COMPLIANCE", "retain_until": NOW + timedelta(days=1)}, True),
        ({"lock_mode": "COMPLIANCE", "legal_hold": False}, True),
        ({"legal_hold": False}, False),
        ({}, False),
    ],
)
def test_a_hold_or_a_retention_that_is_not_over_keeps_an_object(told: dict[str, Any], locked: bool) -> None:
    assert is_locked(head(**told), NOW) is locked
