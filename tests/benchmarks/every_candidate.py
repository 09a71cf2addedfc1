"""Reads each object that shares its size with another, whole: `python every_candidate.py ENDPOINT BUCKET THREADS`.

What finding equal objects takes without any evidence: the measure that the audit is held against. It has the audit's
own store, so that reading less is all that the audit can gain. Prints a SHA-1 and a key a line.
"""

from __future__ import annotations

import hashlib
import sys
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from s3dedup.model import ListedObject
from s3dedup.store import PageRequest, S3Store, StoreConfig
from tests.steps import finish


def candidates(store: S3Store, bucket: str) -> list[ListedObject]:
    """The objects that share their size with another."""
    by_size: dict[int, list[ListedObject]] = defaultdict(list)
    for row in _listed(store, bucket):
        by_size[row.size].append(row)
    return [row for rows in by_size.values() if len(rows) > 1 for row in rows]


def _listed(store: S3Store, bucket: str) -> Iterator[ListedObject]:
    token, truncated = None, True
    while truncated:
        page = store.parse_listing(finish(store.page(PageRequest(bucket, token=token))), versions=False)
        for row in page.get("Contents", ()):
            yield ListedObject(row["Key"], row["Size"], row["ETag"].strip('"'), row["StorageClass"], "")
        truncated, token = page["IsTruncated"], page.get("NextContinuationToken")


def main(endpoint_url: str, bucket: str, threads: str) -> None:
    """Print the digests as they come."""

    def read(row: ListedObject) -> str:
        digest = hashlib.sha1()
        for chunk in store.read_range(bucket, row, 0, row.size):
            digest.update(chunk)
        return f"{digest.hexdigest()}  {row.key}"

    reach = StoreConfig(endpoint_url, connections=int(threads))
    with closing(S3Store(reach)) as store, ThreadPoolExecutor(int(threads)) as pool:
        for line in pool.map(read, candidates(store, bucket)):
            print(line)


if __name__ == "__main__":
    main(*sys.argv[1:])
