"""What the tests of the command share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.command import Command
from tests.fakes3 import FakeS3

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers import S3Server

SAME = b"the same bytes " * 9
ELSE = b"other bytes abc" * 9


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """The command in an empty home; it knows no server."""
    home = tmp_path / "home"
    home.mkdir()
    return Command(home)


@pytest.fixture
def settings(fake: FakeS3) -> dict[str, str]:
    """How the command reaches the server in memory."""
    return {
        "AWS_ENDPOINT_URL": fake.endpoint_url,
        "AWS_ACCESS_KEY_ID": "AKIAFAKEFAKEFAKEFAKE",
        "AWS_SECRET_ACCESS_KEY": "fake",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


@pytest.fixture(scope="session")
def photos(seaweed: S3Server) -> str:
    """A bucket on a real server: three copies of one content, another of that size, an empty object, a lone one."""
    client, bucket = seaweed.client(), "cli-photos"
    seaweed.create_bucket(bucket)
    contents = {"open/a": SAME, "b": SAME, "open/c": SAME, "open/d": ELSE, "empty": b"", "lone": b"alone"}
    for key, body in contents.items():
        client.put_object(Bucket=bucket, Key=key, Body=body)
    return f"s3://{bucket}"
