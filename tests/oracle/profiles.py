"""How many corpora are tried."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

from hypothesis import HealthCheck, settings


class Profile(NamedTuple):
    """How often each number of corpora is tried, and how long one test may take (seconds; 0: as long as it likes)."""

    times: int
    timeout: int


PROFILES = {"ci": Profile(1, timeout=600), "soak": Profile(100, timeout=0)}
"""What fails is made small first, for up to five minutes (hypothesis), before anybody hears of it."""
NAME = os.environ.get("S3DEDUP_ORACLE", "ci")
PROFILE = PROFILES[NAME]


def tries(corpora: int) -> Callable[[Any], Any]:
    """So many corpora for a test: the same ones each time in the suite, new ones and many times as many in a soak."""
    return settings(
        max_examples=corpora * PROFILE.times,
        derandomize=NAME == "ci",
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
