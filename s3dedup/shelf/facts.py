"""What was learnt about objects at a price, kept so that it is paid once."""

from __future__ import annotations

import time

from s3dedup.model import ListedObject
from s3dedup.shelf.records import ObjectFacts, RecordShelf

MOST_PENDING = 256
LONGEST_PENDING = 0.25
"""Facts are synced to disk together, at least this often (seconds): a sync for each would cost more than its HEAD."""


class Facts:
    """A shelf of facts with what is not written yet in front of it. A failure is never a fact."""

    def __init__(self, shelf: RecordShelf[ObjectFacts]) -> None:
        self._shelf = shelf
        self._pending: dict[bytes, ObjectFacts] = {}
        self._flushed = time.monotonic()

    def of(self, key: bytes, row: ListedObject) -> ObjectFacts:
        """What is known of the object as it is listed now; what was learnt of an earlier one is stale and left out."""
        known = self._pending.get(key) or self._shelf.get(key)
        if known is not None and known.still_of(row):
            return known
        return ObjectFacts(row.etag, row.size, row.modified)

    def keep(self, key: bytes, facts: ObjectFacts) -> None:
        """Remember facts; on disk within a moment."""
        self._pending[key] = facts
        late = time.monotonic() - self._flushed > LONGEST_PENDING
        if late or len(self._pending) >= MOST_PENDING:
            self.flush()

    def flush(self) -> None:
        """Write what is pending."""
        if self._pending:
            self._shelf.update_sorted(self._pending)
            self._pending = {}
        self._flushed = time.monotonic()
