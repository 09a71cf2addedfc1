"""A fake AWS to audit, and clients that do not sleep between two attempts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from s3dedup.store import S3Store
from tests.audit.helpers import Auditor
from tests.fakes3 import FakeS3

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.servers import S3Server


@pytest.fixture(autouse=True)
def impatient(no_backoff: None) -> None:
    """No test here sleeps between two attempts."""


@pytest.fixture
def as_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the audit take every endpoint for AWS itself."""
    monkeypatch.setattr(S3Store, "trusted_endpoint", property(lambda _: True))


@pytest.fixture
def auditor(fake: FakeS3, tmp_path: Path) -> Auditor:
    """Audits the fake."""
    return Auditor(fake.endpoint_url, "AKIAFAKEFAKEFAKEFAKE", "fake", tmp_path / "state")


@pytest.fixture
def auditor_of(tmp_path: Path) -> Callable[[S3Server], Auditor]:
    """Give an auditor of a server."""
    return lambda server: Auditor(server.endpoint_url, server.access_key, server.secret_key, tmp_path / "state")
