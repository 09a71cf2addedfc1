"""LMDB as the map beneath the shelves: named tables, sorted keys, one writer, batches written whole or not at all.

LMDB because it survives SIGKILL at any point, takes sorted batches at memory speed, and keeps its pages in the system's
cache instead of in this process. Its write map is not used: a full disk is then an error and not a SIGBUS.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import lmdb

from s3dedup.errors import StateError

T = TypeVar("T")

MAP_SIZES = (1 << 42, 1 << 38, 1 << 34)
"""Address space to reserve, in bytes; the file only grows with its content. Smaller ones are for limited processes."""


class Database:
    """One LMDB file.

    `durable` syncs each batch to disk: for what was expensive to learn. Without it a batch survives a killed process,
    not a machine that loses power.

    Raises:
        StateError: the file is corrupt, is no such database, or cannot be written.
    """

    def __init__(self, path: Path, tables: Iterable[str], *, durable: bool, readonly: bool = False) -> None:
        self._path = path
        self._writing: Any = None
        self._reading: Any = None
        self._looking: Any = None
        self._closed = False
        with self._translated(), ExitStack() as undo:
            if readonly and not path.stat().st_size:
                raise lmdb.CorruptedError("it is empty")
            self._env = _opened(path, durable=durable, readonly=readonly, tables=len(tuple(tables)))
            undo.callback(self._env.close)
            _check_length(path, self._env)
            self._tables = {name: self._table(name, readonly=readonly) for name in tables}
            undo.pop_all()

    def _table(self, name: str, *, readonly: bool) -> Any:  # noqa: ANN401  lmdb's handles are untyped
        return self._env.open_db(name.encode(), create=not readonly)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Say what is wrong with the state in one sentence."""
        try:
            yield
        except lmdb.Error as error:
            raise self._failure(error) from error

    def _failure(self, error: lmdb.Error) -> StateError:
        if isinstance(error, CORRUPT):
            return StateError(f"The state file {self._path} is corrupt ({error}): remove it, or pass another --state.")
        remedy = "make room" if _is_full(error) else "check its permissions"
        return StateError(f"The state file {self._path} cannot be used ({error}): {remedy}, or pass another --state.")

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Write everything inside as one; an exception undoes it. A batch inside a batch joins it."""
        if self._writing is not None:
            yield
            return
        with self._transaction(write=True) as transaction:
            self._writing = transaction
            try:
                yield
            finally:
                self._writing = None

    @contextmanager
    def _transaction(self, *, write: bool) -> Iterator[Any]:
        if self._writing is not None:
            with self._translated():
                yield self._writing
            return
        with self._translated():
            if write:
                self._look_away()
            with self._env.begin(write=write) as transaction:
                yield transaction

    def get(self, table: str, key: bytes) -> bytes | None:
        """The value of `key`, None where there is none. Between two writes all is looked up in one transaction: to
        begin one costs more than to look up.
        """
        try:
            transaction = self._writing or self._looking or self._look()
            value: bytes | None = transaction.get(key, db=self._tables[table])
        except lmdb.Error as error:
            raise self._failure(error) from error
        return value

    def _look(self) -> Any:  # noqa: ANN401
        self._looking = self._env.begin()
        return self._looking

    def _look_away(self) -> None:
        """Without locks a writer does not know what others still look at."""
        if self._looking is not None:
            self._looking.abort()
            self._looking = None

    def reader(self, table: str) -> Callable[[bytes], memoryview]:
        """Looks up values without copying them, for as long as this is open. For a database that nobody writes any
        more: all is read from one view of it. Where there is none it raises KeyError.
        """
        with self._translated():
            if self._reading is None:
                self._reading = self._env.begin(buffers=True)
        get, handle = self._reading.get, self._tables[table]

        def look(key: bytes) -> memoryview:
            try:
                value: memoryview | None = get(key, db=handle)
            except lmdb.Error as error:
                raise self._failure(error) from error
            if value is None:
                raise KeyError(key)
            return value

        return look

    def put(self, table: str, key: bytes, value: bytes) -> None:
        """Set the value of `key` (at most 511 bytes)."""
        with self._transaction(write=True) as transaction:
            transaction.put(key, value, db=self._tables[table])

    def put_many(self, table: str, items: list[tuple[bytes, bytes]]) -> None:
        """Set many values; fastest where `items` are sorted."""
        with self._transaction(write=True) as transaction:
            transaction.cursor(db=self._tables[table]).putmulti(items)

    def delete(self, table: str, key: bytes) -> bool:
        """Remove `key`; whether it was there."""
        with self._transaction(write=True) as transaction:
            return bool(transaction.delete(key, db=self._tables[table]))

    def clear(self, *tables: str) -> None:
        """Empty these tables."""
        with self._transaction(write=True) as transaction:
            for table in tables:
                transaction.drop(self._tables[table], delete=False)

    def count(self, table: str) -> int:
        """How many keys a table has."""
        with self._transaction(write=False) as transaction:
            return int(transaction.stat(self._tables[table])["entries"])

    def last_key(self, table: str) -> bytes | None:
        """The greatest key of a table, None where it is empty."""
        with self._transaction(write=False) as transaction:
            cursor = transaction.cursor(db=self._tables[table])
            return bytes(cursor.key()) if cursor.last() else None

    def keys(self, table: str) -> list[bytes]:
        """All keys of a table, in order."""
        with self._transaction(write=False) as transaction:
            return list(transaction.cursor(db=self._tables[table]).iternext(keys=True, values=False))

    def scan(self, table: str, start: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Go through a table in key order from `start` on. What is written meanwhile may or may not be seen; between
        two items no transaction stays open for longer than a stretch.
        """
        while True:
            stretch = self._stretch(table, start)
            yield from stretch
            if len(stretch) < STRETCH:
                return
            start = stretch[-1][0] + b"\x00"

    def _stretch(self, table: str, start: bytes) -> list[tuple[bytes, bytes]]:
        with self._transaction(write=False) as transaction:
            cursor = transaction.cursor(db=self._tables[table])
            if not (cursor.set_range(start) if start else cursor.first()):
                return []
            return [item for _, item in zip(range(STRETCH), cursor, strict=False)]

    def bytes_used(self) -> int:
        """The file's size in bytes."""
        return self._path.stat().st_size

    def close(self) -> None:
        """Let go of the file; once is enough."""
        if self._closed:
            return
        self._closed = True
        with self._translated():
            self._env.close()

    def sync(self) -> None:
        """Write everything through to the disk."""
        with self._translated():
            self._env.sync(True)  # noqa: FBT003  lmdb takes it by position only


CORRUPT = (lmdb.CorruptedError, lmdb.InvalidError, lmdb.VersionMismatchError, lmdb.PageNotFoundError)
STRETCH = 256
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""How a lack of room shows. LMDB takes a write that was cut short, as the last one on a full disk is, for EIO."""


def _is_full(error: lmdb.Error) -> bool:
    """Whether something ran out of room: the disk, a quota, a limit on file sizes, the map. After such a failure LMDB
    refuses all further work with a panic.
    """
    return isinstance(error, lmdb.MapFullError | lmdb.PanicError) or error.code in FULL


def _opened(path: Path, *, durable: bool, readonly: bool, tables: int) -> Any:  # noqa: ANN401
    """Open with the largest map that the process may reserve. The state directory's own lock keeps others out."""
    for size in MAP_SIZES:
        try:
            return lmdb.open(
                str(path),
                subdir=False,
                map_size=size,
                max_dbs=tables,
                mode=0o600,
                sync=durable,
                readonly=readonly,
                lock=False,
                readahead=False,
                create=not readonly,
            )
        except lmdb.MemoryError:
            if size == MAP_SIZES[-1]:
                raise
    raise AssertionError


def _check_length(path: Path, env: Any) -> None:  # noqa: ANN401
    """A file cut short would end in a SIGBUS when its missing pages are read."""
    needed = (env.info()["last_pgno"] + 1) * env.stat()["psize"]
    if path.stat().st_size < needed:
        raise lmdb.CorruptedError(f"it is {path.stat().st_size} bytes long and should be {needed}")


class Table(MutableMapping[bytes, bytes]):
    """One table of a database as a mapping: what a shelf stands on."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name

    def __getitem__(self, key: bytes) -> bytes:
        value = self._database.get(self._name, key)
        if value is None:
            raise KeyError(key)
        return value

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self._database.put(self._name, key, value)

    def __delitem__(self, key: bytes) -> None:
        if not self._database.delete(self._name, key):
            raise KeyError(key)

    def __iter__(self) -> Iterator[bytes]:
        return (key for key, _ in self._database.scan(self._name))

    def __len__(self) -> int:
        return self._database.count(self._name)

    def items_from(self, start: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Keys and values in key order from `start` on."""
        return self._database.scan(self._name, start)

    def update_sorted(self, items: list[tuple[bytes, bytes]]) -> None:
        """Set many values in one go, in key order."""
        self._database.put_many(self._name, sorted(items))

    def clear(self) -> None:
        """Remove everything."""
        self._database.clear(self._name)
