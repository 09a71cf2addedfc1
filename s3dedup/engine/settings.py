"""Asks the settings of buckets that say what a delete there does: once for each audit, for they change.

A bucket without versioning settles it: Object Lock and replication both need it. Of the others two more settings are
read. What may not, or cannot, be asked is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

from s3dedup.engine.appraise import Appraiser
from s3dedup.engine.context import Context
from s3dedup.engine.narrowing import Candidates
from s3dedup.engine.pool import Job, Task
from s3dedup.engine.scan import Listing
from s3dedup.engine.standing import Settings, Standing, stand
from s3dedup.model import ReplicationRule
from s3dedup.text import human_count


def appraiser(context: Context, listed: Listing, candidates: Candidates) -> Appraiser:
    """What values the groups of this audit. Where there are no candidates, nothing is asked."""
    prices = {name: context.money.of_class(*name) for name in listed.classes}
    buckets = sorted({each.bucket for each in context.locations}) if candidates.objects else []
    found = dict(context.pool.drive(_ask(context, bucket) for bucket in buckets))
    standings = {bucket: stand(bucket, found, versions=context.versions) for bucket in found}
    for bucket in buckets:
        context.notes.extend(notes_on(bucket, found[bucket], standings[bucket]))
    return Appraiser.of(datetime.fromtimestamp(context.scan.started, UTC), prices, standings)


def _ask(context: Context, bucket: str) -> Job[tuple[str, Settings]]:
    found: list[Settings] = []
    yield [Task(partial(_settings, context, bucket), found.append)]
    return bucket, found[0]


def _settings(context: Context, bucket: str) -> Settings:
    """Read them; run on a worker thread."""
    versioned = context.stores.versioned(bucket)
    if versioned is False:
        return Settings(versioned)
    rules = context.stores.replication_rules(bucket)
    return Settings(versioned, context.stores.locks_objects(bucket), rules and _named(context, bucket, rules))


def _named(context: Context, bucket: str, rules: tuple[ReplicationRule, ...]) -> tuple[ReplicationRule, ...]:
    """Rules with the names that reports give to their targets, as far as these are audited."""
    endpoint = context.place(bucket).endpoint
    names = {
        context.place(each.bucket).bucket: each.bucket
        for each in context.locations
        if context.place(each.bucket).endpoint == endpoint
    }
    return tuple(rule._replace(target=names.get(rule.target, "")) for rule in rules)


def notes_on(bucket: str, settings: Settings, standing: Standing) -> Iterator[str]:
    """What a report says about a bucket of which not everything is free to go."""
    if standing.versioned is False:
        return
    where = f"s3://{bucket}"
    if standing.versioned is None:
        yield f"{where}: whether it keeps old versions may not or cannot be asked, so what a delete frees is not known."
        return
    told = [_on("Object Lock", standing.locks)]
    told.append("its replication rules are not known" if settings.rules is None else _rules(settings.rules))
    yield f"{where} keeps old versions; {'; '.join(told)}."
    if not standing.replicates:
        yield f"{where}: replicas that buckets outside of this audit have made there would not be recognised."


def _on(what: str, known: bool | None) -> str:
    return f"whether it has {what} is not known" if known is None else f"{what} is {'on' if known else 'off'}"


def _rules(rules: tuple[ReplicationRule, ...]) -> str:
    return f"it has {human_count(len(rules), 'replication rule')}" if rules else "it is not replicated"
