"""Stands between a program and a server, passes everything on as it comes, and counts what the program asks for."""

from __future__ import annotations

import re
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socketserver import BaseRequestHandler, ThreadingTCPServer
from urllib.parse import urlsplit

CHUNK = 1 << 18
_REQUEST = re.compile(rb"(GET|HEAD) (\S+) HTTP/1\.1\r\n")
_LISTING = re.compile(rb"[?&]list-type=")


@dataclass(slots=True)
class Counts:
    """Requests by kind ("list", "head", "get"), and the bytes of the answers to them, heads included."""

    requests: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)


@contextmanager
def relay(endpoint_url: str) -> Iterator[tuple[str, Counts]]:
    """Another URL of the same server, and what was asked through it so far."""
    counts, place = Counts(), urlsplit(endpoint_url)
    with _Server((place.hostname or "", place.port or 80), counts) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", counts
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingTCPServer):
    request_queue_size = 128

    def __init__(self, target: tuple[str, int], counts: Counts) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.target = target
        self.counts = counts
        self.lock = threading.Lock()


class _Connection(BaseRequestHandler):
    """One connection of the program: requests follow each other, each after the answer to the one before."""

    server: _Server
    request: socket.socket
    kind = ""

    def handle(self) -> None:
        """Pass on requests until no more come."""
        with socket.create_connection(self.server.target) as target:
            answers = threading.Thread(target=self._answers, args=[target])
            answers.start()
            ahead = b""
            with suppress(OSError):
                while received := self.request.recv(CHUNK):
                    *heads, ahead = (ahead + received).split(b"\r\n\r\n")
                    for head in heads:
                        self._asked(head + b"\r\n")
                        target.sendall(head + b"\r\n\r\n")
            with suppress(OSError):
                target.shutdown(socket.SHUT_RDWR)
            answers.join()

    def _asked(self, head: bytes) -> None:
        """Count a request; one that is no read would have a body, which is not understood here."""
        found = _REQUEST.match(head)
        if found is None:
            raise ValueError(head)
        method, target = found.groups()
        self.kind = "head" if method == b"HEAD" else "list" if _LISTING.search(target) else "get"
        with self.server.lock:
            self.server.counts.requests[self.kind] += 1

    def _answers(self, target: socket.socket) -> None:
        with suppress(OSError):
            while received := target.recv(CHUNK):
                with self.server.lock:
                    self.server.counts.answered[self.kind] += len(received)
                self.request.sendall(received)
        with suppress(OSError):
            self.request.shutdown(socket.SHUT_RDWR)
