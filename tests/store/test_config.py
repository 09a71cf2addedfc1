"""What an audit is told about its store reaches the store."""

from __future__ import annotations

from typing import Any

import pytest

from s3dedup import AuditConfig
from s3dedup.store import StoreConfig


@pytest.mark.parametrize("flag", ["no_sign_request", "requester_pays"])
def test_every_setting_of_an_audits_store_has_its_place(flag: str) -> None:
    texts = ("endpoint_url", "profile", "region", "access_key", "secret_key")
    settings: dict[str, Any] = {**dict(zip(texts, texts, strict=True)), flag: True}
    config = AuditConfig(["s3://b"], **settings, concurrency=7)
    assert config.store() == StoreConfig(**settings, connections=7)
