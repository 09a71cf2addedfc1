"""How much of a report to show; each renderer takes what applies to it."""

from __future__ import annotations

from dataclasses import dataclass

TOP = 20


@dataclass(frozen=True, slots=True)
class View:
    """What a reader chose to see.

    `top` is how many of the largest groups a summary shows; formats for machines always hold all of them.
    `width` is in columns; None takes the terminal's (80 where there is none).
    """

    top: int = TOP
    width: int | None = None
