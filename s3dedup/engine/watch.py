"""How the stages tell what they are doing, to whoever watches."""

from __future__ import annotations

import logging
from collections.abc import Callable

from s3dedup.model import Work

log = logging.getLogger("s3dedup")


class Watch:
    """Is told about each stage. This one only logs; a terminal draws.

    Totals and amounts are objects (or requests) and bytes; a total of None is not known beforehand.
    """

    def attach(self, work: Callable[[], Work]) -> None:
        """From now on `work` tells the requests sent and bytes read so far."""

    def stage(self, name: str, *, objects: int | None = None, size: int | None = None) -> None:
        """A stage begins, with this much before it."""

    def advance(self, objects: int = 0, size: int = 0) -> None:
        """So much of the stage is done."""

    def line(self, text: str) -> None:
        """What a stage came to, in one line."""
        log.info("%s", text)
