"""Where orders are carried out: one thread for all connections of a process, which waits for all of them at once.

An order that waits for the network is a generator of steps (`store.steps`); while it waits, others are carried out. So
many may be on the network at once; the next one takes its turn as soon as one has its answer, before that is looked at.
What cannot be waited for so, such as boto3, has a thread of its own for as long as it takes. Only one order computes at
a time, and a new one comes before one that goes on: so a page is kept while it is still in the processor's cache, and
nobody waits for Python's lock.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from typing import Any, Protocol

from s3dedup.store import Counted, Readiness, Step, Steps

TICK = 1.0
"""So often it is looked whether somebody has waited for too long (seconds)."""


class Office(Protocol):
    """What the connections of one process share."""

    def desk(self) -> Any:  # noqa: ANN401  orders know their desks
        """What one more connection works with."""

    def counted(self) -> list[Counted]:
        """What this process has asked of each store since this was last asked."""

    def close(self) -> None:
        """Nobody works here any more."""


Hire = Callable[[int], Office]
"""Opens the office of the process with a number, in that process."""


class Opening:
    """An office that is opened for the first order, so that what this fails with is an answer."""

    def __init__(self, hire: Hire, number: int, *, counts: bool) -> None:
        self._hire = hire
        self._number = number
        self._counts = counts
        self._office: Office | None = None

    def desk(self) -> Any:  # noqa: ANN401  orders know their desks
        """What one more connection works with."""
        if self._office is None:
            self._office = self._hire(self._number)
            self.counted()  # what was counted before the fork is the parent's, who has it
        return self._office.desk()

    def counted(self) -> list[Counted]:
        """What is to be told with an answer: nothing where it is counted anyway."""
        return self._office.counted() if self._counts and self._office else []

    def close(self) -> None:
        """Nobody works here any more."""
        if self._office is not None:
            self._office.close()


@dataclass(eq=False, slots=True)
class _Clerk:
    """Who carries out the orders of one connection: at which desk; what is left of the order, whether it has its turn
    on the network, and until when it may wait there.
    """

    connection: Connection
    desk: Any = None
    steps: Steps[Any] | None = None
    has_turn: bool = False
    waits_for: Readiness | None = None
    deadline: float = 0.0


class Serving:
    """Carries out what comes over these connections, until the other side has closed all of them. At most `turns`
    orders are on the network at once.
    """

    def __init__(self, connections: Iterable[Connection], opening: Opening, turns: int) -> None:
        self._opening = opening
        self._turns = turns
        self._wanting: deque[_Clerk] = deque()
        self._clerks = {_Clerk(connection) for connection in connections}
        self._selector = DefaultSelector()
        self._bell, self._rope = os.pipe()
        self._ready: deque[tuple[_Clerk, Callable[[], Step]]] = deque()
        self._helpers: set[threading.Thread] = set()
        self._looked = time.monotonic()

    def run(self) -> None:
        """Work until there is nobody left to work for."""
        try:
            self._work()
        finally:  # should it ever be at a loss, nobody is to wait for it
            for clerk in self._clerks:
                clerk.connection.close()
        for helper in self._helpers:
            helper.join()
        self._selector.close()
        os.close(self._bell)
        os.close(self._rope)

    def _work(self) -> None:
        self._selector.register(self._bell, EVENT_READ, lambda: os.read(self._bell, 1 << 10))
        for clerk in self._clerks:
            self._selector.register(clerk.connection, EVENT_READ, partial(self._ordered, clerk))
        while self._clerks:
            events = self._selector.select(0 if self._ready else TICK)
            for key, _ in events:
                key.data()
            self._look_at_the_clock()
            if self._ready and not events:
                self._go_on(*self._ready.popleft())

    def _ordered(self, clerk: _Clerk) -> None:
        """A new order has come, or the other side has hung up, whatever was going on."""
        try:
            order = clerk.connection.recv()
        except (EOFError, OSError):
            self._dismiss(clerk)
            return
        try:
            clerk.desk = clerk.desk or self._opening.desk()
            answer = order(clerk.desk)
        except Exception as error:  # noqa: BLE001  it is raised where the answer is read
            answer = error
        if isinstance(answer, Generator):
            clerk.steps = answer
            self._wanting.append(clerk)
            self._give_turn()
        else:
            self._answer(clerk, answer)

    def _give_turn(self) -> None:
        while self._turns and self._wanting:
            clerk = self._wanting.popleft()
            if clerk.steps is not None:  # else it was dismissed meanwhile
                self._turns -= 1
                clerk.has_turn = True
                self._go_on(clerk, partial(next, clerk.steps))

    def _end_turn(self, clerk: _Clerk) -> None:
        """It has its answer, or does not want one any more."""
        if clerk.has_turn:
            clerk.has_turn = False
            self._turns += 1
            self._give_turn()

    def _go_on(self, clerk: _Clerk, resume: Callable[[], Step]) -> None:
        """Carry on with an order until it waits again, or is done."""
        if clerk.steps is None:  # dismissed meanwhile
            return
        try:
            step = resume()
        except StopIteration as end:
            self._answer(clerk, end.value)
        except Exception as error:  # noqa: BLE001  it is raised where the answer is read
            self._answer(clerk, error)
        else:
            if step is None:
                self._ready.append((clerk, partial(next, clerk.steps)))
                self._end_turn(clerk)
            elif isinstance(step, Readiness):
                self._wait(clerk, step)
            else:
                self._have_done(clerk, step)

    def _wait(self, clerk: _Clerk, wanted: Readiness) -> None:
        clerk.waits_for, clerk.deadline = wanted, time.monotonic() + wanted.seconds
        event = EVENT_WRITE if wanted.writing else EVENT_READ
        self._selector.register(wanted.file, event, partial(self._waited, clerk, ready=True))

    def _waited(self, clerk: _Clerk, *, ready: bool) -> None:
        if clerk.waits_for is None or clerk.steps is None:  # dismissed at this very moment
            return
        self._selector.unregister(clerk.waits_for.file)
        clerk.waits_for = None
        self._ready.append((clerk, partial(clerk.steps.send, ready)))

    def _look_at_the_clock(self) -> None:
        """Wake those who have waited for too long."""
        now = time.monotonic()
        if now - self._looked >= TICK:
            self._looked = now
            for clerk in self._clerks:
                if clerk.waits_for is not None and clerk.deadline < now:
                    self._waited(clerk, ready=False)

    def _have_done(self, clerk: _Clerk, call: Callable[[], Any]) -> None:
        """Have somebody else do what takes its time."""
        assert clerk.steps is not None  # noqa: S101  it is one of its steps
        helper = threading.Thread(target=self._help, args=(clerk, clerk.steps, call), daemon=True, name="s3dedup-crew")
        self._helpers = {each for each in self._helpers if each.is_alive()} | {helper}
        helper.start()

    def _help(self, clerk: _Clerk, steps: Steps[Any], call: Callable[[], Any]) -> None:
        try:
            resume = partial(steps.send, call())
        except Exception as error:  # noqa: BLE001  it is raised where the step was
            resume = partial(steps.throw, error)
        self._ready.append((clerk, resume))
        os.write(self._rope, b"!")

    def _answer(self, clerk: _Clerk, answer: Any) -> None:  # noqa: ANN401  whatever the order gives
        clerk.steps = None
        self._end_turn(clerk)
        with suppress(OSError):  # nobody is there any more, which is about to be noticed
            clerk.connection.send((answer, self._opening.counted()))

    def _dismiss(self, clerk: _Clerk) -> None:
        self._selector.unregister(clerk.connection)
        if clerk.waits_for is not None:
            self._selector.unregister(clerk.waits_for.file)
            clerk.waits_for = None
        if clerk.steps is not None:
            clerk.steps.close()
            clerk.steps = None
        self._end_turn(clerk)
        clerk.connection.close()
        self._clerks.remove(clerk)
