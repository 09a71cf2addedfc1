"""Several stores as one, for an audit across accounts, regions and endpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from s3dedup.model import Encryption, HeadFacts, ListedObject, PartSpan, Place, ReplicationRule
from s3dedup.store.base import ObjectStore, PageRequest
from s3dedup.store.meter import Counted
from s3dedup.store.steps import Steps
from s3dedup.store.wire import Chunk


class Stores:
    """Every bucket under the name that reports give it: `places` says in which of the stores (by position) it is, and
    what it is called there. Safe to use from many threads.
    """

    def __init__(self, stores: Sequence[ObjectStore], places: Mapping[str, tuple[int, str]]) -> None:
        self._stores = stores
        self._places = places
        self._known: dict[str, Place] = {}

    def of(self, bucket: str) -> ObjectStore:
        """The store that a bucket is in."""
        return self._stores[self._places[bucket][0]]

    def is_aws(self, bucket: str) -> bool:
        """See `ObjectStore.trusted_endpoint`."""
        return self.of(bucket).trusted_endpoint

    def place(self, bucket: str) -> Place:
        """Where a bucket is."""
        if bucket not in self._known:
            self._known[bucket] = Place(self.endpoint(bucket), self.name(bucket), self.is_aws(bucket))
        return self._known[bucket]

    def endpoint(self, bucket: str) -> str:
        """See `ObjectStore.endpoint`."""
        return self.of(bucket).endpoint

    def page(self, request: PageRequest) -> Steps[bytes]:
        """See `ObjectStore.page`."""
        return self.of(request.bucket).page(request._replace(bucket=self.name(request.bucket)))

    def default_encryption(self, bucket: str) -> Encryption | None:
        """See `ObjectStore.default_encryption`."""
        return self.of(bucket).default_encryption(self.name(bucket))

    def versioned(self, bucket: str) -> bool | None:
        """See `ObjectStore.versioned`."""
        return self.of(bucket).versioned(self.name(bucket))

    def locks_objects(self, bucket: str) -> bool | None:
        """See `ObjectStore.locks_objects`."""
        return self.of(bucket).locks_objects(self.name(bucket))

    def replication_rules(self, bucket: str) -> tuple[ReplicationRule, ...] | None:
        """See `ObjectStore.replication_rules`."""
        return self.of(bucket).replication_rules(self.name(bucket))

    def tells_locks(self, bucket: str, row: ListedObject) -> bool:
        """See `ObjectStore.tells_locks`."""
        return self.of(bucket).tells_locks(self.name(bucket), row)

    def head(self, bucket: str, row: ListedObject, *, layout: bool) -> HeadFacts:
        """See `ObjectStore.head`."""
        return self.of(bucket).head(self.name(bucket), row, layout=layout)

    def part(self, bucket: str, row: ListedObject, number: int) -> PartSpan | None:
        """See `ObjectStore.part`."""
        return self.of(bucket).part(self.name(bucket), row, number)

    def region(self, bucket: str) -> str | None:
        """See `ObjectStore.region`."""
        return self.of(bucket).region(self.name(bucket))

    def read_range(self, bucket: str, row: ListedObject, start: int, stop: int) -> Iterator[Chunk]:
        """See `ObjectStore.read_range`."""
        return self.of(bucket).read_range(self.name(bucket), row, start, stop)

    def name(self, bucket: str) -> str:
        """What a bucket is called in its store."""
        return self._places[bucket][1]

    def counted(self) -> Counted:
        """What was asked of all stores so far."""
        total = Counted()
        for store in self._stores:
            total = total.plus(**store.meter.counted()._asdict())
        return total

    def slow_downs(self, bucket: str) -> int:
        """How often the store of this bucket said that it is asked too much."""
        return self.of(bucket).meter.counted().slow_downs

    def take(self) -> list[Counted]:
        """What was asked of each store since this was last asked; for a process that hands it to another. Where that is
        nothing there is nothing to hand on.
        """
        taken = [store.meter.take() for store in self._stores]
        return taken if any(map(any, taken)) else []

    def add(self, counted: Sequence[Counted]) -> None:
        """Add what another process has asked of each store."""
        for store, more in zip(self._stores, counted, strict=True):
            store.meter.add(more)

    def close(self) -> None:
        """Give the connections back."""
        for store in self._stores:
            store.close()
