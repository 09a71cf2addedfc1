"""What metadata proves: every row of the tables of `weigh` and `compare`."""

from __future__ import annotations

import hashlib
from itertools import accumulate

import pytest
from hypothesis import given

from s3dedup.evidence import (
    Etag,
    Evidence,
    Form,
    Known,
    Layout,
    Meaning,
    cluster,
    compare,
    on_assumed_layout,
    read_etag,
    weigh,
)
from s3dedup.evidence.verdict import CRYPTOGRAPHIC, Verdict, kind_of
from s3dedup.model import EvidenceKind, PartSpan, StoredChecksum
from tests.unit.spaces import evidences

SIZE = 20 << 20
ONE, OTHER = hashlib.md5(b"one"), hashlib.md5(b"other")
BY_8 = Layout(8 << 20, 3)
BY_7 = Layout(7 << 20, 3)
STRONG = sorted(CRYPTOGRAPHIC)
WEAK = ["CRC32", "CRC32C", "CRC64NVME", "XXHASH64", "XXHASH3", "XXHASH128"]


def md5(text: str) -> Evidence:
    return weigh(Known(SIZE, read_etag(text), Meaning.MD5))


def multipart(text: str, layout: Layout | None) -> Evidence:
    return weigh(Known(SIZE, read_etag(text), Meaning.MULTIPART, layout))


def stored(algorithm: str, value: bytes, *, full: bool, layout: Layout | None = None) -> Evidence:
    checksum = StoredChecksum(algorithm, value, full)
    return weigh(Known(SIZE, read_etag("opaque"), Meaning.OPAQUE, layout, (checksum,)))


def verdicts(one: Evidence, equal: Evidence, unequal: Evidence) -> tuple[Verdict, Verdict]:
    """What is said of equal values, and of unequal ones."""
    return compare(one, equal), compare(one, unequal)


def test_row_1_a_trusted_md5_etag_proves_both() -> None:
    one, other = ONE.hexdigest(), OTHER.hexdigest()
    assert verdicts(md5(one), md5(one), md5(other)) == (Verdict.SAME, Verdict.DIFFERENT)


@pytest.mark.parametrize("algorithm", STRONG)
def test_row_2_a_full_cryptographic_checksum_proves_both(algorithm: str) -> None:
    one, equal, unequal = (stored(algorithm, value, full=True) for value in (b"1", b"1", b"2"))
    assert verdicts(one, equal, unequal) == (Verdict.SAME, Verdict.DIFFERENT)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param(BY_8, BY_8, (Verdict.SAME, Verdict.DIFFERENT), id="equal-layouts"),
        pytest.param(BY_8, BY_7, (Verdict.SAME, Verdict.UNDECIDED), id="unequal-layouts"),
        pytest.param(BY_8, None, (Verdict.SAME, Verdict.UNDECIDED), id="one-layout-unknown"),
        pytest.param(None, None, (Verdict.SAME, Verdict.UNDECIDED), id="both-layouts-unknown"),
    ],
)
def test_row_3_a_multipart_etag_proves_sameness_and_difference_where_the_layouts_are_equal(
    one: Layout | None, other: Layout | None, expected: tuple[Verdict, Verdict]
) -> None:
    etag, unequal = f"{ONE.hexdigest()}-3", f"{OTHER.hexdigest()}-3"
    assert verdicts(multipart(etag, one), multipart(etag, other), multipart(unequal, other)) == expected


def test_row_3_multipart_etags_of_unequal_numbers_of_parts_prove_nothing() -> None:
    assert (
        compare(multipart(f"{ONE.hexdigest()}-3", BY_8), multipart(f"{ONE.hexdigest()}-2", None)) is Verdict.UNDECIDED
    )


def test_row_3_a_layout_that_contradicts_the_etags_count_counts_as_unknown() -> None:
    one, other = (multipart(f"{digest.hexdigest()}-4", BY_8) for digest in (ONE, OTHER))
    assert compare(one, other) is Verdict.UNDECIDED


@pytest.mark.parametrize("algorithm", STRONG)
@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        pytest.param(BY_8, (Verdict.SAME, Verdict.DIFFERENT), id="equal-layouts"),
        pytest.param(BY_7, (Verdict.UNDECIDED, Verdict.UNDECIDED), id="unequal-layouts"),
    ],
)
def test_row_4_a_composite_cryptographic_checksum_proves_both_where_the_layouts_are_equal(
    algorithm: str, layout: Layout, expected: tuple[Verdict, Verdict]
) -> None:
    one = stored(algorithm, b"1", full=False, layout=BY_8)
    equal, unequal = (stored(algorithm, value, full=False, layout=layout) for value in (b"1", b"2"))
    assert verdicts(one, equal, unequal) == expected


@pytest.mark.parametrize("algorithm", STRONG)
def test_row_5_a_composite_cryptographic_checksum_of_an_unknown_layout_proves_nothing(algorithm: str) -> None:
    one, equal, unequal = (stored(algorithm, value, full=False) for value in (b"1", b"1", b"2"))
    assert verdicts(one, equal, unequal) == (Verdict.UNDECIDED, Verdict.UNDECIDED)


@pytest.mark.parametrize("algorithm", WEAK)
def test_row_6_a_full_weak_checksum_proves_difference_alone(algorithm: str) -> None:
    one, equal, unequal = (stored(algorithm, value, full=True) for value in (b"1", b"1", b"2"))
    assert verdicts(one, equal, unequal) == (Verdict.UNDECIDED, Verdict.DIFFERENT)


@pytest.mark.parametrize("algorithm", WEAK)
@pytest.mark.parametrize("layout", [BY_8, None], ids=["known-layout", "unknown-layout"])
def test_row_7_a_composite_weak_checksum_proves_nothing(algorithm: str, layout: Layout | None) -> None:
    one, equal, unequal = (stored(algorithm, value, full=False, layout=layout) for value in (b"1", b"1", b"2"))
    assert verdicts(one, equal, unequal) == (Verdict.UNDECIDED, Verdict.UNDECIDED)


@pytest.mark.parametrize("meaning", [Meaning.OPAQUE, Meaning.UNKNOWN])
def test_row_8_an_opaque_etag_proves_nothing(meaning: Meaning) -> None:
    one, other = (weigh(Known(SIZE, read_etag(digest.hexdigest()), meaning)) for digest in (ONE, OTHER))
    assert verdicts(one, one, other) == (Verdict.UNDECIDED, Verdict.UNDECIDED)


def test_a_multipart_etag_of_one_part_is_compared_with_an_md5() -> None:
    digest = ONE.digest()
    whole = md5(digest.hex())
    same, different = (multipart(f"{hashlib.md5(value).hexdigest()}-1", None) for value in (digest, OTHER.digest()))
    assert verdicts(whole, same, different) == (Verdict.SAME, Verdict.DIFFERENT)


def test_an_md5_and_a_multipart_etag_of_more_parts_prove_nothing_about_each_other() -> None:
    assert compare(md5(ONE.hexdigest()), multipart(f"{ONE.hexdigest()}-3", BY_8)) is Verdict.UNDECIDED


def test_a_missing_digest_never_equals_another_missing_digest() -> None:
    assert compare(Evidence(), Evidence()) is Verdict.UNDECIDED


DECIDED = Evidence(decides=(("md5", b"1"),))
SEPARATED = Evidence(separates=(("crc32", b"1"),))
UNITED = Evidence(unites=(("multipart-3", b"1"),))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param(DECIDED, Evidence(decides=(("md5", b"2"),)), Verdict.DIFFERENT, id="row-1-deciding-unequal"),
        pytest.param(
            SEPARATED, Evidence(separates=(("crc32", b"2"),)), Verdict.DIFFERENT, id="row-1-separating-unequal"
        ),
        pytest.param(DECIDED, DECIDED, Verdict.SAME, id="row-2-deciding-equal"),
        pytest.param(UNITED, UNITED, Verdict.SAME, id="row-2-uniting-equal"),
        pytest.param(UNITED, Evidence(unites=(("multipart-3", b"2"),)), Verdict.UNDECIDED, id="row-3-uniting-unequal"),
        pytest.param(SEPARATED, SEPARATED, Verdict.UNDECIDED, id="row-3-separating-equal"),
        pytest.param(DECIDED, Evidence(decides=(("sha1", b"1"),)), Verdict.UNDECIDED, id="row-3-no-common-space"),
        pytest.param(DECIDED, Evidence(), Verdict.UNDECIDED, id="row-3-nothing-known"),
    ],
)
def test_two_objects_are_same_different_or_undecided(one: Evidence, other: Evidence, expected: Verdict) -> None:
    assert compare(one, other) is expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(
            Evidence(decides=(("md5", b"1"), ("sha256", b"1"))),
            Evidence(decides=(("md5", b"1"), ("sha256", b"2"))),
            id="equal-md5-unequal-sha256",
        ),
        pytest.param(
            Evidence(decides=(("md5", b"1"),), separates=(("crc32", b"1"),)),
            Evidence(decides=(("md5", b"1"),), separates=(("crc32", b"2"),)),
            id="equal-md5-unequal-crc32",
        ),
        pytest.param(
            Evidence(unites=(("multipart-3", b"1"),), decides=(("sha1", b"1"),)),
            Evidence(unites=(("multipart-3", b"1"),), decides=(("sha1", b"2"),)),
            id="equal-multipart-etag-unequal-sha1",
        ),
    ],
)
def test_proof_of_difference_wins_over_proof_of_sameness(one: Evidence, other: Evidence) -> None:
    assert compare(one, other) is Verdict.DIFFERENT


@given(evidences(), evidences())
def test_the_order_of_two_objects_does_not_matter(one: Evidence, other: Evidence) -> None:
    assert compare(one, other) is compare(other, one)


@given(evidences())
def test_nothing_is_different_from_itself(one: Evidence) -> None:
    assert compare(one, one) is not Verdict.DIFFERENT


@pytest.mark.parametrize(
    ("size", "first_part", "parts", "expected"),
    [
        pytest.param(SIZE, 8 << 20, 3, BY_8, id="a-shorter-last-part"),
        pytest.param(24 << 20, 8 << 20, 3, BY_8, id="a-full-last-part"),
        pytest.param((16 << 20) + 1, 8 << 20, 3, BY_8, id="a-last-part-of-one-byte"),
        pytest.param(5, 5, 1, Layout(5, 1), id="a-single-part"),
        pytest.param(16 << 20, 8 << 20, 3, None, id="an-empty-last-part"),
        pytest.param((24 << 20) + 1, 8 << 20, 3, None, id="parts-of-unequal-sizes"),
        pytest.param(SIZE, None, 3, None, id="no-first-part"),
        pytest.param(SIZE, 8 << 20, None, None, id="no-count"),
        pytest.param(0, 0, 1, None, id="an-empty-object"),
    ],
)
def test_a_layout_may_be_even_where_the_count_of_parts_is_that_of_even_ones(
    size: int, first_part: int | None, parts: int | None, expected: Layout | None
) -> None:
    assert Layout.assumed(size, first_part, parts) == expected


@pytest.mark.parametrize(
    ("sizes", "asked", "known"),
    [
        pytest.param((8,), (), True, id="row-1-one-part"),
        pytest.param((8, 3), (), True, id="row-1-two-parts"),
        pytest.param((8, 8, 3), (), False, id="row-2-three-parts-of-which-the-third-is-not-asked-for"),
        pytest.param((8, 8, 3), (3,), True, id="row-2-three-even-parts"),
        pytest.param((8, 5, 6), (3,), False, id="row-2-three-uneven-parts"),
        pytest.param((8, 8, 8, 3), (4,), False, id="row-2-four-parts-of-which-the-third-is-not-asked-for"),
        pytest.param((8, 8, 8, 3), (3,), True, id="row-2-four-even-parts"),
        pytest.param((8, 5, 11, 3), (3,), False, id="row-2-four-uneven-parts-and-the-last-one-begins-as-if-even"),
        pytest.param((8, 8, 5, 6), (3,), False, id="row-2-four-parts-of-which-the-third-is-short"),
        pytest.param((8, 8, 8, 8, 3), (3,), False, id="row-3-five-parts-of-which-the-last-is-not-asked-for"),
        pytest.param((8, 8, 8, 8, 3), (5,), True, id="row-3-five-even-parts"),
        pytest.param((8, 8, 8, 5, 6), (5,), False, id="row-3-five-uneven-parts"),
        pytest.param((8, 5, 11, 8, 3), (5,), True, id="row-3-five-uneven-parts-that-add-up-to-even-ones"),
    ],
)
def test_a_layout_is_believed_when_one_more_part_lies_where_it_would_if_all_were_even(
    sizes: tuple[int, ...], asked: tuple[int, ...], *, known: bool
) -> None:
    ends = list(accumulate(sizes))
    told = {number: PartSpan(ends[number - 1] - sizes[number - 1], ends[number - 1]) for number in asked}
    layout = Layout(sizes[0], len(sizes))
    assert Layout.of(sum(sizes), sizes[0], len(sizes), told) == (layout if known else None)


def test_a_part_of_which_the_store_does_not_say_where_it_lies_vouches_for_nothing() -> None:
    assert Layout.of(SIZE, 8 << 20, 3, {3: None}) is None


def in_parts(count: int, value: bytes, *, read: bool = False) -> Evidence:
    pair = (f"multipart-{count}x8", value)
    return Evidence((pair,), read=frozenset({pair} if read else ()))


@pytest.mark.parametrize(
    ("count", "value", "read", "counts"),
    [
        pytest.param(5, b"another", False, True, id="row-1"),
        pytest.param(5, b"one", False, False, id="row-2"),
        pytest.param(4, b"another", False, False, id="row-3"),
        pytest.param(5, b"another", True, False, id="row-4"),
    ],
)
def test_what_only_an_assumed_layout_tells_from_others_is_known(
    count: int, value: bytes, *, read: bool, counts: bool
) -> None:
    items = [in_parts(count, b"one", read=True), in_parts(count, value, read=read)]
    assert on_assumed_layout(items) == ({1} if counts else set())
    assert on_assumed_layout([item.without_forgeable() for item in items]) >= ({1} if counts else set())


@pytest.mark.parametrize(
    ("space", "kind"),
    [
        ("md5", EvidenceKind.MD5_ETAG),
        ("multipart-1", EvidenceKind.MULTIPART_ETAG),
        ("multipart-3x8388608", EvidenceKind.MULTIPART_ETAG),
        ("sha256", EvidenceKind.CHECKSUM),
        ("composite-sha256-3x8388608", EvidenceKind.CHECKSUM),
    ],
)
def test_a_report_names_the_space_that_united(space: str, kind: EvidenceKind) -> None:
    assert kind_of(space, read=False) is kind


@pytest.mark.parametrize("space", ["md5", "multipart-1", "multipart-3x8388608", "sha256"])
def test_what_one_object_had_to_be_read_for_is_derived(space: str) -> None:
    assert kind_of(space, read=True) is EvidenceKind.DERIVED


@pytest.mark.parametrize("digest", ["sha1", "sha256"])
def test_ranges_are_named_by_their_digest(digest: str) -> None:
    assert kind_of(f"{digest}-ranges", read=True).value == f"{digest}-ranges"


def test_where_collisions_are_made_only_unforgeable_digests_prove_sameness() -> None:
    known = Evidence((("md5", b"1"), ("sha256", b"2")), (("multipart-3", b"3"),), (("crc32", b"4"),))
    safe = known.without_forgeable()
    assert safe.decides == (("sha256", b"2"),)
    assert safe.unites == ()
    assert safe.separates == (("crc32", b"4"), ("md5", b"1"))


def test_what_was_read_decides_and_what_was_begun_separates() -> None:
    found = Evidence((("md5", b"1"),)).with_read((("md5", b"1"), ("sha1-ranges", b"2")), (("sha1-begun-1", b"3"),))
    assert found.decides == (("md5", b"1"), ("sha1-ranges", b"2"))
    assert found.separates == (("sha1-begun-1", b"3"),)
    assert found.read == {("md5", b"1"), ("sha1-ranges", b"2")}


def test_a_group_stands_on_checksums_only_where_every_member_has_one() -> None:
    digest = hashlib.md5(b"x").digest()
    stored = StoredChecksum("MD5", digest, full_object=True)
    by_etag = weigh(Known(1, Etag(Form.HEX, digest, 0), Meaning.MD5))
    by_both = weigh(Known(1, Etag(Form.HEX, digest, 0), Meaning.MD5, checksums=(stored,)))
    by_checksum = weigh(Known(1, Etag(Form.OTHER, bytes(16), 0), Meaning.OPAQUE, checksums=(stored,)))
    kinds = {
        (by_checksum, by_checksum): EvidenceKind.CHECKSUM,
        (by_checksum, by_etag): EvidenceKind.MD5_ETAG,
        (by_both, by_both): EvidenceKind.MD5_ETAG,
    }
    for pair, kind in kinds.items():
        (united,) = cluster(pair)
        assert united.kind is kind
