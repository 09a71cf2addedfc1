"""How many corpora are tried."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings

PROFILES = {"ci": 1, "soak": 100}
PROFILE = os.environ.get("S3DEDUP_ORACLE", "ci")


def tries(corpora: int) -> Callable[[Any], Any]:
    """So many corpora for a test: the same ones each time in the suite, new ones and a hundred times as many in a soak.

    Raises:
        KeyError: there is no profile of that name.
    """
    return settings(
        max_examples=corpora * PROFILES[PROFILE],
        derandomize=PROFILE == "ci",
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
