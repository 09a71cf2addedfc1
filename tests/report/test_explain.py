"""The words of an explanation: one test a row of each truth table."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType

import pytest

from s3dedup.evidence import Form, Meaning, Verdict
from s3dedup.explanation import (
    Contrast,
    EtagExplained,
    Explanation,
    HeadExplained,
    Live,
    Membership,
    ObjectExplained,
    PairExplained,
    Role,
    SpaceCompared,
)
from s3dedup.model import Encryption, EtagTrust, EvidenceKind, ObjectVersion, RunInfo, Skipped, SkipReason
from s3dedup.report.explain import render_explanation
from s3dedup.report.explain_words import compared, space_name

THEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ITEM = ObjectVersion("b", "key", None, 5, "0" * 32, "STANDARD", THEN)
RUN = RunInfo("0123456789abcdef", THEN, THEN, ("s3://b",), complete=True)
ETAG = EtagExplained(Form.HEX, Meaning.MD5, EtagTrust.AUTO, None, proven=True, default=None, by_listing=False)
HEAD = HeadExplained(Encryption.KMS, False, None, None, (), trusted=True)  # noqa: FBT003  not archived
GROUP = Membership("c0ffee", EvidenceKind.MD5_ETAG, 9, 2, Role.KEEPER, (ITEM,))
SKIPPED = Skipped("b", "key", None, SkipReason.ARCHIVED, "it is\x1b[0m archived")
NO_TWIN = Contrast(MappingProxyType({"md5": 1}), 0, (), 0)
OPEN = Contrast(MappingProxyType({}), 7, (), 3)


def words(*objects: ObjectExplained, pair: PairExplained | None = None) -> str:
    """The page on one line."""
    stream = io.StringIO()
    render_explanation(Explanation(RUN, objects, pair), "text", stream)
    return " ".join(stream.getvalue().split())


@pytest.mark.parametrize(
    ("etag", "head", "sentence"),
    [
        pytest.param(replace(ETAG, trust=EtagTrust.NEVER), None, "--etag-trust never was passed", id="never"),
        pytest.param(replace(ETAG, form=Form.OTHER), None, "only digests could be compared", id="no-digest"),
        pytest.param(replace(ETAG, trust=EtagTrust.ALWAYS), None, "--etag-trust always was passed", id="always"),
        pytest.param(replace(ETAG, proven=False), HEAD, "are not proven to follow AWS's rules", id="not-proven"),
        pytest.param(replace(ETAG, by_listing=True), HEAD, "so the listing alone was looked at", id="by-listing"),
        pytest.param(ETAG, HEAD, "a HEAD said that it is encrypted with SSE-KMS", id="own-head"),
        pytest.param(replace(ETAG, default=Encryption.NONE), None, "the bucket's rule says so", id="rule"),
        pytest.param(ETAG, None, "no HEAD of it has told", id="unknown"),
    ],
)
def test_what_an_etag_means_is_said_with_its_reason(
    etag: EtagExplained, head: HeadExplained | None, sentence: str
) -> None:
    assert sentence in words(ObjectExplained(ITEM, 1, etag, head))


@pytest.mark.parametrize(
    ("item", "others", "sentence"),
    [
        pytest.param(replace(ITEM, size=0), 0, "It is empty.", id="empty"),
        pytest.param(ITEM, 0, "No other object that was listed has this size", id="alone"),
        pytest.param(ITEM, 1, "1 other object has this size.", id="one"),
        pytest.param(ITEM, 1234, "1,234 other objects have this size.", id="many"),
    ],
)
def test_how_many_candidates_there_are_is_said(item: ObjectVersion, others: int, sentence: str) -> None:
    assert sentence in words(ObjectExplained(item, others))


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        pytest.param(ObjectExplained(ITEM, 0), "Not a duplicate", id="no-candidate"),
        pytest.param(
            ObjectExplained(ITEM, 8, group=GROUP, contrast=OPEN),
            "A duplicate, the keeper. Group c0ffee has 9 objects, of which 2 stay. Evidence: md5-etag.",
            id="group",
        ),
        pytest.param(
            ObjectExplained(ITEM, 8, skipped=SKIPPED), r"Not compared (archived): it is\x1b[0m archived.", id="skipped"
        ),
        pytest.param(ObjectExplained(ITEM, 8, contrast=OPEN), "not decided against all others", id="undecided"),
        pytest.param(ObjectExplained(ITEM, 1, contrast=NO_TWIN), "Not a duplicate", id="no-twin"),
    ],
)
def test_what_became_of_an_object_is_said(found: ObjectExplained, sentence: str) -> None:
    assert f"Outcome {sentence}" in words(found) or sentence in words(found).partition("Outcome")[2]


def test_what_is_not_shown_is_counted() -> None:
    page = words(ObjectExplained(ITEM, 8, group=GROUP, contrast=OPEN))
    assert "The other members: s3://b/key and 7 more." in page
    assert "7 other objects of its size could not be told apart from it: and 7 more." in page
    assert "3 more objects of its size were not looked at here." in page


@pytest.mark.parametrize(
    ("live", "sentence"),
    [
        pytest.param(Live(None, "encryption AES256"), "It is still the one that was listed (", id="the-same"),
        pytest.param(Live(SkipReason.VANISHED, ""), "It is gone: audit again.", id="gone"),
        pytest.param(Live(SkipReason.CHANGED, ""), "It is no longer the one that was listed", id="changed"),
        pytest.param(Live(SkipReason.ACCESS_DENIED, "no"), "does not tell (access-denied): no.", id="denied"),
    ],
)
def test_what_the_store_says_now_is_said(live: Live, sentence: str) -> None:
    assert sentence in words(ObjectExplained(ITEM, 0, live=live)).partition("Now")[2]


@pytest.mark.parametrize(
    ("role", "other", "sentence"),
    [
        pytest.param("decides", "aa", "equal, which proves that they are the same", id="decides-equal"),
        pytest.param("decides", "bb", "unequal, which proves that they differ", id="decides-unequal"),
        pytest.param("unites", "aa", "equal, which proves that they are the same", id="unites-equal"),
        pytest.param("unites", "bb", "unequal, which proves nothing: the parts may have", id="unites-unequal"),
        pytest.param("separates", "aa", "equal, which proves nothing by itself", id="separates-equal"),
        pytest.param("separates", "bb", "unequal, which proves that they differ", id="separates-unequal"),
    ],
)
def test_what_a_space_says_of_two_objects_is_said(role: str, other: str, sentence: str) -> None:
    assert f"The MD5 of the content is {sentence}" in compared(SpaceCompared("md5", role, "aa", other, (ITEM, ITEM)))


def test_two_sizes_are_reason_enough() -> None:
    found = ObjectExplained(ITEM, 0)
    page = words(found, found, pair=PairExplained(Verdict.DIFFERENT, same_size=False))
    assert page.endswith("Both together Compared Different: their sizes differ.")


@pytest.mark.parametrize(
    ("space", "name"),
    [
        ("multipart-3x8388608", "the multipart ETag in 3 parts of 8.0 MiB"),
        ("multipart-1", "the MD5 of the MD5 of the content"),
        ("multipart-3", "the multipart ETag in 3 parts"),
        ("composite-sha256-3x8388608", "the SHA256 of the SHA256s of 3 parts of 8.0 MiB"),
        ("sha1-ranges", "the SHA1 of every range"),
        ("sha1-begun-2", "the SHA1 of the first 2 ranges"),
        ("crc64nvme", "the CRC64NVME of the content"),
    ],
)
def test_a_space_is_named_by_what_is_compared(space: str, name: str) -> None:
    assert space_name(space) == name
