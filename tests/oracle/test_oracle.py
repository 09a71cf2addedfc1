"""Whatever is stored, however, and on whatever server: nothing is wrongly the same, and no duplicate goes unsaid.

The suite tries the same few hundred corpora each time. A soak tries new ones, a hundred times as many:

    S3DEDUP_ORACLE=soak python -m pytest tests/oracle
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from s3dedup.errors import EndpointError, S3DedupError, StoreError
from s3dedup.model import EtagTrust
from tests.fakes3 import Request, matching
from tests.oracle.audits import State, audit_again, audit_once
from tests.oracle.corpora import Change, Corpus, changes, corpora
from tests.oracle.planted import Planted
from tests.oracle.profiles import PROFILE, tries
from tests.oracle.properties import (
    asked,
    check_complete,
    check_evidence,
    check_gone_are_named,
    check_skipped_for_a_reason,
    check_sound,
    check_totals,
    groups_of,
    skipped_of,
    undecided,
)

Options = dict[str, Any]
"""Of an `AuditConfig`."""
SETTINGS = ("GetBucketVersioning", "GetObjectLockConfiguration", "GetBucketReplication")
"""What each audit asks of a bucket anew: what a delete there does can change."""
OPTIONS = st.fixed_dictionaries(
    {
        "etag_trust": st.sampled_from((EtagTrust.AUTO, EtagTrust.AUTO, EtagTrust.NEVER)),
        "digest": st.sampled_from(("sha1", "sha256")),
        "versions": st.booleans(),
    }
)

pytestmark = [pytest.mark.usefixtures("in_process", "small"), pytest.mark.timeout(PROFILE.timeout)]


@tries(150)
@given(corpora(), OPTIONS, st.booleans())
def test_nothing_is_wrongly_the_same_and_no_duplicate_is_missed_but_for_what_is_named_as_skipped(
    fresh_state: State, corpus: Corpus, options: Options, ignores_conditions: bool
) -> None:
    planted = Planted(corpus, ignores_conditions=ignores_conditions)
    report = audit_once(fresh_state, planted, **options)
    stored = planted.listed(versions=options["versions"])
    check_sound(report, stored)
    check_evidence(report, options["etag_trust"], options["digest"])
    check_complete(report, stored)
    check_skipped_for_a_reason(report, stored)
    check_totals(report, stored)
    assert report.work == asked(planted.log())
    for group in report.groups:
        event(group.evidence.value)


@tries(40)
@given(corpora())
def test_who_trusts_every_etag_gets_equal_bytes_or_equal_etags(fresh_state: State, corpus: Corpus) -> None:
    planted = Planted(corpus)
    report = audit_once(fresh_state, planted, etag_trust=EtagTrust.ALWAYS)
    check_sound(report, planted.listed(), EtagTrust.ALWAYS)
    check_totals(report, planted.listed())


@tries(50)
@given(corpora(calm=True), OPTIONS)
def test_the_same_again_is_answered_by_what_is_known(fresh_state: State, corpus: Corpus, options: Options) -> None:
    planted = Planted(corpus)
    with fresh_state() as state:
        first = audit_again(state, planted, **options)
        before = Counter(entry.operation for entry in planted.log())
        second = audit_again(state, planted, **options)
    assert first.run.complete
    assert groups_of(second) == groups_of(first)
    assert second.totals == first.totals
    asked = set(Counter(entry.operation for entry in planted.log()) - before)
    listing = "ListObjectVersions" if options["versions"] else "ListObjectsV2"
    assert {listing} <= asked <= {listing, *SETTINGS}, "nothing is asked of an object"


@tries(60)
@given(st.data(), corpora(), OPTIONS)
def test_after_a_change_an_audit_with_a_memory_finds_what_one_without_finds(
    fresh_state: State, data: st.DataObject, corpus: Corpus, options: Options
) -> None:
    planted = Planted(corpus)
    with fresh_state() as state:
        audit_again(state, planted, **options)
        for change in data.draw(changes(corpus)):
            planted.make(change)
        later = audit_again(state, planted, **options)
    fresh = audit_once(fresh_state, planted, **options)
    stored = planted.listed(versions=options["versions"])
    check_sound(later, stored)
    check_complete(later, stored)
    assert groups_of(later) == groups_of(fresh)
    assert undecided(later, stored) == undecided(fresh, stored)
    assert later.totals == fresh.totals


class Breaker:
    """Fails the requests to all stores, once so many were answered (None: never)."""

    def __init__(self, planted: Planted, error: type[S3DedupError]) -> None:
        self.answers: int | None = None
        self._error = error
        for s3 in planted.s3.values():
            s3.faults.add(self, times=None)

    def __call__(self, _: Request) -> None:
        if self.answers == 0:
            raise self._error("broken off")
        if self.answers is not None:
            self.answers -= 1


@tries(60)
@given(
    corpora(),
    OPTIONS,
    st.lists(st.integers(0, 30), min_size=1, max_size=3),
    st.sampled_from((StoreError, EndpointError)),
)
def test_an_audit_that_was_broken_off_anywhere_ends_as_if_it_had_not_been(
    fresh_state: State, corpus: Corpus, options: Options, answered: Sequence[int], error: type[S3DedupError]
) -> None:
    planted = Planted(corpus, page_keys=2)
    whole = audit_once(fresh_state, planted, **options)
    breaker = Breaker(planted, error)
    with fresh_state() as state:
        for breaker.answers in answered:
            with suppress(error):
                audit_again(state, planted, **options)
                event("not broken off after all")
        breaker.answers = None
        resumed = audit_again(state, planted, **options)
    check_sound(resumed, planted.listed(versions=options["versions"]))
    assert groups_of(resumed) == groups_of(whole)
    assert skipped_of(resumed) == skipped_of(whole)
    assert resumed.totals == whole.totals


@tries(60)
@given(st.data(), corpora(), st.booleans())
def test_what_changes_while_the_audit_runs_is_not_compared_as_what_was_listed(
    fresh_state: State, data: st.DataObject, corpus: Corpus, ignores_conditions: bool
) -> None:
    planted = Planted(corpus, ignores_conditions=ignores_conditions)
    stored = planted.listed()
    for change in data.draw(changes(corpus)):
        when = data.draw(st.sampled_from(("HeadObject", "GetObject")))
        change_after(planted, change, when, data.draw(st.integers(1, 6)))
    report = audit_once(fresh_state, planted)
    check_sound(report, stored)
    check_complete(report, stored)
    check_gone_are_named(report, planted.log())


def change_after(planted: Planted, change: Change, operation: str, nth: int) -> None:
    """Make a change right after the `nth` such request to its store."""
    planted.store_of(change).after(matching(operation), lambda: planted.make(change), nth=nth)


@tries(40)
@given(corpora(), OPTIONS)
def test_pages_and_connections_change_no_group(fresh_state: State, corpus: Corpus, options: Options) -> None:
    planted = Planted(corpus)
    one = audit_once(fresh_state, planted, **options)
    for planted.page_keys, connections in ((1, 1), (3, 8)):
        other = audit_once(fresh_state, planted, **options, concurrency=connections)
        assert groups_of(other) == groups_of(one)
        assert skipped_of(other) == skipped_of(one)
        assert other.totals == one.totals


@tries(40)
@given(corpora(calm=True), OPTIONS)
def test_the_digest_changes_no_group_of_what_can_be_read(fresh_state: State, corpus: Corpus, options: Options) -> None:
    planted = Planted(corpus)
    one, other = (audit_once(fresh_state, planted, **{**options, "digest": digest}) for digest in ("sha1", "sha256"))
    assert groups_of(other) == groups_of(one)
    assert other.totals == one.totals


@tries(40)
@given(corpora())
def test_the_order_of_a_listing_changes_no_group(fresh_state: State, corpus: Corpus) -> None:
    found = {
        groups_of(audit_once(fresh_state, Planted(corpus.listed(order), page_keys=2)))
        for order in ("utf-8", "by-directory", "unordered")
    }
    assert len(found) == 1
