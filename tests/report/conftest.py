"""Golden files: `pytest tests/report --update-goldens` writes them anew.

Read the diff before it is committed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Callable

# A page takes longer than hypothesis allows by default where something else is using the machine.
settings.register_profile("loaded-machine", deadline=None)
settings.load_profile("loaded-machine")

GOLDENS = Path(__file__).parent / "goldens"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Known where pytest is started with this directory as its argument."""
    parser.addoption("--update-goldens", action="store_true", help="write the golden reports anew")


@pytest.fixture
def check_golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares a text with the golden file of that name, or writes the file when asked to."""
    update = request.config.getoption("--update-goldens", default=False)

    def check(name: str, text: str) -> None:
        path = GOLDENS / name
        if update:
            path.write_bytes(text.encode())
        assert text == path.read_bytes().decode()

    return check


@pytest.fixture(autouse=True)
def _no_terminal_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rich reads these, and a report must not depend on who runs the tests."""
    for name in ("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "TERM"):
        monkeypatch.delenv(name, raising=False)
