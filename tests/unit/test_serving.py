"""One thread carries out the orders of many connections: those that wait, and those that compute meanwhile."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Pipe
from typing import TYPE_CHECKING, Any

import pytest

from s3dedup.engine import serving
from s3dedup.engine.serving import Opening, Serving
from s3dedup.store import Readiness, Steps
from tests.steps import finish

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from s3dedup.store import Counted

AT_ONCE = 5.0
"""Whoever waits for longer has been forgotten (seconds)."""
DONE: list[str] = []
SOCKETS: dict[str, tuple[socket.socket, socket.socket]] = {}
GO = threading.Event()


@dataclass
class Office:
    """An office with nothing in it."""

    open: bool = True
    desks: int = 0

    def desk(self) -> Office:
        self.desks += 1
        return self

    def counted(self) -> list[Counted]:
        return []

    def close(self) -> None:
        self.open = False


@pytest.fixture(autouse=True)
def sockets() -> Iterator[None]:
    """Three pairs of sockets that orders can name, and nothing done so far."""
    DONE.clear()
    GO.clear()
    SOCKETS.update({name: socket.socketpair() for name in "abc"})
    yield
    for pair in SOCKETS.values():
        for each in pair:
            each.close()


@dataclass(frozen=True)
class Receive:
    """An order: wait for something on a socket, and say what it was."""

    name: str
    seconds: float = 60

    def __call__(self, _: Office) -> Steps[str]:
        mine = SOCKETS[self.name][0]
        try:
            ready = yield Readiness(mine, writing=False, seconds=self.seconds)
        except GeneratorExit:
            DONE.append(f"{self.name} given up")
            raise
        DONE.append(self.name)
        return mine.recv(10).decode() if ready else "nothing came"


def wait_to_go(_: Office) -> None:
    """An order that computes until it is told to stop."""
    assert GO.wait(AT_ONCE)


@dataclass(frozen=True)
class Note:
    """An order that leaves a note."""

    text: str

    def __call__(self, _: Office) -> str:
        DONE.append(self.text)
        return self.text


def answer_of_another(_: Office) -> Steps[tuple[str, str]]:
    """An order with a step that somebody else takes, and one that fails."""
    found = yield lambda: threading.current_thread().name
    try:
        yield lambda: 1 // 0
    except ZeroDivisionError as error:
        return found, str(error)
    return found, "nothing failed"


def fail_at_last(_: Office) -> Steps[None]:
    """An order that fails after a step."""
    yield lambda: None
    raise ValueError("after all")


def wait_elsewhere(_: Office) -> Steps[None]:
    """An order of which somebody else takes a step that is long."""
    yield lambda: GO.wait(AT_ONCE)
    DONE.append("went on")


@dataclass
class Bureau:
    """Some connections, the thread that serves them, and what they have answered."""

    connections: list[Connection]
    thread: threading.Thread
    office: Office = field(default_factory=Office)

    def ask(self, number: int, order: Callable[[Any], Any]) -> None:
        self.connections[number].send(order)

    def answer(self, number: int) -> Any:  # noqa: ANN401  whatever the order gives
        assert self.connections[number].poll(AT_ONCE), "no answer came"
        return self.connections[number].recv()[0]


@contextmanager
def serve(connections: int = 3, turns: int = 3) -> Iterator[Bureau]:
    pipes, office = [Pipe() for _ in range(connections)], Office()
    thread = threading.Thread(
        target=Serving([theirs for _, theirs in pipes], Opening(lambda _: office, 0, counts=False), turns).run
    )
    thread.start()
    bureau = Bureau([ours for ours, _ in pipes], thread, office)
    try:
        yield bureau
    finally:
        GO.set()
        for connection in bureau.connections:
            connection.close()
        thread.join(AT_ONCE)
        assert not thread.is_alive(), "it ends when all have hung up"


def say(name: str, text: str) -> None:
    SOCKETS[name][1].sendall(text.encode())


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + AT_ONCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_several_wait_at_once_and_go_on_in_whatever_order_something_comes() -> None:
    with serve() as bureau:
        for number, name in enumerate("abc"):
            bureau.ask(number, Receive(name))
        for number, name in ((1, "b"), (2, "c"), (0, "a")):
            say(name, name * 3)
            assert bureau.answer(number) == name * 3
    assert bureau.office.desks == 3


def test_others_compute_while_one_waits() -> None:
    with serve() as bureau:
        bureau.ask(0, Receive("a"))
        for text in ("one", "two"):
            bureau.ask(1, Note(text))
            assert bureau.answer(1) == text
        say("a", "late")
        assert bureau.answer(0) == "late"
    assert DONE == ["one", "two", "a"]


def test_a_new_order_comes_before_one_that_goes_on() -> None:
    with serve() as bureau:
        bureau.ask(0, Receive("a"))
        bureau.ask(1, Receive("b"))
        bureau.ask(2, Note("begun"))
        bureau.answer(2)
        bureau.ask(2, wait_to_go)
        say("a", "x")
        say("b", "x")
        bureau.connections[2].send(Note("new"))  # before the answer to the last one: it is there when that is done
        GO.set()
        assert bureau.answer(2) is None
        assert [bureau.answer(number) for number in range(3)] == ["x", "x", "new"]
    assert DONE[:2] == ["begun", "new"]


def test_what_takes_its_time_is_done_by_somebody_else() -> None:
    with serve() as bureau:
        bureau.ask(0, answer_of_another)
        name, failure = bureau.answer(0)
        assert name != bureau.thread.name
        assert failure == "integer division or modulo by zero"
        bureau.ask(0, wait_elsewhere)
        bureau.ask(1, Note("meanwhile"))
        assert bureau.answer(1) == "meanwhile"
        GO.set()
        assert bureau.answer(0) is None
    assert DONE == ["meanwhile", "went on"]


def test_what_an_order_fails_with_after_a_step_is_its_answer() -> None:
    with serve() as bureau:
        bureau.ask(0, fail_at_last)
        assert str(bureau.answer(0)) == "after all"
        bureau.ask(0, Note("and it goes on"))
        assert bureau.answer(0) == "and it goes on"


def test_nobody_waits_for_longer_than_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "TICK", 0.01)
    with serve() as bureau:
        bureau.ask(0, Receive("a", seconds=0.02))
        bureau.ask(1, Receive("b"))
        assert bureau.answer(0) == "nothing came"
        say("b", "in time")
        assert bureau.answer(1) == "in time"
        bureau.ask(0, Receive("a"))
        say("a", "now")
        assert bureau.answer(0) == "now"


def test_who_waits_when_the_other_side_hangs_up_gives_up() -> None:
    with serve() as bureau:
        bureau.ask(0, Receive("a"))
        bureau.ask(1, Receive("b"))
        bureau.ask(2, Note("begun"))
        bureau.answer(2)
        bureau.connections[0].close()
        until(lambda: "a given up" in DONE)
        say("b", "still here")
        assert bureau.answer(1) == "still here"
        bureau.ask(1, Receive("b"))
    assert sorted(DONE[1:]) == ["a given up", "b", "b given up"]


def test_something_may_come_at_the_moment_in_which_the_other_side_hangs_up() -> None:
    with serve() as bureau:
        bureau.ask(0, Receive("a"))
        bureau.ask(1, Receive("b"))
        bureau.ask(2, Note("begun"))
        bureau.answer(2)
        bureau.ask(2, wait_to_go)
        for number, name in enumerate("ab"):
            bureau.connections[number].close()
            say(name, "too late")
        GO.set()
        assert bureau.answer(2) is None
        bureau.ask(2, Note("still there"))
        assert bureau.answer(2) == "still there"


def test_what_somebody_else_does_for_who_is_gone_is_forgotten_but_waited_for() -> None:
    with serve() as bureau:
        bureau.ask(0, wait_elsewhere)
        bureau.ask(1, Note("begun"))
        bureau.answer(1)
        for connection in bureau.connections:
            connection.close()
        time.sleep(0.05)
        assert bureau.thread.is_alive()
        GO.set()
    assert DONE == ["begun"]


@dataclass(frozen=True)
class ReceiveAndCompute:
    """An order: wait for something on a socket, and then look at it for as long as one is not told to stop."""

    name: str

    def __call__(self, _: Office) -> Steps[str]:
        DONE.append(f"{self.name} asked")
        yield Readiness(SOCKETS[self.name][0], writing=False, seconds=60)
        yield None
        DONE.append(f"{self.name} computes")
        wait_to_go(_)
        return self.name


def test_no_more_are_on_the_network_than_have_a_turn_and_the_next_one_is_there_before_an_answer_is_looked_at() -> None:
    with serve(turns=1) as bureau:
        bureau.ask(0, ReceiveAndCompute("a"))
        until(lambda: DONE == ["a asked"])
        bureau.ask(1, ReceiveAndCompute("b"))
        bureau.ask(2, ReceiveAndCompute("c"))
        bureau.connections[1].close()
        say("a", "x")
        until(lambda: "a computes" in DONE)
        GO.set()
        assert bureau.answer(0) == "a"
        say("c", "x")
        assert bureau.answer(2) == "c"
    assert DONE == ["a asked", "c asked", "a computes", "c computes"]


def test_a_turn_that_ends_in_a_failure_or_is_given_up_is_another_ones() -> None:
    with serve(turns=1) as bureau:
        bureau.ask(0, fail_at_last)
        assert str(bureau.answer(0)) == "after all"
        bureau.ask(0, ReceiveAndCompute("a"))
        until(lambda: DONE)
        bureau.ask(2, Receive("b"))
        bureau.connections[0].close()
        say("b", "mine")
        assert bureau.answer(2) == "mine"


# The same steps without all this


def test_steps_can_be_gone_through_by_who_has_nothing_else_to_do() -> None:
    say("a", "hello")
    say("b", "x")
    assert finish(Receive("a")(Office())) == "hello"
    assert finish(Receive("a", seconds=0.01)(Office())) == "nothing came"
    GO.set()
    assert finish(ReceiveAndCompute("b")(Office())) == "b"
    assert finish(answer_of_another(Office())) == (
        threading.current_thread().name,
        "integer division or modulo by zero",
    )
    with pytest.raises(ValueError, match="after all"):
        finish(fail_at_last(Office()))
