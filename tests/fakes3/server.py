"""HTTP/1.1 with keep-alive, one thread a connection: bytes in, `Request`, `Response`, bytes out."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import struct
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from tests.fakes3.faults import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable

_CLOSE_WITH_RESET = struct.pack("ii", 1, 0)
_OTHER_OBJECT_READS = {"acl", "attributes", "tagging", "torrent", "uploadId"}
_BUCKET_READS = {
    "list-type": "ListObjectsV2",
    "versions": "ListObjectVersions",
    "location": "GetBucketLocation",
    "encryption": "GetBucketEncryption",
    "versioning": "GetBucketVersioning",
    "replication": "GetBucketReplication",
    "object-lock": "GetObjectLockConfiguration",
}
_OBJECT_READS = {"legal-hold": "GetObjectLegalHold", "retention": "GetObjectRetention"}


def operation_name(method: str, bucket: str, key: str, query: dict[str, str]) -> str:
    """S3's name for a request, or the method and what was asked where the fake has no name for it."""
    if method == "HEAD":
        return "HeadObject" if key else "HeadBucket"
    if method == "GET" and key and not query.keys() & _OTHER_OBJECT_READS:
        return next((operation for name, operation in _OBJECT_READS.items() if name in query), "GetObject")
    if method == "GET" and not key:
        if not bucket:
            return "ListBuckets"
        for name, operation in _BUCKET_READS.items():
            if name in query:
                return operation
    return " ".join([method, "object" if key else "bucket", *sorted(query)])


def parse_request(method: str, target: str, headers: dict[str, str]) -> Request:
    """A request from its first line and its headers (path-style addressing)."""
    path, _, query_text = target.partition("?")
    bucket, _, key = path.removeprefix("/").partition("/")
    query = dict(parse_qsl(query_text, keep_blank_values=True))
    bucket, key = unquote(bucket), unquote(key)
    return Request(method, operation_name(method, bucket, key, query), bucket, key, query, headers)


class _Connection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    server: Server

    def handle(self) -> None:
        self.server.connections.add(self.connection)
        try:
            with contextlib.suppress(ConnectionError, ValueError):
                while self._one_request():
                    pass
        finally:
            self.server.connections.discard(self.connection)

    def _one_request(self) -> bool:
        line = self.rfile.readline(65536).decode("latin-1").split()
        if len(line) != 3:
            return False
        headers = {}
        while (row := self.rfile.readline(65536).decode().strip()) != "":
            name, _, value = row.partition(":")
            headers[name.lower()] = value.strip()
        if "expect" in headers:
            self.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.rfile.read(int(headers.get("content-length", 0)))
        request = parse_request(line[0], line[1], headers)
        response = self.server.serve(request)
        self.server.stopping.wait(response.wait)
        return self._send(request, response) and headers.get("connection", "").lower() != "close"

    def _send(self, request: Request, response: Response) -> bool:
        if response.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _CLOSE_WITH_RESET)
            return False
        reason = HTTPStatus(response.status).phrase
        framing = "transfer-encoding: chunked" if response.chunked else f"content-length: {len(response.body)}"
        head = [f"HTTP/1.1 {response.status} {reason}", framing]
        head += [f"{name}: {value}" for name, value in response.headers.items()]
        head += ["server: AmazonS3", "x-amz-request-id: FAKE0000REQUEST0", "", ""]
        body = b"" if request.method == "HEAD" else memoryview(response.body)[: response.cut_after]
        if response.chunked and request.method != "HEAD":
            body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
        self.connection.sendall("\r\n".join(head).encode() + body)
        return response.cut_after is None


class Server(socketserver.ThreadingTCPServer):
    """Serves on 127.0.0.1, on a port the system chose, until it is stopped."""

    allow_reuse_address = True
    request_queue_size = 128
    daemon_threads = False

    def __init__(self, serve: Callable[[Request], Response], tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.serve = serve
        self.tls = tls
        self.connections: set[socket.socket] = set()
        self.stopping = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), name="fakes3", daemon=True)

    @property
    def url(self) -> str:
        """What clients take as endpoint_url."""
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.server_address[1]}"

    def finish_request(self, request: socket.socket, client_address: tuple[str, int]) -> None:  # type: ignore[override]
        """Shake hands in the connection's own thread; who does not trust the certificate hangs up."""
        if self.tls is not None:
            try:
                request = self.tls.wrap_socket(request, server_side=True)
            except OSError:
                return
        with request:
            super().finish_request(request, client_address)

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Close every connection and wait for the threads."""
        self.stopping.set()
        self.shutdown()
        for connection in tuple(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()
        self._thread.join()
