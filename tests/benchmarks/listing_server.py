"""Serves listings of synthetic buckets as AWS renders them, for as little CPU as possible.

    python tests/benchmarks/listing_server.py --objects 1000000 --shape flat --latency-ms 50 --port 0

prints its address, as one line, when it is ready. Each `--shape` makes one bucket of that name with
`--objects` objects. The whole listing is rendered once, into a temporary file that is mapped (320 MB for
a million objects). A page is a slice of it, found by bisection from any StartAfter or by position from a
continuation token, and sent as it is. One epoll loop serves all connections. Signatures are not checked;
only listings and a few bucket facts are answered.

`GET /__stats` tells requests, pages, SlowDowns, CPU seconds and what is in the buckets (`?reset` starts
anew). Why so: `sendfile` costs the client a third more CPU a page, asyncio costs the server a quarter
more.
"""

from __future__ import annotations

import argparse
import heapq
import json
import random
import select
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote_plus, unquote

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.synthetic import PAGE, SHAPES, Bucket, contents

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'
XMLNS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
REGION = "us-east-1"


Answer = list["bytes | memoryview"]
"""An answer in pieces, which the kernel joins."""


def http(body: bytes, status: str = "200 OK", more: int = 0, kind: str = "application/xml") -> bytes:
    """The header, and the first bytes of a body of which `more` follow."""
    return (
        f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\nx-amz-bucket-region: {REGION}\r\nserver: AmazonS3\r\n"
        f"x-amz-request-id: BENCH00000000000\r\ncontent-length: {len(body) + more}\r\n\r\n"
    ).encode() + body


def error(status: str, code: str, message: str) -> Answer:
    """An S3 error."""
    text = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return [http(DECLARATION + text.encode(), status)]


def token(position: int) -> str:
    """A continuation token: opaque to clients, with characters that must be escaped in a query."""
    return f"1{position:x}/ueGcxLPRx1Tr+XYExHnhbYLgveDs2J/wm36Hy4vbOwM="


def position_of(text: str) -> int:
    """Where a token leads."""
    return int(text[1:].partition("/")[0], 16)


def start_of(bucket: Bucket, query: dict[str, str], first: int) -> int:
    """Where a page of ListObjectsV2 starts."""
    if "continuation-token" in query:
        return position_of(query["continuation-token"])
    return max(first, bucket.after(query["start-after"].encode())) if "start-after" in query else first


def page_head(bucket: Bucket, query: dict[str, str], count: int, limit: int, following: int | None) -> bytes:
    """All of a page that stands before its keys, in AWS's order."""
    encode: Callable[[str], str] = quote_plus if "encoding-type" in query else str
    parts = [f"<Name>{bucket.name}</Name><Prefix>{encode(query.get('prefix', ''))}</Prefix>"]
    if "start-after" in query:
        parts.append(f"<StartAfter>{encode(query['start-after'])}</StartAfter>")
    if "continuation-token" in query:
        parts.append(f"<ContinuationToken>{query['continuation-token']}</ContinuationToken>")
    if following is not None:
        parts.append(f"<NextContinuationToken>{token(following)}</NextContinuationToken>")
    parts.append(f"<KeyCount>{count}</KeyCount><MaxKeys>{limit}</MaxKeys>")
    if query.get("delimiter"):
        parts.append(f"<Delimiter>{encode(query['delimiter'])}</Delimiter>")
    if "encoding-type" in query:
        parts.append("<EncodingType>url</EncodingType>")
    parts.append(f"<IsTruncated>{'false' if following is None else 'true'}</IsTruncated>")
    return DECLARATION + f"<ListBucketResult {XMLNS}>{''.join(parts)}".encode()


def list_objects(bucket: Bucket, query: dict[str, str]) -> Answer:
    """A page of ListObjectsV2."""
    limit = min(int(query.get("max-keys") or PAGE), PAGE)
    first, end = bucket.find_prefix(query.get("prefix", "").encode())
    start = start_of(bucket, query, first)
    if query.get("delimiter"):
        return rolled_up(bucket, query, start, end, limit)
    stop = max(start, min(start + limit, end))
    head = page_head(bucket, query, stop - start, limit, stop if limit and stop < end else None)
    keys, tail = bucket.read(start, stop), b"</ListBucketResult>"
    return [http(head, more=len(keys) + len(tail)), keys, tail]


def rolled_up(bucket: Bucket, query: dict[str, str], start: int, end: int, limit: int) -> Answer:
    """A page with a delimiter: it jumps over what is behind each common prefix."""
    prefix, delimiter = query.get("prefix", "").encode(), query["delimiter"].encode()
    keys, commons = bytearray(), bytearray()
    count, at = 0, start
    while at < end and count < limit:
        key = bucket[at]
        cut = key.find(delimiter, len(prefix))
        if cut < 0:
            keys += bucket.read(at, at + 1)
            at += 1
        else:
            common = key[: cut + len(delimiter)]
            commons += b"<CommonPrefixes><Prefix>" + common + b"</Prefix></CommonPrefixes>"
            at = bucket.find_prefix(common)[1]
        count += 1
    head = page_head(bucket, query, count, limit, at if limit and at < end else None)
    return [http(head + keys + commons + b"</ListBucketResult>")]


def list_versions(bucket: Bucket, query: dict[str, str]) -> Answer:
    """A page of ListObjectVersions: each object has the one version "null"."""
    limit = min(int(query.get("max-keys") or PAGE), PAGE)
    prefix, marker = query.get("prefix", ""), query.get("key-marker", "")
    start, end = bucket.find_prefix(prefix.encode())
    start = max(start, bucket.after(marker.encode())) if marker else start
    stop = max(start, min(start + limit, end))
    more = limit > 0 and stop < end
    following = f"<NextKeyMarker>{bucket[stop - 1].decode()}</NextKeyMarker>" if more else ""
    following += "<NextVersionIdMarker>null</NextVersionIdMarker>" if more else ""
    encoding = "<EncodingType>url</EncodingType>" if "encoding-type" in query else ""
    head = (
        f"<ListVersionsResult {XMLNS}><Name>{bucket.name}</Name>"
        f"<Prefix>{prefix}</Prefix><KeyMarker>{marker}</KeyMarker>{following}<MaxKeys>{limit}</MaxKeys>{encoding}"
        f"<IsTruncated>{str(more).lower()}</IsTruncated>"
    ).encode()
    opening = b"<Version><VersionId>null</VersionId><IsLatest>true</IsLatest><Key>"
    body = bytes(bucket.read(start, stop)).replace(b"<Contents><Key>", opening).replace(b"</Contents>", b"</Version>")
    return [http(DECLARATION + head + body + b"</ListVersionsResult>")]


def document(root: str, inner: str = "") -> Answer:
    """A small answer."""
    return [http(DECLARATION + f"<{root} {XMLNS}>{inner}</{root}>".encode())]


ENCRYPTION = (
    "<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>"
    "</ApplyServerSideEncryptionByDefault></Rule>"
)


class Site:
    """Buckets, counters, and the answer to each request. Above `rate` requests a second it says SlowDown."""

    def __init__(self, buckets: Sequence[Bucket], rate: float) -> None:
        self.buckets = {bucket.name: bucket for bucket in buckets}
        self.rate = rate
        self.tokens, self.refilled = rate, time.monotonic()
        self.reset()

    def reset(self) -> None:
        """Count from zero."""
        self.requests = self.pages = self.slowdowns = 0
        self.cpu_from = time.process_time()

    def stats(self) -> Answer:
        """The counters as JSON."""
        told = {
            "requests": self.requests,
            "pages": self.pages,
            "slowdowns": self.slowdowns,
            "cpu_seconds": time.process_time() - self.cpu_from,
            "buckets": {name: bucket.facts() for name, bucket in self.buckets.items()},
        }
        return [http(json.dumps(told).encode(), kind="application/json")]

    def _too_fast(self) -> bool:
        if not self.rate:
            return False
        now = time.monotonic()
        self.tokens = min(self.rate, self.tokens + (now - self.refilled) * self.rate)
        self.refilled = now
        if self.tokens < 1:
            return True
        self.tokens -= 1
        return False

    def answer(self, method: bytes, target: str) -> Answer:
        """What goes back."""
        path, _, text = target.partition("?")
        if path == "/__stats":
            stats = self.stats()
            if text == "reset":
                self.reset()
            return stats
        self.requests += 1
        if self._too_fast():
            self.slowdowns += 1
            return error("503 Slow Down", "SlowDown", "Please reduce your request rate.")
        name, _, key = unquote(path[1:]).partition("/")
        bucket = self.buckets.get(name)
        if bucket is None:
            return error("404 Not Found", "NoSuchBucket", "The specified bucket does not exist")
        if method == b"HEAD" and not key:
            return [http(b"")]
        if method != b"GET" or key:
            return error("501 Not Implemented", "NotImplemented", "Only listings are served")
        return self._bucket(bucket, dict(parse_qsl(text, keep_blank_values=True)))

    def _bucket(self, bucket: Bucket, query: dict[str, str]) -> Answer:
        if "list-type" in query:
            self.pages += 1
            return list_objects(bucket, query)
        if "versions" in query:
            self.pages += 1
            return list_versions(bucket, query)
        if "encryption" in query:
            return document("ServerSideEncryptionConfiguration", ENCRYPTION)
        if "location" in query:
            return document("LocationConstraint")
        if "versioning" in query:
            return document("VersioningConfiguration")
        return error("501 Not Implemented", "NotImplemented", "Only listings are served")


@dataclass(slots=True, eq=False)
class Connection:
    """A client's connection. While an answer is due or under way, nothing more is read."""

    socket: socket.socket
    received: bytes = b""
    answer: Answer | None = None
    stopped: bool = False
    watching: int = field(default=select.EPOLLIN)


class Loop:
    """The epoll loop."""

    def __init__(self, site: Site, latency: float, port: int) -> None:
        self.site = site
        self.latency = latency
        self.listener = socket.create_server(("127.0.0.1", port), backlog=1024)
        self.listener.setblocking(False)  # noqa: FBT003 - it takes no name
        self.epoll = select.epoll()
        self.epoll.register(self.listener, select.EPOLLIN)
        self.connections: dict[int, Connection] = {}
        self.due: list[tuple[float, int, Connection]] = []
        self.order = 0

    def run(self) -> None:
        """Serve until interrupted."""
        listening = self.listener.fileno()
        while True:
            wait = max(0.0, self.due[0][0] - time.monotonic()) if self.due else -1
            for number, event in self.epoll.poll(wait):
                if number == listening:
                    self._accept()
                elif (connection := self.connections.get(number)) is not None:
                    self._serve(connection, event)
            while self.due and self.due[0][0] <= time.monotonic():
                self._guarded(heapq.heappop(self.due)[2], self._send)

    def _accept(self) -> None:
        made, _ = self.listener.accept()
        made.setblocking(False)  # noqa: FBT003 - it takes no name
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        self.connections[made.fileno()] = Connection(made)
        self.epoll.register(made, select.EPOLLIN)

    def _serve(self, connection: Connection, event: int) -> None:
        if event & (select.EPOLLERR | select.EPOLLHUP):
            self._close(connection)
        else:
            self._guarded(connection, self._send if event & select.EPOLLOUT else self._receive)

    def _guarded(self, connection: Connection, step: Callable[[Connection], None]) -> None:
        if connection.stopped:
            return
        try:
            step(connection)
        except BlockingIOError:
            self._watch(connection, select.EPOLLOUT)
        except OSError:
            self._close(connection)

    def _close(self, connection: Connection) -> None:
        connection.stopped = True
        self.connections.pop(connection.socket.fileno(), None)
        connection.socket.close()

    def _watch(self, connection: Connection, events: int) -> None:
        if connection.watching != events:
            connection.watching = events
            self.epoll.modify(connection.socket, events)

    def _receive(self, connection: Connection) -> None:
        piece = connection.socket.recv(65536)
        if not piece:
            self._close(connection)
            return
        connection.received += piece
        self._next(connection)

    def _next(self, connection: Connection) -> None:
        """Take up the next request, if it is there whole and no answer is under way."""
        if connection.answer is not None:
            return
        request, found, rest = connection.received.partition(b"\r\n\r\n")
        if not found:
            return
        connection.received = rest
        method, target, _ = request.split(b" ", 2)
        try:
            connection.answer = self.site.answer(method, target.decode("latin-1"))
        except (ValueError, IndexError):
            connection.answer = error("400 Bad Request", "InvalidArgument", "Invalid Argument")
        if method == b"HEAD":
            connection.answer = [bytes(connection.answer[0]).partition(b"\r\n\r\n")[0] + b"\r\n\r\n"]
        if not self.latency:
            self._send(connection)
            return
        self.order += 1
        heapq.heappush(self.due, (time.monotonic() + self.latency, self.order, connection))

    def _send(self, connection: Connection) -> None:
        """Send as much as the socket takes; BlockingIOError where that is not all."""
        answer = connection.answer
        while answer:
            sent = connection.socket.sendmsg(answer)
            while answer and sent >= len(answer[0]):
                sent -= len(answer.pop(0))
            if answer:
                answer[0] = memoryview(answer[0])[sent:]
        connection.answer = None
        self._watch(connection, select.EPOLLIN)
        self._next(connection)


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--objects", type=int, default=1_000_000, help="in each bucket")
    parser.add_argument("--shape", action="append", choices=SHAPES, help="may be repeated: a bucket each")
    parser.add_argument("--duplicates", type=float, default=0.1, help="share of objects whose content is older")
    parser.add_argument("--latency-ms", type=float, default=0, help="added to each answer")
    parser.add_argument("--rate", type=float, default=0, help="requests a second before SlowDown (0: no limit)")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(arguments)


def main() -> None:
    """Render the buckets, say where they are, and serve."""
    chosen = options(sys.argv[1:])
    buckets = []
    for shape in dict.fromkeys(chosen.shape or ["flat"]):
        seeded = random.Random(f"{chosen.seed}/{shape}")
        content_of = contents(chosen.objects, chosen.duplicates, seeded)
        buckets.append(Bucket(shape, SHAPES[shape](chosen.objects, seeded), content_of))
    loop = Loop(Site(buckets, chosen.rate), chosen.latency_ms / 1000, chosen.port)
    print(f"http://127.0.0.1:{loop.listener.getsockname()[1]}", flush=True)
    loop.run()


if __name__ == "__main__":
    main()
