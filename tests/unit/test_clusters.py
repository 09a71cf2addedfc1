"""Clusters and doubts agree with what is said of each pair."""

from __future__ import annotations

from itertools import combinations, permutations
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3dedup.evidence import Evidence, Verdict, cluster, compare, in_doubt
from s3dedup.model import EvidenceKind
from tests.unit.spaces import evidences, truths

if TYPE_CHECKING:
    from collections.abc import Sequence

CLAIMS = st.lists(evidences(), max_size=8)
TRUTHS = st.lists(truths(), max_size=10)


def known(**values: int) -> Evidence:
    """Evidence by space: `crc32` separates, `multipart` unites, the rest decides."""

    def of(*spaces: str) -> tuple[tuple[str, bytes], ...]:
        return tuple((space, bytes([values[space]])) for space in spaces if space in values)

    return Evidence(of("md5", "sha1", "sha256"), of("multipart"), of("crc32"))


def members(items: Sequence[Evidence]) -> list[tuple[int, ...]]:
    return [found.members for found in cluster(items)]


def doubts(items: Sequence[Evidence]) -> set[int]:
    """The items that are in doubt, by way of the clusters that they are in."""
    found = cluster(items)
    return {member for number in in_doubt([each.evidence for each in found]) for member in found[number].members}


@given(CLAIMS)
def test_each_item_is_in_exactly_one_cluster(items: list[Evidence]) -> None:
    assert sorted(index for found in members(items) for index in found) == list(range(len(items)))


@given(CLAIMS)
def test_two_items_that_are_different_are_never_in_one_cluster(items: list[Evidence]) -> None:
    for found in members(items):
        for one, other in combinations(found, 2):
            assert compare(items[one], items[other]) is not Verdict.DIFFERENT


@given(CLAIMS)
def test_a_cluster_is_in_doubt_exactly_if_it_is_undecided_against_another(items: list[Evidence]) -> None:
    found = [each.evidence for each in cluster(items)]
    undecided = {
        index
        for pair in combinations(range(len(found)), 2)
        if compare(*(found[index] for index in pair)) is Verdict.UNDECIDED
        for index in pair
    }
    assert in_doubt(found) == sorted(undecided)


@given(CLAIMS)
def test_no_two_clusters_are_the_same(items: list[Evidence]) -> None:
    found = [each.evidence for each in cluster(items)]
    assert all(compare(one, other) is not Verdict.SAME for one, other in combinations(found, 2))


@given(CLAIMS)
def test_what_unites_a_cluster_is_named_and_a_single_item_names_nothing(items: list[Evidence]) -> None:
    assert all((found.kind is None) == (len(found.members) == 1) for found in cluster(items))


@given(CLAIMS, st.randoms(use_true_random=False))
def test_the_order_of_the_items_does_not_matter(items: list[Evidence], chance: object) -> None:
    order = list(range(len(items)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    shuffled = [items[index] for index in order]
    assert {frozenset(order[index] for index in found) for found in members(shuffled)} == set(
        map(frozenset, members(items))
    )
    assert {order[index] for index in doubts(shuffled)} == doubts(items)


@given(TRUTHS)
def test_of_an_honest_store_equal_items_are_united_and_nothing_else_is(stored: list[tuple[int, Evidence]]) -> None:
    contents, items = [content for content, _ in stored], [evidence for _, evidence in stored]
    home = {index: number for number, found in enumerate(members(items)) for index in found}
    for one, other in combinations(range(len(items)), 2):
        if compare(items[one], items[other]) is Verdict.SAME:
            assert home[one] == home[other]
        if home[one] == home[other]:
            assert contents[one] == contents[other]


@given(TRUTHS)
def test_of_an_honest_store_no_twin_is_missed_they_are_united_or_in_doubt(stored: list[tuple[int, Evidence]]) -> None:
    contents, items = [content for content, _ in stored], [evidence for _, evidence in stored]
    home = {index: number for number, found in enumerate(members(items)) for index in found}
    doubtful = doubts(items)
    for one, other in combinations(range(len(items)), 2):
        if contents[one] == contents[other] and home[one] != home[other]:
            assert {one, other} <= doubtful


def test_items_that_share_nothing_are_united_by_a_third_that_shares_with_both() -> None:
    assert members([known(md5=1), known(md5=1, sha1=1), known(sha1=1)]) == [(0, 1, 2)]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_equal_md5s_with_unequal_sha256s_are_never_one_cluster(order: tuple[int, ...]) -> None:
    items = [known(md5=1, sha256=1), known(md5=1, sha256=2), known(md5=1)]
    assert members([items[index] for index in order]) == [(0,), (1,), (2,)]


def test_what_still_agrees_within_a_contradiction_stays_united() -> None:
    collision = [known(md5=1, sha256=1), known(md5=1, sha256=2), known(md5=1, sha256=1), known(md5=1, sha256=2)]
    assert members(collision) == [(0, 2), (1, 3)]
    assert doubts(collision) == set()


def test_an_item_that_a_contradiction_leaves_without_proof_is_in_doubt() -> None:
    assert doubts([known(md5=1, sha256=1), known(md5=1, sha256=2), known(md5=1)]) == {0, 1, 2}


def test_a_contradiction_between_two_digests_at_once_unites_nothing() -> None:
    items = [known(md5=1, sha1=1, sha256=1), known(sha1=1, sha256=2), known(md5=1, sha1=2)]
    assert members(items) == [(0,), (1,), (2,)]


def test_equal_md5s_with_unequal_crcs_are_never_one_cluster() -> None:
    assert members([known(md5=1, crc32=1), known(md5=1, crc32=2)]) == [(0,), (1,)]


def test_two_of_three_that_a_weak_checksum_does_not_tell_apart_are_in_doubt() -> None:
    assert in_doubt([known(crc32=1), known(crc32=1), known(crc32=2)]) == [0, 1]


def test_one_of_which_nothing_is_known_is_in_doubt_against_all() -> None:
    assert in_doubt([known(md5=1), known(md5=2), known()]) == [0, 1, 2]


def test_a_single_item_is_never_in_doubt() -> None:
    assert in_doubt([known()]) == []


@pytest.mark.parametrize(
    ("items", "kind"),
    [
        pytest.param([known(md5=1), known(md5=1)], EvidenceKind.MD5_ETAG, id="md5"),
        pytest.param([known(multipart=1), known(multipart=1)], EvidenceKind.MULTIPART_ETAG, id="multipart"),
        pytest.param([known(sha256=1), known(sha256=1)], EvidenceKind.CHECKSUM, id="checksum"),
        pytest.param([known(md5=1, sha1=1)] * 2, EvidenceKind.CHECKSUM, id="the-strongest-that-all-share"),
        pytest.param(
            [known(md5=1), known(md5=1, sha1=1), known(sha1=1)], EvidenceKind.MD5_ETAG, id="else-the-weakest-link"
        ),
    ],
)
def test_a_cluster_is_named_after_what_it_rests_on(items: list[Evidence], kind: EvidenceKind) -> None:
    (found,) = cluster(items)
    assert found.kind is kind
