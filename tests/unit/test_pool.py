"""Jobs on threads: side by side, bounded, and every decision on the caller's thread."""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from s3dedup.engine.pool import Job, Pool, Task
from s3dedup.errors import ObjectVanishedError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def returning(value: int, *steps: Callable[[], object]) -> Job[int]:
    """A job that has each step done after the other, and returns `value`."""
    for step in steps:
        yield [Task(step, lambda _: None)]
    return value


def test_every_job_has_its_outcome() -> None:
    with Pool(3) as pool:
        assert sorted(pool.drive(returning(number, int, int) for number in range(100))) == list(range(100))


def test_no_jobs_have_no_outcomes() -> None:
    with Pool(1) as pool:
        assert list(pool.drive([])) == []


def test_a_job_without_tasks_is_over_at_once() -> None:
    with Pool(1) as pool:
        assert list(pool.drive([returning(1), returning(2)])) == [1, 2]


def test_a_job_that_wants_nothing_for_a_moment_goes_on() -> None:
    def job() -> Job[str]:
        yield []
        yield []
        return "over"

    with Pool(1) as pool:
        assert list(pool.drive([job()])) == ["over"]


def test_a_job_goes_on_when_all_of_its_tasks_are_done_and_not_before() -> None:
    done: list[int] = []

    def wait_and_tell(number: int) -> int:
        time.sleep(0.02 * number)
        return number

    def job() -> Job[list[int]]:
        yield [Task(partial(wait_and_tell, number), done.append) for number in (2, 0, 1)]
        return sorted(done)

    with Pool(3) as pool:
        assert list(pool.drive([job()])) == [[0, 1, 2]]


def test_only_run_is_called_on_another_thread() -> None:
    here, seen = threading.get_ident(), {}

    def fail() -> None:
        seen["run of a failure"] = threading.get_ident()
        raise ObjectVanishedError("gone")

    def note(name: str, _: object = None) -> None:
        seen[name] = threading.get_ident()

    def job() -> Job[None]:
        note("job")
        yield [
            Task(partial(note, "run"), partial(note, "done")),
            Task(fail, partial(note, "never"), partial(note, "failed")),
        ]
        note("job again")

    with Pool(2) as pool:
        list(pool.drive([job()]))
    elsewhere = {name for name, thread in seen.items() if thread != here}
    assert elsewhere == {"run", "run of a failure"}
    assert set(seen) - elsewhere == {"job", "job again", "done", "failed"}


def test_never_more_tasks_run_at_once_than_there_are_threads() -> None:
    running, most, lock = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.005)
        with lock:
            running -= 1

    with Pool(3) as pool:
        list(pool.drive(returning(number, work) for number in range(30)))
    assert most == 3


def test_jobs_are_taken_only_as_fast_as_the_threads_can_use_them() -> None:
    taken, gate = 0, threading.Event()

    def jobs() -> Iterator[Job[int]]:
        nonlocal taken
        while True:
            taken += 1
            yield returning(taken, gate.wait)

    with Pool(2) as pool:
        outcomes = pool.drive(jobs())
        threading.Timer(0.1, gate.set).start()
        next(outcomes)
        assert taken <= 2 * 2 + 1
        for _ in range(1000):
            next(outcomes)
        assert taken <= 1001 + 2 * 2 + 1


def test_an_object_that_could_not_be_had_is_told_to_its_job_which_goes_on() -> None:
    errors: list[Exception] = []

    def fail() -> None:
        raise ObjectVanishedError("gone")

    def job() -> Job[int]:
        yield [Task(fail, lambda _: None, errors.append), Task(int, lambda _: None)]
        return len(errors)

    with Pool(1) as pool:
        assert list(pool.drive([job()])) == [1]
    assert str(errors[0]) == "gone"


@pytest.mark.parametrize("error", [StoreError("broken"), ObjectVanishedError("not expected"), ValueError("a bug")])
def test_any_other_failure_ends_the_whole(error: Exception) -> None:
    def fail() -> None:
        raise error

    with Pool(2) as pool, pytest.raises(type(error), match=str(error)):
        list(pool.drive(returning(number, fail if number == 5 else int) for number in range(100)))


def test_after_a_failure_what_was_not_started_is_dropped_and_nobody_waits_for_the_rest() -> None:
    stuck, gate = threading.Event(), threading.Event()
    ran: list[int] = []

    def hang(number: int) -> None:
        ran.append(number)
        stuck.set()
        gate.wait(20)

    def fail() -> None:
        stuck.wait(20)
        raise StoreError("broken")

    def job() -> Job[None]:
        hanging = [Task(partial(hang, number), lambda _: None) for number in range(50)]
        yield [hanging[0], Task(fail, lambda _: None), *hanging[1:]]

    def drive() -> None:
        with Pool(2) as pool:
            list(pool.drive([job()]))

    started = time.monotonic()
    with pytest.raises(StoreError):
        drive()
    assert time.monotonic() - started < 10
    gate.set()
    assert len(ran) <= 2


def test_a_pool_can_be_driven_again() -> None:
    with Pool(2) as pool:
        for _ in range(3):
            assert list(pool.drive([returning(1, int)])) == [1]


def test_two_drives_of_one_pool_do_not_mix() -> None:
    def inner(pool: Pool) -> Job[list[int]]:
        found: list[int] = []
        yield [Task(int, found.append)]
        found.extend(pool.drive([returning(7, int)]))
        return found

    with Pool(1) as pool:
        outcomes: list[Any] = list(pool.drive([inner(pool)]))
    assert outcomes == [[0, 7]]
