"""What the other rooms may ask of a store: pages, facts and ranges. Nothing here can change a bucket."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from s3dedup.model import Encryption, HeadFacts, ListedObject, PartSpan, ReplicationRule
from s3dedup.store.meter import Meter
from s3dedup.store.steps import Steps
from s3dedup.store.wire import Chunk


class PageRequest(NamedTuple):
    """One page of a listing: at most 1,000 entries of `bucket` under `prefix`.

    `after` starts behind a key (existing or not), `token` continues where an earlier page ended; with `versions` the
    pair (`key_marker`, `version_id_marker`) does so instead.
    """

    bucket: str
    prefix: str = ""
    after: str | None = None
    token: str | None = None
    versions: bool = False
    key_marker: str | None = None
    version_id_marker: str | None = None


class BodyReader(Protocol):
    """Whoever can stream an object's bytes."""

    def read_range(self, bucket: str, row: ListedObject, start: int, stop: int) -> Iterator[Chunk]:
        """Stream the bytes `start` (inclusive) to `stop` (exclusive), exactly, of the object as it was listed.

        A chunk is only there until the next one is asked for: hash it, or copy it, before that. It may be a view of a
        buffer that is used again; whoever looks at such a view later gets a ValueError, and never other bytes.

        Raises:
            ObjectError: it changed, vanished, is archived, may not be read, or was not delivered.
        """


class ObjectStore(BodyReader, Protocol):
    """An S3 store, read-only."""

    @property
    def trusted_endpoint(self) -> bool:
        """Whether this is AWS itself, whose ETag rules are documented; any other endpoint is calibrated first."""

    @property
    def endpoint(self) -> str:
        """A name for the store that is stable from run to run."""

    def page(self, request: PageRequest) -> Steps[bytes]:
        """Fetch one page of a listing, as the XML that the store sent, step by step.

        Raises:
            BucketNotFoundError, ListingDeniedError, CredentialsError, EndpointError, StoreError
        """

    def parse_listing(self, body: bytes, *, versions: bool) -> Mapping[str, Any]:
        """Read a page with the SDK's own parser: slow, and right about whatever the fast parser does not recognise.

        Raises:
            EndpointError: the body is no S3 listing.
        """

    def default_encryption(self, bucket: str) -> Encryption | None:
        """The bucket's default encryption; None where it is not allowed or not supported to ask."""

    def versioned(self, bucket: str) -> bool | None:
        """Whether the bucket has versioning, enabled or suspended; None where it may not or cannot be asked."""

    def locks_objects(self, bucket: str) -> bool | None:
        """Whether the bucket has Object Lock; None where it may not or cannot be asked."""

    def replication_rules(self, bucket: str) -> tuple[ReplicationRule, ...] | None:
        """To where the bucket's objects are replicated; None where it may not or cannot be asked."""

    def tells_locks(self, bucket: str, row: ListedObject) -> bool:
        """Whether a HEAD of this object tells of its retention and legal hold: it does so only to who may ask for each
        (s3:GetObjectRetention and s3:GetObjectLegalHold; API_HeadObject), and says nothing to others.
        """

    def region(self, bucket: str) -> str | None:
        """The bucket's AWS region, asked for once; None on a custom endpoint, and where it is not told.

        Raises:
            CredentialsError, EndpointError
        """

    def head(self, bucket: str, row: ListedObject, *, layout: bool) -> HeadFacts:
        """Facts about one object; with `layout` those of its first part, else its checksums.

        Raises:
            ObjectError: this object cannot be asked about; see its subclasses.
        """

    def part(self, bucket: str, row: ListedObject, number: int) -> PartSpan | None:
        """Where part `number` (from 1) of a multipart object lies, by one HEAD; None where the store does not tell.

        The start of a part is the sum of all sizes before it, so the last one tells an uneven layout from an even one
        whose count of parts is the same. GetObjectAttributes would tell every size, but for objects in general purpose
        buckets only where a checksum was asked for at the upload (API_GetObjectAttributesParts), and to fewer users.

        Raises:
            ObjectError: as for `head`.
        """

    @property
    def meter(self) -> Meter:
        """Counts the requests sent and bytes read, retries included."""

    def close(self) -> None:
        """Give the connections back."""
