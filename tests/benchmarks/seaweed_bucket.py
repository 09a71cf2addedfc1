"""A real SeaweedFS bucket with many small objects, filled as fast as the server takes them."""

from __future__ import annotations

import http.client
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

from s3dedup.demo.seaweed import Identity, SeaweedServer
from tests.benchmarks.contenders import Site

BUCKET = "filled"
PER_DIRECTORY = 1000
THREADS = 16
DUPLICATES = 0.1
ANYBODY = Identity("anonymous", (f"Write:{BUCKET}", f"Read:{BUCKET}", f"List:{BUCKET}"))
"""Whom SeaweedFS takes an unsigned request for: signing would cost more than all the rest of an upload."""


@contextmanager
def seaweed_bucket(objects: int) -> Iterator[Site]:
    """A running SeaweedFS with a bucket of so many objects, of which a tenth repeat earlier ones."""
    bodies = list(_bodies(objects))
    with SeaweedServer(identities=[ANYBODY]) as weed:
        weed.client().create_bucket(Bucket=BUCKET)
        address = weed.endpoint_url.rpartition("/")[2]
        with ThreadPoolExecutor(THREADS) as threads:
            for _ in threads.map(lambda first: _upload(address, bodies, first), range(THREADS)):
                pass
        redundant = objects - len(set(bodies))
        yield Site(weed.endpoint_url, BUCKET, objects, redundant, weed.access_key, weed.secret_key)


def _bodies(objects: int) -> Iterator[bytes]:
    """Contents of 40 to 139 bytes: many share their size."""
    seeded = random.Random(0)
    for number in range(objects):
        content = seeded.randrange(number) if number and seeded.random() < DUPLICATES else number
        yield f"{content:040}".encode().ljust(40 + content % 100, b".")


def _upload(address: str, bodies: Sequence[bytes], first: int) -> None:
    """Every so many-th object from one on, all through one connection."""
    with closing(http.client.HTTPConnection(address)) as connection:
        for number in range(first, len(bodies), THREADS):
            key = f"photos/{number // PER_DIRECTORY:05}/photo-{number:09}.jpg"
            connection.request("PUT", f"/{BUCKET}/{key}", bodies[number])
            answer = connection.getresponse()
            said = answer.read()
            if answer.status != http.client.OK:
                raise SystemExit(f"SeaweedFS did not take {key}: {answer.status} {said[:500]!r}")
