"""What an audit is told about its store reaches the store."""

from __future__ import annotations

from typing import Any

import pytest

from s3dedup import AuditConfig, Source
from s3dedup.store import StoreConfig


@pytest.mark.parametrize("flag", ["no_sign_request", "requester_pays"])
def test_every_setting_of_an_audits_store_has_its_place(flag: str) -> None:
    texts = ("endpoint_url", "profile", "region", "access_key", "secret_key")
    settings: dict[str, Any] = {**dict(zip(texts, texts, strict=True)), flag: True}
    config = AuditConfig(["s3://b"], **settings, concurrency=7)
    assert [reach for reach, _ in config.sources()] == [StoreConfig(**settings, connections=7)]


@pytest.mark.parametrize("flag", ["no_sign_request", "requester_pays"])
def test_a_source_has_its_own_settings_and_the_audits_for_the_rest(flag: str) -> None:
    texts = ("endpoint_url", "profile", "region")
    settings: dict[str, Any] = {**dict(zip(texts, texts, strict=True)), flag: True}
    config = AuditConfig([Source("s3://b", **settings), "s3://c"], access_key="key", secret_key="secret", concurrency=7)
    own, general = (reach for reach, _ in config.sources())
    assert own == StoreConfig(**settings, access_key="key", secret_key="secret", connections=7)
    assert general == StoreConfig(access_key="key", secret_key="secret", connections=7)
