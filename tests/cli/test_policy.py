"""The policy allows what the guard lets through, on the locations, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from s3dedup.errors import UsageError
from s3dedup.model import Location
from s3dedup.policy import ACTIONS, policy
from s3dedup.store.guard import READS
from tests.cli.command import Command, misused, refused

KEY = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
LOCKS = ("s3:GetObjectLegalHold", "s3:GetObjectRetention")
SETTINGS = ("s3:GetBucketObjectLockConfiguration", "s3:GetBucketVersioning", "s3:GetReplicationConfiguration")
ON_OBJECTS = {"s3:GetObject", "s3:GetObjectVersion", *LOCKS}
WRITES = ("Put", "Delete", "Create", "Restore", "Abort", "Replicate", "Bypass", "*")


def allowed(made: dict[str, Any]) -> dict[str, list[str]]:
    """The resources of each action."""
    found: dict[str, list[str]] = {}
    for statement in made["Statement"]:
        assert statement["Effect"] == "Allow"
        for action in statement["Action"]:
            found.setdefault(action, []).extend(statement["Resource"])
    return found


def made(*locations: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401  those of policy
    """The policy for some locations."""
    return policy([Location.parse(text) for text in locations], **options)


def test_every_operation_of_the_guard_has_its_actions_and_no_other_operation_has() -> None:
    assert ACTIONS.keys() == READS, "s3dedup/policy.py must know which action a new read needs"


def test_no_action_writes() -> None:
    names = [action.name.partition(":")[2] for actions in ACTIONS.values() for action in actions]
    assert names
    assert [name for name in names if any(word in name for word in WRITES)] == []


def test_a_whole_bucket_is_listed_looked_at_and_read() -> None:
    assert allowed(made("s3://photos")) == {
        "s3:GetEncryptionConfiguration": ["arn:aws:s3:::photos"],
        **{action: ["arn:aws:s3:::photos"] for action in SETTINGS},
        "s3:ListBucket": ["arn:aws:s3:::photos"],
        "s3:GetObject": ["arn:aws:s3:::photos/*"],
        **{action: ["arn:aws:s3:::photos/*"] for action in LOCKS},
    }


def test_versions_are_listed_and_read_as_versions() -> None:
    assert allowed(made("s3://photos", versions=True)) == {
        "s3:GetEncryptionConfiguration": ["arn:aws:s3:::photos"],
        **{action: ["arn:aws:s3:::photos"] for action in SETTINGS},
        "s3:ListBucket": ["arn:aws:s3:::photos"],
        "s3:ListBucketVersions": ["arn:aws:s3:::photos"],
        "s3:GetObjectVersion": ["arn:aws:s3:::photos/*"],
        **{action: ["arn:aws:s3:::photos/*"] for action in LOCKS},
    }


def test_a_prefix_is_the_only_one_that_may_be_listed_and_read() -> None:
    found = made("s3://archive/2024/", "s3://archive/2023/")
    (listing,) = (each for each in found["Statement"] if "s3:ListBucket" in each["Action"])
    assert listing["Condition"] == {"StringEquals": {"s3:prefix": ["2024/", "2023/"]}}
    assert allowed(found)["s3:GetObject"] == ["arn:aws:s3:::archive/2024/*", "arn:aws:s3:::archive/2023/*"]


def test_each_bucket_with_prefixes_has_a_condition_of_its_own() -> None:
    found = made("s3://one/a/", "s3://two/b/", "s3://three")
    listings = [each for each in found["Statement"] if "s3:ListBucket" in each["Action"]]
    conditions = [(each["Resource"], each.get("Condition")) for each in listings]
    assert conditions == [
        (["arn:aws:s3:::three"], None),
        (["arn:aws:s3:::one"], {"StringEquals": {"s3:prefix": ["a/"]}}),
        (["arn:aws:s3:::two"], {"StringEquals": {"s3:prefix": ["b/"]}}),
    ]


def test_a_location_inside_another_adds_nothing() -> None:
    assert made("s3://photos", "s3://photos/2024/", "s3://photos") == made("s3://photos")


def test_nothing_in_a_prefix_is_a_wildcard_or_a_variable() -> None:
    found = made("s3://b/a*b?c${aws:username}/")
    (listing,) = (each for each in found["Statement"] if "s3:ListBucket" in each["Action"])
    assert listing["Condition"]["StringEquals"]["s3:prefix"] == ["a${*}b${?}c${$}{aws:username}/"]
    assert allowed(found)["s3:GetObject"] == ["arn:aws:s3:::b/a${*}b${?}c${$}{aws:username}/*"]


def test_a_key_is_decrypted_with_only_where_it_is_named() -> None:
    assert "kms:Decrypt" not in allowed(made("s3://photos"))
    assert allowed(made("s3://photos", kms_keys=[KEY]))["kms:Decrypt"] == [KEY]


def test_another_partition_is_in_every_arn() -> None:
    resources = [each for found in allowed(made("s3://photos", partition="aws-cn")).values() for each in found]
    assert all(each.startswith("arn:aws-cn:s3:::photos") for each in resources)


def test_statements_have_names_that_iam_takes_and_that_differ() -> None:
    names = [each["Sid"] for each in made("s3://a", "s3://b/x/", "s3://c/y/", kms_keys=[KEY])["Statement"]]
    assert len(set(names)) == len(names) == 6
    assert all(name.isalnum() and name.isascii() for name in names)


@pytest.mark.parametrize("key", ["alias/photos", "1234abcd", "*", "arn:aws:kms:eu-central-1:111122223333:alias/x"])
def test_what_is_no_arn_of_a_key_is_refused(key: str) -> None:
    with pytest.raises(UsageError, match=r"is no ARN of a key: write it as arn:aws:kms:REGION:ACCOUNT:key/ID"):
        made("s3://photos", kms_keys=[key])


def test_the_command_prints_the_policy_and_asks_nobody(command: Command) -> None:
    ran = command.run("policy", "s3://photos", "s3://archive/2024/", "--versions", "--kms-key", KEY)
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out) == made("s3://photos", "s3://archive/2024/", versions=True, kms_keys=[KEY])
    assert list(command.home.iterdir()) == []


def test_a_wrong_location_partition_or_access_point_is_refused(command: Command) -> None:
    misused(command.run("policy", "photos"), "'photos' is not a location: write it as s3://bucket")
    refused(command.run("policy", "s3://b", "--partition", "moon"), 2, "choose from aws, aws-cn, aws-us-gov")
    refused(command.run("policy", "s3://arn:aws:s3:::b"), 2, "is no bucket's name", "name the bucket")
