"""Who works on all that was listed, once nothing is listed any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from s3dedup.engine.context import Context
from s3dedup.engine.crew import Crew, Order, processes_to_use
from s3dedup.shelf import Listed, aside
from s3dedup.store import Counted


@dataclass(frozen=True, slots=True)
class _SortersOffice:
    """Where one sorter works: alone."""

    listed: Listed

    def desk(self) -> Listed:
        return self.listed

    def counted(self) -> list[Counted]:
        """Nothing is asked of the stores."""
        return []

    def close(self) -> None:
        self.listed.close()


class Sorters:
    """Carry out orders on what was listed, stretch by stretch: a process for each core, or this one alone. What one
    order finds for another can be put aside meanwhile, on disk.
    """

    def __init__(self, context: Context) -> None:
        self._listed = context.state.listed
        self._directory = context.state.directory
        self._crew: Crew | None = None
        processes = processes_to_use()
        if processes:
            directory, sources = context.state.directory, list(context.sources)
            self._crew = Crew(
                processes, processes, lambda _: _SortersOffice(Listed(directory, sources)), context.state.forget
            )

    def carry_out(self, orders: Iterable[Order]) -> Iterator[Any]:
        """The answers to some orders, as they come; no faster than they are taken."""
        return self._crew.carry_out(orders) if self._crew else (order(self._listed) for order in orders)

    def put_aside(self, name: bytes, value: bytes) -> None:
        """Put something aside."""
        self._aside.put("aside", b"-" + name, value)

    def taken_up(self, name: bytes) -> bytes:
        """What was put aside under a name."""
        return self._aside.get("aside", b"-" + name) or b""

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            if self._crew:
                opening.enter_context(self._crew)
            self._aside = opening.enter_context(aside(self._directory))
            self._opened = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.__exit__(kind, error, trace)
