"""The audit, from locations to a report. `audit` is the flow; everything it calls is one stage."""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from s3dedup import __version__
from s3dedup.engine import (
    Context,
    Crew,
    Emitter,
    Listing,
    Office,
    Pool,
    Watch,
    learn,
    list_locations,
    narrow,
    processes_to_use,
    settle_doubts,
    weigh_candidates,
)
from s3dedup.errors import UsageError
from s3dedup.listing import Selection
from s3dedup.model import AuditReport, EtagTrust, Location, RunInfo, Totals
from s3dedup.shelf import ScanRecord, Segment, State, Summary, read_report
from s3dedup.store import ObjectStore, S3Store, StoreConfig

RESUME_WITHIN = 24 * 3600.0
"""An interrupted listing is gone on with for so long (seconds); after that it is too old to be believed."""
DIGESTS = ("sha1", "sha256")


@dataclass(frozen=True, slots=True)
class AuditConfig:
    """What to audit, and how. What is None is taken from boto3's own configuration.

    `locations` are `Location`s or texts like "s3://bucket/prefix"; one that another covers is left out. `state` is a
    directory; None means the user's own (see `default_state`). Sizes are bytes. Globs match whole keys and their `*`
    matches `/` too. `fresh` forgets a listing that was interrupted. `digest` is "sha1" or "sha256".

    Raises:
        UsageError: an option makes no sense.
    """

    locations: Sequence[Location | str]
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
    concurrency: int = 16
    fresh: bool = False

    def __post_init__(self) -> None:
        if not self.locations:
            raise UsageError("There is nothing to audit: name at least one location, such as s3://bucket/prefix.")
        if self.concurrency < 1:
            raise UsageError(f"A concurrency of {self.concurrency} does nothing: pass 1 or more.")
        if self.digest not in DIGESTS:
            raise UsageError(f"{self.digest!r} is no digest that the audit uses: pass sha1 or sha256.")
        if self.etag_trust not in set(EtagTrust):
            raise UsageError(f"{self.etag_trust!r} is no way to trust ETags: pass auto, always or never.")
        self.distinct_locations()

    def distinct_locations(self) -> tuple[Location, ...]:
        """The locations in order, each once, without those that lie inside another."""
        try:
            every = [each if isinstance(each, Location) else Location.parse(each) for each in self.locations]
        except ValueError as error:
            raise UsageError(f"{error}.") from error
        distinct = list(dict.fromkeys(every))
        return tuple(each for each in distinct if not any(other.covers(each) for other in distinct if other != each))

    def selection(self) -> Selection:
        """Which of the listed objects are wanted."""
        classes = frozenset(self.storage_classes)
        return Selection(self.min_size, tuple(self.include), tuple(self.exclude), classes)

    def store(self) -> StoreConfig:
        """How to reach the store."""
        return StoreConfig(
            endpoint_url=self.endpoint_url,
            profile=self.profile,
            region=self.region,
            access_key=self.access_key,
            secret_key=self.secret_key,
            no_sign_request=self.no_sign_request,
            requester_pays=self.requester_pays,
            connections=self.concurrency,
        )


def default_state() -> Path:
    """Where the state is kept unless told otherwise: in the user's state directory (XDG Base Directory).

    Raises:
        UsageError: the user has no home directory.
    """
    base = os.environ.get("XDG_STATE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".local" / "state") / "s3dedup"
    except RuntimeError as error:
        raise UsageError("There is no home directory to keep the state in: pass --state.") from error


def audit(config: AuditConfig, watch: Watch | None = None) -> AuditReport:
    """Find the duplicates in some locations. Reads only; everything learnt is kept in the state directory.

    An audit that was interrupted goes on where it was. Objects that cannot be compared are in the report's `skipped`;
    whatever stops the whole audit is raised.

    Raises:
        S3DedupError: see `s3dedup.errors` for each way this can fail, and its exit code.
    """
    watch = watch or Watch()
    directory = config.state or default_state()
    with _opened(config, directory, watch) as context:
        emitter = Emitter(context.state.results)

        listed = list_locations(context)
        candidates = narrow(context)
        rules = learn(context, candidates)
        doubtful = weigh_candidates(context, rules, emitter, candidates)
        settle_doubts(context, rules, emitter, doubtful)

        context.state.results.finish(_summary(context, listed, emitter))
        context.state.end()
    return read_report(directory)


def report(state: Path | None = None) -> AuditReport:
    """The last finished audit of a state directory, without S3.

    Raises:
        NoReportError: there is none.
        StateError: the state is corrupt.
    """
    return read_report(state or default_state())


@contextmanager
def _opened(config: AuditConfig, directory: Path, watch: Watch) -> Iterator[Context]:
    """The store, the state, the crew and the threads, each given back in the end."""
    selection, locations = config.selection(), config.distinct_locations()
    with ExitStack() as opened:
        store = opened.enter_context(closing(S3Store(config.store())))
        state = opened.enter_context(closing(State(directory)))
        scan = state.begin(_scan(config, store), oldest=_oldest(config))

        def office(number: int) -> Office:
            return Office(store, Segment(directory, number), selection, config.versions)

        def hire() -> Crew:
            return Crew(config.concurrency, processes_to_use(), office, state.forget)

        pool = opened.enter_context(Pool(config.concurrency))
        watch.attach(lambda: store.meter.counted().work())
        trust = EtagTrust(config.etag_trust)
        yield Context(store, state, pool, watch, hire, locations, scan, config.versions, trust, config.digest)


def _scan(config: AuditConfig, store: ObjectStore) -> ScanRecord:
    """What this audit lists; a listing that was interrupted is only gone on with for exactly the same."""
    locations = [str(location) for location in config.distinct_locations()]
    asked = (store.endpoint, locations, config.versions, config.selection())
    digest = hashlib.blake2b(msgspec.msgpack.encode(asked, order="deterministic"), digest_size=16).digest()
    return ScanRecord(digest, uuid.uuid4().hex, time.time(), locations, list(range(len(locations))))


def _oldest(config: AuditConfig) -> float:
    return time.time() + 1 if config.fresh else time.time() - RESUME_WITHIN


def _summary(context: Context, listed: Listing, emitter: Emitter) -> Summary:
    scan = context.scan
    started, finished = datetime.fromtimestamp(scan.started, UTC), datetime.now(UTC)
    complete = context.state.results.skipped_count == 0
    totals = Totals(
        listed.objects,
        listed.bytes,
        listed.empty,
        emitter.groups,
        emitter.redundant,
        emitter.reclaimable_bytes,
        emitter.billable_bytes,
        None,
    )
    run = RunInfo(scan.run_id, started, finished, tuple(scan.locations), complete)
    return Summary(__version__, run, totals, context.store.meter.counted().work(), list(context.notes))
