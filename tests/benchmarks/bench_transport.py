"""What a request costs the client: plain boto3, this project's store, and obstore where it is installed.

python tests/benchmarks/bench_transport.py [--requests 2000] [--rounds 3]

Against SeaweedFS on the same machine, so the CPU time of this process is the measure, and requests a second are not
more than a hint. Each cell is the best of some rounds, which take turns; the ratio is to boto3 with as many threads.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import os
import random
import resource
import shlex
import sys
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from importlib import import_module, util
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

sys.path.insert(0, str(Path(__file__).parents[2]))

from s3dedup.demo.process import s3_client
from s3dedup.demo.seaweed import SeaweedServer
from s3dedup.model import ListedObject
from s3dedup.store import S3Store, StoreConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Call: TypeAlias = Callable[[], object]

BUCKET = "bench"
KIB, MIB = 1 << 10, 1 << 20
THREADS = (1, 16)


class Task(NamedTuple):
    """One column of the table: an object of `size` bytes, `share` of the requests asked for."""

    name: str
    size: int
    share: float


TASKS = (Task("HEAD", 4 * KIB, 1), Task("GET 4 KiB, SHA-1", 4 * KIB, 1), Task("GET 8 MiB, SHA-1", 8 * MIB, 0.05))


class Cost(NamedTuple):
    """CPU seconds a request, and requests a second."""

    cpu: float
    rate: float


def plain_boto3(server: SeaweedServer) -> Callable[[Task, str], Call]:
    """A client as anybody makes it, with connections enough."""
    client: Any = s3_client(server.endpoint_url, server.access_key, server.secret_key)

    def get(key: str) -> bytes:
        digest = hashlib.sha1()
        for chunk in client.get_object(Bucket=BUCKET, Key=key)["Body"].iter_chunks(MIB):
            digest.update(chunk)
        return digest.digest()

    def call(task: Task, _: str) -> Call:
        key = str(task.size)
        return (lambda: client.head_object(Bucket=BUCKET, Key=key)) if task.name == "HEAD" else (lambda: get(key))

    return call


def own_store(store: S3Store) -> Callable[[Task, str], Call]:
    """As the audit asks."""

    def get(row: ListedObject) -> bytes:
        digest = hashlib.sha1()
        for chunk in store.read_range(BUCKET, row, 0, row.size):
            digest.update(chunk)
        return digest.digest()

    def call(task: Task, etag: str) -> Call:
        row = ListedObject(str(task.size), task.size, etag, "STANDARD", "")
        return (lambda: store.head(BUCKET, row, layout=False)) if task.name == "HEAD" else (lambda: get(row))

    return call


def obstore_of(server: SeaweedServer) -> Callable[[Task, str], Call]:
    """The Rust crate object_store, called from as many threads."""
    obstore = import_module("obstore")
    store = import_module("obstore.store").S3Store(
        BUCKET,
        endpoint=server.endpoint_url,
        access_key_id=server.access_key,
        secret_access_key=server.secret_key,
        region="us-east-1",
        client_options={"allow_http": True},
    )

    def call(task: Task, _: str) -> Call:
        key = str(task.size)
        if task.name == "HEAD":
            return lambda: obstore.head(store, key)
        return lambda: hashlib.sha1(obstore.get(store, key).bytes()).digest()

    return call


def measured(call: Call, count: int, threads: int) -> Cost:
    """What `count` calls cost, divided among threads."""
    gc.collect()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda _: call(), range(2 * threads)))
        before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
        list(pool.map(lambda _: [call() for _ in range(count // threads)], range(threads)))
        after, wall = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter() - start
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    done = count // threads * threads
    return Cost(cpu / done, done / wall)


def stored(client: Any, size: int) -> str:  # noqa: ANN401  boto3 builds its clients at run time
    """Put an object of this size; its ETag."""
    answer = client.put_object(Bucket=BUCKET, Key=str(size), Body=random.Random(size).randbytes(size))
    return str(answer["ETag"]).strip('"')


def best_of(costs: Iterable[Cost]) -> Cost:
    """The least CPU and the highest rate."""
    cpu, rate = zip(*costs, strict=True)
    return Cost(min(cpu), max(rate))


def shown(task: Task, cost: Cost, reference: Cost) -> str:
    """A cell."""
    speed = f"{cost.rate:,.0f}/s" if task.size < MIB else f"{cost.rate * task.size / 1e6:,.0f} MB/s"
    return f"{cost.cpu * 1e3:.3f} ms, {reference.cpu / cost.cpu:.1f}x, {speed}"


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--requests", type=int, default=2000)
    options.add_argument("--rounds", type=int, default=3)
    args = options.parse_args()
    with SeaweedServer() as server:
        writer: Any = s3_client(server.endpoint_url, server.access_key, server.secret_key)
        writer.create_bucket(Bucket=BUCKET)
        etags = {task.size: stored(writer, task.size) for task in TASKS}
        config = StoreConfig(server.endpoint_url, None, "us-east-1", server.access_key, server.secret_key)
        with closing(S3Store(config)) as store:
            ways = {"boto3": plain_boto3(server), "s3dedup": own_store(store)}
            if util.find_spec("obstore"):
                ways["obstore"] = obstore_of(server)
            costs: dict[tuple[str, int, Task], list[Cost]] = defaultdict(list)
            for _ in range(args.rounds):
                for task in TASKS:
                    for threads in THREADS:
                        for name, way in ways.items():
                            count = max(threads, int(args.requests * task.share))
                            call = way(task, etags[task.size])
                            costs[name, threads, task].append(measured(call, count, threads))
    best = {cell: best_of(found) for cell, found in costs.items()}
    print(f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, `python {shlex.join(sys.argv)}`\n")
    print(
        f"| CPU a request, times boto3, speed | {' | '.join(task.name for task in TASKS)} |\n|---|{'---|' * len(TASKS)}"
    )
    for threads in THREADS:
        for name in ways:
            cells = [shown(task, best[name, threads, task], best["boto3", threads, task]) for task in TASKS]
            print(f"| {name}, {threads} thread{'s' * (threads > 1)} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
