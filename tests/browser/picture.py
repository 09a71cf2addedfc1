"""Makes the README's picture of the page from a real run: an audit of the demo's buckets.

`python tests/browser/picture.py`, with `CHROMIUM=/usr/bin/chromium` where Playwright has no browser of its own.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from s3dedup import AuditConfig, audit
from s3dedup.demo.corpus import BUCKETS, plant
from s3dedup.demo.seaweed import SeaweedServer
from s3dedup.report import render

PICTURE = Path(__file__).parents[1] / "readme" / "report.png"
WIDTH, HEIGHT = 1180, 1180


def write_page(directory: Path) -> Path:
    """Audit the demo's buckets on a server of their own, and render that."""
    page = directory / "report.html"
    with SeaweedServer() as server, page.open("w", encoding="utf-8") as stream:
        plant(server.client())
        config = AuditConfig(
            [f"s3://{bucket}" for bucket in BUCKETS],
            state=directory / "state",
            endpoint_url=server.endpoint_url,
            region="us-east-1",
            access_key=server.access_key,
            secret_key=server.secret_key,
        )
        render(audit(config), "html", stream)
    return page


def main() -> None:
    """Take the picture."""
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as playwright:
        path = write_page(Path(directory))
        browser = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM"))
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        page.goto(path.as_uri())
        page.locator("#row-0").wait_for()
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
