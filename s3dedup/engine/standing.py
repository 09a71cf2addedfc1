"""What stands in the way of deleting, bucket by bucket: pure, from the settings of all that are audited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from s3dedup.model import Effect, ReplicationRule


class Standing(NamedTuple):
    """What is known of a bucket that decides what a delete there does; None is unknown.

    `versioned` and `locks` are whether it has versioning and Object Lock, `locks_told` whether a HEAD tells of an
    object's locks (None: not asked yet). `replicates` is whether its objects may have a part in replication;
    `sources` and `targets` are audited buckets that are surely replicated here, or to where this one is, each with the
    prefix that a rule is for. `effect` is that of any delete; None where it depends on the object.
    """

    versioned: bool | None = None
    locks: bool | None = None
    locks_told: bool | None = None
    replicates: bool = True
    sources: tuple[tuple[str, str], ...] = ()
    targets: tuple[tuple[str, str], ...] = ()
    effect: Effect | None = Effect.UNKNOWN

    @property
    def may_lock(self) -> bool:
        """Whether its objects may be locked."""
        return self.locks is not False

    @property
    def asks(self) -> bool:
        """Whether a HEAD could tell what deleting an object there would do. Where nobody tells whether there are
        versions, it could not.
        """
        return self.versioned is True and (self.replicates or (self.may_lock and self.locks_told is not False))


class Settings(NamedTuple):
    """What the settings of a bucket are; None is unknown. `rules` say to where it is replicated, by the names that
    reports give to buckets.
    """

    versioned: bool | None
    locks: bool | None = False
    rules: tuple[ReplicationRule, ...] | None = ()


def stand(bucket: str, found: Mapping[str, Settings], *, versions: bool) -> Standing:
    """Where a bucket stands, by the settings of all that are audited; the first row that fits counts.

    | versioning | surely a replica or a source of one | Object Lock | rules here or to here | the effect of a delete |
    |---|---|---|---|---|
    | no | - | - | - | frees |
    | - | some objects, by a rule between audited buckets | - | - | depends |
    | unknown | none | - | - | unknown |
    | yes | none | on, or unknown | - | depends |
    | yes | none | off | some, or unknown | depends |
    | yes | none | off | none | frees with version ids (`versions` are listed), else needs them |

    What buckets that are not audited replicate to here is not known, and taken for nothing.
    """
    mine = found[bucket]
    if mine.versioned is False:
        return Standing(versioned=False, locks=False, replicates=False, effect=Effect.FREES)
    others = {name: each.rules for name, each in found.items()}
    targets = tuple((rule.target, rule.prefix) for rule in mine.rules or () if rule.certain and rule.target)
    to_here = [(name, rule) for name, rules in others.items() for rule in rules or () if rule.target == bucket]
    sources = tuple((name, rule.prefix) for name, rule in to_here if rule.certain)
    replicates = mine.rules != () or bool(to_here) or any(rules is None for rules in others.values())
    standing = Standing(mine.versioned, mine.locks, None, replicates, sources, targets)
    if sources or targets or (mine.versioned and (standing.may_lock or replicates)):
        return standing._replace(effect=None)
    if mine.versioned is None:
        return standing
    return standing._replace(effect=Effect.FREES if versions else Effect.NEEDS_VERSION)
