"""Workers in processes and in threads: orders in, answers out, and failures told as what they are."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pytest

from s3dedup.engine import Crew
from s3dedup.errors import StateError, StoreError
from s3dedup.store import Counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FORKED_OR_NOT = pytest.mark.parametrize("processes", [0, 1, 2], ids=["threads", "one-process", "two-processes"])


@dataclass
class Office:
    """An office whose desks know its number."""

    number: int
    asked: int = 0
    reached: int = 0

    def desk(self) -> Office:
        return self

    def counted(self) -> list[Counted]:
        taken, self.asked = Counted(lists=self.asked), 0
        return [taken]

    def close(self) -> None:
        self.number = -1


def forget() -> None:
    """Nothing is held here."""


@dataclass(frozen=True)
class Square:
    """An order: some work, and one request of the store."""

    value: int

    def __call__(self, desk: Office) -> int:
        desk.asked += 1
        return self.value**2


@dataclass(frozen=True)
class Fail:
    """An order that cannot be carried out."""

    error: Exception

    def __call__(self, _: Office) -> None:
        raise self.error


def count(desk: Office) -> None:
    """An order that leaves something behind in its office."""
    desk.reached += 1


def counted(desk: Office) -> tuple[int, int]:
    """An order: in which office it is carried out, and how often the office was reached by the one that counts."""
    return desk.number, desk.reached


def process(_: Office) -> int:
    """An order: in which process it is carried out."""
    return os.getpid()


def unspeakable(_: Office) -> object:
    """An order whose answer cannot travel."""
    return lambda: None


def die(_: Office) -> None:
    """An order that somebody ends from outside."""
    os.kill(os.getpid(), signal.SIGKILL)


def crew(processes: int, connections: int = 4, hire: Callable[[int], Office] = Office) -> Crew:
    return Crew(connections, processes, hire, forget)


@FORKED_OR_NOT
def test_every_order_is_carried_out_once(processes: int) -> None:
    with crew(processes) as workers:
        assert sorted(workers.carry_out(map(Square, range(100)))) == [value**2 for value in range(100)]
        assert list(workers.carry_out([])) == []


@FORKED_OR_NOT
def test_orders_are_taken_no_faster_than_their_answers_are(processes: int) -> None:
    taken: list[int] = []
    with crew(processes, connections=2) as workers:

        def orders() -> Iterator[Square]:
            for value in range(10):
                taken.append(value)
                yield Square(value)

        answers = workers.carry_out(orders())
        next(answers)
        assert len(taken) <= 3
        assert len(list(answers)) == 9


@FORKED_OR_NOT
def test_an_order_for_everybody_reaches_each_process_once(processes: int) -> None:
    with crew(processes, connections=5) as workers:
        workers.everywhere(count)
        workers.everywhere(count)
        counts = dict(workers.carry_out([counted] * 50))
        assert len(workers.idle) == 5
    assert counts == dict.fromkeys(range(max(1, processes)), 2)


def test_processes_are_other_processes_and_threads_are_not() -> None:
    with crew(2) as workers:
        assert os.getpid() not in set(workers.carry_out([process] * 20))
    with crew(0) as workers:
        assert set(workers.carry_out([process] * 20)) == {os.getpid()}


@FORKED_OR_NOT
@pytest.mark.parametrize("error", [StateError("the disk is full"), ZeroDivisionError("a bug")], ids=["ours", "a-bug"])
def test_what_an_order_fails_with_is_raised_where_its_answer_is_read(processes: int, error: Exception) -> None:
    with pytest.raises(type(error), match=str(error)), crew(processes) as workers:
        list(workers.carry_out([Square(1), Fail(error)]))
    with pytest.raises(type(error), match=str(error)), crew(processes) as workers:
        workers.everywhere(Fail(error))


@FORKED_OR_NOT
def test_an_office_that_cannot_be_opened_says_why(processes: int) -> None:
    def refuse(_: int) -> Office:
        raise StateError("the state cannot be written")

    with pytest.raises(StateError, match="cannot be written"), crew(processes, hire=refuse) as workers:
        list(workers.carry_out([Square(1)]))


@FORKED_OR_NOT
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_nobody_waits_for_an_answer_that_cannot_be_given(processes: int) -> None:
    with pytest.raises(StoreError, match="ended from outside"), crew(processes) as workers:
        list(workers.carry_out([unspeakable] * 9))


def test_a_process_that_is_ended_from_outside_is_one_sentence() -> None:
    with pytest.raises(StoreError, match=r"ended from outside .* run the same command again"), crew(1) as workers:
        list(workers.carry_out([die, Square(1), Square(2), Square(3), Square(4), Square(5)]))


def test_an_order_for_a_process_that_is_gone_is_one_sentence() -> None:
    with crew(1, connections=2) as workers:
        doomed, other = workers.idle
        workers.send(doomed, die)
        with pytest.raises(StoreError, match="ended from outside"):
            list(workers.answers())
        with pytest.raises(StoreError, match="ended from outside"):
            list(map(partial(workers.send, other), [Square(1)] * 1000))


def test_what_was_counted_before_a_process_was_forked_is_not_counted_by_it() -> None:
    def hire(number: int) -> Office:
        return Office(number, asked=100)

    with Crew(2, 2, hire, forget) as workers:
        connections = list(workers.idle)
        for connection in connections:
            workers.send(connection, Square(2))
        answers = [*workers.answers()]
        while len(answers) < len(connections):
            answers += workers.answers()
        assert [counted for _, _, counted in answers] == [[Counted(lists=1)]] * 2


def test_what_a_process_counted_comes_with_its_answers() -> None:
    with crew(1, connections=1) as workers:
        (connection,) = workers.idle
        for _ in range(3):
            workers.send(connection, Square(2))
            assert list(workers.answers()) == [(connection, 4, [Counted(lists=1)])]
