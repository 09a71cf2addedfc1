"""Counts what the audit asks of the store, retries included, because that is what the store charges for."""

from __future__ import annotations

import threading
from typing import Any

from s3dedup.model import Work

LISTS = frozenset({"ListObjectsV2", "ListObjectVersions"})
HEADS = frozenset({"HeadObject", "HeadBucket"})


class Meter:
    """Request and byte counters; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lists = self._heads = self._gets = self._bytes = 0

    def install(self, events: Any) -> None:  # noqa: ANN401  botocore's emitter is untyped
        """Count every request that leaves the client."""
        events.register("before-send.s3", self._sent)

    def _sent(self, *, event_name: str, **_: object) -> None:
        operation = event_name.rpartition(".")[2]
        with self._lock:
            if operation in LISTS:
                self._lists += 1
            elif operation in HEADS:
                self._heads += 1
            else:
                self._gets += 1

    def read(self, count: int) -> None:
        """Add `count` body bytes."""
        with self._lock:
            self._bytes += count

    def work(self) -> Work:
        """The counts so far; the cost is for the cost room to say."""
        with self._lock:
            return Work(self._lists, self._heads, self._gets, self._bytes)
