"""How the stages tell what they are doing, to whoever watches."""

from __future__ import annotations

import logging
from collections.abc import Callable

from s3dedup.model import HeadFacts, ListedObject, PartSpan, Work
from s3dedup.text import human_count

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


def log_head(bucket: str, row: ListedObject, came_of: HeadFacts | Exception) -> None:
    """Log one HEAD and what it told."""
    _log_request("HEAD", bucket, row, _facts(came_of) if isinstance(came_of, HeadFacts) else came_of)


def log_part(bucket: str, row: ListedObject, number: int, span: PartSpan | None) -> None:
    """Log one HEAD of a part and where it lies."""
    _log_request(f"HEAD part {number} of", bucket, row, f"bytes {span.start}-{span.stop - 1}" if span else "not told")


def log_read(bucket: str, row: ListedObject, start: int, stop: int, came_of: object) -> None:
    """Log one read of the bytes `start` (inclusive) to `stop` (exclusive) and what it told."""
    _log_request(f"GET bytes {start}-{stop - 1} of", bucket, row, came_of)


def _log_request(what: str, bucket: str, row: ListedObject, came_of: object) -> None:
    version = f"?versionId={row.version_id}" if row.version_id is not None else ""
    log.debug("%s s3://%s/%s%s: %s", what, bucket, row.key, version, came_of)


def _facts(head: HeadFacts) -> str:
    layout = f", {human_count(head.parts, 'part')} of {head.first_part} bytes" if head.parts else ""
    checksums = "".join(f", {each.algorithm}" for each in head.checksums)
    return f"encryption {head.encryption.value}{layout}{checksums}"
