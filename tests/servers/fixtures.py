"""The servers as fixtures: one of each per test session (with pytest-xdist: per worker), started when needed.

There is no skip: a server that does not start fails the test, with its log in the message.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.servers.external import hadro_server, ministack_server, rclone_server, seaweed_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers import S3Server

FreshBucket = Callable[["S3Server"], str]
"""Makes a bucket that no other test knows, on the given server, and returns its name."""


@pytest.fixture(scope="session")
def seaweed() -> Iterator[S3Server]:
    """SeaweedFS: the real store of the suite."""
    with seaweed_server() as server:
        yield server


@pytest.fixture(scope="session")
def moto_server() -> Iterator[S3Server]:
    """Moto in process: GLACIER, inventory, opaque ETags of KMS and SSE-C, CopyObject as AWS does it."""
    from tests.servers.in_process import moto_in_process  # noqa: PLC0415 - moto takes a second to import

    with moto_in_process() as server:
        yield server


@pytest.fixture(scope="session")
def ministack() -> Iterator[S3Server]:
    """Ministack: strict order, every odd key, opaque ETags of KMS and SSE-C objects."""
    with ministack_server() as server:
        yield server


@pytest.fixture(scope="session")
def hadro() -> Iterator[S3Server]:
    """Hadro: read-only over `hadro.root`; different contents may share an ETag."""
    with hadro_server() as server:
        yield server


@pytest.fixture(scope="session")
def rclone() -> Iterator[S3Server]:
    """Rclone: SHA-1 ETags, and If-Match ignored."""
    with rclone_server() as server:
        yield server


@pytest.fixture
def fresh_bucket() -> FreshBucket:
    """Give a maker of buckets, each with a name that no other test uses."""
    stem, numbers = uuid.uuid4().hex[:12], itertools.count(1)

    def make(server: S3Server) -> str:
        name = f"t-{stem}-{next(numbers)}"
        server.create_bucket(name)
        return name

    return make
