"""Keepers by rules, and what is protected: each rule, their order, ties, and texts that are no rules."""

from __future__ import annotations

import pickle
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3dedup.groups import PROTECT, Choice, KeepRule, Placed, Protection, keeper_first
from s3dedup.model import ListedObject

PRICES = {"STANDARD": Decimal("0.023"), "GLACIER": Decimal("0.0036"), "FREE": Decimal(0)}


def price(_bucket: str, size: int, storage_class: str) -> Decimal | None:
    rate = PRICES.get(storage_class)
    return None if rate is None else rate * size


def placed(key: str = "key", day: int = 5, bucket: str = "b", storage_class: str = "STANDARD") -> Placed:
    return bucket, ListedObject(key, 7, "", storage_class, f"2026-01-{day:02}T00:00:00.000Z")


def choice(*keep: str, protect: tuple[str, ...] = ()) -> Choice:
    return Choice.parse(keep, protect, price)


@pytest.mark.parametrize(
    ("rule", "keeper", "other"),
    [
        pytest.param("oldest", placed("longer", 1), placed("k", 2), id="oldest"),
        pytest.param("newest", placed("longer", 2), placed("k", 1), id="newest"),
        pytest.param("shortest-key", placed("k", 2), placed("longer", 1), id="shortest-key"),
        pytest.param("shortest-key", placed("zz", 2), placed("\U00010000", 1), id="shortest-key-in-bytes"),
        pytest.param("cheapest-class", placed(day=2, storage_class="GLACIER"), placed(day=1), id="cheapest-class"),
        pytest.param(
            "cheapest-class", placed(day=2, storage_class="FREE"), placed(day=1, storage_class="GLACIER"), id="free"
        ),
        pytest.param(
            "cheapest-class", placed(day=2), placed(day=1, storage_class="NEW"), id="an-unknown-price-comes-last"
        ),
        pytest.param("location:s3://a/x/", placed("x/1", 2, "a"), placed("x/1", 1), id="location-of-that-bucket"),
        pytest.param("location:s3://b/x/", placed("x/1", 2), placed("y/1", 1), id="location-below-that-prefix"),
        pytest.param("location:s3://a", placed("x", 2, "a"), placed("x", 1), id="location-that-is-a-bucket"),
        pytest.param("regex:/masters/", placed("2/masters/1", 2), placed("2/1", 1), id="regex-anywhere"),
        pytest.param("regex:^s3://a/x", placed("x", 2, "a"), placed("x", 1), id="regex-from-the-beginning"),
        pytest.param(r"regex:\.CR2$", placed("1.CR2", 2), placed("1.CR2.bak", 1), id="regex-to-the-end"),
        pytest.param("regex:a|s3://b/k", placed("k", 2), placed("x", 1), id="regex-with-alternatives"),
    ],
)
def test_the_rule_picks_the_keeper_and_says_so(rule: str, keeper: Placed, other: Placed) -> None:
    """In each row the default would have kept the other one, or the row shows what the default is."""
    for members in ([keeper, other], [other, keeper]):
        ordered = choice(rule).order(members)
        assert (ordered.objects, ordered.kept, ordered.decided) == ([keeper, other], 1, rule)


def test_the_first_rule_counts_and_the_second_only_where_the_first_leaves_a_tie() -> None:
    old, new, newest = placed("aa", 1), placed("b", 2), placed("ccc", 3)
    assert choice("newest", "shortest-key").order([old, new, newest]).objects[0] == newest
    assert choice("shortest-key", "newest").order([old, new, newest]).objects[0] == new
    alike = placed("d", 9)
    ordered = choice("shortest-key", "newest").order([old, new, alike])
    assert (ordered.objects[0], ordered.decided) == (alike, "newest")


def test_a_tie_is_settled_as_by_default_and_reported_as_none() -> None:
    members = [placed("x/2", 1), placed("x/10", 1), placed("x/1", 1)]
    ordered = choice("location:s3://b/x/").order(members)
    assert ordered.objects == keeper_first(members) == [placed("x/1", 1), placed("x/2", 1), placed("x/10", 1)]
    assert ordered.decided is None


def test_without_rules_the_keeper_is_that_of_the_contract() -> None:
    members = [placed("b", 2), placed("longer", 1), placed("a", 2)]
    assert choice().order(members) == (keeper_first(members), 0, None)
    assert choice().order(members).kept == 1


OLD, MIDDLE, NEW = placed("old", 1), placed("safe/middle", 2), placed("safe/new", 3)


@pytest.mark.parametrize(
    ("protect", "order", "kept", "decided"),
    [
        pytest.param("s3://b/nowhere/", [NEW, MIDDLE, OLD], 1, "newest", id="none-protected"),
        pytest.param("s3://b/old", [OLD, NEW, MIDDLE], 1, PROTECT, id="one-protected-is-the-keeper"),
        pytest.param("safe/*", [NEW, MIDDLE, OLD], 2, "newest", id="some-protected-all-stay-the-best-first"),
        pytest.param("regex:.", [NEW, MIDDLE, OLD], 3, "newest", id="all-protected-nothing-is-redundant"),
    ],
)
def test_what_is_protected_stays(protect: str, order: list[Placed], kept: int, decided: str) -> None:
    for members in permutations([OLD, MIDDLE, NEW]):
        ordered = choice("newest", protect=(protect,)).order(members)
        assert (ordered.objects, ordered.kept, ordered.decided) == (order, kept, decided)


@pytest.mark.parametrize(
    ("protect", "covered", "not_covered"),
    [
        pytest.param("s3://b/x/", placed("x/1"), placed("y/x/1"), id="location"),
        pytest.param("s3://b", placed("anything"), placed(bucket="bb"), id="bucket"),
        pytest.param("s3://b/x", placed("x", bucket="b@host"), placed("x", bucket="a@b"), id="bucket-in-any-store"),
        pytest.param("*/masters/*", placed("a/masters/b/c"), placed("masters/b"), id="glob-for-the-whole-key"),
        pytest.param("*.CR2", placed("a/b.CR2"), placed("a/b.CR2.bak"), id="glob-to-the-end"),
        pytest.param("b*", placed("b/1"), placed("a/b"), id="glob-from-the-beginning-of-the-key-not-the-bucket"),
        pytest.param("*", placed("line\nend"), None, id="glob-over-line-ends"),
        pytest.param("regex:masters", placed("x", bucket="masters"), placed("x"), id="regex-in-the-address"),
    ],
)
def test_a_protection_covers(protect: str, covered: Placed, not_covered: Placed | None) -> None:
    assert Protection.parse(protect).covers(covered)
    assert not_covered is None or not Protection.parse(protect).covers(not_covered)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "'' is no rule for keepers: write oldest, newest"),
        ("Oldest", "'Oldest' is no rule for keepers"),
        ("longest-key", "is no rule for keepers: write oldest, newest, shortest-key, cheapest-class, location:s3://"),
        ("s3://b/x", "'s3://b/x' is no rule for keepers"),
        ("location:", "'' is not a location: write it as s3://bucket"),
        ("location:b/x", "'b/x' is not a location: write it as s3://bucket"),
        ("location:s3://b/x*", "a location takes no wildcards: write its prefix alone, or regex:PATTERN"),
        ("regex:", "'regex:' names no pattern"),
        ("regex:(", "'regex:(': the pattern is no regular expression (missing )"),
    ],
)
def test_a_text_that_is_no_rule_is_refused_in_one_sentence(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"^.+$") as refused:
        KeepRule.parse(text)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "'' does not say what to protect: write a location (s3://bucket/prefix), a glob"),
        ("masters/", "'masters/' does not say what to protect"),
        ("location:s3://b/x", "does not say what to protect"),
        ("s3://b/masters/*", "a location takes no wildcards"),
        ("s3://", "names no bucket"),
        ("regex:[", "is no regular expression"),
    ],
)
def test_a_text_that_would_protect_nothing_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"^.+$") as refused:
        Protection.parse(text)
    assert said in str(refused.value)


def test_a_key_that_is_no_utf_8_is_no_obstacle_to_rules() -> None:
    odd = placed("masters/\udcff", 9)
    rules = ("regex:/masters/", "shortest-key", "location:s3://b/m")
    assert choice(*rules, protect=("*\udcff",)).order([placed("a"), odd]).objects[0] == odd


def test_a_choice_travels_between_processes() -> None:
    chosen = Choice.parse(["newest", "regex:a+", "location:s3://b/x"], ["s3://b/y", "*.CR2", "regex:z"])
    assert pickle.loads(pickle.dumps(chosen)) == chosen  # noqa: S301  what was made here


RULES = st.lists(
    st.sampled_from(["oldest", "newest", "shortest-key", "cheapest-class", "location:s3://a/x", "regex:y"]), max_size=3
)
PROTECTS = st.lists(st.sampled_from(["s3://a/x", "*y", "regex:b/.$"]), max_size=2)
MEMBERS = st.lists(
    st.builds(
        placed,
        st.text("xy/é", max_size=3),
        st.integers(1, 3),
        st.sampled_from("ab"),
        st.sampled_from(["STANDARD", "GLACIER", "FREE", "NEW"]),
    ),
    min_size=2,
    max_size=6,
    unique_by=lambda each: (each[0], each[1].key),
)


@given(RULES, PROTECTS, MEMBERS, st.randoms())
def test_whatever_is_asked(keep: list[str], protect: list[str], members: list[Placed], chance: object) -> None:
    chosen = choice(*keep, protect=tuple(protect))
    ordered = chosen.order(members)
    shuffled = list(members)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert chosen.order(shuffled) == ordered, "the order in which they are met does not matter"
    assert sorted(map(repr, ordered.objects)) == sorted(map(repr, members)), "nobody is lost"
    redundant = ordered.objects[ordered.kept :]
    assert not any(each.covers(placed) for each in chosen.protect for placed in redundant), "the protected stay"
    assert 1 <= ordered.kept <= len(members), "somebody stays"
    assert ordered.kept == max(1, sum(any(one.covers(each) for one in chosen.protect) for each in members))
    assert ordered.decided in {None, PROTECT, *keep}


@given(RULES, MEMBERS)
def test_no_other_object_is_better_by_the_rule_that_decided(keep: list[str], members: list[Placed]) -> None:
    chosen = choice(*keep)
    ordered = chosen.order(members)
    keeper, following = ([rule.score(each, price) for rule in chosen.keep] for each in ordered.objects[:2])
    assert keeper <= following
    if ordered.decided is None:
        assert keeper == following
    else:
        assert keeper[: keep.index(ordered.decided)] == following[: keep.index(ordered.decided)]
        assert keeper[keep.index(ordered.decided)] != following[keep.index(ordered.decided)]
