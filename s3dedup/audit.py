"""The audit, from locations to a report. `audit` is the flow; everything it calls is one stage."""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import msgspec

from s3dedup import __version__
from s3dedup.config import AuditConfig, chosen
from s3dedup.engine import (
    Budget,
    Bytewise,
    Context,
    Crew,
    Emitter,
    Limits,
    Listing,
    Money,
    Office,
    Outlook,
    PlanFile,
    Pool,
    Sorters,
    Verifier,
    Watch,
    appraiser,
    ask_redundant,
    comparison,
    cross_check,
    explained,
    finished_runs,
    learn,
    list_locations,
    markets,
    narrow,
    objects_below,
    planned,
    processes_to_use,
    rearranged,
    settle_doubts,
    weigh_candidates,
    with_past,
)
from s3dedup.errors import StateError, UsageError
from s3dedup.explanation import Explanation, ObjectName
from s3dedup.model import AuditReport, Comparison, Estimate, EtagTrust, FinishedRun, InDoubt, Location, RunInfo, Totals
from s3dedup.plan import AWS, Plan
from s3dedup.shelf import (
    Manner,
    ScanRecord,
    Segment,
    State,
    Summary,
    read_report,
    read_summary,
    remember,
    rule_key,
)
from s3dedup.store import ObjectStore, S3Store, StoreConfig, Stores
from s3dedup.text import human_bytes

HEADS = 1000
"""An estimate asks at most so many objects for their encryption."""
NOTHING_IN_DOUBT = InDoubt(0, 0, 0, 0, Decimal(0), 0)
RESUME_WITHIN = 24 * 3600.0
"""An interrupted listing is gone on with for so long (seconds); after that it is too old to be believed."""


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


OpenStore = Callable[[StoreConfig], ObjectStore]


def audit(config: AuditConfig, watch: Watch | None = None, *, open_store: OpenStore = S3Store) -> AuditReport:
    """Find the duplicates in some locations. Reads only; everything learnt is kept in the state directory.

    An audit that was interrupted goes on where it was. Objects that cannot be compared are in the report's `skipped`;
    whatever stops the whole audit is raised. `open_store` gives the store for each way of reaching one.

    Raises:
        S3DedupError: see `s3dedup.errors` for each way this can fail, and its exit code.
    """
    watch = watch or Watch()
    directory = config.state or default_state()
    with _opened(config, directory, watch, open_store) as context:
        context.state.results.finish(_found(context, config))
        context.state.end()
        remember(directory)
    return report(directory)


def estimate(config: AuditConfig, watch: Watch | None = None, *, open_store: OpenStore = S3Store) -> Estimate:
    """What an audit of this would have to read to prove everything, what that would cost and could save. Reads no body,
    and asks few objects for their encryption; what that leaves open counts as in doubt. The last report stays.

    Raises:
        S3DedupError: as `audit` does.
    """
    few = HEADS if config.max_requests is None else min(HEADS, config.max_requests)
    frugal = replace(config, max_read=0, max_requests=few)
    with _opened(frugal, config.state or default_state(), watch or Watch(), open_store) as context:
        found = _found(context, frugal)
        context.state.end()
    return Estimate(found.run, found.totals, found.work, found.in_doubt or NOTHING_IN_DOUBT, found.prices)


def _found(context: Context, config: AuditConfig) -> Summary:
    """The stages of an audit, and what they came to."""
    prices = markets(context, config.prices)
    listed = list_locations(context)
    context.money = Money.of(prices, listed.classes)
    with Sorters(context) as sorters:
        candidates = narrow(context, sorters)
        rules = learn(context, candidates)
        emitter = Emitter(context.state.results.add, config.choice(), appraiser(context, listed, candidates))
        doubtful = weigh_candidates(context, sorters, rules, emitter, candidates)
    left = settle_doubts(context, rules, emitter, doubtful)
    ask_redundant(context, emitter)
    return _summary(context, listed, emitter, left)


def report(state: Path | None = None, keep: Sequence[str] = (), protect: Sequence[str] = ()) -> AuditReport:
    """The last finished audit of a state directory, without S3. With `keep` or `protect` its keepers are chosen anew,
    by these alone, whatever the audit was told.

    Raises:
        UsageError: what is to be kept or protected cannot be read.
        NoReportError: there is no finished audit.
        StateError: the state is corrupt.
    """
    choice, directory = chosen(keep, protect), state or default_state()
    found = rearranged(directory, choice) if keep or protect else read_report(directory)
    return with_past(found, directory)


def history(state: Path | None = None) -> list[FinishedRun]:
    """The finished audits that a state directory remembers, the oldest first.

    Raises:
        NoReportError: there are none.
    """
    return finished_runs(state or default_state())


def compare(state: Path | None = None, run: str | None = None) -> Comparison:
    """What the last audit found against an earlier one: the one whose id begins with `run`; by default the last one of
    the same locations.

    Raises:
        UsageError: there is no such audit, or what it found is no longer kept.
        NoReportError: there is no finished audit.
        StateError: what one of them found is corrupt.
    """
    return comparison(state or default_state(), run)


def explain(
    names: Sequence[str],
    state: Path | None = None,
    live: StoreConfig | None = None,
    *,
    open_store: OpenStore = S3Store,
) -> Explanation:
    """Why one object is, or is not, a duplicate, or how two compare: by what the last finished audit has left. `names`
    are one or two texts like "s3://bucket/key". With `live` the store that is reached so is asked, too, whether they
    are still what was listed.

    Raises:
        UsageError: a name is none, or is that of no object, or of several, that were listed; the store is another.
        NoReportError: there is no finished audit.
        StateLockedError: an audit is under way.
        StateError: the state is corrupt, or what the audit listed is no longer there.
    """
    if len(names) not in {1, 2}:
        raise UsageError(f"{len(names)} objects cannot be explained: name one, or two to compare them.")
    try:
        wanted = [ObjectName.parse(name) for name in names]
    except ValueError as error:
        raise UsageError(f"{error}.") from error
    with ExitStack() as opened:
        store = None if live is None else opened.enter_context(closing(open_store(live)))
        return explained(state or default_state(), wanted, store)


@contextmanager
def manifest(state: Path | None = None, keep: Sequence[str] = (), protect: Sequence[str] = ()) -> Iterator[Plan]:
    """A plan of the last finished audit of a state directory, without S3: what is redundant, each beside its keeper,
    the most money first. With `keep` or `protect` keepers are chosen anew, as `report` does.

    Raises:
        UsageError, NoReportError, StateError: as for `report`; and there is no room to sort on disk.
    """
    directory = state or default_state()
    summary, found = read_summary(directory), report(directory, keep, protect)
    if summary.run.id != found.run.id:
        raise StateError("Another audit was finished at this very moment: run the same command again.")
    with planned(found, summary.manner, __version__, tuple(keep), tuple(protect)) as plan:
        yield plan


@dataclass(frozen=True, slots=True)
class VerifyConfig:
    """How a plan is held against the stores: reached by `reach`, whose endpoints are those of the plan. With `bytes`
    also byte for byte, as long as no more than `max_read` bytes have to be read.

    Raises:
        UsageError: an option makes no sense.
    """

    reach: StoreConfig = field(default_factory=StoreConfig)
    bytes: bool = False
    max_read: int | None = None

    def __post_init__(self) -> None:
        if self.reach.connections < 1:
            raise UsageError(f"A concurrency of {self.reach.connections} does nothing: pass 1 or more.")
        if self.max_read is not None and not self.bytes:
            raise UsageError("Only --bytes reads, so only with it a limit to what is read makes sense.")
        if self.max_read is not None and self.max_read < 0:
            raise UsageError("Nobody can read less than nothing: pass 0 or more bytes, or leave the limit out.")


@contextmanager
def verify(
    plan: Path, config: VerifyConfig | None = None, watch: Watch | None = None, *, open_store: OpenStore = S3Store
) -> Iterator[Plan]:
    """The plan in a file of JSON lines, held against the stores as its entries are gone through: each line with what
    was found, or dropped because an object is no longer what it was. Reads only.

    Raises:
        UsageError: the plan makes no sense, or is for another store than the one that is reached.
        S3DedupError: a store cannot be asked; also while the entries are gone through.
    """
    config, watch = config or VerifyConfig(), watch or Watch()
    file = PlanFile(plan)
    extent = cross_check(file.lines())
    with ExitStack() as opened:
        stores = {name: _store_at(name, config.reach, open_store, opened) for name in file.head.endpoints}
        pool = opened.enter_context(Pool(config.reach.connections))
        reader = Bytewise(stores, Budget(Limits(config.max_read))) if config.bytes else None
        asked = Stores(list(stores.values()), {})
        watch.attach(lambda: asked.counted().work())
        watch.stage("Verifying", objects=extent.lines, size=extent.bytes)
        found = Verifier(stores, pool, watch, reader).entries(line for _, line in file.lines())
        yield Plan(replace(file.head, verified=datetime.now(UTC)), found)
        work = asked.counted()
        watch.line(f"{work.heads:,} HEAD, {work.gets:,} GET, {human_bytes(work.bytes_read)} read")


def _store_at(endpoint: str, reach: StoreConfig, open_store: OpenStore, opened: ExitStack) -> ObjectStore:
    """The store at an endpoint of a plan."""
    reach = replace(reach, endpoint_url=None if endpoint == AWS else endpoint)
    store = opened.enter_context(closing(open_store(reach)))
    if store.endpoint != endpoint:
        raise UsageError(
            f"The plan is for {endpoint}, and your AWS configuration leads to {store.endpoint}: set AWS_ENDPOINT_URL"
            " or the profile as they were for the audit."
        )
    return store


@contextmanager
def _opened(config: AuditConfig, directory: Path, watch: Watch, open_store: OpenStore) -> Iterator[Context]:
    """The stores, the state, the crew and the threads, each given back in the end."""
    selection = config.selection()
    with ExitStack() as opened:
        stores, locations = _stores(config, open_store, opened)
        state = opened.enter_context(closing(State(directory)))
        scan = _scan(config, stores, locations)
        if not config.fresh:
            scan.in_sequence = _in_sequence(state, stores, locations)
        scan = state.begin(scan, oldest=_oldest(config))

        def office(number: int) -> Office:
            return Office(stores, Segment(directory, number), selection, config.versions)

        def hire() -> Crew:
            return Crew(config.concurrency, processes_to_use(), office, state.forget, spare=-(-config.concurrency // 4))

        pool = opened.enter_context(Pool(config.concurrency))
        watch.attach(lambda: stores.counted().work())
        trust, budget = EtagTrust(config.etag_trust), Budget(config.limits())
        limits = config.concurrency, locations, scan, budget
        yield Context(stores, state, pool, watch, hire, *limits, config.versions, trust, config.digest)


def _stores(config: AuditConfig, open_store: OpenStore, opened: ExitStack) -> tuple[Stores, tuple[Location, ...]]:
    """The stores, and the locations with their buckets named so that no two are named alike."""
    sources = config.sources()
    reached = list(dict.fromkeys(reach for reach, _ in sources))
    stores = [opened.enter_context(closing(open_store(reach))) for reach in reached]
    places = {(reached.index(reach), location.bucket) for reach, location in sources}
    names = named_apart([(stores[index].endpoint, index, bucket) for index, bucket in sorted(places)])
    locations = tuple(
        Location(names[reached.index(reach), location.bucket], location.prefix) for reach, location in sources
    )
    return Stores(stores, {name: place for place, name in names.items()}), locations


def named_apart(places: Sequence[tuple[str, int, str]]) -> dict[tuple[int, str], str]:
    """What to call the buckets of several stores, given as (endpoint, store's position, bucket): `bucket`, or
    `bucket@host` where two endpoints have one of that name.

    Raises:
        UsageError: a bucket is to be reached in two ways.
    """
    endpoints: dict[str, set[str]] = defaultdict(set)
    for endpoint, _, bucket in places:
        endpoints[bucket].add(endpoint)
    names: dict[tuple[int, str], str] = {}
    for endpoint, position, bucket in places:
        host = endpoint.partition("://")[2] or endpoint
        name = bucket if len(endpoints[bucket]) == 1 else f"{bucket}@{host}"
        if name in names.values():
            raise UsageError(f"s3://{bucket} is named with two profiles or credentials: audit all of it with one.")
        names[position, bucket] = name
    return names


def _scan(config: AuditConfig, stores: Stores, locations: Sequence[Location]) -> ScanRecord:
    """What this audit lists; a listing that was interrupted is only gone on with for exactly the same."""
    texts = [str(location) for location in locations]
    places = [(stores.endpoint(each.bucket), stores.name(each.bucket), each.prefix) for each in locations]
    asked = (places, config.versions, config.selection())
    digest = hashlib.blake2b(msgspec.msgpack.encode(asked, order="deterministic"), digest_size=16).digest()
    manner = _manner(config, stores, locations)
    return ScanRecord(digest, uuid.uuid4().hex, time.time(), texts, list(range(len(texts))), manner=manner)


def _in_sequence(state: State, stores: Stores, locations: Sequence[Location]) -> list[int]:
    """Which locations an earlier audit had to list page after page, because the store does not keep to S3's order."""
    keys = [rule_key(stores.endpoint(each.bucket), stores.name(each.bucket)) for each in locations]
    records = [state.buckets.get(key) for key in keys]
    return [index for index, record in enumerate(records) if record is not None and record.in_sequence]


def _manner(config: AuditConfig, stores: Stores, locations: Sequence[Location]) -> Manner:
    return Manner(
        list(locations),
        [stores.place(each.bucket) for each in locations],
        config.versions,
        EtagTrust(config.etag_trust),
        config.digest,
        config.min_size,
        list(config.include),
        list(config.exclude),
        list(config.storage_classes),
    )


def _oldest(config: AuditConfig) -> float:
    return time.time() + 1 if config.fresh else time.time() - RESUME_WITHIN


def _summary(context: Context, listed: Listing, emitter: Emitter, left: Outlook) -> Summary:
    scan, tally, doubt = context.scan, emitter.tally, left.in_doubt()
    started, finished = datetime.fromtimestamp(scan.started, UTC), datetime.now(UTC)
    complete = context.state.results.skipped_count == 0 and doubt is None
    totals = Totals(
        listed.objects,
        listed.bytes,
        listed.empty,
        tally.groups,
        tally.redundant,
        tally.reclaimable_bytes,
        tally.billable_bytes,
        tally.monthly_usd,
        tally.protected,
        tally.savings.finish(),
    )
    run = RunInfo(scan.run_id, started, finished, tuple(scan.locations), complete)
    work = replace(context.stores.counted().work(), cost_usd=context.cost())
    notes = list(context.notes)
    below = objects_below(context, tally.rollup.prefixes())
    rollups, choices = tally.rollup.finish(below), list(tally.decisions.notes(emitter.choice))
    return Summary(
        __version__,
        run,
        totals,
        work,
        notes,
        rollups,
        list(below.items()),
        choices,
        doubt,
        context.money.sources(),
        scan.manner,
        emitter.appraiser.to_bytes(),
    )
