"""Workers that share nothing: threads, and on Linux processes too, because Python's work is for one core at a time.

Each connection to a worker is a thread with a pipe. Orders go in and answers come out, both small; what an order
leaves behind stays at its desk. A connection that is asked to compute while another waits for the network costs no
time on the wire.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, Pipe, wait
from multiprocessing.process import BaseProcess
from typing import Any, Protocol, Self

from s3dedup.errors import StoreError
from s3dedup.store import Counted

Order = Callable[[Any], Any]
"""What is to be done, at a desk; it travels to it by pickle."""
MOST_PROCESSES = 4
COLLECT_AFTER = 50_000
"""So many new objects make a process look for cycles: rows and entries, which come by the thousand, are in none."""


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


def processes_to_use() -> int:
    """How many processes to work with; 0 means threads of this one.

    Forking is safe only while there is one thread, and costs nothing only on Linux.
    """
    alone = threading.active_count() == 1
    return min(os.cpu_count() or 1, MOST_PROCESSES) if sys.platform == "linux" and alone else 0


class Crew:
    """`connections` connections in `processes` processes, or in threads of this one where that is 0.

    `hire` and `forget` are called in each process: to open what it works with, and to let go of what is its parent's.
    """

    def __init__(self, connections: int, processes: int, hire: Hire, forget: Callable[[], None]) -> None:
        pipes = [Pipe() for _ in range(connections)]
        self.connections = [ours for ours, _ in pipes]
        self.idle = deque(self.connections)
        theirs = [their for _, their in pipes]
        self._offices = min(processes or 1, connections)
        crews = [theirs[number :: self._offices] for number in range(self._offices)]
        self._processes: list[BaseProcess] = []
        self._threads: list[threading.Thread] = []
        self._life: Connection | None = None
        self._opening: _Opening | None = None
        if processes:
            self._fork(crews, hire, forget)
            for their in theirs:
                their.close()
        else:
            self._opening = _Opening(hire, 0, counts=False)
            self._threads = _threads(theirs, self._opening)

    def _fork(self, crews: list[list[Connection]], hire: Hire, forget: Callable[[], None]) -> None:
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
            gc.freeze()
            gc.set_threshold(COLLECT_AFTER)
            forget()
            _threads(crews[number], _Opening(hire, number, counts=True))
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

    def answers(self, busy: Iterable[Connection]) -> Iterator[tuple[Connection, Any, list[Counted]]]:
        """Wait for some of these connections: their answers, and what their processes counted meanwhile. What an order
        failed with is its answer.
        """
        for ready in wait(list(busy)):
            assert isinstance(ready, Connection)  # noqa: S101  for the type checker: nothing else was waited for
            with _alive():
                answer, counted = ready.recv()
            yield ready, answer, counted

    def carry_out(self, orders: Iterable[Order]) -> Iterator[Any]:
        """Hand out orders to whoever is idle, and yield the answers as they come. Orders are only taken as fast as
        their answers are.

        Raises:
            Exception: what an order failed with.
        """
        left, busy = iter(orders), set[Connection]()
        while True:
            while self.idle and (order := next(left, None)) is not None:
                connection = self.idle.popleft()
                self.send(connection, order)
                busy.add(connection)
            if not busy:
                return
            for connection, answer, _ in self.answers(busy):
                busy.remove(connection)
                self.idle.append(connection)
                yield _unless_failed(answer)

    def everywhere(self, order: Order) -> None:
        """Have each process carry out an order, while all connections are idle.

        Raises:
            Exception: what it failed with.
        """
        busy = set(self.connections[: self._offices])
        for connection in busy:
            self.send(connection, order)
        while busy:
            for connection, answer, _ in self.answers(busy):
                busy.remove(connection)
                _unless_failed(answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """End them; what they wrote is on disk. Who interrupts waits for no answer from the store."""
        for connection in self.connections:
            connection.close()
        if self._life is not None:
            self._life.close()
        for process in self._processes:
            process.join()
        if kind is None or issubclass(kind, Exception):
            for thread in self._threads:
                thread.join()
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


class _Opening:
    """An office that is opened for the first order, so that what this fails with is an answer."""

    def __init__(self, hire: Hire, number: int, *, counts: bool) -> None:
        self._hire = hire
        self._number = number
        self._counts = counts
        self._lock = threading.Lock()
        self._office: Office | None = None

    def desk(self) -> Any:  # noqa: ANN401  orders know their desks
        with self._lock:
            if self._office is None:
                self._office = self._hire(self._number)
                self.counted()  # what was counted before the fork is the parent's, who has it
            return self._office.desk()

    def counted(self) -> list[Counted]:
        return self._office.counted() if self._counts and self._office else []

    def close(self) -> None:
        if self._office is not None:
            self._office.close()


def _threads(connections: list[Connection], opening: _Opening) -> list[threading.Thread]:
    threads = [
        threading.Thread(target=_serve, args=(connection, opening), daemon=True, name="s3dedup-crew")
        for connection in connections
    ]
    for thread in threads:
        thread.start()
    return threads


def _serve(connection: Connection, opening: _Opening) -> None:
    """Carry out orders until there are no more."""
    desk = None
    with connection, suppress(EOFError, OSError):
        while True:
            order = connection.recv()
            try:
                desk = desk or opening.desk()
                answer = order(desk)
            except Exception as error:  # noqa: BLE001  it is raised where the answer is read
                answer = error
            connection.send((answer, opening.counted()))
