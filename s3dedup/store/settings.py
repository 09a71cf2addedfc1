"""What S3 answers to questions about a bucket's settings. A refusal is never taken for "no": it is unknown, as None."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from s3dedup.model import Encryption, ReplicationRule
from s3dedup.store.facts import encryption_named

IS_VERSIONING = "IsVersioning"
"""Set where the body was one: of a bucket without versioning it is empty, as is what the SDK makes of any other XML."""
UNREADABLE = "Unreadable"
GONE = frozenset({"NoSuchBucket", "NoSuchKey", "NoSuchVersion"})


class Answer(NamedTuple):
    """An answer as the SDK has read it; an error by its `code` and HTTP status, and `UNREADABLE` for no S3 answer."""

    body: Mapping[str, Any]
    code: str = ""
    status: int = HTTPStatus.OK


def encryption(answer: Answer) -> Encryption | None:
    """The default encryption (API_GetBucketEncryption)."""
    if answer.code:
        return Encryption.NONE if answer.code == "ServerSideEncryptionConfigurationNotFoundError" else None
    rules = answer.body.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
    default = rules[0].get("ApplyServerSideEncryptionByDefault", {}) if rules else {}
    return encryption_named(default.get("SSEAlgorithm")) if default else None


def versioned(answer: Answer) -> bool | None:
    """Whether versioning is, or ever was, on: of a bucket that never had it no status is told
    (API_GetBucketVersioning).
    """
    if answer.code or not answer.body.get(IS_VERSIONING):
        return None
    return answer.body.get("Status") in {"Enabled", "Suspended"}


def locks_objects(answer: Answer) -> bool | None:
    """Whether Object Lock is on; without it no object can be locked (S3 User Guide, object-lock-configure)."""
    if answer.code:
        return False if answer.code == "ObjectLockConfigurationNotFoundError" else None
    enabled = answer.body.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled")
    return True if enabled == "Enabled" else None


def replication_rules(answer: Answer) -> tuple[ReplicationRule, ...] | None:
    """The rules (API_GetBucketReplication). What a rule has replicated stays when it is switched off."""
    if answer.code:
        return () if answer.code == "ReplicationConfigurationNotFoundError" else None
    rules = answer.body.get("ReplicationConfiguration", {}).get("Rules")
    return None if rules is None else tuple(map(_rule, rules))


def _rule(rule: Mapping[str, Any]) -> ReplicationRule:
    """A filter has a prefix, a tag, or `And` of both; rules of the first kind have the prefix beside it."""
    chosen = rule.get("Filter", rule)
    both = chosen.get("And", {})
    prefix = both.get("Prefix", chosen.get("Prefix", ""))
    tagged = bool(chosen.get("Tag") or both.get("Tags"))
    target = str(rule.get("Destination", {}).get("Bucket", "")).rpartition(":")[2]
    return ReplicationRule(target, prefix, certain=rule.get("Status") == "Enabled" and not tagged)


def is_told(answer: Answer) -> bool:
    """Whether an object's retention, or its legal hold, is told to who asks: also by saying that it has none."""
    return not answer.code or (answer.status == HTTPStatus.NOT_FOUND and answer.code not in GONE)
