"""What every stage is handed: the stores, the state, the threads, and whom to tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import msgspec

from s3dedup.engine.budget import Budget, Expense
from s3dedup.engine.crew import Crew
from s3dedup.engine.money import Money
from s3dedup.engine.pool import Pool
from s3dedup.engine.watch import Watch
from s3dedup.errors import ObjectError
from s3dedup.groups import Placed
from s3dedup.hashing import Findings
from s3dedup.model import EtagTrust, ListedObject, Location, Skipped, SkipReason
from s3dedup.shelf import Doubt, ObjectFacts, ScanRecord, State, facts_key, rule_key
from s3dedup.store import Stores


@dataclass(slots=True)
class Context:
    """One audit under way. `sources` is each location by the number under which its pages are kept."""

    stores: Stores
    state: State
    pool: Pool
    watch: Watch
    hire: Callable[[], Crew]
    locations: Sequence[Location]
    scan: ScanRecord
    budget: Budget
    versions: bool = False
    etag_trust: EtagTrust = EtagTrust.AUTO
    digest: str = "sha1"
    money: Money = field(default_factory=lambda: Money({}))
    notes: list[str] = field(default_factory=list)
    sources: dict[int, Location] = field(default_factory=dict)

    def bucket(self, source: int) -> str:
        """The bucket of location number `source`."""
        return self.sources[source].bucket

    def facts(self, bucket: str, row: ListedObject) -> ObjectFacts:
        """What is known of an object from earlier, or empty facts."""
        return self.state.facts.of(self._key(bucket, row), row)

    def keep(self, bucket: str, row: ListedObject, facts: ObjectFacts) -> None:
        """Remember what was learnt of an object."""
        self.state.facts.keep(self._key(bucket, row), facts)

    def findings(self, bucket: str, row: ListedObject) -> Findings:
        """What is known of an object's bytes from reading them."""
        facts = self.facts(bucket, row)
        return Findings(dict(facts.ranges) if facts.digest == self.digest else {}, dict(facts.parts), dict(facts.whole))

    def keep_findings(self, bucket: str, row: ListedObject, found: Findings) -> None:
        """Remember what was found in an object's bytes."""
        self.keep(
            bucket,
            row,
            msgspec.structs.replace(
                self.facts(bucket, row),
                digest=self.digest,
                ranges=dict(found.ranges),
                parts={part: dict(digests) for part, digests in found.parts.items()},
                whole=dict(found.whole),
            ),
        )

    def expense(self, placed: Placed, requests: int, size: int) -> Expense:
        """What so many HEADs and GETs of an object, of so many bytes together, cost."""
        bucket, row = placed
        return Expense(requests, size, self.money.reading(bucket, row.storage_class, requests, size))

    def cost(self) -> Decimal | None:
        """What the audit has cost so far; None where it is not known."""
        requests = self.stores.counted().lists
        listing = {self.money.listing(location.bucket, requests) for location in self.locations}
        usd = listing.pop() if len(listing) == 1 else None
        return None if usd is None or self.budget.spent.usd is None else usd + self.budget.spent.usd

    def doubts(self) -> Iterator[Doubt]:
        """What is in doubt, what promises most for what it costs first."""
        return (doubt for _, doubt in self.state.doubts.records())

    def rule_key(self, bucket: str) -> bytes:
        """Under which a bucket's rule is kept."""
        return rule_key(self.stores.endpoint(bucket), self.stores.name(bucket))

    def _key(self, bucket: str, row: ListedObject) -> bytes:
        return facts_key(self.stores.endpoint(bucket), self.stores.name(bucket), row)

    def skip(self, bucket: str, row: ListedObject, error: ObjectError) -> None:
        """Put an object on the list of those that were not compared."""
        reason, detail = SkipReason(error.reason), str(error)
        self.state.results.add_skipped(Skipped(bucket, row.key, row.version_id, reason, detail))
