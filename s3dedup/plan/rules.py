"""What may be acted on, and what a HEAD says of an object that was planned. Decisions, and nothing else."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from s3dedup.errors import ObjectError
from s3dedup.evidence import withstands_collisions
from s3dedup.model import EvidenceKind, HeadFacts
from s3dedup.plan.values import DropReason, PlanLine, PlannedObject

SINCE = {DropReason.CHANGED: "it was overwritten", DropReason.VANISHED: "it is gone"}
"""An audit says so of what happens while it runs; to a plan it happened since."""

REPLICA = "REPLICA"
"""What S3 calls the copy that replication made (API_HeadObject, ReplicationStatus)."""


class Obstacle(StrEnum):
    """Why a line is only for people to read."""

    NOT_COMPARED = "not-compared"
    LOCKED = "locked"
    REPLICA = "replica"
    NOT_CHECKED = "not-checked"
    VERSIONED = "versioned"
    NULL_VERSION = "null-version"


def is_proof(evidence: EvidenceKind, digest: str, fingerprint: str | None) -> bool:
    """Whether nobody can have made two different objects look the same.

    | compared byte for byte since | the evidence withstands collisions | |
    |---|---|---|
    | yes | - | yes |
    | no | yes | yes |
    | no | no | no |
    """
    return fingerprint is not None or withstands_collisions(evidence, digest)


def obstacle(line: PlanLine, digest: str) -> Obstacle | None:
    """Why no tool may act on a line; None where one may.

    | same for certain | kept by a lock | a replica | version id | its bucket keeps versions | |
    |---|---|---|---|---|---|
    | no | - | - | - | - | not-compared |
    | yes | yes | - | - | - | locked: a delete would be refused |
    | yes | no, or not told | yes | - | - | replica: replication made it on purpose |
    | yes | no, or not told | no, or not told | "null" | - | null-version: no condition guards one, and it may change |
    | yes | no, or not told | no, or not told | any other | - | None: a version does not change |
    | yes | no, or not told | no, or not told | none | not asked | not-checked |
    | yes | no | no | none | yes | versioned: a delete would only add a marker and free nothing |
    | yes | no | no | none | no | None |

    Conditions of a delete are only held against the current version (UG conditional-deletes).
    """
    checked, version = line.checked, line.redundant.version_id
    if not is_proof(line.evidence, digest, checked.fingerprint if checked else None):
        return Obstacle.NOT_COMPARED
    if checked and checked.locked:
        return Obstacle.LOCKED
    if checked and checked.replication == REPLICA:
        return Obstacle.REPLICA
    if version is not None:
        return Obstacle.NULL_VERSION if version == "null" else None
    if checked is None:
        return Obstacle.NOT_CHECKED
    return Obstacle.VERSIONED if checked.versioned else None


class Trouble(NamedTuple):
    """Why an object is not what was planned."""

    reason: DropReason
    detail: str

    @classmethod
    def of(cls, error: ObjectError) -> Trouble:
        """What an object could not be had for."""
        reason = DropReason(error.reason)
        return cls(reason, SINCE.get(reason) or str(error))


def trouble(planned: PlannedObject, answer: HeadFacts | ObjectError) -> Trouble | None:
    """Hold the answer to a HEAD, whose ETag is the planned one, against the plan.

    | answer | size | version id | last modified | |
    |---|---|---|---|---|
    | an error | - | - | - | its reason |
    | facts | other | - | - | changed |
    | facts | same | other | - | changed |
    | facts | same | same, or not told | other | changed |
    | facts | same | same, or not told | same, or not told | None |

    A HEAD tells the time in whole seconds (RFC 9110, 8.8.2), a listing more precisely.
    """
    if isinstance(answer, ObjectError):
        return Trouble.of(answer)
    if answer.size != planned.size:
        return Trouble(DropReason.CHANGED, "its size is another")
    if planned.version_id is not None and answer.version_id not in {None, planned.version_id}:
        return Trouble(DropReason.CHANGED, "the store answered for another version")
    if answer.modified not in {None, planned.last_modified.replace(microsecond=0)}:
        return Trouble(DropReason.CHANGED, "it was written again")
    return None


def is_locked(head: HeadFacts, now: datetime) -> bool:
    """Whether Object Lock keeps an object from being deleted.

    | legal hold | retention mode | until | |
    |---|---|---|---|
    | on | - | - | yes |
    | off, or not told | some | past | no |
    | off, or not told | some | later, or not told | yes |
    | off, or not told | none, or not told | - | no |
    """
    retained = head.lock_mode is not None and (head.retain_until is None or head.retain_until > now)
    return bool(head.legal_hold) or retained
