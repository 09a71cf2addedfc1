"""Runs many small conversations with a store at once, on threads; everything else happens on the caller's thread.

A *job* is a generator: it yields the tasks it wants done, is resumed when all of them are done, and returns its
outcome. Only `Task.run` is called on a worker thread. State and decisions stay on one thread and need no lock.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Generic, Self, TypeVar

from s3dedup.errors import ObjectError

T = TypeVar("T")


def _not_expected(error: ObjectError) -> None:
    raise error


@dataclass(frozen=True, slots=True)
class Task(Generic[T]):
    """`run` on a worker thread; then `done` with what came of it, or `failed` where the object could not be had, on the
    thread that drives. Any other error ends the whole.
    """

    run: Callable[[], T]
    done: Callable[[T], None]
    failed: Callable[[ObjectError], None] = _not_expected


Job = Generator[list[Task[Any]], None, T]


class Pool:
    """`concurrency` worker threads. Used as a context manager; leaving it by an exception drops what is not started."""

    def __init__(self, concurrency: int) -> None:
        self.concurrency = concurrency
        self._executor = ThreadPoolExecutor(concurrency, thread_name_prefix="s3dedup")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._executor.shutdown(wait=kind is None, cancel_futures=True)

    def drive(self, jobs: Iterable[Job[T]]) -> Iterator[T]:
        """Run jobs side by side and yield their outcomes as they come. Jobs are taken only as fast as the threads can
        use their tasks, so any number of them may be given.
        """
        return _Drive(self._executor, self.concurrency, iter(jobs)).outcomes()


class _Drive(Generic[T]):
    """One run of `Pool.drive`."""

    def __init__(self, executor: ThreadPoolExecutor, concurrency: int, jobs: Iterator[Job[T]]) -> None:
        self._executor = executor
        self._enough = 2 * concurrency
        self._jobs = jobs
        self._finished: SimpleQueue[tuple[_Running[T], Task[Any], Future[Any]]] = SimpleQueue()
        self._outstanding = 0

    def outcomes(self) -> Iterator[T]:
        exhausted = False
        while self._outstanding or not exhausted:
            while self._outstanding < self._enough and not exhausted:
                job = next(self._jobs, None)
                if job is None:
                    exhausted = True
                else:
                    yield from self._advance(_Running(job))
            if self._outstanding:
                running, task, future = self._finished.get()
                self._outstanding -= 1
                _settle(task, future)
                running.left -= 1
                if not running.left:
                    yield from self._advance(running)

    def _advance(self, running: _Running[T]) -> Iterator[T]:
        """Resume a job until it waits for tasks, or is over."""
        while not running.left:
            try:
                tasks = next(running.job)
            except StopIteration as end:
                yield end.value
                return
            running.left = len(tasks)
            self._outstanding += len(tasks)
            for task in tasks:
                self._submit(running, task)

    def _submit(self, running: _Running[T], task: Task[Any]) -> None:
        future = self._executor.submit(task.run)
        future.add_done_callback(lambda done: self._finished.put((running, task, done)))


@dataclass(eq=False, slots=True)
class _Running(Generic[T]):
    """A job and how many of its tasks are under way."""

    job: Job[T]
    left: int = 0


def _settle(task: Task[Any], future: Future[Any]) -> None:
    try:
        result = future.result()
    except ObjectError as error:
        task.failed(error)
    else:
        task.done(result)
