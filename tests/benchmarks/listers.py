"""Listings that are no program of their own, each run as one: `python listers.py NAME ENDPOINT BUCKET`.

Each prints how many objects it found. Nothing is imported that the one that runs does not use.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

CONCURRENCY = 32


def boto3_paginator(endpoint_url: str, bucket: str) -> int:
    """What everybody writes."""
    import boto3  # noqa: PLC0415 - see above

    client = boto3.client("s3", endpoint_url=endpoint_url)
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return sum(len(page.get("Contents", ())) for page in pages)


def sequential(endpoint_url: str, bucket: str) -> int:
    """The fastest that one listing can be: the next page is asked for before this one is parsed."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - see above

    from s3dedup.listing.page import parse_page, peek_token  # noqa: PLC0415 - see above
    from s3dedup.store import PageRequest, S3Store, StoreConfig  # noqa: PLC0415 - see above
    from tests.steps import finish  # noqa: PLC0415 - see above

    store = S3Store(StoreConfig(endpoint_url))
    found, token, truncated = 0, None, True
    with ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(finish, store.page(PageRequest(bucket)))
        while truncated:
            body = coming.result()
            truncated, token = peek_token(body) or _unreadable()
            if truncated:
                coming = ahead.submit(finish, store.page(PageRequest(bucket, token=token)))
            page = parse_page(body) or _unreadable()
            found += len(page.keys)
    store.close()
    return found


def _unreadable() -> NoReturn:
    raise SystemExit("The store's pages are not of the form that our parser reads.")


def s3dedup_listing(endpoint_url: str, bucket: str) -> int:
    """The audit's first stage: all pages parsed and kept on disk. It is stopped where it says what that came to.

    What it listed twice, because the store does not keep to S3's order, counts once.
    """
    from s3dedup import AuditConfig, audit  # noqa: PLC0415 - see above
    from s3dedup.engine import Watch  # noqa: PLC0415 - see above

    class Listed(Exception):  # noqa: N818 - it is no error
        """The listing is done."""

    class FirstLine(Watch):
        """Waits for "1,000,000 objects (5.7 TiB) after listing 1,031 pages"."""

        def line(self, text: str) -> None:
            """What a stage came to: the first one is the listing."""
            raise Listed(text)

    with tempfile.TemporaryDirectory() as state:
        config = AuditConfig([f"s3://{bucket}"], Path(state), endpoint_url, concurrency=CONCURRENCY)
        try:
            audit(config, FirstLine())
        except Listed as listed:
            return int(str(listed).partition(" ")[0].replace(",", ""))
    raise SystemExit("The audit does not say any more what its listing came to: mend this benchmark.")


LISTERS = {"boto3": boto3_paginator, "sequential": sequential, "s3dedup-listing": s3dedup_listing}

if __name__ == "__main__":
    print(LISTERS[sys.argv[1]](*sys.argv[2:]), flush=True)
    os._exit(0)  # as `s3dedup` ends: what Python would take down is gone anyway
