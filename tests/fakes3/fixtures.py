"""The server in memory as a fixture, and clients that do not sleep between two attempts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.retries.standard import ExponentialBackoff

from s3dedup.store import fast
from tests.fakes3.fake import FakeS3

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def fake() -> Iterator[FakeS3]:
    """A server that follows AWS's rules, to be planted by the test."""
    with FakeS3() as server:
        yield server


@pytest.fixture
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let botocore, and the short way before it, retry at once."""
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0)
    monkeypatch.setattr(fast, "FIRST_DELAY", 0)
