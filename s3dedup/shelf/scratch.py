"""Room on disk for what is too much for memory, and for nothing longer than it takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from s3dedup.shelf.database import Database

ASIDE = "aside.mdb"


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


@contextmanager
def aside(directory: Path) -> Iterator[Database]:
    """The same in a state directory, for what grows with the state: temporary directories may lie in memory. What a
    killed audit has left there goes first.

    Raises:
        StateError: there is no room.
    """
    path = directory / ASIDE
    path.unlink(missing_ok=True)
    try:
        with closing(Database(path, ("aside",), durable=False)) as database:
            yield database
    finally:
        path.unlink(missing_ok=True)
