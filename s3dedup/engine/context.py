"""What every stage is handed: the stores, the state, the threads, and whom to tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from s3dedup.engine.budget import Budget, Expense
from s3dedup.engine.crew import Crew
from s3dedup.engine.memory import Memory
from s3dedup.engine.money import Money
from s3dedup.engine.on_trust import OnTrust
from s3dedup.engine.pool import Pool
from s3dedup.engine.watch import Watch
from s3dedup.errors import ObjectChangedError, ObjectError, ObjectVanishedError
from s3dedup.groups import Placed
from s3dedup.model import EtagTrust, ListedObject, Location, Place, Skipped, SkipReason
from s3dedup.shelf import Doubt, ScanRecord, State
from s3dedup.store import Stores


@dataclass(slots=True)
class Context(Memory):
    """One audit under way; `connections` is how many requests it sends at once."""

    stores: Stores
    state: State
    pool: Pool
    watch: Watch
    hire: Callable[[], Crew]
    connections: int
    locations: Sequence[Location]
    scan: ScanRecord
    budget: Budget
    versions: bool = False
    etag_trust: EtagTrust = EtagTrust.AUTO
    digest: str = "sha1"
    gone: set[bytes] = field(default_factory=set)
    money: Money = field(default_factory=lambda: Money({}))
    on_trust: OnTrust = field(default_factory=OnTrust)
    notes: list[str] = field(default_factory=list)
    sources: dict[int, Location] = field(default_factory=dict)

    def place(self, bucket: str) -> Place:
        """Where a bucket is, by the name that reports give it."""
        return self.stores.place(bucket)

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

    def is_gone(self, entry: bytes, placed: Placed, error: ObjectError) -> bool:
        """Whether an object is not there any more as it was listed; then it is compared no further, and named once."""
        gone = isinstance(error, ObjectChangedError | ObjectVanishedError)
        if gone and entry not in self.gone:
            self.gone.add(entry)
            self.skip(*placed, error)
        return gone

    def skip(self, bucket: str, row: ListedObject, error: ObjectError) -> None:
        """Put an object on the list of those that were not compared."""
        reason, detail = SkipReason(error.reason), str(error)
        self.state.results.add_skipped(Skipped(bucket, row.key, row.version_id, reason, detail))
