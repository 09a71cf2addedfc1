"""Where a bucket stands: each row of the rules."""

from __future__ import annotations

import pytest

from s3dedup.engine.standing import Settings, Standing, stand
from s3dedup.model import Effect, ReplicationRule

RULE = ReplicationRule("b", "x/")


def b(settings: Settings, *, versions: bool = False, **others: Settings) -> Standing:
    """Where bucket b stands beside these others."""
    return stand("b", {"b": settings, **others}, versions=versions)


def test_without_versioning_every_delete_frees() -> None:
    found = b(Settings(versioned=False), a=Settings(versioned=True, rules=(RULE,)))
    assert (found.effect, found.asks, found.replicates, found.may_lock) == (Effect.FREES, False, False, False)


def test_a_rule_between_audited_buckets_makes_it_depend_on_the_object_on_both_sides() -> None:
    found = {"a": Settings(versioned=True, rules=(RULE,)), "b": Settings(versioned=True)}
    source, target = (stand(name, found, versions=False) for name in "ab")
    assert (source.targets, source.sources, source.effect) == ((("b", "x/"),), (), None)
    assert (target.targets, target.sources, target.effect) == ((), (("a", "x/"),), None)
    assert source.replicates is target.replicates is True


def test_where_versioning_is_unknown_so_is_every_delete_and_no_object_is_asked() -> None:
    found = b(Settings(None, None, None))
    assert (found.effect, found.asks) == (Effect.UNKNOWN, False)


@pytest.mark.parametrize("locks", [True, None])
def test_where_objects_may_be_locked_it_depends_on_the_object(*, locks: bool | None) -> None:
    found = b(Settings(versioned=True, locks=locks))
    assert (found.effect, found.asks) == (None, True)


def test_where_locks_are_not_told_asking_is_of_no_use() -> None:
    assert not b(Settings(versioned=True, locks=True))._replace(locks_told=False).asks


@pytest.mark.parametrize("rules", [None, (ReplicationRule("elsewhere"),)])
def test_where_the_bucket_is_or_may_be_replicated_it_depends_on_the_object(
    rules: tuple[ReplicationRule, ...] | None,
) -> None:
    found = b(Settings(versioned=True, rules=rules))
    assert (found.effect, found.asks, found.replicates) == (None, True, True)


def test_where_another_buckets_rules_are_unknown_they_may_lead_here() -> None:
    assert b(Settings(versioned=True), a=Settings(versioned=True, rules=None)).replicates


def test_a_rule_that_is_not_certain_proves_nothing_and_is_reason_to_ask() -> None:
    found = b(Settings(versioned=True), a=Settings(versioned=True, rules=(RULE._replace(certain=False),)))
    assert (found.sources, found.effect, found.asks) == ((), None, True)


@pytest.mark.parametrize(("versions", "effect"), [(True, Effect.FREES), (False, Effect.NEEDS_VERSION)])
def test_where_nothing_else_is_in_the_way_it_depends_on_version_ids(effect: Effect, *, versions: bool) -> None:
    found = b(Settings(versioned=True), versions=versions)
    assert (found.effect, found.asks) == (effect, False)
