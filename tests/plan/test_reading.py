"""What is written as a plan is read again, and nothing else is."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3dedup.model import EvidenceKind
from s3dedup.plan import Dropped, DropReason, PlanHead, PlanLine, read_head, read_line, seal
from tests.plan.samples import COMPARED, HEAD, NOW, item, line, records, written

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


def read(text: str) -> tuple[PlanHead, list[PlanLine | None]]:
    """A plan again, line by line."""
    first, *others = text.encode().splitlines()
    head = read_head(first)
    return head, [read_line(each, head) for each in others]


def edited(**changes: Any) -> bytes:  # noqa: ANN401  what stands in a line
    """A line in which somebody has typed; `keeper` and `redundant` are changes in these."""
    record = json.loads(written([line()]).splitlines()[1])
    for name in ("keeper", "redundant"):
        record[name] |= changes.pop(name, {})
    return json.dumps(record | changes).encode()


@given(
    key=TEXTS,
    note=TEXTS,
    size=st.integers(1, 50 * 2**40),
    usd=st.none() | st.decimals(0, 10**9, places=12),
    evidence=st.sampled_from(EvidenceKind),
    moment=st.datetimes(timezones=st.just(NOW.tzinfo)),
)
def test_a_plan_is_read_as_it_was_written(
    *, key: str, note: str, size: int, usd: Decimal | None, evidence: EvidenceKind, moment: datetime
) -> None:
    head = replace(HEAD, notes=(note,), verified=moment)
    keeper = item("another" + key, size=size)
    planned = line(key, keeper=keeper, monthly_usd=usd, evidence=evidence)
    planned = replace(planned, redundant=replace(planned.redundant, size=size, last_modified=moment))
    text = written([planned], head)
    assert text.isascii()
    assert read(text) == (head, [planned])


def test_a_line_that_was_never_checked_and_a_version_are_read_as_they_were_written() -> None:
    planned = line(keeper=item("k", version_id="v"), redundant=item("r", version_id="w"), checked=None)
    head = replace(HEAD, versions=True)
    assert read(written([planned], head)) == (head, [planned])


def test_a_line_says_what_keeps_tools_from_it() -> None:
    obstacles = [each.get("obstacle") for each in records(written([line(checked=None), line("other")]))]
    assert obstacles == [None, "not-compared", None]


def test_what_was_dropped_is_told_and_not_read_again() -> None:
    dropped = Dropped(DropReason.VANISHED, item("redundant"), "it is gone", line())
    text = written([dropped, line("other")])
    assert json.loads(text.splitlines()[1]) | {"line": 0, "culprit": 0} == {
        "type": "dropped",
        "reason": "vanished",
        "culprit": 0,
        "detail": "it is gone",
        "line": 0,
    }
    assert read(text)[1] == [None, line("other")]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (b"", "does not begin as a plan does"),
        (b"\xff\xfe", "does not begin as a plan does"),
        (b"[1, 2]", "does not begin as a plan does"),
        (b'{"schema": 1}', "does not begin as a plan does"),
        (b'{"schema": "s3dedup/report-lines/1"}', "no plan"),
        (b'{"schema": "s3dedup/plan/2"}', "this s3dedup does not know: upgrade it"),
        (b'{"schema": "s3dedup/plan/1"}', "missing required field"),
    ],
)
def test_what_is_no_plan_or_a_newer_one_is_refused(text: bytes, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        read_head(text)


def test_an_audit_by_a_digest_that_there_is_not_is_refused() -> None:
    text = written([], replace(HEAD, digest="crc32")).encode()
    with pytest.raises(ValueError, match="'crc32' is no digest"):
        read_head(text)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (b"{", "truncated"),
        (b"\xff", "malformed|invalid"),
        (b"{}", "missing required field `type`"),
        (b'{"type": "group"}', "'group' is no type of record"),
        (edited(keeper={"size": -1}), "the keeper's size cannot be -1"),
        (edited(redundant={"size": 0}), "the redundant object's size cannot be 0"),
        (edited(redundant={"size": "10"}), "Expected `int`"),
        (edited(redundant={"size": 11}), "the sizes 10 and 11 are not the same"),
        (edited(redundant={"key": ""}), "bucket or key is empty"),
        (edited(redundant={"bucket": ""}), "bucket or key is empty"),
        (edited(redundant={"etag": ""}), "ETag cannot be ''"),
        (edited(redundant={"etag": "a\nb"}), "ETag cannot be"),
        (edited(redundant={"last_modified": "2026-01-02T03:04:05"}), "time has no time zone"),
        (edited(redundant={"last_modified": "yesterday"}), "Invalid RFC3339"),
        (edited(redundant={"endpoint": "http://evil"}), "endpoint 'http://evil' is none of the plan's"),
        (edited(redundant={"version_id": "v"}), "version id is none that was audited"),
        (edited(redundant={"key": "keeper"}), "the keeper is the redundant object itself"),
        (edited(evidence="crc64"), "Invalid enum value 'crc64'"),
        (edited(checked=7), "Expected `object | null`"),
    ],
)
def test_a_line_that_makes_no_sense_is_refused(text: bytes, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        read_line(text, HEAD)


def test_a_version_that_is_missing_is_refused() -> None:
    with pytest.raises(ValueError, match="the keeper's version id is missing"):
        read_line(edited(), replace(HEAD, versions=True))


@pytest.mark.parametrize(
    "text",
    [
        edited(keeper={"key": "what nothing was proven of"}),
        edited(redundant={"key": "what nothing was proven of"}),
        edited(redundant={"etag": "f" * 32}),
        edited(evidence="sha256-ranges"),
        edited(checked=None),
        edited(seal=""),
    ],
)
def test_a_line_in_which_something_was_changed_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match="not as s3dedup wrote it for this audit"):
        read_line(text, HEAD)


def test_a_line_of_another_audit_or_under_another_digest_is_refused() -> None:
    for head in (replace(HEAD, run=replace(HEAD.run, id="other")), replace(HEAD, digest="sha256")):
        with pytest.raises(ValueError, match="not as s3dedup wrote it for this audit"):
            read_line(edited(), head)


def test_a_seal_is_the_same_for_the_same_line_and_another_for_any_other() -> None:
    assert seal(line(), HEAD) == seal(line(), HEAD)
    others = [line("x"), line(checked=None), line(group="h"), line(checked=replace(COMPARED, fingerprint="cd"))]
    assert len({seal(each, HEAD) for each in [line(), *others]}) == 5
