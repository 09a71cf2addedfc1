"""How much of a report to show, and what the stream that it goes to can carry."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import TextIO

TOP = 20


@dataclass(frozen=True, slots=True)
class View:
    """What a reader chose to see.

    `top` is how many of the largest groups a summary shows; formats for machines always hold all of them.
    `width` is in columns; None takes the terminal's (80 where there is none).
    """

    top: int = TOP
    width: int | None = None


def is_utf8(stream: TextIO) -> bool:
    """Whether a stream carries every text; one in memory does."""
    return codecs.lookup(stream.encoding or "utf-8").name == "utf-8"


class Carrier:
    """Writes to a stream what its encoding can carry, and the rest as escapes in the notation of `plain`."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._encoding = None if is_utf8(stream) else stream.encoding

    def write(self, text: str) -> int:
        """Write a text without an encoding error."""
        if self._encoding is not None:
            text = text.encode(self._encoding, "backslashreplace").decode(self._encoding)
        return self._stream.write(text)
