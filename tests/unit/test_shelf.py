"""The state directory: who may use it, what survives, and what is refused."""

from __future__ import annotations

import os
import pickle
import shelve
import signal
import stat
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import lmdb
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3dedup.errors import NoReportError, StateError, StateLockedError
from s3dedup.model import (
    Cursor,
    Encryption,
    EtagTrust,
    EvidenceKind,
    HeadFacts,
    ListedObject,
    Location,
    Place,
    RunInfo,
    Skipped,
    SkipReason,
    Span,
    StoredChecksum,
    Totals,
    Work,
)
from s3dedup.shelf import (
    BucketRule,
    DigestRecord,
    Doubt,
    Manner,
    ObjectFacts,
    ScanRecord,
    Segment,
    State,
    Summary,
    aside,
    facts_key,
    group_found,
    read_report,
    rule_key,
)
from s3dedup.shelf.database import Database, Table
from s3dedup.shelf.records import VERSION, RecordShelf

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

ROW = ListedObject("a/b.jpg", 5, "0" * 32, "STANDARD", "2026-01-01T00:00:00.000Z")
KEY = facts_key("AWS", "photos", ROW)
CHECKSUM = StoredChecksum("MD5", b"5" * 16, full_object=True)
HEAD = HeadFacts(
    ROW.etag, 5, Encryption.SSE_S3, archived=False, checksums=(StoredChecksum("MD5", b"5" * 16, full_object=True),)
)
FACTS = ObjectFacts(ROW.etag, ROW.size, ROW.modified, HEAD, "sha1", {0: b"1" * 20})
NOW = datetime(2026, 11, 22, tzinfo=UTC)
SCAN = ScanRecord(b"config", "run", 1000.0, ["s3://photos"], [0])
FILES = ["facts.mdb", "scan.mdb"]


def summary(run: str = "run") -> Summary:
    totals = Totals(2, 10, 0, 1, 1, 5, 5, None)
    return Summary(
        "0.1.0", RunInfo(run, NOW, NOW, ("s3://photos",), complete=False), totals, Work(1, 2, 3, 4), ["note"]
    )


def group(size: int = 5, copies: int = 2) -> DigestRecord:
    objects = [("photos", ROW._replace(key=f"{size}/{number}", size=size)) for number in range(copies)]
    return DigestRecord(size, EvidenceKind.MD5_ETAG, objects, "id", size)


SKIPPED = Skipped("photos", "b", None, SkipReason.ACCESS_DENIED, "not allowed")


def finished(directory: Path, run: str = "run") -> None:
    """An audit that was finished in this directory."""
    with closing(State(directory)) as state:
        state.results.add([group_found(b"digest", group())])
        state.results.add_skipped(SKIPPED)
        state.results.finish(summary(run))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "state"


# --- one at a time --------------------------------------------------------------------------------------------------

HOLDER = """
import sys, time
from pathlib import Path
from s3dedup.shelf import State
state = State(Path(sys.argv[1]))
print("open", flush=True)
time.sleep(600)
"""


@pytest.fixture
def holder(home: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the state open."""
    with subprocess.Popen([sys.executable, "-c", HOLDER, home], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield process
        process.kill()


def test_a_second_process_is_told_who_has_the_state(home: Path, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(StateLockedError, match=rf"in use by another audit \(process {holder.pid}\): wait for it"):
        State(home)


def test_a_killed_process_leaves_no_lock(home: Path, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    State(home).close()


def test_the_same_process_is_locked_out_as_well(home: Path) -> None:
    with closing(State(home)), pytest.raises(StateLockedError, match=str(os.getpid())):
        State(home)


def test_whoever_was_locked_out_can_have_the_state_afterwards(home: Path) -> None:
    first = State(home)
    with pytest.raises(StateLockedError):
        State(home)
    first.close()
    State(home).close()


def test_a_note_of_the_holder_that_is_garbage_is_no_obstacle(home: Path) -> None:
    home.mkdir()
    (home / "lock").write_bytes(b"\xff\xfe")
    with closing(State(home)):
        (home / "lock").write_bytes(b"\xff\xfe")
        with pytest.raises(StateLockedError):
            State(home)


# --- files ----------------------------------------------------------------------------------------------------------


def test_everything_in_the_state_is_readable_by_its_owner_only(home: Path) -> None:
    before = os.umask(0)
    try:
        finished(home)
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in home.iterdir()}
    assert modes == dict.fromkeys(["facts.mdb", "lock", "report.mdb", "scan.mdb"], 0o600)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_a_state_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match=r"cannot be written \(File exists\): pass another --state"):
        State(tmp_path / "file")


def garbage(path: Path) -> None:
    path.write_bytes(b"garbage " * 4096)


def few_bytes(path: Path) -> None:
    path.write_bytes(b"x")


def cut_short(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def zeros(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", [garbage, few_bytes, cut_short, zeros], ids=lambda damage: damage.__name__)
def test_a_corrupt_file_is_refused_in_one_sentence(home: Path, name: str, damage: Callable[[Path], None]) -> None:
    finished(home)
    damage(home / name)
    with pytest.raises(StateError, match=r"is corrupt \(.*\): remove it, or pass another --state\.$") as refused:
        State(home)
    assert str(home / name) in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", FILES)
def test_after_a_refusal_the_state_can_be_opened_once_the_file_is_removed(home: Path, name: str) -> None:
    finished(home)
    garbage(home / name)
    with pytest.raises(StateError) as refused:
        State(home)
    (home / name).unlink()
    State(home).close()
    assert not isinstance(refused.value, StateLockedError)


@pytest.mark.parametrize("name", FILES)
def test_an_empty_file_is_what_a_process_killed_at_its_first_step_leaves_and_is_filled_anew(
    home: Path, name: str
) -> None:
    finished(home)
    emptied(home / name)
    with closing(State(home)) as state:
        state.facts.keep(KEY, FACTS)
        assert state.facts.of(KEY, ROW) == FACTS


@pytest.mark.parametrize("damage", [garbage, few_bytes, cut_short, emptied, zeros], ids=lambda damage: damage.__name__)
def test_a_corrupt_report_is_refused_in_one_sentence(home: Path, damage: Callable[[Path], None]) -> None:
    finished(home)
    damage(home / "report.mdb")
    with pytest.raises(StateError, match=r"report.mdb is corrupt \(.*\): remove it, or pass another --state\.$"):
        read_report(home)


def test_a_corrupt_report_does_not_keep_the_next_audit_from_being_reported(home: Path) -> None:
    finished(home)
    garbage(home / "report.mdb")
    finished(home, "next")
    assert read_report(home).run.id == "next"


@pytest.mark.parametrize("name", FILES)
def test_a_file_with_a_newer_schema_is_refused(home: Path, name: str) -> None:
    finished(home)
    with closing(Database(home / name, ("meta",), durable=False)) as database:
        database.put("meta", b"schema", (2).to_bytes(2))
    with pytest.raises(StateError, match="was written by a newer s3dedup: upgrade this one, or pass another --state"):
        State(home)


# --- facts and rules ------------------------------------------------------------------------------------------------


def test_facts_survive_until_the_next_audit(home: Path) -> None:
    with closing(State(home)) as state:
        state.facts.keep(KEY, FACTS)
    with closing(State(home)) as state:
        assert state.facts.of(KEY, ROW) == FACTS


def test_facts_are_known_before_they_are_on_disk(home: Path) -> None:
    with closing(State(home)) as state:
        state.facts.keep(KEY, FACTS)
        state.facts.keep(KEY, replace_head(FACTS))
        assert state.facts.of(KEY, ROW) == replace_head(FACTS)


def replace_head(facts: ObjectFacts) -> ObjectFacts:
    return ObjectFacts(facts.etag, facts.size, facts.modified, None, facts.digest, facts.ranges)


KEEPER = """
import sys, time
from pathlib import Path
from s3dedup.shelf import State
from tests.unit.test_shelf import FACTS, KEY
state = State(Path(sys.argv[1]))
state.facts.keep(KEY, FACTS)
time.sleep(0.3)
state.facts.keep(b"another", FACTS)
print("kept", flush=True)
time.sleep(600)
"""


def test_facts_survive_a_kill_a_moment_after_they_were_learnt(home: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", KEEPER, home], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "kept\n"
        process.kill()
    with closing(State(home)) as state:
        assert state.facts.of(KEY, ROW) == FACTS


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(ROW._replace(etag="1" * 32), id="another-etag"),
        pytest.param(ROW._replace(size=6), id="another-size"),
        pytest.param(ROW._replace(modified="2026-01-01T00:00:01.000Z"), id="another-time"),
    ],
)
def test_facts_of_an_object_that_was_overwritten_are_stale_and_left_out(home: Path, row: ListedObject) -> None:
    with closing(State(home)) as state:
        state.facts.keep(KEY, FACTS)
        assert state.facts.of(KEY, row) == ObjectFacts(row.etag, row.size, row.modified)


def test_facts_of_one_object_are_not_those_of_another() -> None:
    rows = [ROW, ROW._replace(key="a/c.jpg"), ROW._replace(version_id="1"), ROW._replace(version_id="2")]
    places = [("AWS", "photos"), ("AWS", "videos"), ("http://localhost", "photos")]
    keys = {facts_key(*place, row) for place in places for row in rows}
    assert len(keys) == len(rows) * len(places)
    assert rule_key("AWS", "photos") != rule_key("AWS", "videos")


def test_a_rule_survives_until_the_next_audit(home: Path) -> None:
    rule = BucketRule(Encryption.SSE_S3, hex_proven=True, multipart_proven=False, learnt=1.5, note="n")
    with closing(State(home)) as state:
        state.rules[b"photos"] = rule
    with closing(State(home)) as state:
        assert state.rules[b"photos"] == rule


# --- scans ----------------------------------------------------------------------------------------------------------


SPAN = Span("", "a", Cursor("on"), "a", None, 0, 1, 5, 0)


def begun(home: Path, scan: ScanRecord, oldest: float) -> tuple[ScanRecord, list[Span]]:
    """Which scan a later audit goes on with, and what it finds to be listed of the first location."""
    with closing(State(home)) as state:
        assert state.begin(SCAN, oldest=0) == SCAN
        state.start()
        with closing(Segment(home, 0)) as segment:
            segment.add_page(0, [ROW], [ROW.size], (b"\x01", bytes(16), bytes(2)), SPAN)
    with closing(State(home)) as state:
        return state.begin(scan, oldest=oldest), state.listed_spans(0)


def test_an_interrupted_scan_of_the_same_is_gone_on_with(home: Path) -> None:
    again = ScanRecord(SCAN.config, "another", 2000.0, SCAN.locations, [0])
    assert begun(home, again, oldest=999) == (SCAN, [SPAN])


def test_what_has_become_different_about_a_scan_is_remembered(home: Path) -> None:
    changed = ScanRecord(SCAN.config, SCAN.run_id, SCAN.started, SCAN.locations, [1], [0])
    with closing(State(home)) as state:
        state.begin(SCAN, oldest=0)
        state.start()
        state.change(changed)
    with closing(State(home)) as state:
        assert state.begin(SCAN, oldest=0) == changed


@pytest.mark.parametrize(
    ("scan", "oldest"),
    [
        pytest.param(ScanRecord(b"other", "another", 2000.0, [], []), 999.0, id="of-something-else"),
        pytest.param(ScanRecord(SCAN.config, "another", 2000.0, [], []), 1001.0, id="too-long-ago"),
    ],
)
def test_any_other_interrupted_scan_is_forgotten(home: Path, scan: ScanRecord, oldest: float) -> None:
    assert begun(home, scan, oldest) == (scan, [])


def test_a_scan_that_is_gone_on_with_goes_on_in_the_manner_that_is_asked_for_now(home: Path) -> None:
    manners = [
        Manner([Location("photos")], [Place("AWS", "photos", is_aws=True)], versions, trust, "sha1", 0, [], [], [])
        for versions, trust in ((False, EtagTrust.AUTO), (False, EtagTrust.NEVER))
    ]
    first, second = (msgspec.structs.replace(SCAN, manner=manner) for manner in manners)
    with closing(State(home)) as state:
        state.begin(first, oldest=0)
        state.start()
        assert state.begin(msgspec.structs.replace(second, run_id="another"), oldest=0) == second
        state.end()
        assert state.finished(SCAN.run_id) == msgspec.structs.replace(second, finished=True)


def test_a_scan_is_finished_when_it_is_done_and_until_another_is_started(home: Path) -> None:
    with closing(State(home)) as state:
        state.begin(SCAN, oldest=0)
        state.start()
        assert state.finished(SCAN.run_id) is None
        state.end()
    with closing(State(home)) as state:
        assert state.finished(SCAN.run_id) is not None
        assert state.finished("another") is None
        state.begin(ScanRecord(b"other", "another", 2000.0, [], []), oldest=0)
        assert state.finished(SCAN.run_id) is not None
        state.start()
        assert state.finished(SCAN.run_id) is None


def test_a_scan_that_is_done_is_not_gone_on_with(home: Path) -> None:
    with closing(State(home)) as state:
        state.begin(SCAN, oldest=0)
        state.start()
        state.end()
    again = ScanRecord(SCAN.config, "another", 2000.0, [], [])
    with closing(State(home)) as state:
        assert state.begin(again, oldest=0) == again


# --- results --------------------------------------------------------------------------------------------------------


def test_a_report_holds_what_was_put_into_it(home: Path) -> None:
    finished(home)
    report = read_report(home)
    found = summary()
    assert (report.tool_version, report.run, report.totals, report.work) == (
        found.tool_version,
        found.run,
        found.totals,
        found.work,
    )
    assert report.notes == ("note",)
    (only,) = report.groups
    assert [each.key for each in only.objects] == ["5/0", "5/1"]
    assert (only.id, only.size, only.evidence, only.billable_bytes) == ("id", 5, EvidenceKind.MD5_ETAG, 5)
    assert list(report.skipped) == [SKIPPED]


def test_the_groups_come_by_reclaimable_bytes_largest_first_however_many_they_are(home: Path) -> None:
    sizes = [(size * 7919) % 5003 + 1 for size in range(5003)]
    with closing(State(home)) as state:
        for size in sizes:
            state.results.add([group_found(size.to_bytes(4), group(size, 2 + size % 3))])
        state.results.finish(summary())
    report = read_report(home)
    reclaimable = [each.reclaimable_bytes for each in report.groups]
    assert len(report.groups) == len(reclaimable) == len(sizes)
    assert reclaimable == sorted(reclaimable, reverse=True)


def test_the_largest_group_that_s3_can_hold_can_be_ranked(home: Path) -> None:
    huge = DigestRecord(50 * 10**12, EvidenceKind.MD5_ETAG, [("photos", ROW)] * 10_000, "id")
    with closing(State(home)) as state:
        state.results.add([group_found(b"small", group())])
        state.results.add([group_found(b"huge", huge)])
        state.results.finish(summary())
    assert [each.size for each in read_report(home).groups] == [50 * 10**12, 5]


def test_the_groups_can_be_gone_through_again_and_counted(home: Path) -> None:
    finished(home)
    report = read_report(home)
    first = list(report.groups)
    assert list(report.groups) == first
    assert (len(report.groups), len(report.skipped)) == (1, 1)
    assert first[0] in report.groups
    assert replace(first[0], id="other") not in report.groups


def test_results_that_were_not_finished_do_not_replace_the_last_report(home: Path) -> None:
    finished(home, "last")
    with closing(State(home)) as state:
        state.results.add([group_found(b"digest", group(9))])
    assert read_report(home).run.id == "last"
    assert not (home / "report.unfinished.mdb").exists()


def test_a_report_can_be_read_while_the_next_audit_is_under_way_and_after_it(home: Path) -> None:
    finished(home, "last")
    with closing(State(home)) as state:
        report = read_report(home)
        state.results.add([group_found(b"digest", group(9))])
        assert [each.size for each in report.groups] == [5]
        state.results.finish(summary("next"))
        assert [each.size for each in report.groups] == [5]
        assert [each.size for each in read_report(home).groups] == [9]


def test_a_process_killed_while_it_wrote_results_leaves_the_last_report(home: Path) -> None:
    finished(home, "last")
    (home / "report.unfinished.mdb").write_bytes(b"whatever was written by then")
    assert read_report(home).run.id == "last"
    finished(home, "next")
    assert read_report(home).run.id == "next"


def test_without_a_finished_audit_there_is_no_report(home: Path) -> None:
    with pytest.raises(NoReportError, match="run `s3dedup audit` first"):
        read_report(home)
    State(home).close()
    with pytest.raises(NoReportError):
        read_report(home)


@pytest.mark.parametrize(
    ("table", "key"), [("meta", b"summary"), ("digests", b"digest"), ("skipped", bytes(6))], ids=str
)
@pytest.mark.parametrize(
    "value", [pytest.param(b"\x02\x90", id="newer"), pytest.param(VERSION + b"\xa1\xff", id="garbage")]
)
def test_a_report_that_cannot_be_read_whole_is_refused_instead_of_shown_in_part(
    home: Path, table: str, key: bytes, value: bytes
) -> None:
    finished(home)
    with closing(Database(home / "report.mdb", ("meta", "digests", "ranking", "skipped"), durable=False)) as database:
        database.put(table, key, value)
    with pytest.raises(StateError, match="corrupt, or was written by a newer s3dedup: upgrade this one, or run"):
        read_whole(home)


def read_whole(home: Path) -> None:
    report = read_report(home)
    list(report.groups)
    list(report.skipped)


# --- records --------------------------------------------------------------------------------------------------------

RECORDS = [
    FACTS,
    BucketRule(None, hex_proven=True, multipart_proven=True, learnt=0.5, note="note"),
    group(),
    Doubt(5, [b"entry"]),
    SCAN,
    summary(),
]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    path = tmp_path_factory.mktemp("records") / "records.mdb"
    with closing(Database(path, ("one", "other"), durable=False)) as opened:
        yield opened


def shelf_of(database: Database, kind: type) -> RecordShelf[object]:
    database.clear("one")
    return RecordShelf(Table(database, "one"), kind)


def keys_of(shelf: RecordShelf[object]) -> Collection[Any]:
    """The standard library says that a shelf's keys are text; here they are bytes."""
    return shelf


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_record_is_read_back_as_it_was(database: Database, record: object) -> None:
    shelf = shelf_of(database, type(record))
    shelf[b"key"] = record
    assert shelf[b"key"] == record
    assert b"key" in keys_of(shelf)
    assert list(shelf.records()) == [(b"key", record)]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda _: b"", id="empty"),
        pytest.param(lambda _: VERSION, id="nothing-but-the-version"),
        pytest.param(lambda value: b"\x02" + value[1:], id="newer-version"),
        pytest.param(lambda value: value[:-1], id="cut-short"),
        pytest.param(lambda value: value + b"\x00", id="too-long"),
        pytest.param(lambda _: VERSION + b"\xc1", id="no-msgpack"),
        pytest.param(lambda _: VERSION + b"\x80", id="another-shape"),
        pytest.param(lambda _: pickle.dumps({}), id="a-pickle"),
    ],
)
def test_a_record_that_cannot_be_read_is_a_miss(
    database: Database, record: object, damage: Callable[[bytes], bytes]
) -> None:
    shelf = shelf_of(database, type(record))
    shelf[b"key"] = record
    database.put("one", b"key", damage(database.get("one", b"key") or b""))
    assert shelf.get(b"key") is None
    assert b"key" not in keys_of(shelf)
    assert list(shelf.records()) == []
    with pytest.raises(KeyError):
        shelf[b"key"]


@given(record=st.sampled_from(RECORDS), data=st.data())
def test_no_damage_to_a_record_is_ever_a_crash(database: Database, record: object, data: st.DataObject) -> None:
    shelf = shelf_of(database, type(record))
    shelf[b"key"] = record
    value = bytearray(database.get("one", b"key") or b"")
    for _ in range(data.draw(st.integers(1, 4))):
        value[data.draw(st.integers(1, len(value) - 1))] = data.draw(st.integers(0, 255))
    database.put("one", b"key", bytes(value))
    found = shelf.get(b"key")
    assert found is None or type(found) is type(record)


def test_a_record_shelf_is_a_shelf_of_the_standard_library_without_its_pickle(database: Database) -> None:
    shelf = shelf_of(database, ObjectFacts)
    assert isinstance(shelf, shelve.Shelf)
    shelf[b"key"] = FACTS
    value = database.get("one", b"key") or b""
    assert value[:1] == VERSION
    assert msgspec.msgpack.decode(value[1:])[:3] == [ROW.etag, ROW.size, ROW.modified]


def test_a_pickle_that_was_smuggled_in_is_not_run(database: Database, tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, ...]:
            return (os.mkdir, (str(tmp_path / "run"),))

    shelf = shelf_of(database, ObjectFacts)
    for prefix in (b"", VERSION):
        database.put("one", b"key", prefix + pickle.dumps(Bomb()))
        assert shelf.get(b"key") is None
    assert not (tmp_path / "run").exists()


def test_a_shelf_is_a_sorted_map(database: Database) -> None:
    shelf = shelf_of(database, Doubt)
    shelf.update_sorted({bytes([key]): Doubt(key, []) for key in (3, 1, 2)})
    assert list(keys_of(shelf)) == [b"\x01", b"\x02", b"\x03"]
    assert len(shelf) == 3
    assert [key for key, _ in shelf.records(b"\x02")] == [b"\x02", b"\x03"]
    del shelf[b"\x02"]
    with pytest.raises(KeyError):
        del shelf[b"\x02"]
    shelf.clear()
    assert list(shelf) == []


class Undone(Exception):  # noqa: N818  it is no error
    """Ends a batch."""


def test_a_batch_is_undone_by_an_exception(database: Database) -> None:
    def write_and_fail() -> None:
        with database.batch():
            shelf[b"before"] = Doubt(2, [])
            shelf[b"new"] = Doubt(3, [])
            database.put("other", b"key", b"value")
            raise Undone

    shelf = shelf_of(database, Doubt)
    shelf[b"before"] = Doubt(1, [])
    with pytest.raises(Undone):
        write_and_fail()
    assert dict(shelf.records()) == {b"before": Doubt(1, [])}
    assert database.get("other", b"key") is None


def test_a_batch_within_a_batch_is_undone_with_it(database: Database) -> None:
    def write_and_fail() -> None:
        with database.batch():
            with database.batch():
                shelf[b"inner"] = Doubt(1, [])
            assert shelf.get(b"inner") == Doubt(1, [])
            raise Undone

    shelf = shelf_of(database, Doubt)
    with pytest.raises(Undone):
        write_and_fail()
    assert shelf.get(b"inner") is None


def test_after_a_batch_was_undone_the_next_one_is_written(database: Database) -> None:
    shelf = shelf_of(database, Doubt)
    with pytest.raises(Undone), database.batch():
        raise Undone
    with database.batch():
        shelf[b"key"] = Doubt(1, [])
    assert shelf.get(b"key") == Doubt(1, [])


def test_a_table_of_more_than_one_stretch_is_gone_through_whole_while_it_is_written_to(database: Database) -> None:
    database.clear("one")
    database.put_many("one", [(number.to_bytes(4), b"") for number in range(1000)])
    seen = []
    for key, _ in database.scan("one"):
        seen.append(int.from_bytes(key))
        database.put("other", key, b"")
    assert seen == list(range(1000))


def test_a_database_is_closed_only_once(tmp_path: Path) -> None:
    opened = Database(tmp_path / "twice.mdb", ("meta",), durable=True)
    opened.close()
    opened.close()


def test_a_database_that_was_refused_can_be_opened_by_others(tmp_path: Path) -> None:
    path = tmp_path / "short.mdb"
    with closing(Database(path, ("meta",), durable=True)) as opened:
        opened.put("meta", b"key", bytes(100_000))
    whole = path.read_bytes()
    path.write_bytes(whole[:50_000])
    with pytest.raises(StateError, match="corrupt"):
        Database(path, ("meta",), durable=True)
    path.write_bytes(whole)
    with closing(lmdb.open(str(path), subdir=False, lock=False, max_dbs=1)) as environment:
        assert environment.stat()["entries"] == 1


def test_waiting_facts_are_written_within_a_moment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(State(home)) as state:
        state.facts.keep(KEY, FACTS)
        later = time.monotonic() + 1
        monkeypatch.setattr(time, "monotonic", lambda: later)
        state.facts.keep(b"another", FACTS)
        copy = home.parent / "copy"
        copy.mkdir()
        (copy / "facts.mdb").write_bytes((home / "facts.mdb").read_bytes())
        with closing(State(copy)) as other:
            assert other.facts.of(KEY, ROW) == FACTS


def test_every_state_has_a_salt_of_its_own_and_keeps_it(tmp_path: Path) -> None:
    def salt(name: str) -> bytes:
        with closing(State(tmp_path / name)) as state:
            return state.salt

    assert salt("one") == salt("one") != salt("other")
    assert len(salt("one")) == 16


def test_what_is_put_aside_is_gone_in_the_end_and_what_a_killed_audit_left_is_not_found_again(tmp_path: Path) -> None:
    killed = Database(tmp_path / "aside.mdb", ("aside",), durable=False)
    killed.put("aside", b"key", b"old")
    killed.close()
    with aside(tmp_path) as room:
        assert room.get("aside", b"key") is None
        room.put("aside", b"key", b"new")
        assert room.get("aside", b"key") == b"new"
    with pytest.raises(ZeroDivisionError), aside(tmp_path):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
