"""How whoever acts on a plan reaches the stores."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Access:
    """What a script tells the AWS CLI; None is left to the configuration of whoever runs it."""

    profile: str | None = None
    region: str | None = None
    requester_pays: bool = False
