"""What the unit tests share."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("loaded-machine", deadline=None)
settings.load_profile("loaded-machine")
