"""The smallest IAM policy that an audit needs: what the guard lets through, on the locations and on nothing else.

Which action an operation needs: Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3"
(docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html) and the operation's own page in the API.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from s3dedup.errors import UsageError
from s3dedup.model import Location
from s3dedup.store import READS

PARTITIONS = ("aws", "aws-cn", "aws-us-gov")
"""What ARNs begin with after "arn:" (AWS General Reference, aws-arns-and-namespaces)."""

_KEY = re.compile(r"arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+")

Statement = dict[str, Any]


class Action(NamedTuple):
    """What an operation needs: an action, `on` what it is allowed, and whether it is needed `when` versions are audited
    ("versions"), when they are not ("current"), or "always".
    """

    name: str
    on: Literal["bucket", "listing", "object"]
    when: Literal["always", "current", "versions"] = "always"


_READ = (Action("s3:GetObject", "object", "current"), Action("s3:GetObjectVersion", "object", "versions"))

ACTIONS: Mapping[str, Sequence[Action]] = {
    "GetBucketEncryption": (Action("s3:GetEncryptionConfiguration", "bucket"),),
    "GetBucketReplication": (Action("s3:GetReplicationConfiguration", "bucket"),),
    "GetBucketVersioning": (Action("s3:GetBucketVersioning", "bucket"),),
    "GetObject": _READ,
    "GetObjectLegalHold": (Action("s3:GetObjectLegalHold", "object"),),
    "GetObjectLockConfiguration": (Action("s3:GetBucketObjectLockConfiguration", "bucket"),),
    "GetObjectRetention": (Action("s3:GetObjectRetention", "object"),),
    "HeadBucket": (Action("s3:ListBucket", "listing"),),
    "HeadObject": _READ,
    "ListObjectVersions": (Action("s3:ListBucketVersions", "listing", "versions"),),
    "ListObjectsV2": (Action("s3:ListBucket", "listing"),),
}
"""The actions behind each operation of the guard. A request that names a version needs s3:GetObjectVersion and not
s3:GetObject (API_GetObject). Whoever has s3:ListBucket is told that an object is gone, and not that it may not be read
(API_HeadObject). With a prefix alone HeadBucket is refused; a bucket's region, for which it is sent, is told even then
(API_HeadBucket).
"""


def policy(
    locations: Sequence[Location],
    *,
    versions: bool = False,
    kms_keys: Sequence[str] = (),
    partition: str = "aws",
) -> dict[str, object]:
    """The policy as IAM takes it. A listing is allowed with just the prefix that the audit lists with; `kms_keys` are
    the ARNs of the keys whose objects are to be read.

    Raises:
        UsageError: a location has no bucket's name, a key no ARN, or there is no such partition.
    """
    if partition not in PARTITIONS:
        raise UsageError(f"{partition!r} is no partition of AWS: choose from {', '.join(PARTITIONS)}.")
    _check([each.bucket for each in locations], kms_keys)
    actions = _needed(READS, versions=versions)
    places, arn = _outermost(locations), f"arn:{partition}:s3:::"
    statements = [
        *_on_buckets(actions, places, arn),
        *_listings(actions, places, arn),
        *_on_objects(actions, places, arn),
        *([_statement("DecryptWithTheseKeys", ["kms:Decrypt"], kms_keys)] if kms_keys else []),
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _check(buckets: Sequence[str], kms_keys: Sequence[str]) -> None:
    for bucket in buckets:
        if bucket.startswith("arn:"):
            raise UsageError(f"{bucket!r} is no bucket's name, and an audit takes no other: name the bucket.")
    for key in kms_keys:
        if not _KEY.fullmatch(key):
            raise UsageError(f"{key!r} is no ARN of a key: write it as arn:aws:kms:REGION:ACCOUNT:key/ID, no alias.")


def _needed(operations: Iterable[str], *, versions: bool) -> list[Action]:
    """Each action that these operations need, once, by name."""
    left_out = "current" if versions else "versions"
    return sorted({action for each in operations for action in ACTIONS[each] if action.when != left_out})


def _outermost(locations: Collection[Location]) -> list[Location]:
    """Each location once, without those that lie inside another."""
    distinct = dict.fromkeys(locations)
    return [each for each in distinct if not any(other.covers(each) for other in distinct if other != each)]


def _on_buckets(actions: Iterable[Action], places: Iterable[Location], arn: str) -> list[Statement]:
    buckets = dict.fromkeys(f"{arn}{place.bucket}" for place in places)
    return _allowed("LookAtBuckets", actions, "bucket", buckets)


def _listings(actions: Collection[Action], places: Sequence[Location], arn: str) -> list[Statement]:
    """Whole buckets in one statement; each bucket with prefixes in one of its own, with its condition."""
    whole = [f"{arn}{place.bucket}" for place in places if not place.prefix]
    found = _allowed("ListBuckets", actions, "listing", whole)
    partly = dict.fromkeys(place.bucket for place in places if place.prefix)
    for number, bucket in enumerate(partly, 1):
        prefixes = [_literal(place.prefix) for place in places if place.bucket == bucket]
        for each in _allowed(f"ListPrefixes{number}", actions, "listing", [f"{arn}{bucket}"]):
            found.append({**each, "Condition": {"StringEquals": {"s3:prefix": prefixes}}})
    return found


def _on_objects(actions: Iterable[Action], places: Iterable[Location], arn: str) -> list[Statement]:
    objects = [f"{arn}{place.bucket}/{_literal(place.prefix)}*" for place in places]
    return _allowed("ReadObjects", actions, "object", objects)


def _allowed(name: str, actions: Iterable[Action], on: str, resources: Collection[str]) -> list[Statement]:
    """One statement, or none where there is nothing to allow."""
    names = [action.name for action in actions if action.on == on]
    return [_statement(name, names, resources)] if names and resources else []


def _statement(name: str, actions: Sequence[str], resources: Iterable[str]) -> Statement:
    return {"Sid": name, "Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def _literal(prefix: str) -> str:
    """A prefix in which nothing is a wildcard or a variable (IAM User Guide, reference_policies_variables)."""
    return "".join(f"${{{character}}}" if character in "*?$" else character for character in prefix)
