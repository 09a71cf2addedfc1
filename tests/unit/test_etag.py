"""What an ETag is taken to mean: every row of the table of `meaning`."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3dedup.evidence import Form, Meaning, meaning, read_etag, read_etags
from s3dedup.evidence.etag import OTHER, Etag
from s3dedup.model import Encryption, EtagTrust

HEX = "9e107d9d372bb6826bd81d3542a419d6"
ANY_TRUST = st.sampled_from(EtagTrust)
ANY_FORM = st.sampled_from(Form)
ANY_ENCRYPTION = st.sampled_from([None, *Encryption])
HIDING = [Encryption.KMS, Encryption.DSSE, Encryption.SSE_C]
PLAIN = [Encryption.NONE, Encryption.SSE_S3]


def test_32_hex_digits_are_a_hex_etag() -> None:
    assert read_etag(HEX) == Etag(Form.HEX, bytes.fromhex(HEX), 0)


def test_upper_case_hex_digits_are_the_same_etag() -> None:
    assert read_etag(HEX.upper()) == read_etag(HEX)


@pytest.mark.parametrize("parts", [1, 2, 10_000])
def test_hex_digits_with_a_count_are_a_multipart_etag(parts: int) -> None:
    assert read_etag(f"{HEX}-{parts}") == Etag(Form.MULTIPART, bytes.fromhex(HEX), parts)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param(HEX[:-1], id="31-digits"),
        pytest.param(HEX + "0", id="33-digits"),
        pytest.param("g" + HEX[1:], id="a-letter-that-is-no-digit"),
        pytest.param(hashlib.sha1(b"").hexdigest(), id="a-sha1"),
        pytest.param(f'"{HEX}"', id="quotes"),
        pytest.param(f"{HEX}-0", id="no-parts"),
        pytest.param(f"{HEX}-", id="a-missing-count"),
        pytest.param(f"{HEX}-007", id="leading-zeros"),
        pytest.param(f"{HEX}-10001", id="more-parts-than-s3-allows"),
        pytest.param(f"{HEX}-99999", id="more-parts-than-an-entry-can-hold"),
        pytest.param(f"{HEX}-123456", id="six-digits-of-parts"),
        pytest.param(f"{HEX}--2", id="a-negative-count"),
        pytest.param(f"{HEX}\n", id="a-line-end"),
        pytest.param(f"{HEX}-2\n", id="a-line-end-behind-the-count"),
        pytest.param("٣" * 32, id="digits-of-another-script"),
        pytest.param(f"{HEX}-٣", id="a-count-in-another-script"),
    ],
)
def test_anything_else_is_no_digest(text: str) -> None:
    assert read_etag(text) == OTHER


@given(st.text())
def test_no_text_is_too_odd_to_be_read(text: str) -> None:
    found = read_etag(text)
    assert len(found.digest) == 16
    assert (found.parts > 0) == (found.form is Form.MULTIPART)


@given(ANY_TRUST, st.booleans(), ANY_ENCRYPTION)
def test_row_1_an_etag_of_another_form_is_opaque_whatever_is_known(
    trust: EtagTrust, proven: bool, encryption: Encryption | None
) -> None:
    assert meaning(Form.OTHER, trust, proven_rules=proven, encryption=encryption) is Meaning.OPAQUE


@given(ANY_FORM, st.booleans(), ANY_ENCRYPTION)
def test_row_2_every_etag_is_opaque_where_none_is_trusted(
    form: Form, proven: bool, encryption: Encryption | None
) -> None:
    assert meaning(form, EtagTrust.NEVER, proven_rules=proven, encryption=encryption) is Meaning.OPAQUE


@given(st.booleans(), ANY_ENCRYPTION)
def test_row_3_a_hex_etag_is_an_md5_where_all_are_trusted(proven: bool, encryption: Encryption | None) -> None:
    assert meaning(Form.HEX, EtagTrust.ALWAYS, proven_rules=proven, encryption=encryption) is Meaning.MD5


@given(st.booleans(), ANY_ENCRYPTION)
def test_row_4_a_multipart_etag_is_one_where_all_are_trusted(proven: bool, encryption: Encryption | None) -> None:
    assert meaning(Form.MULTIPART, EtagTrust.ALWAYS, proven_rules=proven, encryption=encryption) is Meaning.MULTIPART


@given(ANY_FORM, ANY_ENCRYPTION)
def test_row_5_an_etag_is_opaque_as_long_as_the_store_is_not_proven_to_follow_the_rules(
    form: Form, encryption: Encryption | None
) -> None:
    assert meaning(form, EtagTrust.AUTO, proven_rules=False, encryption=encryption) is Meaning.OPAQUE


@pytest.mark.parametrize("encryption", PLAIN)
def test_row_6_a_hex_etag_of_an_object_that_s3_can_read_is_an_md5(encryption: Encryption) -> None:
    assert meaning(Form.HEX, EtagTrust.AUTO, proven_rules=True, encryption=encryption) is Meaning.MD5


@pytest.mark.parametrize("encryption", PLAIN)
def test_row_7_a_multipart_etag_of_an_object_that_s3_can_read_is_one(encryption: Encryption) -> None:
    assert meaning(Form.MULTIPART, EtagTrust.AUTO, proven_rules=True, encryption=encryption) is Meaning.MULTIPART


@pytest.mark.parametrize("encryption", HIDING)
@pytest.mark.parametrize("form", [Form.HEX, Form.MULTIPART])
def test_row_8_an_etag_under_a_key_of_the_customers_is_opaque(form: Form, encryption: Encryption) -> None:
    assert meaning(form, EtagTrust.AUTO, proven_rules=True, encryption=encryption) is Meaning.OPAQUE


@pytest.mark.parametrize("form", [Form.HEX, Form.MULTIPART])
def test_row_9_an_etag_stays_unknown_as_long_as_the_encryption_is(form: Form) -> None:
    assert meaning(form, EtagTrust.AUTO, proven_rules=True, encryption=None) is Meaning.UNKNOWN


def test_every_encryption_is_in_a_row_of_the_table() -> None:
    assert {*PLAIN, *HIDING} == set(Encryption)


@pytest.mark.parametrize(
    "texts",
    [
        [],
        [HEX],
        [HEX, HEX.upper(), "0" * 32],
        [HEX, f"{HEX}-10000", "opaque", ""],
        ["0" * 30 + "  ", HEX],
        [" " * 32],
        ["g" * 32, HEX],
        ["\u00e9" * 32],
    ],
)
def test_many_etags_are_taken_apart_as_each_of_them_is(texts: list[str]) -> None:
    each = [read_etag(text) for text in texts]
    assert read_etags(texts) == (
        bytes(etag.form for etag in each),
        b"".join(etag.digest for etag in each),
        b"".join(etag.parts.to_bytes(2) for etag in each),
    )
