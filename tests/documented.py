"""The world that the documents speak of: their buckets on a real server, and a shell to type their commands into."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.readme.markdown import ROOT
from tests.servers import S3Server

PHOTO, SCAN, REPORT = (letter * 200_000 for letter in (b"p", b"s", b"r"))
BUCKETS: Mapping[str, Mapping[str, bytes]] = {
    "my-photos": {
        "a.jpg": PHOTO,
        "copies/a (2).jpg": PHOTO,
        "copies/thumbnails/a.jpg": PHOTO[:999],
        "scan.png": SCAN,
        "_SUCCESS": b"",
    },
    "my-archive": {"2024/photos/a.jpg": PHOTO, "2024/scan.png": SCAN, "2023/report.pdf": REPORT},
}
"""What lies in the buckets that the documents name: one content three times, one twice."""

CONFIG = """\
[profile work]
aws_access_key_id = {access_key}
aws_secret_access_key = {secret_key}
region = us-east-1
"""


@dataclass(frozen=True, slots=True)
class Shell:
    """A shell in a directory of its own, for someone who has the test server in the environment and s3dedup on PATH."""

    directory: Path
    environment: Mapping[str, str]

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command line; its exit code is that of the first part of a pipe that fails."""
        line = ["bash", "-o", "pipefail", "-c", command]
        return subprocess.run(
            line, cwd=self.directory, env=self.environment, capture_output=True, text=True, timeout=120, check=False
        )


@pytest.fixture(scope="session")
def documented_buckets(seaweed: S3Server) -> S3Server:
    """Give the server, with the buckets that the documents name."""
    client = seaweed.client()
    for bucket, objects in BUCKETS.items():
        seaweed.create_bucket(bucket)
        for key, body in objects.items():
            client.put_object(Bucket=bucket, Key=key, Body=body)
    return seaweed


@pytest.fixture
def shell(documented_buckets: S3Server, tmp_path: Path) -> Shell:
    """Give a shell with a state of its own, in a directory that looks like the checkout."""
    config = tmp_path / "aws-config"
    config.write_text(CONFIG.format(access_key=documented_buckets.access_key, secret_key=documented_buckets.secret_key))
    directory = tmp_path / "checkout"
    directory.mkdir()
    (directory / "examples").symlink_to(ROOT / "examples")
    programs = [str(Path(sys.executable).parent), os.defpath]
    if jq := shutil.which("jq"):
        programs.append(str(Path(jq).parent))
    return Shell(
        directory,
        documented_buckets.environment
        | {
            "PATH": os.pathsep.join(programs),
            "HOME": str(tmp_path),
            "XDG_STATE_HOME": str(tmp_path / "state"),
            "AWS_CONFIG_FILE": str(config),
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1",
        },
    )
