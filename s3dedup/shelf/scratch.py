"""Room on disk for what is too much for memory, and for nothing longer than it takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from s3dedup.shelf.database import Database


@contextmanager
def scratch(table: str) -> Iterator[Database]:
    """A database with one table in a temporary directory, which goes with it.

    Raises:
        StateError: there is no room.
    """
    with (
        TemporaryDirectory(prefix="s3dedup-") as directory,
        closing(Database(Path(directory) / "scratch.mdb", (table,), durable=False)) as database,
    ):
        yield database
