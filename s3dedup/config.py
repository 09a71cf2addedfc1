"""What to audit, how to reach it, and how to go about it: every option, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from pathlib import Path

from s3dedup.engine import Limits
from s3dedup.errors import UsageError
from s3dedup.groups import Choice
from s3dedup.listing import Selection
from s3dedup.model import EtagTrust, Location
from s3dedup.store import StoreConfig

DIGESTS = ("sha1", "sha256")
REACH = tuple(each.name for each in fields(StoreConfig) if each.name != "connections")
"""The options that say how a store is reached."""


@dataclass(frozen=True, slots=True)
class Source:
    """A location with a way to reach it of its own. What is None is as in the `AuditConfig`."""

    location: Location | str
    endpoint_url: str | None = None
    profile: str | None = None
    region: str | None = None
    access_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)
    no_sign_request: bool | None = None
    requester_pays: bool | None = None
    role_arn: str | None = None
    external_id: str | None = None
    role_session_name: str | None = None


@dataclass(frozen=True, slots=True)
class AuditConfig:
    """What to audit, and how. What is None is taken from boto3's own configuration.

    `locations` are `Location`s, texts like "s3://bucket/prefix", or `Source`s where they are to be reached in different
    ways; one that another covers is left out. `state` is a directory; None means the user's own (see `default_state`).
    Sizes are bytes. Globs match whole keys and their `*` matches `/` too. `fresh` forgets a listing that was
    interrupted. `digest` is "sha1" or "sha256". `keep` are rules for keepers, the first one first, and `protect` is
    what must never be redundant: see `KeepRule` and `Protection` of `s3dedup.groups`. `concurrency` requests are under
    way at a time, to all stores together. `role_arn` is a role to assume: see `StoreConfig` of `s3dedup.store`.

    Proving ends where it would read more than `max_read` bytes, send more than `max_requests` HEADs and GETs, or cost
    more than `max_cost` USD; what it leaves is in the report. `prices` is a file for a store that is not AWS.

    Raises:
        UsageError: an option makes no sense.
    """

    locations: Sequence[Location | str | Source]
    state: Path | None = None
    endpoint_url: str | None = None
    profile: str | None = None
    region: str | None = None
    access_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)
    no_sign_request: bool = False
    requester_pays: bool = False
    min_size: int = 0
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    storage_classes: Sequence[str] = ()
    versions: bool = False
    etag_trust: EtagTrust = EtagTrust.AUTO
    digest: str = "sha1"
    keep: Sequence[str] = ()
    protect: Sequence[str] = ()
    max_read: int | None = None
    max_requests: int | None = None
    max_cost: Decimal | None = None
    prices: Path | None = None
    concurrency: int = 16
    fresh: bool = False
    role_arn: str | None = None
    external_id: str | None = None
    role_session_name: str | None = None

    def __post_init__(self) -> None:
        if not self.locations:
            raise UsageError("There is nothing to audit: name at least one location, such as s3://bucket/prefix.")
        if self.concurrency < 1:
            raise UsageError(f"A concurrency of {self.concurrency} does nothing: pass 1 or more.")
        if any(limit is not None and not limit >= 0 for limit in (self.max_read, self.max_requests, self.max_cost)):
            raise UsageError("A budget below zero makes no sense: pass 0 or more, or leave it out.")
        if self.digest not in DIGESTS:
            raise UsageError(f"{self.digest!r} is no digest that the audit uses: pass sha1 or sha256.")
        if self.etag_trust not in set(EtagTrust):
            raise UsageError(f"{self.etag_trust!r} is no way to trust ETags: pass auto, always or never.")
        self.sources()
        self.choice()

    def limits(self) -> Limits:
        """What proving may cost."""
        return Limits(self.max_read, self.max_requests, self.max_cost)

    def choice(self) -> Choice:
        """How keepers are chosen."""
        return chosen(self.keep, self.protect)

    def sources(self) -> tuple[tuple[StoreConfig, Location], ...]:
        """How to reach each location: in order, each once, without those that lie inside another."""
        sources = [each if isinstance(each, Source) else Source(each) for each in self.locations]
        try:
            every = [(self._reach(source), _located(source.location)) for source in sources]
        except ValueError as error:
            raise UsageError(f"{error}.") from error
        distinct = list(dict.fromkeys(every))
        return tuple(
            (reach, each)
            for reach, each in distinct
            if not any(other.covers(each) for by, other in distinct if by == reach and other != each)
        )

    def _reach(self, source: Source) -> StoreConfig:
        """How to reach a source's store."""
        mine = StoreConfig(**{name: getattr(self, name) for name in REACH}, connections=self.concurrency)
        own = {name: value for name in REACH if (value := getattr(source, name)) is not None}
        return replace(mine, **own)

    def selection(self) -> Selection:
        """Which of the listed objects are wanted."""
        classes = frozenset(self.storage_classes)
        return Selection(self.min_size, tuple(self.include), tuple(self.exclude), classes)


def chosen(keep: Sequence[str], protect: Sequence[str]) -> Choice:
    """How keepers are chosen by these rules and protections.

    Raises:
        UsageError: one of them cannot be read.
    """
    try:
        return Choice.parse(keep, protect)
    except ValueError as error:
        raise UsageError(f"{error}.") from error


def _located(location: Location | str) -> Location:
    return location if isinstance(location, Location) else Location.parse(location)
