"""Locations: how they are written, and which of them another covers."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3dedup.audit import default_state
from s3dedup.config import AuditConfig
from s3dedup.errors import UsageError
from s3dedup.model import Location, utc_from_iso


@pytest.mark.parametrize(
    ("text", "location"),
    [
        pytest.param("s3://photos", Location("photos"), id="a-bucket"),
        pytest.param("s3://photos/", Location("photos"), id="a-bucket-with-a-slash"),
        pytest.param("s3://photos/2026", Location("photos", "2026"), id="a-prefix"),
        pytest.param("s3://photos/2026/", Location("photos", "2026/"), id="a-prefix-that-ends-in-a-slash"),
        pytest.param("s3://photos//a", Location("photos", "/a"), id="a-prefix-that-begins-with-a-slash"),
        pytest.param(
            "s3://arn:aws:s3:eu-west-1:123456789012:accesspoint:ap/2026",
            Location("arn:aws:s3:eu-west-1:123456789012:accesspoint:ap", "2026"),
            id="an-access-point",
        ),
        pytest.param("s3://photos/a b?*#%41é", Location("photos", "a b?*#%41é"), id="an-odd-prefix-as-it-is"),
        pytest.param("s3://photos/s3://x", Location("photos", "s3://x"), id="a-prefix-that-looks-like-a-location"),
    ],
)
def test_a_location_is_read(text: str, location: Location) -> None:
    assert Location.parse(text) == location


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param("photos", "is not a location: write it as s3://", id="a-bare-name"),
        pytest.param("", "is not a location: write it as s3://", id="nothing"),
        pytest.param("s3:/photos", "is not a location: write it as s3://", id="one-slash"),
        pytest.param("S3://photos", "is not a location: write it as s3://", id="upper-case"),
        pytest.param("https://photos", "is not a location: write it as s3://", id="another-scheme"),
        pytest.param("./photos", "is not a location: write it as s3://", id="a-directory"),
        pytest.param("s3://", "names no bucket: write it as s3://", id="no-bucket"),
        pytest.param("s3:///key", "names no bucket: write it as s3://", id="no-bucket-but-a-prefix"),
        pytest.param("s3://pho*", "cannot be a bucket name; patterns go into --include", id="a-pattern"),
        pytest.param("s3://photos!", "cannot be a bucket name", id="another-mark"),
        pytest.param("s3://фото", "cannot be a bucket name", id="another-script"),
        pytest.param("s3://photos\n", "cannot be a bucket name", id="a-line-end"),
        pytest.param("s3://my photos", "cannot be a bucket name", id="a-space"),
    ],
)
def test_what_is_no_location_is_refused_with_what_a_right_one_is(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(repr(text))) as refused:
        Location.parse(text)
    assert complaint in str(refused.value)


@given(st.from_regex("[a-z0-9.-]{3,63}", fullmatch=True), st.text())
def test_a_location_that_was_written_out_is_read_back(bucket: str, prefix: str) -> None:
    location = Location(bucket, prefix)
    assert Location.parse(str(location)) == location


@pytest.mark.parametrize(
    ("one", "other", "covered"),
    [
        pytest.param("s3://a", "s3://a/x", True, id="a-bucket-covers-its-prefixes"),
        pytest.param("s3://a/x", "s3://a/x/y", True, id="a-prefix-covers-a-longer-one"),
        pytest.param("s3://a/x", "s3://a/xy", True, id="a-prefix-is-no-directory"),
        pytest.param("s3://a/x", "s3://a/x", True, id="a-location-covers-itself"),
        pytest.param("s3://a/x/", "s3://a/x", False, id="a-prefix-does-not-cover-a-shorter-one"),
        pytest.param("s3://a/x", "s3://b/x", False, id="another-bucket"),
        pytest.param("s3://a", "s3://ab", False, id="a-bucket-whose-name-begins-so"),
    ],
)
def test_which_locations_another_covers(one: str, other: str, *, covered: bool) -> None:
    assert Location.parse(one).covers(Location.parse(other)) is covered


@pytest.mark.parametrize(
    ("asked", "audited"),
    [
        pytest.param(["s3://a", "s3://b"], ["s3://a", "s3://b"], id="different-ones-in-order"),
        pytest.param(["s3://b", "s3://a", "s3://b"], ["s3://b", "s3://a"], id="each-once"),
        pytest.param(["s3://a/x", "s3://a"], ["s3://a"], id="none-inside-another"),
        pytest.param(["s3://a/", "s3://a"], ["s3://a"], id="two-ways-to-write-one"),
        pytest.param(["s3://a/x", "s3://a/y"], ["s3://a/x", "s3://a/y"], id="neighbours"),
    ],
)
def test_no_object_is_audited_twice(asked: list[str], audited: list[str]) -> None:
    assert [str(location) for _, location in AuditConfig(asked).sources()] == audited


def test_nothing_to_audit_is_refused() -> None:
    with pytest.raises(UsageError, match="name at least one location, such as s3://"):
        AuditConfig([])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22T14:50:41.000Z", "2026-11-22T14:50:41+00:00"),
        ("2026-11-22T14:50:41Z", "2026-11-22T14:50:41+00:00"),
        ("2026-11-22T14:50:41.123456Z", "2026-11-22T14:50:41.123456+00:00"),
        ("2026-11-22T16:50:41+02:00", "2026-11-22T14:50:41+00:00"),
        ("2026-11-22T14:50:41", "2026-11-22T14:50:41+00:00"),
    ],
)
def test_a_time_is_read_as_utc(text: str, expected: str) -> None:
    assert utc_from_iso(text).isoformat() == expected


def test_without_a_home_directory_the_state_has_to_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(_: int) -> None:
        raise KeyError

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setattr("pwd.getpwuid", nobody)
    with pytest.raises(UsageError, match="no home directory to keep the state in: pass --state"):
        default_state()


@pytest.mark.parametrize(
    ("base", "expected"), [("/var/state", "/var/state/s3dedup"), ("", "/home/me/.local/state/s3dedup")]
)
def test_the_state_is_kept_where_a_users_state_belongs(
    monkeypatch: pytest.MonkeyPatch, base: str, expected: str
) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("XDG_STATE_HOME", base)
    assert str(default_state()) == expected
