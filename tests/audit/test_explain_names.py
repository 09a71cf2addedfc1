"""Which objects `explain` finds by which names, what it takes from the state, and what it asks of the store."""

from __future__ import annotations

import io
import json
from contextlib import closing
from dataclasses import replace
from hashlib import md5
from typing import TYPE_CHECKING, Any

import pytest

from s3dedup.audit import audit, explain
from s3dedup.config import Source
from s3dedup.errors import (
    BucketNotFoundError,
    ListingDeniedError,
    NoReportError,
    StateError,
    StateLockedError,
    UsageError,
)
from s3dedup.evidence import Verdict
from s3dedup.model import SkipReason
from s3dedup.report.explain import render_explanation
from s3dedup.shelf import State
from s3dedup.store import StoreConfig
from s3dedup.text import plain
from tests.audit.explaining import BODY, one, text
from tests.audit.helpers import flipped
from tests.fakes3 import FakeS3, matching

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.audit.helpers import Auditor


aws = pytest.mark.usefixtures("as_aws")

# Names


@aws
@pytest.mark.parametrize(
    "key", ["\x1b[31mred\x1b[0m", "two\nlines", "a\\b", "a/../b", " ", "\u202egnp.exe", "?versionId=", "a?versionId=1"]
)
def test_any_key_is_found_and_can_do_nothing_to_a_terminal(key: str, fake: FakeS3, auditor: Auditor) -> None:
    fake.put("b", key, BODY)
    fake.put("b", "twin", BODY)
    auditor("b")
    found = explain([f"s3://b/{key}"], auditor.state)
    assert found.objects[0].object.key == key
    assert found.objects[0].group is not None
    for words in (text(found), text(explain(["s3://b/twin"], auditor.state))):
        assert f"s3://b/{plain(key)}" in words.splitlines()[0] or f"s3://b/{plain(key)}" in words
        assert all(line.isprintable() for line in words.split("\n"))
    stream = io.StringIO()
    render_explanation(found, "json", stream)
    assert json.loads(stream.getvalue())["objects"][0]["object"]["key"] == key


@aws
def test_the_keys_of_many_pages_are_all_found(fake: FakeS3, auditor: Auditor) -> None:
    keys = [f"{number:04}" for number in range(2500)]
    for number, key in enumerate(keys):
        fake.put("b", key, b"%d" % (number // 2))
    auditor("b")
    for number in (0, 1, 998, 999, 1000, 1001, 1999, 2000, 2001, 2499):
        found = one(auditor, keys[number])
        assert found.group is not None
        assert [each.key for each in found.group.others] == [keys[number ^ 1]]


def test_what_is_not_listed_in_order_is_found_as_well(fake: FakeS3, auditor: Auditor) -> None:
    fake.bucket("b", order="by-directory")
    for number in range(1500):
        fake.put("b", f"{number % 7}/{number}", b"%04d" % number)
        fake.put("b", f"{number % 7}!{number}", b"%05d" % number)
    auditor("b")
    assert {one(auditor, key).same_size for key in ("0/0", "3!1403", "6/1497")} == {1499}


@aws
def test_a_version_is_named_by_its_id(fake: FakeS3, auditor: Auditor) -> None:
    fake.bucket("b", versioning="Enabled")
    old, new = (fake.put("b", "a", body).version_id for body in (BODY, flipped(BODY, 0)))
    fake.put("b", "only", BODY)
    auditor("b", versions=True)
    assert one(auditor, f"a?versionId={old}").group is not None
    assert one(auditor, f"a?versionId={new}").group is None
    assert one(auditor, "only").group is not None, "it has one version"
    with pytest.raises(UsageError, match=rf"2 versions of s3://b/a were listed: name one, as in .*versionId={new}"):
        one(auditor, "a")
    with pytest.raises(UsageError, match=r"No version 'none' of s3://b/a was listed: name one that was, as in "):
        one(auditor, "a?versionId=none")


@aws
@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        pytest.param("s3://else/a", {}, r"it looked in s3://b\.", id="another-bucket"),
        pytest.param("s3://b/log", {"prefix": "cats/"}, r"it looked in s3://b/cats/\.", id="another-prefix"),
        pytest.param("s3://b/cats/tom.jpeg", {}, "a name like it that was is s3://b/cats/tom.jpg", id="a-typo"),
        pytest.param("s3://b/zzz", {}, "it was not there; check its spelling", id="nothing-like-it"),
        pytest.param("s3://b/log", {"exclude": ["l*"]}, "--include or --exclude left out its key", id="excluded"),
        pytest.param("s3://b/log", {"include": ["c*"]}, "--include or --exclude left out its key", id="not-included"),
        pytest.param("s3://b/log", {"min_size": 100}, "or --min-size or --storage-class left it out", id="too-small"),
        pytest.param(
            "s3://b/log", {"storage_classes": ["GLACIER"]}, "or --min-size or --storage-class left it out", id="class"
        ),
    ],
)
def test_of_what_was_not_listed_it_is_said_why(
    name: str, options: dict[str, Any], sentence: str, fake: FakeS3, auditor: Auditor
) -> None:
    fake.put("b", "cats/tom.jpg", BODY)
    fake.put("b", "log", b"log")
    prefix, rest = options.get("prefix", ""), {key: value for key, value in options.items() if key != "prefix"}
    run = auditor(f"b/{prefix}", **rest).run
    with pytest.raises(UsageError, match=rf"was not listed by audit {run.id[:8]} of .*: .*{sentence}"):
        explain([name], auditor.state)


@aws
@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        pytest.param([], "0 objects cannot be explained", id="none"),
        pytest.param(["s3://b/a"] * 3, "3 objects cannot be explained", id="three"),
        pytest.param(["s3://b/a"] * 2, "is named twice", id="the-same"),
        pytest.param(["b/a"], "names no object: write it as s3://bucket/key", id="no-scheme"),
        pytest.param(["s3:///a"], "names no object: write it as s3://bucket/key", id="no-bucket"),
        pytest.param(["s3://b/"], "names a bucket and no object", id="no-key"),
    ],
)
def test_what_names_no_one_object_or_pair_is_refused(
    names: list[str], sentence: str, fake: FakeS3, auditor: Auditor
) -> None:
    fake.put("b", "a", BODY)
    auditor("b")
    with pytest.raises(UsageError, match=sentence):
        explain(names, auditor.state)


def test_buckets_of_one_name_at_two_endpoints_are_told_apart(fake: FakeS3, auditor: Auditor) -> None:
    with FakeS3() as second:
        for server in (fake, second):
            server.put("b", "a", BODY)
        sources = [Source("s3://b"), Source("s3://b", endpoint_url=second.endpoint_url)]
        audit(replace(auditor.config("b"), locations=sources))
    hosts = [server.endpoint_url.partition("://")[2] for server in (fake, second)]
    found = explain([f"s3://b@{host}/a" for host in hosts], auditor.state)
    assert found.pair is not None
    assert found.pair.verdict is Verdict.SAME
    with pytest.raises(UsageError, match=f"write it as below s3://b@{min(hosts)}/ or s3://b@{max(hosts)}/"):
        explain(["s3://b/a"], auditor.state)


# The state


@aws
def test_nothing_is_asked_of_the_store(fake: FakeS3, auditor: Auditor) -> None:
    fake.put("b", "a", BODY)
    fake.put("b", "b", BODY)
    auditor("b")
    fake.log.clear()
    explain(["s3://b/a", "s3://b/b"], auditor.state)
    assert not fake.log


def test_without_a_finished_audit_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(NoReportError):
        explain(["s3://b/a"], tmp_path / "state")
    assert not (tmp_path / "state").exists()


@aws
def test_an_audit_under_way_is_not_disturbed(fake: FakeS3, auditor: Auditor) -> None:
    fake.put("b", "a", BODY)
    auditor("b")
    with closing(State(auditor.state)), pytest.raises(StateLockedError):
        explain(["s3://b/a"], auditor.state)


@aws
def test_what_another_audit_has_begun_to_list_since_is_not_taken_for_the_last_one(
    fake: FakeS3, auditor: Auditor
) -> None:
    for number in range(1500):
        fake.put("b", f"{number:04}", BODY)
    auditor("b")
    fake.faults.add("403", match=matching("ListObjectsV2"), after=1, times=None)
    with pytest.raises(ListingDeniedError):
        auditor("b")
    with pytest.raises(StateError, match=r"is no longer there, .*: run `s3dedup audit` to its end and ask again"):
        explain(["s3://b/0000"], auditor.state)


@aws
@pytest.mark.parametrize("wrong", [["none"], ["b", "none"]], ids=["alone", "beside a right one"])
def test_whoever_mistypes_a_bucket_has_lost_nothing(wrong: list[str], fake: FakeS3, auditor: Auditor) -> None:
    fake.put("b", "a", BODY)
    found = auditor("b").run
    with pytest.raises(BucketNotFoundError):
        auditor(*wrong)
    assert explain(["s3://b/a"], auditor.state).run == found


@aws
def test_an_interrupted_listing_is_gone_on_with_after_a_mistyped_one(fake: FakeS3, auditor: Auditor) -> None:
    for number in range(3500):
        fake.put("b", f"{number:04}", BODY)
    fake.faults.add("403", match=matching("ListObjectsV2"), after=2, times=1)
    with pytest.raises(ListingDeniedError):
        auditor("b", concurrency=1)
    with pytest.raises(BucketNotFoundError):
        auditor("none")
    fake.log.clear()
    assert auditor("b").totals.objects == 3500
    assert all(entry.query.keys() & {"start-after", "continuation-token"} for entry in fake.requests("ListObjectsV2"))


@aws
def test_the_audit_after_one_that_was_explained_lists_again(fake: FakeS3, auditor: Auditor) -> None:
    fake.put("b", "a", BODY)
    first = auditor("b").run
    one(auditor, "a")
    fake.put("b", "a", flipped(BODY, 0))
    second = auditor("b").run
    assert first.id != second.id
    assert explain(["s3://b/a"], auditor.state).run == second


# The store, now


def reach(fake: FakeS3) -> StoreConfig:
    """How the fake is asked."""
    return StoreConfig(fake.endpoint_url, None, "us-east-1", "AKIAFAKEFAKEFAKEFAKE", "fake")


def deny(fake: FakeS3) -> None:
    fake.deny("b", "s3:GetObject")


@pytest.mark.parametrize(
    ("change", "reason", "words"),
    [
        pytest.param(lambda _: None, None, "It is still the one that was listed (encryption AES256).", id="the-same"),
        pytest.param(
            lambda fake: fake.put("b", "a", flipped(BODY, 0)), SkipReason.CHANGED, "no longer the one", id="changed"
        ),
        pytest.param(
            lambda fake: fake.put("b", "a", BODY * 2, etag=md5(BODY).hexdigest()),
            SkipReason.CHANGED,
            "no longer the one",
            id="another-size",
        ),
        pytest.param(lambda fake: fake.delete("b", "a"), SkipReason.VANISHED, "It is gone", id="gone"),
        pytest.param(deny, SkipReason.ACCESS_DENIED, "The store does not tell (access-denied)", id="denied"),
    ],
)
def test_asked_live_the_store_says_whether_it_is_still_what_was_listed(
    change: Callable[[FakeS3], object], reason: SkipReason | None, words: str, fake: FakeS3, auditor: Auditor
) -> None:
    fake.put("b", "a", BODY)
    auditor("b")
    change(fake)
    found = explain(["s3://b/a"], auditor.state, reach(fake))
    live = found.objects[0].live
    assert live is not None
    assert live.reason is reason
    assert words in " ".join(text(found).split())


def test_another_store_than_the_audited_one_is_not_asked(fake: FakeS3, auditor: Auditor) -> None:
    fake.put("b", "a", BODY)
    auditor("b")
    with FakeS3() as other:
        with pytest.raises(UsageError, match=r"was audited at .*, and --live would ask .*: pass the options"):
            explain(["s3://b/a"], auditor.state, reach(other))
        assert not other.log
