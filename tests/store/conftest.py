"""A fake AWS, and the store that reads it without sleeping between two attempts."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from s3dedup.store import S3Store
from tests.fakes3 import FakeS3
from tests.store.helpers import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def impatient(no_backoff: None) -> None:
    """No test here sleeps between two attempts."""


@pytest.fixture
def store(fake: FakeS3) -> Iterator[S3Store]:
    """A store on it."""
    with closing(open_store(fake)) as opened:
        yield opened
