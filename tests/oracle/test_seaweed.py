"""The same on a real store, for a smaller number of corpora: SeaweedFS, through boto3."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3dedup.model import EtagTrust
from tests.audit.helpers import MIB, Auditor, equal_contents, groups_of, upload
from tests.oracle.audits import State
from tests.oracle.corpora import Content, contents
from tests.oracle.profiles import PROFILE, tries

if TYPE_CHECKING:
    from tests.servers import S3Server

pytestmark = [pytest.mark.usefixtures("in_process", "small"), pytest.mark.timeout(PROFILE.timeout)]

PART = 5 * MIB
"""No part but the last may be smaller (UG qfacts)."""
SIZES = (0, 1, 8, 17, 60, PART + 3)
ENCRYPTIONS: tuple[dict[str, str], ...] = (
    {},
    {"ServerSideEncryption": "AES256"},
    {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "alias/seaweedfs-default"},
)


class Upload(NamedTuple):
    """An object and how it is sent: in one piece, encrypted or not, or in parts."""

    bucket: int
    content: Content
    in_parts: bool
    encryption: dict[str, str]


@st.composite
def uploads(draw: st.DrawFn) -> list[Upload]:
    """Objects of few contents."""
    sizes = draw(st.lists(st.sampled_from(SIZES), min_size=1, max_size=2))
    pool = [content for size in sizes for content in draw(contents(size))]
    one = st.builds(Upload, st.integers(0, 1), st.sampled_from(pool), st.booleans(), st.sampled_from(ENCRYPTIONS))
    return draw(st.lists(one, min_size=2, max_size=6))


@pytest.fixture(scope="module")
def buckets(seaweed: S3Server) -> list[str]:
    """Two buckets that no other test knows."""
    names = [f"oracle-{uuid.uuid4().hex}" for _ in range(2)]
    for name in names:
        seaweed.create_bucket(name)
    return names


PREFIXES = count()


def plant(
    server: S3Server, buckets: Sequence[str], prefix: str, found: Sequence[Upload]
) -> dict[tuple[str, str], bytes]:
    """Send them; what is where."""
    planted: dict[tuple[str, str], bytes] = {}
    for number, (bucket, content, in_parts, encryption) in enumerate(found):
        place = buckets[bucket], f"{prefix}{number}"
        planted[place] = content.body
        if in_parts and content.size:
            upload(server.client(), *place, content.body, PART)
        else:
            server.client().put_object(Bucket=place[0], Key=place[1], Body=content.body, **encryption)
    return planted


OPTIONS = st.fixed_dictionaries(
    {"etag_trust": st.sampled_from((EtagTrust.AUTO, EtagTrust.NEVER)), "digest": st.sampled_from(("sha1", "sha256"))}
)


@tries(8)
@given(uploads(), OPTIONS)
def test_on_seaweedfs_the_groups_are_those_of_the_bytes(
    seaweed: S3Server, buckets: list[str], fresh_state: State, found: list[Upload], options: dict[str, Any]
) -> None:
    prefix = f"{next(PREFIXES)}/"
    planted = plant(seaweed, buckets, prefix, found)
    with fresh_state() as state:
        audit = Auditor(seaweed.endpoint_url, seaweed.access_key, seaweed.secret_key, Path(state))
        report = audit(*(f"{bucket}/{prefix}" for bucket in buckets), **options)
        assert groups_of(report) == equal_contents(planted)
    assert report.run.complete
    assert report.totals.objects == len(planted)
