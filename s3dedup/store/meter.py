"""Counts what the audit asks of the store, retries included, because that is what the store charges for."""

from __future__ import annotations

import threading
from http import HTTPStatus
from typing import Any, NamedTuple

from s3dedup.model import Work

LISTS = frozenset({"ListObjectsV2", "ListObjectVersions"})
SLOW_DOWN = frozenset({HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS})
HEADS = frozenset({"HeadObject", "HeadBucket"})


class Counted(NamedTuple):
    """Requests sent by kind, bytes read, and how often the store said that it is asked too much."""

    lists: int = 0
    heads: int = 0
    gets: int = 0
    bytes_read: int = 0
    slow_downs: int = 0

    def plus(self, **more: int) -> Counted:
        """These counts and some more."""
        return self._replace(**{name: getattr(self, name) + count for name, count in more.items()})

    def work(self) -> Work:
        """As a report gives it; the cost is for the cost room to say."""
        return Work(self.lists, self.heads, self.gets, self.bytes_read)


class Meter:
    """Request and byte counters; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counted = Counted()

    def install(self, events: Any) -> None:  # noqa: ANN401  botocore's emitter is untyped
        """Count every request that leaves the client."""
        events.register("before-send.s3", self._sent)
        events.register("before-parse.s3", lambda response_dict, **_: self.answered(response_dict["status_code"]))

    def _sent(self, *, event_name: str, **_: object) -> None:
        operation = event_name.rpartition(".")[2]
        name = "lists" if operation in LISTS else "heads" if operation in HEADS else "gets"
        with self._lock:
            self._counted = self._counted.plus(**{name: 1})

    def answered(self, status: int) -> None:
        """Look at the HTTP status of an answer."""
        if status in SLOW_DOWN:
            with self._lock:
                self._counted = self._counted.plus(slow_downs=1)

    def read(self, count: int) -> None:
        """Add `count` body bytes."""
        with self._lock:
            self._counted = self._counted.plus(bytes_read=count)

    def add(self, counted: Counted) -> None:
        """Add what another process has counted."""
        with self._lock:
            self._counted = self._counted.plus(**counted._asdict())

    def counted(self) -> Counted:
        """The counts so far."""
        return self._counted

    def take(self) -> Counted:
        """The counts since they were last taken; for a process that hands them to another."""
        with self._lock:
            taken, self._counted = self._counted, Counted()
        return taken
