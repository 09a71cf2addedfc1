"""Small constants for the audits of the oracle: sixty bytes go the way of sixty megabytes, in one process."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from importlib import import_module

import pytest

SMALL = {
    "s3dedup.hashing.grid": {"WHOLE": 16, "EDGE": 4, "STEP": 8, "MOST": 6},
    "s3dedup.hashing.findings": {"LARGEST_UNIT": 16},
    "s3dedup.engine.narrowing": {"LARGEST_READ": 32},
    "s3dedup.shelf.segment": {"RUN": 4, "CHUNK": 2},
    "s3dedup.shelf.listed": {"CHUNK": 2, "STRETCH": 4},
}
"""Constants by module. No logic is changed."""


@pytest.fixture(scope="module")
def in_process() -> Iterator[None]:
    """Fork nothing: what a store in memory is asked, it is asked here."""
    with pytest.MonkeyPatch.context() as patch:
        for module in ("s3dedup.audit", "s3dedup.engine.sorters"):
            patch.setattr(import_module(module), "processes_to_use", lambda: 0)
        yield


@pytest.fixture(scope="module")
def small() -> Iterator[None]:
    """Shrink the grid, the sample and the sorted runs."""
    with pytest.MonkeyPatch.context() as patch:
        for module, constants in SMALL.items():
            for name, value in constants.items():
                patch.setattr(import_module(module), name, value)
        yield


@pytest.fixture(scope="session")
def fresh_state() -> Callable[[], AbstractContextManager[str]]:
    """Give a maker of state directories, in memory where the system has room for files there: an audit syncs."""
    memory = "/dev/shm"  # noqa: S108  a directory of its own is made there
    return partial(tempfile.TemporaryDirectory, dir=memory if os.access(memory, os.W_OK) else None)
