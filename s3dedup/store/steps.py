"""What waits for the network, step by step: so that one thread can wait for many at once, or for this one alone.

Threads that each wait for an answer of their own hand Python's lock around for every piece that comes (over TLS, 16 KiB
at most); a generator that says what it waits for leaves the waiting to whoever has the most to wait for.
"""

from __future__ import annotations

import select
from collections.abc import Callable, Generator
from typing import Any, NamedTuple, Protocol, TypeVar

T = TypeVar("T")


class Waitable(Protocol):
    """A socket, as far as waiting for it goes."""

    def fileno(self) -> int:
        """The number of its file."""


class Readiness(NamedTuple):
    """That there is something to read, or room to write, before so many seconds are over. What is sent back into the
    generator is whether there is.
    """

    file: Waitable
    writing: bool
    seconds: float


Step = Readiness | Callable[[], Any] | None
"""What is waited for: a socket, or a call that takes its time; what that returns or raises goes back in. None says that
nothing more is wanted of the network, and that whoever waits for a turn there may have it.
"""
Steps = Generator[Step, Any, T]


def finish(steps: Steps[T]) -> T:
    """Go through all steps, waiting at each.

    Raises:
        Exception: what the steps raise.
    """
    try:
        step = next(steps)
        while True:
            try:
                value = _taken(step)
            except Exception as error:  # noqa: BLE001  it is raised where the step was
                step = steps.throw(error)
            else:
                step = steps.send(value)
    except StopIteration as end:
        result: T = end.value
        return result


def _taken(step: Step) -> Any:  # noqa: ANN401  whatever the step gives
    if step is None:
        return None
    if not isinstance(step, Readiness):
        return step()
    poll = select.poll()
    poll.register(step.file, select.POLLOUT if step.writing else select.POLLIN)
    return bool(poll.poll(1000 * step.seconds))
