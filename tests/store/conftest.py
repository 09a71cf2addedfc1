"""A fake AWS, and the store that reads it without sleeping between two attempts."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from botocore.retries.standard import ExponentialBackoff

from s3dedup.store import S3Store, fast
from tests.fakes3 import FakeS3
from tests.store.helpers import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let botocore, and the short way before it, retry at once."""
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0)
    monkeypatch.setattr(fast, "FIRST_DELAY", 0)


@pytest.fixture
def fake() -> Iterator[FakeS3]:
    """A server that follows AWS's rules."""
    with FakeS3() as server:
        yield server


@pytest.fixture
def store(fake: FakeS3) -> Iterator[S3Store]:
    """A store on it."""
    with closing(open_store(fake)) as opened:
        yield opened
