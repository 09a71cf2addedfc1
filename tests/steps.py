"""Steps of the store, for who waits for nothing else."""

from __future__ import annotations

import select
from typing import Any, TypeVar

from s3dedup.store import Readiness, Step, Steps

T = TypeVar("T")


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
