"""The S3 servers of the suite, each started on loopback for one test session.

A test asks for a server by the name of its fixture and writes to it with a plain boto3 client; what each
server gets wrong is pinned in `tests/test_servers.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from s3dedup.demo.process import s3_client

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from s3dedup.demo.process import S3Client
    from s3dedup.demo.seaweed import Identity

_client = lru_cache(maxsize=None)(s3_client)


@dataclass(frozen=True, slots=True)
class S3Server:
    """A running S3 server, seen by one identity.

    `root` is the directory behind it, where it serves one (hadro, rclone): a sub-directory is a bucket.
    `identities` are the others who may sign in (SeaweedFS).
    """

    name: str
    endpoint_url: str
    access_key: str
    secret_key: str
    root: Path | None = None
    identities: Mapping[str, Identity] = field(default_factory=dict)

    def client(self) -> S3Client:
        """A boto3 client that signs as this identity; the same each time, and safe to share among threads."""
        return _client(self.endpoint_url, self.access_key, self.secret_key)

    def as_identity(self, name: str) -> S3Server:
        """The same server, for someone with fewer rights."""
        identity = self.identities[name]
        return replace(self, access_key=identity.access_key, secret_key=identity.secret_key)

    def create_bucket(self, name: str) -> None:
        """Make a bucket, through the directory where the server is read-only."""
        if self.name == "hadro" and self.root is not None:
            (self.root / name).mkdir()
        else:
            self.client().create_bucket(Bucket=name)

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs in its environment to use this server as this identity."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_DEFAULT_REGION": "us-east-1",
        }
