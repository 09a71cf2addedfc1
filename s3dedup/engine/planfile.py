"""A plan that lies in a file, read line by line as often as it takes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from s3dedup.errors import UsageError
from s3dedup.plan import PlanHead, PlanLine, read_head, read_line

LONGEST = 1 << 24
"""So much (bytes) is read at once, at most, of what may be no plan."""


class PlanFile:
    """A plan in a file of JSON lines.

    Raises:
        UsageError: it cannot be read, or is no plan.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._opened() as file:
            try:
                self.head: PlanHead = read_head(file.readline(LONGEST))
            except ValueError as error:
                raise UsageError(f"{path} cannot be verified: {error}.") from error

    def lines(self) -> Iterator[tuple[int, PlanLine]]:
        """Its lines with their numbers, the first of which has 2; without those that were dropped earlier.

        Raises:
            UsageError: a line makes no sense; the message says which and why.
        """
        with self._opened() as file:
            file.readline(LONGEST)
            for number, text in enumerate(iter(lambda: file.readline(LONGEST), b""), start=2):
                line = self._line(number, text)
                if line is not None:
                    yield number, line

    def _line(self, number: int, text: bytes) -> PlanLine | None:
        try:
            return read_line(text, self.head) if text.strip() else None
        except ValueError as error:
            raise UsageError(
                f"{self._path} makes no sense in line {number} ({error}): take the line out, or make the plan again by"
                " `s3dedup manifest`."
            ) from error

    def _opened(self) -> BinaryIO:
        if self._path.exists() and not self._path.is_file():
            raise UsageError(f"{self._path} is no file, and a plan is read more than once: write it to one.")
        try:
            return self._path.open("rb")
        except OSError as error:
            raise UsageError(
                f"The plan {self._path} cannot be read ({error.strerror}): pass what `s3dedup manifest` wrote."
            ) from error
