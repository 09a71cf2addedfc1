"""Workers that share nothing: processes on Linux, because Python's work is for one core at a time, else a thread.

Each connection to a worker is a pipe. Orders go in and answers come out, both small; what an order leaves behind stays
at its desk (see `serving`). While one connection waits for the network another computes.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection, Pipe, wait
from multiprocessing.process import BaseProcess
from selectors import EVENT_READ, DefaultSelector
from typing import Any, Self

from s3dedup.engine.serving import Hire, Opening, Serving
from s3dedup.errors import StoreError
from s3dedup.store import Counted

Order = Callable[[Any], Any]
"""What is to be done, at a desk; it travels to it by pickle."""
MOST_PROCESSES = 4
COLLECT_AFTER = 100_000
"""So many new objects make a process look for cycles."""


def collect_seldom() -> None:
    """Have this process look for cycles rarely, and never among what is there by now: rows and entries, which come by
    the thousand, are in none.
    """
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)


def processes_to_use() -> int:
    """How many processes to work with; 0 means a thread of this one.

    Forking is safe only while there is one thread, and costs nothing only on Linux.
    """
    alone = threading.active_count() == 1
    return min(os.cpu_count() or 1, MOST_PROCESSES) if sys.platform == "linux" and alone else 0


class Crew:
    """Connections in `processes` processes, or in a thread of this one where that is 0: so many that `turns` orders are
    on the network at once, while `spare` ones compute or wait for their turn.

    `hire` and `forget` are called in each process: to open what it works with, and to let go of what is its parent's.
    """

    def __init__(self, turns: int, processes: int, hire: Hire, forget: Callable[[], None], *, spare: int = 0) -> None:
        pipes = [Pipe() for _ in range(turns + spare)]
        self.connections = [ours for ours, _ in pipes]
        self.idle = deque(self.connections)
        theirs = [their for _, their in pipes]
        self._offices = min(processes or 1, turns)
        crews = [theirs[number :: self._offices] for number in range(self._offices)]
        self._processes: list[BaseProcess] = []
        self._thread: threading.Thread | None = None
        self._life: Connection | None = None
        self._opening: Opening | None = None
        if processes:
            self._fork(
                crews, [len(range(number, turns, self._offices)) for number in range(self._offices)], hire, forget
            )
            for their in theirs:
                their.close()
        else:
            self._opening = Opening(hire, 0, counts=False)
            self._thread = _serving(theirs, self._opening, turns)
        self._selector = DefaultSelector()
        for connection in self.connections:
            self._selector.register(connection, EVENT_READ)

    def _fork(self, crews: list[list[Connection]], turns: list[int], hire: Hire, forget: Callable[[], None]) -> None:
        """Start the processes. Each ends when the last end of its life line is closed: with this process, at once."""
        life, self._life = Pipe(duplex=False)
        mine = {*self.connections, self._life}

        def work(number: int) -> None:
            for inherited in mine:
                inherited.close()
            for other in crews[:number] + crews[number + 1 :]:
                for connection in other:
                    connection.close()
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            collect_seldom()
            forget()
            _serving(crews[number], Opening(hire, number, counts=True), turns[number])
            wait([life])
            os._exit(0)

        with _uninterrupted():
            for number in range(len(crews)):
                process = get_context("fork").Process(target=work, args=(number,), daemon=True)
                process.start()
                self._processes.append(process)
        life.close()

    def send(self, connection: Connection, order: Order) -> None:
        """Give a connection an order; its answer comes with `answers`."""
        with _alive():
            connection.send(order)

    def answers(self) -> Iterator[tuple[Connection, Any, list[Counted]]]:
        """Wait for some of the connections that have an order: their answers, and what their processes counted
        meanwhile. What an order failed with is its answer.
        """
        for key, _ in self._selector.select():
            connection = key.fileobj
            assert isinstance(connection, Connection)  # noqa: S101  for the type checker: nothing else was registered
            with _alive():
                answer, counted = connection.recv()
            yield connection, answer, counted

    def carry_out(self, orders: Iterable[Order]) -> Iterator[Any]:
        """Hand out orders to whoever is idle, and yield the answers as they come. Orders are only taken as fast as
        their answers are.

        Raises:
            Exception: what an order failed with.
        """
        left = iter(orders)
        while True:
            while self.idle and (order := next(left, None)) is not None:
                self.send(self.idle.popleft(), order)
            if len(self.idle) == len(self.connections):
                return
            for connection, answer, _ in self.answers():
                self.idle.append(connection)
                yield _unless_failed(answer)

    def everywhere(self, order: Order) -> None:
        """Have each process carry out an order, while all connections are idle.

        Raises:
            Exception: what it failed with.
        """
        left = self._offices
        for connection in self.connections[:left]:
            self.send(connection, order)
        while left:
            for _, answer, _ in self.answers():
                left -= 1
                _unless_failed(answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """End them; what they wrote is on disk. Who interrupts waits for no answer from the store."""
        self._selector.close()
        for connection in self.connections:
            connection.close()
        if self._life is not None:
            self._life.close()
        for process in self._processes:
            process.join()
        if kind is None or issubclass(kind, Exception):
            if self._thread is not None:
                self._thread.join()
            if self._opening is not None:
                self._opening.close()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let an interrupt wait: one that comes in the middle of a fork would be the child's, too."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _alive() -> Iterator[None]:
    """A process that is gone was ended by somebody else: whatever goes wrong inside of it is an answer."""
    try:
        yield
    except (EOFError, BrokenPipeError, ConnectionResetError) as error:
        raise StoreError(
            "A process of this audit was ended from outside (is memory short?): run the same command again."
        ) from error


def _unless_failed(answer: Any) -> Any:  # noqa: ANN401  whatever the order gives
    if isinstance(answer, Exception):
        raise answer
    return answer


def _serving(connections: list[Connection], opening: Opening, turns: int) -> threading.Thread:
    thread = threading.Thread(target=Serving(connections, opening, turns).run, daemon=True, name="s3dedup-crew")
    thread.start()
    return thread
