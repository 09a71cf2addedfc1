from __future__ import annotations

from pathlib import Path

import pytest

from tests.plan.stand import Stand


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    """An empty bucket store."""
    return Stand(tmp_path)
