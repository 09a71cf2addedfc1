"""One audit at a time on a state directory. The lock is the system's: it goes with the process that held it."""

from __future__ import annotations

import fcntl
import os
from contextlib import ExitStack
from pathlib import Path

from s3dedup.errors import StateLockedError


class Lock:
    """An exclusive lock on a directory, with a note of who holds it.

    Raises:
        StateLockedError: somebody else has it.
        OSError: the lock file cannot be written.
    """

    def __init__(self, directory: Path) -> None:
        path = directory / "lock"
        with ExitStack() as undo:
            self._file = undo.enter_context(path.open("a+", encoding="utf-8", errors="replace"))
            path.chmod(0o600)
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._file.seek(0)
                holder = self._file.read().strip() or "unknown process"
                raise StateLockedError(str(directory), holder) from None
            self._file.truncate(0)
            self._file.write(f"process {os.getpid()}")
            self._file.flush()
            undo.pop_all()

    def forget(self) -> None:
        """Let a forked child go of the lock, which stays its parent's."""
        self._file.close()

    def release(self) -> None:
        """Let the next audit in. The file stays: removing it would let two in."""
        self._file.truncate(0)
        self._file.close()
