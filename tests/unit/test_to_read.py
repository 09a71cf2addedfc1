"""What has to be read to settle everything: a row of the truth table each, and no pair forgotten."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from s3dedup.evidence import (
    Candidate,
    Evidence,
    Verdict,
    Want,
    at_most,
    cluster,
    compare,
    doubtful_sets,
    to_read,
)

MD5, IN_3, IN_5, SHA256 = "md5", "multipart-3x8", "multipart-5x5", "sha256"


def known_by(*spaces: str, cost: float | None = 1.0) -> Candidate:
    return Candidate(Evidence(tuple((space, space.encode()) for space in spaces)), cost)


def test_what_is_known_by_nothing_is_read() -> None:
    assert to_read([known_by(), known_by()]) == {0: Want(), 1: Want()}


def test_what_is_known_by_nothing_and_cannot_be_read_is_left() -> None:
    assert to_read([known_by(), known_by(cost=None)]) == {0: Want()}


def test_what_is_known_by_digests_of_one_kind_is_not_read() -> None:
    assert to_read([known_by(MD5), known_by(MD5)]) == {}


def test_of_two_kinds_the_cheaper_one_is_read_for_the_digests_of_the_other() -> None:
    assert to_read([known_by(MD5, cost=9), known_by(IN_3)]) == {1: Want(whole=frozenset({"md5"}))}
    assert to_read([known_by(MD5), known_by(IN_3, cost=9)]) == {0: Want(parts=frozenset({8}))}


def test_of_many_kinds_the_cheapest_is_read_first_and_at_most_all_but_the_dearest() -> None:
    candidates = [known_by(MD5, cost=9), known_by(IN_3, cost=2), known_by(IN_5), known_by(IN_3)]
    assert to_read(candidates) == {2: Want(frozenset({"md5"}), frozenset({8}))}
    assert at_most(candidates).keys() == {1, 2, 3}


def test_what_is_known_by_nothing_is_read_before_anything_else_because_it_may_settle_the_rest() -> None:
    candidates = [known_by(MD5), known_by(IN_3), known_by(cost=99)]
    assert to_read(candidates) == {2: Want(frozenset({"md5"}), frozenset({8}))}
    assert len(at_most(candidates)) == 2


def test_a_kind_of_which_one_cannot_be_read_is_read_last() -> None:
    assert to_read([known_by(MD5, cost=99), known_by(IN_3, cost=None)]).keys() == {0}
    assert to_read([known_by(MD5, cost=99), known_by(IN_3, cost=None), known_by(IN_3)]).keys() == {0}
    assert to_read([known_by(MD5, cost=None), known_by(IN_3, cost=None), known_by(IN_3)]).keys() == {2}


def test_where_two_kinds_have_one_that_cannot_be_read_all_others_may_have_to_be() -> None:
    candidates = [known_by(MD5, cost=None), known_by(MD5), known_by(IN_3, cost=None), known_by(IN_3)]
    assert at_most(candidates).keys() == {1, 3}


def test_where_nothing_can_be_read_nothing_is() -> None:
    assert to_read([known_by(MD5, cost=None), known_by(IN_3, cost=None), known_by(cost=None)]) == {}


def test_a_reading_is_for_the_fastest_digest_of_each_kind_that_the_reader_has_none_of() -> None:
    others = [known_by(MD5, SHA256), known_by("multipart-1")]
    assert to_read([known_by(), *others])[0] == Want(whole=frozenset({"sha256", "md5"}))
    assert to_read([known_by("crc64", "sha1-ranges"), *others])[0] == Want(whole=frozenset({"sha256", "md5"}))
    assert at_most([known_by(IN_3, cost=9), *others])[1] == Want(frozenset({"md5"}), frozenset({8}))


SPACES = st.sets(st.sampled_from([MD5, IN_3, IN_5, SHA256, "multipart-1"]), max_size=2)
OBJECTS = st.lists(st.tuples(st.integers(0, 2), SPACES, st.sampled_from([None, 1.0, 5.0])), min_size=2, max_size=8)


def given_by(want: Want) -> set[str]:
    """In what spaces reading an object for this gives values."""
    layouts = {IN_3 if part == 8 else IN_5 for part in want.parts}
    return {"bytes", *want.whole, *layouts, *({"multipart-1"} if "md5" in want.whole else ())}


@given(OBJECTS)
def test_whatever_can_be_settled_by_reading_is_settled_by_what_is_chosen_and_nothing_is_read_twice(
    objects: list[tuple[int, set[str], float | None]],
) -> None:
    """Objects of a few contents: reading one gives all of its digests, and its bytes."""
    known = [set(spaces) for _, spaces, _ in objects]
    read: set[int] = set()

    def evidence(index: int) -> Evidence:
        return Evidence(tuple((space, b"%d" % objects[index][0]) for space in sorted(known[index])))

    while True:
        clusters = cluster([evidence(index) for index in range(len(objects))])
        chosen: dict[int, Want] = {}
        for members in doubtful_sets([each.evidence for each in clusters]):
            leads = [min(clusters[number].members, key=lambda index: objects[index][2] or 9) for number in members]
            candidates = [
                Candidate(clusters[number].evidence, objects[lead][2])
                for number, lead in zip(members, leads, strict=True)
            ]
            wants = {leads[position]: want for position, want in to_read(candidates).items()}
            chosen |= {index: want for index, want in wants.items() if not given_by(want) <= known[index]}
            assert to_read(candidates).keys() <= at_most(candidates).keys()
        if not chosen:
            break
        assert not read & chosen.keys()
        read |= chosen.keys()
        for index, want in chosen.items():
            known[index] |= given_by(want)
    for one, other in combinations(range(len(clusters)), 2):
        if compare(clusters[one].evidence, clusters[other].evidence) is Verdict.UNDECIDED:
            lost = [all(objects[index][2] is None for index in clusters[number].members) for number in (one, other)]
            blind = [not clusters[number].evidence.decides for number in (one, other)]
            assert any(is_lost and is_blind for is_lost, is_blind in zip(lost, blind, strict=True)) or all(lost)
