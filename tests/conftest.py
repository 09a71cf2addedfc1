"""What every test has: the servers, and an environment without anyone's AWS settings."""

from __future__ import annotations

import os
import signal

import pytest

from tests.documented import documented_buckets, shell
from tests.fakes3.fixtures import fake, no_backoff
from tests.servers.fixtures import fresh_bucket, hadro, ministack, moto_server, rclone, seaweed

__all__ = [
    "documented_buckets",
    "fake",
    "fresh_bucket",
    "hadro",
    "ministack",
    "moto_server",
    "no_backoff",
    "rclone",
    "seaweed",
    "shell",
]


@pytest.fixture(autouse=True)
def no_aws_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the AWS settings and proxies of whoever runs the suite: no test reaches a real account."""
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower() in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def pytest_configure() -> None:
    """Have Ctrl-C work in what the tests start, even where the suite runs in the background and inherits it ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
