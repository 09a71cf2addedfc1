"""What the state remembers of objects and buckets: for an audit, and for whoever looks into one that is finished."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import msgspec

from s3dedup.groups import Placed
from s3dedup.hashing import Findings
from s3dedup.model import EtagTrust, ListedObject, Location, Place
from s3dedup.shelf import SOURCE, ObjectFacts, ScanRecord, State, facts_key, rule_key

Recalled = tuple[Placed, ObjectFacts]
"""An object, and what is known of it: looked up once, because that takes as long as it takes to weigh it."""


class Memory(ABC):
    """A scan and what is known of its objects. `sources` is each location by the number under which its pages are kept;
    `digest` is how ranges are hashed.
    """

    __slots__ = ()

    state: State
    scan: ScanRecord
    locations: Sequence[Location]
    etag_trust: EtagTrust
    digest: str
    sources: dict[int, Location]

    @abstractmethod
    def place(self, bucket: str) -> Place:
        """Where a bucket is, by the name that reports give it."""

    def bucket(self, source: int) -> str:
        """The bucket of location number `source`."""
        return self.sources[source].bucket

    def placed(self, entry: bytes) -> Placed:
        """An entry's bucket and row."""
        return self.bucket(int.from_bytes(entry[SOURCE])), self.state.listed.row(entry)

    def facts(self, bucket: str, row: ListedObject) -> ObjectFacts:
        """What is known of an object from earlier, or empty facts."""
        return self.state.facts.of(self._key(bucket, row), row)

    def recall(self, placed: Placed) -> Recalled:
        """An object with what is known of it."""
        return placed, self.facts(*placed)

    def keep(self, bucket: str, row: ListedObject, facts: ObjectFacts) -> None:
        """Remember what was learnt of an object."""
        self.state.facts.keep(self._key(bucket, row), facts)

    def findings(self, bucket: str, row: ListedObject) -> Findings:
        """What is known of an object's bytes from reading them."""
        return self.findings_in(self.facts(bucket, row))

    def findings_in(self, facts: ObjectFacts) -> Findings:
        """Of what is known of an object, what reading its bytes has found."""
        return Findings(dict(facts.ranges) if facts.digest == self.digest else {}, dict(facts.parts), dict(facts.whole))

    def keep_findings(self, bucket: str, row: ListedObject, facts: ObjectFacts, found: Findings) -> ObjectFacts:
        """Remember what was found in an object's bytes beside the other facts; what is known of it now."""
        known = msgspec.structs.replace(
            facts,
            digest=self.digest,
            ranges=dict(found.ranges),
            parts={part: dict(digests) for part, digests in found.parts.items()},
            whole=dict(found.whole),
        )
        self.keep(bucket, row, known)
        return known

    def rule_key(self, bucket: str) -> bytes:
        """Under which a bucket's rule is kept."""
        place = self.place(bucket)
        return rule_key(place.endpoint, place.bucket)

    def _key(self, bucket: str, row: ListedObject) -> bytes:
        place = self.place(bucket)
        return facts_key(place.endpoint, place.bucket, row)
