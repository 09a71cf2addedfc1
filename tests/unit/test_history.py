"""What the state remembers of earlier audits: written once, read whole, forgotten in order."""

from __future__ import annotations

import gzip
import stat
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from s3dedup.engine.past import earlier_run
from s3dedup.errors import StateError, UsageError
from s3dedup.model import EvidenceKind, FinishedRun, GroupMark, ListedObject, RunInfo, Totals, Work
from s3dedup.shelf import (
    DigestRecord,
    PastRecord,
    State,
    Summary,
    group_found,
    group_marks,
    has_groups,
    history,
    past_runs,
    remember,
)

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 22, tzinfo=UTC)
TOTALS = Totals(2, 10, 0, 1, 1, 5, 5, None)


def record(size: int, copies: int = 2, kept: int = 1) -> DigestRecord:
    row = ListedObject("", size, "e" * 32, "STANDARD", "2026-01-01T00:00:00Z")
    objects = [("photos", row._replace(key=f"{size}/{number}")) for number in range(copies)]
    return DigestRecord(size, EvidenceKind.MD5_ETAG, objects, f"{size:016x}", size, kept)


def finished(directory: Path, run: str, *records: DigestRecord) -> None:
    """An audit that was finished in this directory, and remembered."""
    with closing(State(directory)) as state:
        state.results.add(group_found(each.size.to_bytes(6) + b"digest", each) for each in records)
        info = RunInfo(run, NOW, NOW + timedelta(minutes=1), ("s3://photos",), complete=True)
        state.results.finish(Summary("0.1.0", info, TOTALS, Work(1, 2, 3, 4), []))
        remember(directory)


def ids(directory: Path) -> list[str]:
    return [each.run.run.id for each in past_runs(directory).values()]


def test_a_finished_audit_is_remembered_with_its_numbers_and_its_groups(tmp_path: Path) -> None:
    finished(tmp_path, "one", record(7, 3), record(5, 4, kept=2), record(1 << 40))
    (number, past) = next(iter(past_runs(tmp_path).items()))
    assert past.run == FinishedRun("0.1.0", past.run.run, TOTALS, Work(1, 2, 3, 4))
    assert list(group_marks(tmp_path, number)) == [
        GroupMark(5, f"{5:016x}", 4, 2),
        GroupMark(7, f"{7:016x}", 3, 2),
        GroupMark(1 << 40, f"{1 << 40:016x}", 2, 1),
    ]
    assert past.keepers == {f"{size:016x}": f"s3://photos/{size}/0" for size in (5, 7, 1 << 40)}


def test_only_the_keepers_of_the_largest_groups_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "NAMED", 2)
    finished(tmp_path, "one", *map(record, range(1, 6)))
    assert past_runs(tmp_path)[1].keepers.keys() == {f"{size:016x}" for size in (4, 5)}


def test_runs_are_remembered_in_the_order_in_which_they_were_finished_each_once(tmp_path: Path) -> None:
    for run in ("one", "two", "three"):
        finished(tmp_path, run, record(5))
    remember(tmp_path)
    assert ids(tmp_path) == ["one", "two", "three"]


def test_a_directory_without_audits_has_no_history(tmp_path: Path) -> None:
    assert past_runs(tmp_path) == past_runs(tmp_path / "nowhere") == {}


def test_the_oldest_runs_are_forgotten_and_of_some_more_their_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "RUNS", 3)
    monkeypatch.setattr(history, "COMPARABLE", 2)
    for number in range(1, 6):
        finished(tmp_path, f"run {number}", record(number))
    assert ids(tmp_path) == ["run 3", "run 4", "run 5"]
    assert [has_groups(tmp_path, number) for number in range(1, 7)] == [False, False, False, True, True, False]
    assert len(list((tmp_path / "history").iterdir())) == 5


def test_more_groups_than_are_written_at_a_time_are_all_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "BLOCK", 2 * history.MARK.size)
    finished(tmp_path, "one", *map(record, range(1, 6)))
    assert [mark.size for mark in group_marks(tmp_path, 1)] == [1, 2, 3, 4, 5]


def test_an_audit_without_groups_is_remembered_too(tmp_path: Path) -> None:
    finished(tmp_path, "one")
    assert (ids(tmp_path), list(group_marks(tmp_path, 1))) == (["one"], [])


@pytest.mark.parametrize("content", [b"", b"\x01", b"\x01\xff\xff", b"\x02newer"], ids=repr)
def test_a_run_that_cannot_be_read_is_not_known_and_its_number_is_not_used_again(
    tmp_path: Path, content: bytes
) -> None:
    finished(tmp_path, "one", record(5))
    path = tmp_path / "history" / "00000001.run"
    path.write_bytes(content)
    assert ids(tmp_path) == []
    finished(tmp_path, "two", record(5))
    assert (list(past_runs(tmp_path)), path.read_bytes()) == ([2], content)


def test_what_a_killed_audit_has_left_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "history").mkdir()
    (tmp_path / "history" / "00000001.groups").write_bytes(b"half")
    (tmp_path / "history" / "00000001.unfinished").write_bytes(b"half")
    finished(tmp_path, "one", record(5))
    assert [mark.size for mark in group_marks(tmp_path, 1)] == [5]
    assert ids(tmp_path) == ["one"]


@pytest.mark.parametrize("content", [b"no gzip", gzip.compress(bytes(22))[:-9], gzip.compress(bytes(23))], ids=len)
def test_groups_that_cannot_be_read_are_an_error_that_says_so(tmp_path: Path, content: bytes) -> None:
    """Fewer groups than there were would look as if some were gone."""
    finished(tmp_path, "one", record(5))
    (tmp_path / "history" / "00000001.groups").write_bytes(content)
    with pytest.raises(StateError, match=r"What an earlier audit found, in .*00000001\.groups, cannot be read"):
        list(group_marks(tmp_path, 1))


def test_only_the_owner_can_read_the_history(tmp_path: Path) -> None:
    finished(tmp_path, "one", record(5))
    directory = tmp_path / "history"
    assert [stat.S_IMODE(path.stat().st_mode) & 0o077 for path in (directory, *directory.iterdir())] == [0, 0, 0]


def test_a_history_that_cannot_be_written_is_said_and_the_report_is_there(tmp_path: Path) -> None:
    (tmp_path / "history").write_text("in the way")
    with pytest.raises(StateError, match=r"The audit is kept, but its place in .*history cannot be written"):
        finished(tmp_path, "one", record(5))
    assert (tmp_path / "report.mdb").exists()


# --- which run to compare with ----------------------------------------------------------------------------------------


def runs(*places: str) -> dict[int, PastRecord]:
    """Runs of these places; their ids are a1, b2, a3, b4, ..."""
    return {
        number: PastRecord(
            FinishedRun("0", RunInfo(f"{'ba'[number % 2]}{number}", NOW, NOW, (place,), complete=True), TOTALS, Work())
        )
        for number, place in enumerate(places, 1)
    }


@pytest.mark.parametrize(
    ("places", "wanted", "number"),
    [
        pytest.param(("x", "x", "y", "x"), None, 2, id="by-default-the-last-one-of-the-same-places"),
        pytest.param(("x", "y", "x"), "b", 2, id="by-the-beginning-of-its-id"),
        pytest.param(("x", "x", "x"), "a1", 1, id="by-its-whole-id"),
        pytest.param(("x", "x", "x"), "a", 1, id="the-last-run-itself-does-not-count"),
    ],
)
def test_the_run_to_compare_with_is(places: tuple[str, ...], wanted: str | None, number: int) -> None:
    assert earlier_run(runs(*places), wanted) == number


@pytest.mark.parametrize(
    ("places", "wanted", "said"),
    [
        (("x",), None, "There is no earlier audit of the same locations: audit them again later, or name a run"),
        (("y", "x"), None, "There is no earlier audit of the same locations"),
        (("x", "x"), "c", "No earlier audit has an id that begins with 'c': name one of `s3dedup history`."),
        (("x", "x", "x"), "a3", "No earlier audit has an id that begins with 'a3'"),
        (("x", "x", "x", "x"), "", "Several earlier audits have an id that begins with ''"),
    ],
)
def test_where_there_is_no_such_run_it_says_what_to_do(places: tuple[str, ...], wanted: str | None, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        earlier_run(runs(*places), wanted)
    assert str(refused.value).startswith(said)
