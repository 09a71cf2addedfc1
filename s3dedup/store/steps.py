"""What waits for the network, step by step: so that one thread can wait for many at once, or for this one alone.

Threads that each wait for an answer of their own hand Python's lock around for every piece that comes (over TLS, 16 KiB
at most); a generator that says what it waits for leaves the waiting to whoever has the most to wait for.
"""

from __future__ import annotations

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
