"""A plan is held against the buckets right before somebody acts on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from s3dedup.audit import VerifyConfig, manifest, verify
from s3dedup.engine import verify as engine
from s3dedup.errors import UsageError
from s3dedup.model import EvidenceKind
from s3dedup.plan import Checked, Dropped, Entry, Obstacle, PlanLine, obstacle
from tests.oracle.memory import MemoryStore
from tests.oracle.test_collisions import PAIRS, SUFFIX
from tests.plan.stand import Stand

TWIN = b"the same bytes " * 9
SIZE = len(TWIN)
LARGE = b"0123456789abcdef" * (1 << 16) + bytes(1 << 19)


def planted(stand: Stand, *keys: str, body: bytes = TWIN) -> None:
    """The first key becomes the keeper."""
    for key in keys:
        stand.aws.put("b", key, body, checksum=None)


def dropped(entries: list[Entry]) -> dict[str, tuple[str, str]]:
    """By redundant key why it was dropped, and because of which object."""
    return {
        each.line.redundant.key: (str(each.reason), each.culprit.key) for each in entries if isinstance(each, Dropped)
    }


def checked(entries: list[Entry]) -> dict[str, Checked]:
    """By redundant key what was found of those that are left."""
    return {each.redundant.key: each.checked for each in entries if isinstance(each, PlanLine) and each.checked}


def again(stand: Stand, key: str, body: bytes) -> None:
    """Overwrite an object."""
    stand.aws.put("b", key, body, checksum=None)


def unnoticed(stand: Stand, key: str, body: bytes) -> None:
    """Have an object hold other bytes, though the store says that it is as it was."""
    with manifest(stand.directory) as plan:
        (item,) = [each.redundant for each in plan.entries if isinstance(each, PlanLine) and each.redundant.key == key]
    stand.aws.put("b", key, body, etag=item.etag, last_modified=item.last_modified, checksum=None)


def test_what_is_as_it_was_stays_and_is_said_to_be_checked(stand: Stand) -> None:
    planted(stand, "keeper", "x", "y")
    lines = stand.planned()
    head, entries = stand.verified_with_head()
    assert head.verified is not None
    assert [(each.redundant.key, each.keeper.key) for each in lines] == [("x", "keeper"), ("y", "keeper")]
    assert list(checked(entries)) == ["x", "y"]
    assert stand.aws.count("GetObject") == 0


def test_what_changed_or_vanished_is_dropped_with_its_reason(stand: Stand) -> None:
    planted(stand, "keeper", "fine", "changed", "gone", "denied", "touched")
    stand.planned()
    again(stand, "changed", b"other bytes")
    stand.aws.delete("b", "gone")
    stand.aws.deny("b", "s3:GetObject", "denied")
    again(stand, "touched", TWIN)
    entries = stand.verified()
    assert list(checked(entries)) == ["fine"]
    assert dropped(entries) == {
        "changed": ("changed", "changed"),
        "gone": ("vanished", "gone"),
        "denied": ("access-denied", "denied"),
        "touched": ("changed", "touched"),
    }


@pytest.mark.parametrize("bytewise", [False, True])
def test_without_its_keeper_nothing_of_a_group_stays(stand: Stand, bytewise: bool) -> None:
    planted(stand, "keeper", "x", "y")
    planted(stand, "other keeper", "z", body=TWIN + b"!")
    stand.planned()
    stand.aws.delete("b", "keeper")
    entries = stand.verified(bytes=bytewise)
    assert dropped(entries) == {"x": ("vanished", "keeper"), "y": ("vanished", "keeper")}
    assert list(checked(entries)) == ["z"]


def test_what_was_dropped_is_not_in_the_plan_that_is_written(stand: Stand) -> None:
    planted(stand, "keeper", "x", "y")
    stand.planned()
    again(stand, "x", TWIN)
    stand.verified()
    assert [type(each) for each in stand.verified()] == [PlanLine]


def test_a_lock_a_replica_and_versions_are_noted(stand: Stand) -> None:
    bucket = stand.aws.bucket("b")
    later = datetime.now(UTC) + timedelta(days=9)
    planted(stand, "keeper", "free")
    stand.aws.put("b", "held", TWIN, legal_hold=True)
    stand.aws.put("b", "locked", TWIN, lock=("COMPLIANCE", later))
    stand.aws.put("b", "replica", TWIN, replication_status="REPLICA")
    bucket.versioning = "Enabled"
    stand.aws.put("b", "versioned", TWIN)
    stand.planned()
    found = checked(stand.verified())
    assert [key for key, each in found.items() if each.locked] == ["held", "locked"]
    assert found["replica"].replication == "REPLICA"
    assert found["versioned"].versioned


def test_a_version_that_is_no_longer_the_current_one_is_still_what_was_planned(stand: Stand) -> None:
    stand.aws.bucket("b", versioning="Enabled")
    planted(stand, "keeper", "x")
    (line,) = stand.planned(versions=True, digest="sha256")
    again(stand, "x", b"a newer version")
    (entry,) = stand.verified(bytes=True)
    assert isinstance(entry, PlanLine)
    assert entry.redundant.version_id == line.redundant.version_id is not None
    assert obstacle(entry, "sha256") is None


@pytest.mark.parametrize("body", [TWIN, LARGE])
def test_with_bytes_all_is_read_once_and_the_same_bytes_have_one_fingerprint(stand: Stand, body: bytes) -> None:
    planted(stand, "keeper", "x", "y", body=body)
    stand.planned()
    found = checked(stand.verified(bytes=True))
    assert found["x"].fingerprint == found["y"].fingerprint is not None
    for key in ("keeper", "x", "y"):
        assert sum(entry.body_bytes for entry in stand.aws.requests("GetObject", key)) == len(body)


def test_what_an_earlier_verification_compared_is_not_read_again(stand: Stand) -> None:
    planted(stand, "keeper", "x")
    stand.planned()
    first = checked(stand.verified(bytes=True))["x"]
    reads = stand.aws.count("GetObject")
    second = checked(stand.verified(bytes=True))["x"]
    assert first.fingerprint == second.fingerprint
    assert stand.aws.count("GetObject") == reads > 0


@pytest.mark.parametrize("position", [0, 1 << 20, len(LARGE) - 1])
def test_what_has_other_bytes_is_dropped_wherever_they_are(stand: Stand, position: int) -> None:
    planted(stand, "keeper", "x", "y", body=LARGE)
    stand.planned()
    body = bytearray(LARGE)
    body[position] ^= 1
    unnoticed(stand, "x", bytes(body))
    entries = stand.verified(bytes=True)
    assert dropped(entries) == {"x": ("different", "x")}
    assert list(checked(entries)) == ["y"]


@pytest.mark.parametrize("pair", ["wang", "stevens"])
def test_a_published_md5_collision_gets_no_further_than_a_plan_to_read(stand: Stand, pair: str) -> None:
    for key, body in zip(("good", "evil"), PAIRS[pair], strict=True):
        stand.aws.put("b", key, body + SUFFIX, checksum=None)
    (line,) = stand.planned()
    assert line.evidence is EvidenceKind.MD5_ETAG
    (entry,) = stand.verified()
    assert isinstance(entry, PlanLine)
    assert obstacle(entry, "sha1") is Obstacle.NOT_COMPARED
    assert dropped(stand.verified(bytes=True)) == {"evil": ("different", "evil")}


def test_a_sha1_collision_gets_no_further_either(stand: Stand) -> None:
    for key, body in zip(("good", "evil"), PAIRS["shattered"], strict=True):
        stand.aws.put("b", key, body + SUFFIX, encryption="SSE-KMS", checksum=("SHA1", "FULL_OBJECT"))
    (line,) = stand.planned()
    assert line.evidence is EvidenceKind.CHECKSUM
    assert [obstacle(each, "sha1") for each in stand.verified() if isinstance(each, PlanLine)] == [
        Obstacle.NOT_COMPARED
    ]
    assert dropped(stand.verified(bytes=True)) == {"evil": ("different", "evil")}


def test_no_more_is_read_than_was_allowed_and_the_rest_stays_uncompared(stand: Stand) -> None:
    planted(stand, "keeper", "x", "y", "z")
    stand.planned()
    found = checked(stand.verified(bytes=True, max_read=3 * SIZE))
    assert [key for key, each in found.items() if each.fingerprint] == ["x", "y"]
    assert sum(entry.body_bytes for entry in stand.aws.requests("GetObject")) == 3 * SIZE
    found = checked(stand.verified(bytes=True, max_read=2 * SIZE))
    assert all(each.fingerprint for each in found.values())


def test_what_was_allowed_and_not_read_is_there_for_what_comes_next(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first pair differs at its beginning, so the second can be read for what is left of the budget."""
    monkeypatch.setattr(engine, "BATCH", 1)
    planted(stand, "keeper", "x", body=LARGE)
    planted(stand, "other keeper", "y", body=LARGE[:-1])
    stand.planned()
    unnoticed(stand, "x", b"!" + LARGE[1:])
    entries = stand.verified(bytes=True, max_read=2 * len(LARGE) + (1 << 18))
    assert dropped(entries) == {"x": ("different", "x")}
    assert checked(entries)["y"].fingerprint


def test_of_a_group_whose_keeper_cannot_be_read_only_what_was_read_is_charged(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixteen objects are begun with the keeper; what is left is enough for the other pair."""
    monkeypatch.setattr(engine, "BATCH", 1)
    stand.aws.put("b", "archived", TWIN, storage_class="GLACIER")
    planted(stand, *(f"x{number:02}" for number in range(40)))
    planted(stand, "keeper", "y", body=TWIN[1:])
    stand.planned()
    found = checked(stand.verified(bytes=True, max_read=18 * SIZE))
    assert [key for key, each in found.items() if each.fingerprint] == ["y"]


def test_an_object_that_changes_while_it_is_read_is_dropped(stand: Stand) -> None:
    planted(stand, "keeper", "x", "y", body=LARGE)
    stand.planned()
    stand.aws.replace_after_get("b", "x", b"other")
    entries = stand.verified(bytes=True)
    assert dropped(entries) == {"x": ("changed", "x")}
    assert checked(entries)["y"].fingerprint


def test_a_keeper_that_changes_while_it_is_read_takes_its_group_with_it(stand: Stand) -> None:
    planted(stand, "keeper", "x", "y", body=LARGE)
    stand.planned()
    stand.aws.replace_after_get("b", "keeper", b"other")
    assert dropped(stand.verified(bytes=True)) == {"x": ("changed", "keeper"), "y": ("changed", "keeper")}


@pytest.mark.parametrize("archived", ["keeper", "x"])
def test_what_cannot_be_read_stays_uncompared(stand: Stand, archived: str) -> None:
    for key in ("keeper", "x"):
        stand.aws.put("b", key, TWIN, storage_class="GLACIER" if key == archived else "STANDARD")
    stand.planned()
    (found,) = checked(stand.verified(bytes=True)).values()
    assert found.fingerprint is None


def test_many_lines_come_back_in_order_whatever_their_batches(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "TOGETHER", 3)
    monkeypatch.setattr(engine, "BATCH", 5)
    for number in range(7):
        planted(
            stand, f"keeper{number}", *(f"{number}-{copy}" for copy in range(number + 1)), body=TWIN + b"x" * number
        )
    lines = stand.planned()
    entries = stand.verified(bytes=True)
    assert list(checked(entries)) == [each.redundant.key for each in lines]
    assert len(entries) == 28


def test_a_group_too_large_for_one_go_has_its_keeper_checked_again(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "TOGETHER", 2)
    planted(stand, "keeper", *"vwxyz")
    stand.planned()
    heads = stand.aws.count("HeadObject", "keeper")
    stand.verified()
    assert stand.aws.count("HeadObject", "keeper") == heads + 3


def test_a_plan_for_another_store_than_the_one_that_is_reached_is_refused(stand: Stand) -> None:
    planted(stand, "keeper", "x")
    stand.planned()
    sent = len(stand.aws.log)
    with (
        pytest.raises(UsageError, match="The plan is for AWS, and your AWS configuration leads to http://minio"),
        verify(stand.plan, open_store=lambda _: MemoryStore(stand.aws, "http://minio")),
    ):
        pass
    assert len(stand.aws.log) == sent


def test_a_plan_that_contradicts_itself_is_refused_before_anything_is_asked(stand: Stand) -> None:
    planted(stand, "keeper", "x", "y")
    stand.planned()
    first, *lines = stand.plan.read_text().splitlines()
    stand.plan.write_text("\n".join([first, *lines, lines[0]]))
    sent = len(stand.aws.log)
    with pytest.raises(UsageError, match="s3://b/x is redundant in line 2 and once more in line 4"):
        stand.verified()
    assert len(stand.aws.log) == sent


def test_a_line_may_be_taken_out(stand: Stand) -> None:
    planted(stand, "keeper", "x", "y")
    stand.planned()
    first, _, second = stand.plan.read_text().splitlines()
    stand.plan.write_text(f"{first}\n\n{second}")
    assert list(checked(stand.verified())) == ["y"]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [({"max_read": 5}, "Only --bytes reads"), ({"bytes": True, "max_read": -1}, "read less than nothing")],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, int], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        VerifyConfig(**options)  # type: ignore[arg-type]


def test_nothing_but_reads_is_sent(stand: Stand) -> None:
    planted(stand, "keeper", "x", body=LARGE)
    stand.planned()
    stand.verified(bytes=True)
    assert {entry.request.method for entry in stand.aws.log} == {"GET", "HEAD"}
    assert {entry.operation for entry in stand.aws.log} >= {"HeadObject", "GetObject"}
