"""The policy that `s3dedup policy` prints is enough for an audit, and each of its statements is needed: held against a
server that enforces policies (moto, which knows actions and resources, and no conditions).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import settings

from s3dedup import AuditConfig, audit
from s3dedup.errors import ListingDeniedError
from s3dedup.model import AuditReport, EtagTrust, Location, SkipReason
from s3dedup.policy import policy
from tests.servers import S3Server

Auditor = Callable[..., AuditReport]


@pytest.fixture
def bucket(moto_server: S3Server) -> str:
    """A bucket with one content four times, once outside the prefix `2024/`."""
    name = "policy-photos"
    moto_server.create_bucket(name)
    for key in ("2024/a", "2024/b", "2024/c", "x"):
        moto_server.client().put_object(Bucket=name, Key=key, Body=b"same" * 99)
    return name


@pytest.fixture
def audited(moto_server: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Auditor]:
    """Audits a location as somebody who has a policy, and nothing else."""
    root = boto3.Session("root", "root", region_name="us-east-1")
    iam: Any = root.client("iam", endpoint_url=moto_server.endpoint_url)
    iam.create_user(UserName="auditor")
    key = iam.create_access_key(UserName="auditor")["AccessKey"]

    def run(location: str, document: dict[str, object], **options: Any) -> AuditReport:  # noqa: ANN401  those of a config
        iam.put_user_policy(UserName="auditor", PolicyName="audit", PolicyDocument=json.dumps(document))
        keys = {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}
        config = AuditConfig([location], tmp_path, moto_server.endpoint_url, None, "us-east-1", **keys, **options)
        with monkeypatch.context() as enforcing:
            enforcing.setattr(settings, "INITIAL_NO_AUTH_ACTION_COUNT", 0)
            return audit(config)

    yield run
    iam.delete_access_key(UserName="auditor", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="auditor", PolicyName="audit")
    iam.delete_user(UserName="auditor")


def without(document: dict[str, Any], statement: str) -> dict[str, object]:
    """A policy without one of its statements."""
    kept = [each for each in document["Statement"] if each["Sid"] != statement]
    assert len(kept) == len(document["Statement"]) - 1
    return {**document, "Statement": kept}


@pytest.mark.parametrize("versions", [False, True])
@pytest.mark.parametrize("trust", list(EtagTrust))
def test_the_policy_is_enough_for_every_way_to_audit(
    audited: Auditor, bucket: str, trust: EtagTrust, *, versions: bool
) -> None:
    document = policy([Location(bucket)], versions=versions)
    found = audited(f"s3://{bucket}", document, versions=versions, etag_trust=trust)
    assert found.run.complete
    assert (found.totals.objects, found.totals.redundant_objects) == (4, 3)


def test_the_policy_for_a_prefix_is_enough_for_it(audited: Auditor, bucket: str) -> None:
    location = Location(bucket, "2024/")
    found = audited(str(location), policy([location]), etag_trust=EtagTrust.NEVER)
    assert (found.run.complete, found.totals.redundant_objects) == (True, 2)


def test_without_its_statement_on_objects_nothing_can_be_read(audited: Auditor, bucket: str) -> None:
    document = without(policy([Location(bucket)]), "ReadObjects")
    found = audited(f"s3://{bucket}", document, etag_trust=EtagTrust.NEVER)
    assert [each.reason for each in found.skipped] == [SkipReason.ACCESS_DENIED] * 4


@pytest.mark.parametrize("versions", [False, True])
def test_without_its_statement_on_listings_nothing_can_be_listed(
    audited: Auditor, bucket: str, *, versions: bool
) -> None:
    document = without(policy([Location(bucket)], versions=versions), "ListBuckets")
    with pytest.raises(ListingDeniedError):
        audited(f"s3://{bucket}", document, versions=versions)


def test_the_policy_for_one_bucket_is_none_for_another(audited: Auditor, bucket: str) -> None:
    with pytest.raises(ListingDeniedError):
        audited(f"s3://{bucket}", policy([Location("other")]))
