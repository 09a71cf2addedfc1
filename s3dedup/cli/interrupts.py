"""Ctrl-C, heeded wherever it comes."""

from __future__ import annotations

import signal
import sys
from typing import Final

AGAIN: Final = 0.01
"""Seconds after which an interrupt that was lost is raised once more."""


def heed_interrupts() -> None:
    """Have an interrupt raised again that came where Python can only ignore it: in a finalizer or a callback of the
    garbage collector (`sys.unraisablehook`). Without this such a Ctrl-C would be printed and forgotten.
    """
    if sys.platform == "win32":  # it has no timer that interrupts a wait
        return
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    sys.unraisablehook = _unless_lost


def _unless_lost(ignored: sys.UnraisableHookArgs) -> None:
    """Not raised here: that would be ignored just so."""
    if issubclass(ignored.exc_type, KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, AGAIN)
    else:
        sys.__unraisablehook__(ignored)
