"""Connections that list: threads, and on Linux processes too, because parsing is work for every core.

Each connection is a thread with a pipe. Orders go in and answers come out, both small; pages stay where they were
fetched. A connection that is asked to parse while another waits for the network costs no time on the wire.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection, Pipe, wait
from multiprocessing.process import BaseProcess
from typing import Any, Self

from s3dedup.engine.lister import Desk, Office
from s3dedup.errors import S3DedupError, StoreError
from s3dedup.store import Counted

Order = Callable[[Desk], Any]
Hire = Callable[[int], Office]
"""Opens, in the process with a number, what its connections share."""
MOST_PROCESSES = 4


def processes_to_use() -> int:
    """How many processes to list with; 0 means threads of this one.

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
        self._ours = [ours for ours, _ in pipes]
        self.idle = deque(self._ours)
        theirs = [their for _, their in pipes]
        crews = [theirs[number :: processes or 1] for number in range(processes or 1)]
        self._processes: list[BaseProcess] = []
        self._threads: list[threading.Thread] = []
        self._life: Connection | None = None
        self._office: Office | None = None
        if processes:
            self._fork(crews, hire, forget)
            for their in theirs:
                their.close()
        else:
            self._office = hire(0)
            self._threads = _threads(theirs, self._office)

    def _fork(self, crews: list[list[Connection]], hire: Hire, forget: Callable[[], None]) -> None:
        """Start the processes. Each ends when the last end of its life line is closed: with this process, at once."""
        life, self._life = Pipe(duplex=False)
        mine = {*self._ours, self._life}

        def work(number: int) -> None:
            for inherited in mine:
                inherited.close()
            for other in crews[:number] + crews[number + 1 :]:
                for connection in other:
                    connection.close()
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            forget()
            _threads(crews[number], hire(number), hands_over=True)
            wait([life])
            os._exit(0)

        for number in range(len(crews)):
            process = get_context("fork").Process(target=work, args=(number,), daemon=True)
            process.start()
            self._processes.append(process)
        life.close()

    def send(self, connection: Connection, order: Order) -> None:
        """Give a connection an order; its answer comes with `answers`."""
        connection.send(order)

    def answers(self, busy: list[Connection]) -> Iterator[tuple[Connection, Any, Counted | None]]:
        """Wait for some of these connections: their answers, and what their processes counted meanwhile.

        Raises:
            S3DedupError: what an order failed with.
        """
        for ready in wait(busy):
            assert isinstance(ready, Connection)  # noqa: S101  for the type checker: nothing else was waited for
            try:
                answer, counted = ready.recv()
            except EOFError as error:
                raise StoreError("A listing process was ended from outside: run the same command again.") from error
            yield ready, answer, counted

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """End them; what they wrote is on disk. Who interrupts waits for no answer from the store."""
        for connection in self._ours:
            connection.close()
        if self._life is not None:
            self._life.close()
        for process in self._processes:
            process.join()
        if kind is None or issubclass(kind, Exception):
            for thread in self._threads:
                thread.join()
            if self._office is not None:
                self._office.close()


def _threads(connections: list[Connection], office: Office, *, hands_over: bool = False) -> list[threading.Thread]:
    threads = [
        threading.Thread(
            target=_serve, args=(connection, office.desk(), hands_over), daemon=True, name="s3dedup-lister"
        )
        for connection in connections
    ]
    for thread in threads:
        thread.start()
    return threads


def _serve(connection: Connection, desk: Desk, hands_over: bool) -> None:
    """Carry out orders until there are no more. An error is an answer, too."""
    with connection:
        while True:
            try:
                order = connection.recv()
            except (EOFError, OSError):
                return
            try:
                answer = order(desk)
            except S3DedupError as error:
                answer = error
            connection.send((answer, desk.store.meter.take() if hands_over else None))
