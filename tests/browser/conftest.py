"""The page in a real browser. Not collected by default, for pip cannot install a browser.

`pip install -e '.[browser]' && playwright install chromium && pytest tests/browser` runs it. With
`CHROMIUM=/usr/bin/chromium` it uses one that is there; `PICTURES=DIRECTORY` keeps a picture of each way to look at the
page.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from s3dedup.model import AuditReport
from s3dedup.report import render

Opener = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One headless Chromium for all tests."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM"))
        yield browser
        browser.close()


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Opener]:
    """Opens a report as a page, offline, once its table is drawn. Whatever goes wrong in the page fails the test."""
    wrong: list[str] = []

    def open_page(report: AuditReport, **context: Any) -> Page:  # noqa: ANN401  # those of new_context
        path = tmp_path / "report.html"
        with path.open("w", encoding="utf-8") as stream:
            render(report, "html", stream)
        page = browser.new_context(offline=True, **context).new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text))
        page.on("request", lambda request: wrong.append(request.url) if request.url != path.as_uri() else None)
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        page.goto(path.as_uri())
        if context.get("java_script_enabled", True) and report.totals.groups:
            page.locator("#row-0").wait_for()
        return page

    yield open_page
    for context in browser.contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def pictured(request: pytest.FixtureRequest) -> Callable[[Page], None]:
    """Keeps a picture of the whole page under the test's name, where pictures are asked for."""

    def take(page: Page) -> None:
        if "PICTURES" in os.environ:
            page.screenshot(path=Path(os.environ["PICTURES"]) / f"{request.node.name}.png", full_page=True)

    return take
