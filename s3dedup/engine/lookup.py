"""What the last finished audit left, opened to be asked about, and an object looked up in its listing by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from pathlib import Path

from s3dedup.engine.memory import Memory
from s3dedup.engine.scan import in_order
from s3dedup.errors import StateError, UsageError
from s3dedup.explanation import ObjectName
from s3dedup.groups import Placed
from s3dedup.listing import Selection
from s3dedup.model import EtagTrust, ListedObject, Location, Place, RunInfo
from s3dedup.shelf import Manner, ScanRecord, State
from s3dedup.text import human_count

NEAR = 1000
"""A name that was not listed is held against so many that were, for a hint."""
NAMED = 5


@dataclass(slots=True)
class Recollection(Memory):
    """A finished audit, without the stores that it asked."""

    state: State
    scan: ScanRecord
    manner: Manner
    run: RunInfo
    locations: Sequence[Location]
    etag_trust: EtagTrust
    digest: str
    sources: dict[int, Location]
    places: dict[str, Place]

    def place(self, bucket: str) -> Place:
        """Where a bucket is, by the name that reports give it."""
        return self.places[bucket]

    @property
    def title(self) -> str:
        """The audit in a sentence."""
        return f"audit {self.run.id[:8]} of {self.run.finished:%Y-%m-%d %H:%M} UTC"


@contextmanager
def recollected(directory: Path, run: RunInfo) -> Iterator[Recollection]:
    """What this audit, the last finished one of a state directory, has left.

    Raises:
        StateLockedError: an audit is under way.
        StateError: what it listed is no longer there.
    """
    with closing(State(directory)) as state:
        scan = state.finished(run.id)
        if scan is None or scan.manner is None:
            raise StateError(
                f"What the last audit in {directory} listed is no longer there, because something else was listed since"
                " or an older s3dedup did it: run `s3dedup audit` to its end and ask again."
            )
        state.open_listed(scan.sources)
        manner = scan.manner
        sources = dict(zip(scan.sources, manner.locations, strict=True))
        places = {location.bucket: place for location, place in zip(manner.locations, manner.places, strict=True)}
        yield Recollection(
            state, scan, manner, run, manner.locations, manner.etag_trust, manner.digest, sources, places
        )


def look_up(memory: Recollection, name: ObjectName) -> Placed:
    """The one object of the listing that goes by this name.

    Raises:
        UsageError: there is none, or it has several versions; the message helps to find the right one.
    """
    seen: list[ListedObject] = []
    for key, version in name.readings():
        rows = [row for row in _near(memory, name.bucket, key, seen) if row.key == key]
        found = rows if version is None else [row for row in rows if row.version_id == version]
        if len(found) == 1:
            return name.bucket, found[0]
        if rows:
            raise UsageError(_which_version(name.bucket, rows, version))
    raise UsageError(f"{name} was not listed by {memory.title}: {_why_not(memory, name, seen)}.")


def _near(memory: Recollection, bucket: str, key: str, seen: list[ListedObject]) -> Iterator[ListedObject]:
    """The rows among which a key would be; the first of them are noted as seen."""
    for index, (source, location) in enumerate(memory.sources.items()):
        if location.covers(Location(bucket, key)):
            for row in memory.state.listed.near(source, key, ordered=in_order(memory, index)):
                if len(seen) < NEAR:
                    seen.append(row)
                yield row


def _which_version(bucket: str, rows: Sequence[ListedObject], wanted: str | None) -> str:
    names = ", ".join(row.at(bucket).uri for row in islice(rows, NAMED))
    key = f"s3://{bucket}/{rows[0].key}"
    if wanted is not None:
        return f"No version {wanted!r} of {key} was listed: name one that was, as in {names}."
    return f"{human_count(len(rows), 'version')} of {key} were listed: name one, as in {names}."


def _why_not(memory: Recollection, name: ObjectName, seen: Sequence[ListedObject]) -> str:
    """Why an object was not listed, and what to ask about instead.

    | its location | its key, by the globs | size or class was restricted | it says |
    |---|---|---|---|
    | not looked in, another endpoint's bucket of that name was | - | - | the names of these |
    | not looked in | - | - | where it looked |
    | looked in | left out | - | by what |
    | looked in | wanted | yes | not there, or left out |
    | looked in | wanted | no | not there |
    """
    if not any(location.covers(Location(name.bucket, name.rest)) for location in memory.locations):
        return _where_instead(memory, name.bucket)
    manner = memory.manner
    if not Selection(include=tuple(manner.include), exclude=tuple(manner.exclude)).wants_key(name.rest):
        return "--include or --exclude left out its key"
    restricted = manner.min_size or manner.storage_classes
    why = "it was not there, or --min-size or --storage-class left it out" if restricted else "it was not there"
    keys = {row.key: row for row in seen}
    close = get_close_matches(name.rest, keys, n=1)
    hint = f"a name like it that was is {keys[close[0]].at(name.bucket).uri}" if close else "check its spelling"
    return f"{why}; {hint}"


def _where_instead(memory: Recollection, bucket: str) -> str:
    alike = [f"s3://{each}/" for each, place in memory.places.items() if place.bucket == bucket]
    if alike and bucket not in memory.places:
        return f"write it as below {' or '.join(sorted(alike))}"
    more = len(memory.locations) - NAMED
    places = ", ".join(map(str, memory.locations[:NAMED]))
    return f"it looked in {places}{f' and {more:,} more' if more > 0 else ''}"
